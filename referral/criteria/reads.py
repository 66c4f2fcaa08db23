"""Which facts of the record an edition reads: found in its executed criteria, never kept as a list beside them."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from referral.criteria.edition import Criterion, Edition
from referral.criteria.language.base import Test, Window
from referral.criteria.load import library, multiple_sclerosis


def reads(edition: Edition) -> tuple[str, ...]:
    """Give the record paths that an edition reads, sorted; a list of the record (``relapses``) is one path.

    The engine's own criterion, that the disease is multiple sclerosis, is asked of every edition and counted in.
    """
    criteria = (multiple_sclerosis(), *edition.criteria)
    return tuple(sorted({path for each in criteria for path in criterion_reads(each)}))


def criterion_reads(criterion: Criterion) -> frozenset[str]:
    """Give the record paths that one criterion reads, those of its condition included."""
    tests = [test for test in (criterion.test, criterion.applies_if) if test]
    return frozenset(path for test in tests for path in paths_read(test))


def paths_read(test: Test) -> Iterator[str]:
    """Give the record paths that a test reads."""
    return (path for leaf in test.leaves() for path in _READS[leaf.word](leaf))


@cache
def readers() -> Mapping[str, tuple[str, ...]]:
    """Give, for each path that is read at all, the ids of the editions that read it, in the library's order."""
    found: dict[str, list[str]] = {}
    for edition in library().values():
        for path in reads(edition):
            found.setdefault(path, []).append(edition.id)
    return MappingProxyType({path: tuple(editions) for path, editions in sorted(found.items())})


def _always(*paths: str) -> Callable[[Any], tuple[str, ...]]:
    return lambda leaf: paths


def _anchor(window: Window) -> Iterator[str]:
    name = window.since or window.anchor
    if name:
        yield f"diagnosis.{name}"


def _relapses(leaf: Any) -> Iterator[str]:
    """Relapses, and the first symptom: before it there is none, so that it says whether the list is whole."""
    yield from ("relapses", "diagnosis.symptom_onset", *_anchor(leaf.window))
    if (leaf.relapse if leaf.word == "relapse_and_mri" else leaf.wanted).treatment:
        yield "treatments"


def _studies(leaf: Any) -> Iterator[str]:
    yield from ("mri", *_anchor(leaf.window))
    wanted = getattr(leaf, "wanted", getattr(leaf, "study", None))
    if wanted and wanted.treatment:
        yield "treatments"


def _duration(leaf: Any) -> tuple[str, ...]:
    names = ("diagnosed_on", "symptom_onset") if leaf.anchor == "unstated" else (leaf.anchor,)
    return tuple(f"diagnosis.{name}" for name in names)


def _path(leaf: Any) -> tuple[str, ...]:
    return (leaf.path,)


_READS: dict[str, Callable[[Any], Any]] = {
    "age_years": _always("patient.birth_date"),
    "duration_years": _duration,
    "phenotype": _path,
    "code": _path,
    "serology": _path,
    "flag": _path,
    "measurement": _path,
    "judgement": lambda leaf: (f"judgements.{leaf.key}",),
    "relapses": _relapses,
    "mri": _studies,
    "mri_t2_rate": _studies,
    "relapse_and_mri": lambda leaf: (*_relapses(leaf), *_studies(leaf)),
    "edss": _always("edss"),
    "edss_rise": lambda leaf: ("edss", *_anchor(leaf.window)),
    "functional_system": _always("edss"),
    "ambulation": _always("ambulation"),
    "hct_ci": _always("comorbidity.hct_ci"),
    "failed_treatments": _always("treatments"),
    "treated_with": _always("treatments"),
    "treatment_free_months": _always("treatments"),
    "untested": _always(),
}
"""What each word of the language reads; the tests hold it against the record with those facts taken out."""


def words_read() -> frozenset[str]:
    """Give the words of the language of which it is known what they read."""
    return frozenset(_READS)
