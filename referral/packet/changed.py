"""What a copied case says otherwise than its original, and a version than the one before, as the snapshot holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral.packet import words


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
class ChangedVerdict:
    """What an edition says before and now, in words."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The earlier case or version, and what differs. Verdicts and files are compared between versions only."""

    since: str
    sections: tuple[ChangedPart, ...]
    verdicts: tuple[ChangedVerdict, ...] = ()
    files: tuple[str, ...] = ()


def changed_part(snapshot: Mapping[str, Any]) -> Changed | None:
    """Arrange what has changed since the original; ``None`` for a case that is no copy."""
    changed = snapshot.get("changed")
    return Changed(since=changed["since"], sections=_parts(changed)) if changed else None


def since_part(snapshot: Mapping[str, Any]) -> Changed | None:
    """Arrange what has changed since the version before; ``None`` for a first version."""
    since = snapshot.get("since")
    if not since:
        return None
    return Changed(
        since=f"version {since['version']}",
        sections=_parts(since),
        verdicts=tuple(
            ChangedVerdict(
                title=each["title"],
                before=words.VERDICTS[each["before"]] if each["before"] else "not asked",
                after=words.VERDICTS[each["after"]] if each["after"] else "not asked",
            )
            for each in since["verdicts"]
        ),
        files=tuple(since["files"]),
    )


def _parts(changed: Mapping[str, Any]) -> tuple[ChangedPart, ...]:
    return tuple(
        ChangedPart(
            section=part["section"],
            title=part["title"],
            rows=tuple(
                ChangedRow(label=row["label"], before=row["before"], after=row["after"])
                for row in part["rows"]
            ),
        )
        for part in changed["sections"]
    )
