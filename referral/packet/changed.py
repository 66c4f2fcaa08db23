"""What a copied case says otherwise than the one that it was copied from, as the snapshot holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ChangedRow:
    """One field, before and now; blank where nothing stood."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class ChangedPart:
    """One section of the form with the fields that differ."""

    section: str
    title: str
    rows: tuple[ChangedRow, ...]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The number of the earlier case, and what differs."""

    since: str
    sections: tuple[ChangedPart, ...]


def changed_part(snapshot: Mapping[str, Any]) -> Changed | None:
    """Arrange what has changed; ``None`` for a case that is no copy."""
    changed = snapshot.get("changed")
    if not changed:
        return None
    return Changed(
        since=changed["since"],
        sections=tuple(
            ChangedPart(
                section=part["section"],
                title=part["title"],
                rows=tuple(
                    ChangedRow(label=row["label"], before=row["before"], after=row["after"])
                    for row in part["rows"]
                ),
            )
            for part in changed["sections"]
        ),
    )
