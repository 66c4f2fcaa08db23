"""The signed versions of a case: one read again as the form would, and what differs between two.

Both come from the frozen snapshots alone, so that they say the same for ever.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, joinedload

from forms import SECTIONS, ReadCase, read_case, typed_from
from referral.actions.copies import changed_rows
from referral.actions.referrals import verdicts
from referral.facts import read_record
from referral.models import Packet, Referral, ReferralVersion


@dataclass(frozen=True)
class ChangedVerdict:
    """What one edition says of the two versions; ``None`` where it was not asked of one of them."""

    edition: str
    title: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Changes:
    """What a version says otherwise than the one before it: fields by section, files, verdicts.

    A version is ``None`` as long as it is not signed.
    """

    before: int | None
    after: int | None
    sections: tuple[Mapping[str, Any], ...]
    files: tuple[str, ...]
    verdicts: tuple[ChangedVerdict, ...]

    @property
    def any(self) -> bool:
        """Whether anything differs at all."""
        return bool(self.sections or self.files or self.verdicts)


def versions_of(session: Session, referral: Referral) -> list[ReferralVersion]:
    """List what was signed of a case, the newest first, without the printed packets."""
    return list(
        session.scalars(
            select(ReferralVersion)
            .where(ReferralVersion.referral_id == referral.id)
            .order_by(ReferralVersion.version.desc())
            .options(
                joinedload(ReferralVersion.signed_by),
                joinedload(ReferralVersion.packet).options(defer(Packet.pdf)),
            )
        )
    )


def read_signed(snapshot: Mapping[str, Any]) -> ReadCase:
    """Read a signed version as the form reads what is typed; to whom it was sent is not in it."""
    return read_case(_typed(snapshot), date.fromisoformat(snapshot["as_of"]))


def _typed(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    record = read_record(snapshot["record"], date.fromisoformat(snapshot["as_of"]))
    request = {"question": snapshot["question"]} if snapshot.get("question") else {}
    return dict(typed_from(record, snapshot.get("identity") or {}, request, snapshot.get("beside")))


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Give what differs between two snapshots of one case, field by field, and the verdicts that changed.

    The later one may not be signed yet.
    """
    old, new = _typed(before), _typed(after)
    sections = (
        {"section": section.key, "title": section.title, "rows": rows}
        for section in SECTIONS
        if (rows := changed_rows(section, old.get(section.key, {}), new.get(section.key, {})))
    )
    known = {each["id"] for each in before.get("attachments") or ()}
    added = (each for each in after.get("attachments") or () if each["id"] not in known)
    return Changes(
        before["referral"]["version"],
        after["referral"]["version"],
        tuple(sections),
        tuple(each["label"] or each["kind"] for each in added),
        tuple(_changed_verdicts(before, after)),
    )


def changes_json(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a version changes, as its snapshot carries it: the packet prints it and computes nothing."""
    changes = changes_between(before, after)
    return {
        "version": changes.before,
        "sections": list(changes.sections),
        "files": list(changes.files),
        "verdicts": [asdict(each) for each in changes.verdicts],
    }


def changes_told(snapshot: Mapping[str, Any]) -> Changes | None:
    """Give what a signed version changed, as it was signed; ``None`` where its snapshot does not carry it."""
    since = snapshot.get("since")
    if not since:
        return None
    return Changes(
        since["version"],
        snapshot["referral"]["version"],
        tuple(since["sections"]),
        tuple(since["files"]),
        tuple(ChangedVerdict(**each) for each in since["verdicts"]),
    )


def _changed_verdicts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ChangedVerdict]:
    titles = {edition["id"]: edition["title"] for each in (before, after) for edition in each["editions"]}
    old, new = verdicts(before), verdicts(after)
    return [
        ChangedVerdict(edition, title, old.get(edition), new.get(edition))
        for edition, title in titles.items()
        if old.get(edition) != new.get(edition)
    ]
