"""Deeds on the files of a case: add, replace, describe, remove, hand out. No row is ever deleted.

A file is rebuilt before any of these begins (see :mod:`referral.attachments`), so that nobody waits for a parser
while holding the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.attachments import Rebuilt, Store
from referral.auth import REFERRERS
from referral.errors import ConflictError, ForbiddenError, NotFoundError, PonsError
from referral.facts import CaseRecord
from referral.models import Attachment, Referral, ReferralVersion, User
from referral.packet.provable import paths_of
from referral.workflow import State

CLOSED_TO_FILES = frozenset({State.WITHDRAWN, State.ENTERED_IN_ERROR, State.CLOSED})
MEBIBYTE = 1024 * 1024
LONGEST_REASON = 400
NO_ROW_YET = timedelta(hours=1)
"""A folder without a row that is younger than this may belong to an upload that is still under way."""


class NotAddedError(PonsError):
    """A file that was read and cannot be added to this case. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much one case may hold: files on it at a time, and bytes with those replaced and removed."""

    most: int
    size: int


@dataclass(frozen=True, slots=True)
class About:
    """What people say of a file."""

    kind: str
    label: str
    dated: str | None = None
    proves: tuple[str, ...] = ()


def may_add(viewer: User, referral: Referral) -> bool:
    """Tell whether this person may put files on this case now: its clinic, as long as the case is open."""
    return viewer.role in REFERRERS and referral.state not in CLOSED_TO_FILES


def may_change(session: Session, viewer: User, referral: Referral, attachment: Attachment) -> bool:
    """Tell whether this person may still say what a file is: until it has been signed with the case."""
    if not may_add(viewer, referral) or not attachment.is_current:
        return False
    signed = select(func.max(ReferralVersion.signed_at)).where(ReferralVersion.referral_id == referral.id)
    last = session.scalar(signed)
    return last is None or attachment.uploaded_at > last


def may_remove(viewer: User, referral: Referral, attachment: Attachment) -> bool:
    """Tell whether this person may take a file off the case: off a draft only."""
    return may_add(viewer, referral) and referral.state is State.DRAFT and attachment.is_current


def check_adding(actor: User, referral: Referral) -> None:
    """Refuse whoever may not add files.

    Raises:
        ForbiddenError: it is not theirs to do.
        ConflictError: the case is over.

    """
    if actor.role not in REFERRERS:
        raise ForbiddenError("Only the referring clinic adds files to a case.")
    if not may_add(actor, referral):
        raise ConflictError(f"This case is {referral.state.words} and takes no more files.")


def attachments_of(session: Session, referral: Referral) -> list[Attachment]:
    """Give every file that was ever put on a case, the oldest first."""
    wanted = (
        select(Attachment)
        .where(Attachment.referral_id == referral.id)
        .order_by(Attachment.uploaded_at, Attachment.id)
    )
    return list(session.scalars(wanted))


def current_attachments(session: Session, referral: Referral) -> list[Attachment]:
    """Give the files that stand on a case now, the oldest first."""
    return [each for each in attachments_of(session, referral) if each.is_current]


def get_attachment(session: Session, referral: Referral, attachment_id: UUID) -> Attachment:
    """Fetch one file of a case that was fetched for its viewer.

    Raises:
        NotFoundError: this case has no such file.

    """
    found = session.get(Attachment, attachment_id, populate_existing=True)
    if found is None or found.referral_id != referral.id:
        raise NotFoundError("This file does not exist, or it is not for you.")
    return found


def add(
    session: Session,
    actor: User,
    referral: Referral,
    rebuilt: Rebuilt,
    stored_as: str,
    about: About,
    allowance: Allowance,
    replaces: Attachment | None = None,
) -> Attachment:
    """Put a file on a case, which is held for a change; one that it replaces stays, and points to it.

    Raises:
        NotAddedError: the case has it already, or cannot hold more.
        ConflictError: the case is over, or what was to be replaced has been replaced or removed.

    """
    check_adding(actor, referral)
    if replaces is not None and not replaces.is_current:
        raise ConflictError("This file has been replaced or removed meanwhile. Nothing was changed.")
    _refuse_too_much(attachments_of(session, referral), rebuilt, allowance, replaces)
    added = Attachment(
        referral_id=referral.id,
        kind=about.kind,
        label=about.label,
        dated=about.dated,
        proves=list(about.proves),
        media_type=rebuilt.media_type,
        pages=rebuilt.pages,
        size=rebuilt.size,
        sha256=rebuilt.sha256,
        received_size=rebuilt.received_size,
        received_sha256=rebuilt.received_sha256,
        stored_as=stored_as,
        uploaded_by_id=actor.id,
    )
    session.add(added)
    session.flush()
    detail: dict[str, Any] = {"attachment": str(added.id), "kind": added.kind, "sha256": added.sha256}
    if replaces is not None:
        replaces.replaced_by_id = added.id
        detail["replaces"] = str(replaces.id)
    referral.updated_at = clock.now()
    deed = "attachment_added" if replaces is None else "attachment_replaced"
    audit.record(session, actor, deed, referral, **detail)
    return added


def _refuse_too_much(
    there: Sequence[Attachment], rebuilt: Rebuilt, allowance: Allowance, replaces: Attachment | None
) -> None:
    current = [each for each in there if each.is_current]
    same = next((each for each in current if each.received_sha256 == rebuilt.received_sha256), None)
    if same is not None:
        raise NotAddedError(f"This very file is on the case already, as “{same.label}”.")
    if replaces is None and len(current) >= allowance.most:
        raise NotAddedError(
            f"A case holds up to {allowance.most} files, and this one has {len(current)}. "
            "Put several sheets into one PDF, or remove what is not needed."
        )
    if sum(each.size for each in there) + rebuilt.size > allowance.size:
        raise NotAddedError(
            f"The files of a case may have {allowance.size // MEBIBYTE} MB together, with those replaced. "
            "Save this one smaller."
        )


def describe(session: Session, actor: User, referral: Referral, attachment: Attachment, about: About) -> bool:
    """Say anew what a file is; tell whether that changed anything.

    Raises:
        ConflictError: it was signed with the case, or replaced or removed.

    """
    if not may_change(session, actor, referral, attachment):
        raise ConflictError("What was said of this file when it was signed stays as it is.")
    said = About(attachment.kind, attachment.label, attachment.dated, tuple(attachment.proves))
    if said == about:
        return False
    attachment.kind, attachment.label, attachment.dated = about.kind, about.label, about.dated
    attachment.proves = list(about.proves)
    referral.updated_at = clock.now()
    audit.record(session, actor, "attachment_described", referral, attachment=str(attachment.id))
    return True


def remove(session: Session, actor: User, referral: Referral, attachment: Attachment, reason: str) -> None:
    """Take a file off a draft. It is kept and marked.

    Raises:
        ConflictError: it has been sent, replaced or removed already.
        NotAddedError: no reason, or too long a one, was given.

    """
    if not may_remove(actor, referral, attachment):
        raise ConflictError("This file can no longer be removed: nothing that was sent is taken back.")
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise NotAddedError(f"Give a reason, in at most {LONGEST_REASON} characters.")
    attachment.removed_at, attachment.removed_by_id = clock.now(), actor.id
    attachment.removed_reason = reason
    referral.updated_at = clock.now()
    audit.record(session, actor, "attachment_removed", referral, attachment=str(attachment.id))


def record_reading(
    session: Session, viewer: User, referral: Referral, attachment: Attachment, **what: Any
) -> None:
    """Write down who has read a file, or a page of it."""
    digest = attachment.sha256
    audit.note(
        session, viewer, "attachment_read", referral, attachment=str(attachment.id), sha256=digest, **what
    )


def attachments_json(session: Session, referral: Referral, record: CaseRecord) -> list[dict[str, Any]]:
    """Give the files that stand on a case as a snapshot carries them: what they are, and what they prove now."""
    return [
        {
            "id": str(each.id),
            "label": each.label,
            "kind": each.kind,
            "dated": each.dated,
            "sha256": each.sha256,
            "pages": each.pages,
            "bytes": each.size,
            "proves": paths_of(each.proves, record),
        }
        for each in current_attachments(session, referral)
    ]


def size_of(session: Session, referral: Referral) -> int:
    """Give the bytes that all files of a case have together, with those replaced and removed."""
    wanted = select(func.sum(Attachment.size)).where(Attachment.referral_id == referral.id)
    return session.scalar(wanted) or 0


def sweep(session: Session, store: Store) -> list[str]:
    """Remove files that no row knows, left behind by an upload that was cut off; give their names."""
    known = set(session.scalars(select(Attachment.stored_as)))
    return store.sweep(known, (clock.now() - NO_ROW_YET).timestamp())


def find_lost(session: Session, store: Store) -> list[Attachment]:
    """Find the rows whose file is not in the store."""
    return [each for each in session.scalars(select(Attachment)) if not store.has(each.stored_as)]
