"""The work-up and what the programme asks for, as the snapshot holds them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral.facts import say_date
from referral.reference.workup import STATUSES, UNCHECKED, workup


@dataclass(frozen=True, kw_only=True)
class WorkupRow:
    """One item with what is known of it; ``note`` and ``on`` are ``None`` where nothing was said."""

    words: str
    asked: bool
    unchecked: str
    status: str
    on: str | None
    note: str | None


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """One thing that the programme asks for and the case does not have, and what the case says of it."""

    words: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Workup:
    """``summary`` counts the items; ``asked`` how much of what the programme asks for is there."""

    summary: str
    asked: str
    lacking: tuple[Lacking, ...]
    rows: tuple[WorkupRow, ...]


def workup_part(snapshot: Mapping[str, Any]) -> Workup:
    """Arrange what is known of the work-up, what is asked for first. An old snapshot has none, and says so."""
    known = (snapshot.get("beside") or {}).get("workup") or {}
    asked = snapshot.get("asked") or []
    first = [each["item"].removeprefix("workup.") for each in asked if each["item"].startswith("workup.")]
    order = [item for item in (*first, *workup()) if item in known]
    counts = Counter(each["status"] for each in known.values())
    counted = [f"{counts[status]} {words.lower()}" for status, words in STATUSES.items() if counts[status]]
    there = sum(each["there"] for each in asked)
    programme = (snapshot.get("programme") or {}).get("name") or "The programme"
    return Workup(
        summary=f"Work-up: {', '.join(counted)}." if counted else "Work-up: nothing recorded.",
        asked=f"{programme} asks for {len(asked)}: {there} there, {len(asked) - there} not." if asked else "",
        lacking=tuple(Lacking(words=each["words"], says=each["says"]) for each in asked if not each["there"]),
        rows=tuple(_row(item, known[item], asked=item in first) for item in dict.fromkeys(order)),
    )


def _row(item: str, known: Mapping[str, Any], *, asked: bool) -> WorkupRow:
    return WorkupRow(
        words=workup()[item].words,
        asked=asked,
        unchecked="" if workup()[item].verified else UNCHECKED,
        status=STATUSES.get(known.get("status", ""), "Not known"),
        on=say_date(known["on"]) if "on" in known else None,
        note=known.get("note"),
    )
