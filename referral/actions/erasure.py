"""Deleting a case before its time, because the patient wants it: one asks, the programme's chair confirms.

Whether the law lets it be deleted is for those two to know: a hospital often has to keep a record for years.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from referral import audit, clock, database
from referral.actions.deletion import Gone, delete_case
from referral.actions.holds import find_hold
from referral.actions.mail import notify
from referral.actions.moves import LONGEST_REASON, ReasonMissingError
from referral.actions.retention import HOLDS, REQUEST
from referral.errors import ConflictError, ForbiddenError
from referral.models import ErasureRequest, Referral, User
from referral.workflow import Role

ASKERS = frozenset({Role.NEUROLOGIST, Role.COORDINATOR, Role.CHAIR})


def find_request(session: Session, referral: Referral) -> ErasureRequest | None:
    """Find what was asked and neither confirmed nor refused yet."""
    wanted = select(ErasureRequest).where(ErasureRequest.referral_id == referral.id)
    return session.scalar(wanted.options(joinedload(ErasureRequest.asked_by)))


def requests_waiting(session: Session, programme_id: object) -> list[tuple[ErasureRequest, str]]:
    """List what waits for a programme's chair, with the numbers of the cases, the oldest first."""
    wanted = (
        select(ErasureRequest, Referral.number)
        .join(Referral, Referral.id == ErasureRequest.referral_id)
        .where(Referral.programme_id == programme_id)
        .order_by(ErasureRequest.asked_at, Referral.number)
        .options(joinedload(ErasureRequest.asked_by))
    )
    return [(asked, number) for asked, number in session.execute(wanted)]


def ask(
    session: Session, referral: Referral, actor: User, reason: str, number: str, *, at: datetime | None = None
) -> ErasureRequest:
    """Ask that a case that was sent, and is held for changing, be deleted before its time.

    Raises:
        ForbiddenError: neurologist, coordinator and chair ask.
        ReasonMissingError: no reason was given, or not the number of this case.
        ConflictError: it was never sent, is under a legal hold, or has been asked for already.

    """
    if actor.role not in ASKERS:
        raise ForbiddenError("The neurologist, the coordinator and the chair ask that a case be deleted.")
    if referral.submitted_at is None:
        raise ConflictError("This case was never sent: withdraw it, and it goes under the rule for drafts.")
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ReasonMissingError(f"Say why, in at most {LONGEST_REASON:,} characters.")
    _check_number(referral, number)
    _refuse_what_is_held(session, referral)
    if find_request(session, referral) is not None:
        raise ConflictError("It has been asked for already, and waits to be confirmed. Nothing was changed.")
    asked = ErasureRequest(
        referral_id=referral.id, reason=reason, asked_by_id=actor.id, asked_at=at or clock.now()
    )
    session.add(asked)
    session.flush()
    _tell_chairs(session, referral, actor, at)
    audit.record(session, actor, "erasure_asked", referral, at=at)
    return asked


def _tell_chairs(session: Session, referral: Referral, actor: User, at: datetime | None) -> None:
    chairs = select(User).where(
        User.organisation_id == referral.programme_id,
        User.role == Role.CHAIR,
        User.active,
        User.id != actor.id,
    )
    for chair in session.scalars(chairs):
        occasion = f"erasure {referral.id} {(at or clock.now()).isoformat()}"
        notify(session, chair, occasion, "It is asked that a case be deleted", referral, at=at)


def drop(session: Session, referral: Referral, actor: User, *, at: datetime | None = None) -> None:
    """Refuse what was asked, as the chair, or take it back, as who has asked.

    Raises:
        ConflictError: nothing is asked.
        ForbiddenError: it is neither's.

    """
    asked = _asked(session, referral)
    if actor.role is not Role.CHAIR and asked.asked_by_id != actor.id:
        raise ForbiddenError("The chair refuses it, or who has asked takes it back.")
    session.delete(asked)
    session.flush()
    audit.record(session, actor, "erasure_refused", referral, at=at, asked_by=str(asked.asked_by_id))


def confirm(
    session: Session, referral: Referral, actor: User, number: str, *, at: datetime | None = None
) -> Gone:
    """Delete a case, held for changing, as another has asked. Its files go after the commit.

    Raises:
        ForbiddenError: the chair of its programme confirms, and never what they have asked themselves.
        ReasonMissingError: not the number of this case was given.
        ConflictError: nothing is asked any more, or it is under a legal hold.

    """
    if actor.role is not Role.CHAIR or actor.organisation_id != referral.programme_id:
        raise ForbiddenError("The chair of the programme confirms that a case is deleted.")
    asked = _asked(session, referral)
    if asked.asked_by_id == actor.id:
        raise ForbiddenError("Who has asked that a case be deleted does not confirm it: another chair does.")
    _check_number(referral, number)
    database.one_at_a_time(session, HOLDS)
    _refuse_what_is_held(session, referral)
    audit.record(session, actor, "erasure_confirmed", referral, at=at, asked_by=str(asked.asked_by_id))
    return delete_case(session, referral, REQUEST, actor=actor, at=at or clock.now())


def _asked(session: Session, referral: Referral) -> ErasureRequest:
    asked = find_request(session, referral)
    if asked is None:
        raise ConflictError("Nothing is asked any more: it was refused or taken back. Nothing was changed.")
    return asked


def _check_number(referral: Referral, number: str) -> None:
    """Have the number typed again, so that no other case is deleted than the one that is meant."""
    if number.strip().upper() != referral.number:
        raise ReasonMissingError("Type the number of this case, as it stands above.")


def _refuse_what_is_held(session: Session, referral: Referral) -> None:
    if find_hold(session, referral) is not None:
        raise ConflictError("This case is under a legal hold: nothing of it is deleted.")
