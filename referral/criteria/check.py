"""Proving the library: can every edition be traced, does it contradict itself, can each route be reached."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from referral.criteria.boundaries import as_yaml, dead_limits, worked_cases
from referral.criteria.edition import DECIDING, Criterion, Edition
from referral.criteria.language import Test
from referral.criteria.language.base import Bounds

WORKED = Path(__file__).parent / "worked"
"""Where the worked cases are kept, a file an edition."""


def check_library(editions: Mapping[str, Edition]) -> Iterator[str]:
    """Find what is wrong, in words that name edition, criterion and remedy."""
    for edition in editions.values():
        yield from _check_edition(edition, editions)


def _check_edition(edition: Edition, editions: Mapping[str, Edition]) -> Iterator[str]:
    where = f"{edition.id}.yaml"
    if edition.superseded_by and edition.superseded_by not in editions:
        yield f"{where}: superseded_by names {edition.superseded_by!r}, which is not in the library; add it or mend it"
    if edition.status == "superseded" and not (edition.superseded_by or edition.notes):
        yield f"{where}: a superseded edition says what replaced it; add superseded_by, or say it in the notes"
    if not any(criterion.kind in DECIDING for criterion in edition.criteria):
        yield f"{where}: no criterion decides; add one that is required or an exclusion"
    for criterion in edition.criteria:
        yield from _check_criterion(criterion, where)
    yield from _check_worked_cases(edition)
    for route in edition.routes:
        on_route = [c for c in edition.criteria if c.route == route]
        if not any(c.kind == "required" for c in on_route):
            yield f"{where}: route {route!r} asks for nothing; give it a required criterion or take it out"


def _check_worked_cases(edition: Edition) -> Iterator[str]:
    """Every limit has its worked cases, kept as they come out, and something turns at it."""
    where = f"{edition.id}.yaml"
    for criterion, limit in dead_limits(worked_cases(edition)):
        yield f"{where}, criterion {criterion!r}: nothing turns at {limit!r}; mend the test or take the limit out"
    kept = WORKED / f"{edition.id}.yaml"
    if not kept.exists() or kept.read_text(encoding="utf-8") != as_yaml(edition):
        yield f"{where}: its worked cases are missing or come out otherwise; read: flask protocols cases {edition.id}"


def _check_criterion(criterion: Criterion, where: str) -> Iterator[str]:
    named = f"{where}, criterion {criterion.id!r}"
    if len(criterion.source.strip()) < 5:
        yield f"{named}: the source {criterion.source!r} names no document; give its address, DOI or name"
    for leaf in criterion.leaves():
        for bounds in _bounds_of(leaf):
            if not reachable(bounds):
                yield f"{named}: nothing lies within {bounds.words()}; mend the bounds"


def _bounds_of(leaf: Test) -> Iterator[Bounds]:
    for name in getattr(leaf, "__dataclass_fields__", {}):
        value = getattr(leaf, name)
        if isinstance(value, Bounds) and value:
            yield value


def reachable(bounds: Bounds) -> bool:
    """Whether any number lies within."""
    lows = [(end, strict) for end, strict in ((bounds.least, False), (bounds.above, True)) if end is not None]
    highs = [(end, strict) for end, strict in ((bounds.most, False), (bounds.below, True)) if end is not None]
    return all(
        low < high or (low == high and not (low_strict or high_strict))
        for low, low_strict in lows
        for high, high_strict in highs
    )
