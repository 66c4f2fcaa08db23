"""Reading a case from outside in an emergency: opened for a reason, told at once, read-only, short, and reviewed.

Whoever opens one knows its number; what is wrong with a number is never said. Each opening, each reading and each try
that found nothing is an entry of the trail, and by these entries tries are counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral import audit, clock, database
from referral.actions.mail import notify, notify_clinic
from referral.actions.referrals import get_referral
from referral.auth import holds, openable
from referral.errors import NotFoundError, PonsError
from referral.models import AuditEntry, EmergencyAccess, EmergencyReason, Referral, User
from referral.workflow import Role

LASTS = timedelta(minutes=60)
TRIES, TRIES_WITHIN = 5, timedelta(hours=1)
"""How many cases somebody opens, or fails to, before they have to wait."""
TRIED = ("emergency_opened", "emergency_refused")
NOT_FOUND = (
    "No case can be opened under this number. Check the number with whoever gave it to you; "
    "if it is right, telephone the programme."
)


class NotOpenedError(PonsError):
    """Nothing was opened. Which numbers exist, and which of them may not be opened, is never said."""


class TooManyTriesError(NotOpenedError):
    """Too many tries of one person within the hour."""


@dataclass(frozen=True)
class Open:
    """What a banner says of an emergency that holds."""

    id: UUID
    number: str
    until: datetime


# Opening


def open_case(
    session: Session,
    actor: User,
    number: str,
    reason: EmergencyReason,
    why: str,
    at: datetime | None = None,
) -> EmergencyAccess:
    """Open the case of this number for an hour, and tell its programme and its clinic at once.

    A refusal is in the trail: commit it as well. What is open already stays as it is.

    Raises:
        TooManyTriesError: too many tries within the hour, right or wrong.
        NotOpenedError: there is no such number, or it may not be opened, or it is one's own. They look the same.

    """
    at = at or clock.now()
    database.one_at_a_time(session, f"emergencies of {actor.id}")
    if _tries(session, actor, at) >= TRIES:
        audit.record(session, actor, "emergency_refused_too_many", at=at)
        raise TooManyTriesError(
            f"More than {TRIES} tries within an hour. Please wait, or telephone the programme."
        )
    wanted = (Referral.number == number.strip().upper(), openable(actor))
    referral = session.scalar(select(Referral).where(*wanted))
    if referral is None:
        audit.record(session, actor, "emergency_refused", at=at)
        raise NotOpenedError(NOT_FOUND)
    held = session.scalar(
        select(EmergencyAccess).where(holds(actor), EmergencyAccess.referral_id == referral.id)
    )
    return held or _open(session, actor, referral, reason, why, at)


def _open(
    session: Session, actor: User, referral: Referral, reason: EmergencyReason, why: str, at: datetime
) -> EmergencyAccess:
    access = EmergencyAccess(
        referral_id=referral.id,
        user_id=actor.id,
        reason=reason,
        why=why,
        opened_at=at,
        until=at + LASTS,
    )
    session.add(access)
    session.flush()
    occasion, subject = f"emergency {access.id}", "A case was opened from outside in an emergency"
    for user in _keepers(session, referral):
        notify(session, user, occasion, subject, referral, at=at)
    notify_clinic(session, referral, occasion, subject, at=at)
    audit.record(
        session,
        actor,
        "emergency_opened",
        referral,
        at=at,
        access=str(access.id),
        reason=reason.value,
        until=access.until.isoformat(),
    )
    return access


def _tries(session: Session, actor: User, at: datetime) -> int:
    wanted = (
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.actor_id == actor.id, AuditEntry.at > at - TRIES_WITHIN, AuditEntry.deed.in_(TRIED))
    )
    return session.scalar(wanted) or 0


def _keepers(session: Session, referral: Referral) -> Sequence[User]:
    """Give who keeps the record: the coordinators of its programme, and the chair who reviews."""
    keeps = User.role.in_((Role.COORDINATOR, Role.CHAIR))
    return session.scalars(
        select(User).where(User.organisation_id == referral.programme_id, keeps, User.active)
    ).all()


# Reading, and ending


def open_now(session: Session, person: User) -> list[Open]:
    """List what a person reads in an emergency at this moment."""
    wanted = (
        select(EmergencyAccess.id, Referral.number, EmergencyAccess.until)
        .join(Referral, Referral.id == EmergencyAccess.referral_id)
        .where(holds(person))
        .order_by(EmergencyAccess.until)
    )
    return [Open(*row) for row in session.execute(wanted)]


def read_case(
    session: Session, reader: User, access_id: UUID, what: str, **detail: Any
) -> tuple[EmergencyAccess, Referral]:
    """Fetch a case that this person has opened, and write down that it is read.

    Raises:
        NotFoundError: it is not theirs, or it has ended. The two look the same.

    """
    access = _own(session, reader, access_id)
    referral = get_referral(session, access.referral_id, reader, in_emergency=True)
    audit.note(session, reader, "emergency_read", referral, access=str(access.id), what=what, **detail)
    return access, referral


def end(session: Session, actor: User, access_id: UUID, at: datetime | None = None) -> None:
    """End an emergency of one's own before its time.

    Raises:
        NotFoundError: it is not theirs, or it has ended.

    """
    access = _own(session, actor, access_id)
    access.ended_at = at or clock.now()
    session.flush()
    audit.record(session, actor, "emergency_ended", access.referral, at=at, access=str(access.id))


def end_all(session: Session, person: User, at: datetime | None = None) -> None:
    """End all emergencies of a person who signs out: the entry of that says so."""
    for access in session.scalars(select(EmergencyAccess).where(holds(person))):
        access.ended_at = at or clock.now()
    session.flush()


def _own(session: Session, person: User, access_id: UUID) -> EmergencyAccess:
    found = session.scalar(select(EmergencyAccess).where(EmergencyAccess.id == access_id, holds(person)))
    if found is None:
        raise NotFoundError("This emergency access has ended, or it is not yours.")
    return found
