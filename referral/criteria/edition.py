"""One protocol edition: a published rule set with its source, and its criteria as tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from referral.criteria.language import Test
from referral.criteria.language.logic import Untested

KINDS = ("required", "exclusion", "preferred", "relative", "workup")
DECIDING = ("required", "exclusion")
PURPOSES = ("selection", "referral_trigger", "trial_entry", "payer", "profile", "centre")
STATUSES = ("current", "superseded", "terminated", "recruiting", "unknown")
EVIDENCE = ("P", "P~", "S")
GROUPS = (
    "diagnosis", "age_and_duration", "activity", "disability", "treatment", "fitness", "judgement", "setting",
)  # fmt: skip


@dataclass(frozen=True)
class Criterion:
    """One thing that a source asks for.

    ``applies_if`` narrows to whom it applies. ``reading`` is what the analyst took the words to mean where the
    source leaves it open; ``exception`` is what the source allows besides.
    """

    id: str
    kind: str
    statement: str
    test: Test
    source: str
    route: str | None = None
    direction: str | None = None
    applies_if: Test | None = None
    exception: str | None = None
    reading: str | None = None
    evidence: str | None = None

    @cached_property
    def tested(self) -> bool:
        """Whether the software tests it; if not, its test says why."""
        return self.test.tested

    def leaves(self) -> Iterator[Test]:
        """Every leaf of what it asks, and of what narrows it."""
        for test in (self.test, self.applies_if):
            if test:
                yield from test.leaves()

    @cached_property
    def numbers(self) -> frozenset[Decimal]:
        """Every number that it compares with."""
        return frozenset(number for leaf in self.leaves() for number in numbers_of(leaf))

    @property
    def group(self) -> str:
        """What it is about, for laying many editions side by side."""
        leaves = [leaf for leaf in self.test.leaves() if not isinstance(leaf, Untested)]
        topics = [getattr(leaf, "topic", leaf.group) for leaf in leaves]
        plain = [topic for leaf, topic in zip(leaves, topics, strict=True) if not hasattr(leaf, "topic")]
        return (plain or topics or ["setting"])[0]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data for screen and paper."""
        return {
            "id": self.id, "kind": self.kind, "route": self.route, "direction": self.direction,
            "statement": self.statement, "exception": self.exception, "reading": self.reading,
            "source": self.source, "evidence": self.evidence, "group": self.group, "tested": self.tested,
            "asks": self.test.asks() if self.tested else None,
            "untested_because": self.test.why if isinstance(self.test, Untested) else None,
        }  # fmt: skip


def numbers_of(leaf: Test) -> Iterator[Decimal]:
    """Every number that a leaf compares with."""
    pending = [getattr(leaf, name) for name in getattr(leaf, "__dataclass_fields__", ())]
    while pending:
        value = pending.pop()
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int | Decimal):
            yield Decimal(value)
        elif isinstance(value, tuple):
            pending += value
        elif hasattr(value, "__dataclass_fields__"):
            pending += [getattr(value, name) for name in value.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Edition:
    """A published rule set. Editions are immutable: a change is a new edition."""

    id: str
    title: str
    organisation: str
    year: int | None
    jurisdiction: str
    purpose: str
    status: str
    citation: str
    url: str | None
    evidence: str
    list_complete: bool
    notes: str
    criteria: tuple[Criterion, ...]
    sha256: str
    superseded_by: str | None = None
    other_editions: tuple[str, ...] = ()

    @property
    def tested(self) -> int:
        """How many criteria are tested."""
        return sum(criterion.tested for criterion in self.criteria)

    @property
    def routes(self) -> tuple[str, ...]:
        """The routes, which are alternatives, in the order of the source."""
        named = (criterion.route for criterion in self.criteria if criterion.kind in DECIDING)
        return tuple(dict.fromkeys(route for route in named if route))

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data for screen and paper."""
        return {
            "id": self.id, "title": self.title, "organisation": self.organisation, "year": self.year,
            "jurisdiction": self.jurisdiction, "purpose": self.purpose, "status": self.status,
            "citation": self.citation, "url": self.url, "evidence": self.evidence,
            "list_complete": self.list_complete, "notes": self.notes, "superseded_by": self.superseded_by,
            "other_editions": list(self.other_editions), "sha256": self.sha256,
            "criteria": [criterion.to_json() for criterion in self.criteria],
        }  # fmt: skip
