"""A legal hold: nothing of one case, or of all that went to a programme, is deleted until it is lifted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from referral import audit, clock, database
from referral.actions.moves import LONGEST_REASON, ReasonMissingError
from referral.actions.retention import HOLDS
from referral.errors import ConflictError, ForbiddenError
from referral.models import LegalHold, Referral, User
from referral.workflow import Role

MAY_HOLD = frozenset({Role.COORDINATOR, Role.CHAIR})


def find_hold(session: Session, referral: Referral) -> LegalHold | None:
    """Find what keeps a case from being deleted now: a hold of its own, or else one of all its programme."""
    of_programme = LegalHold.referral_id.is_(None) & (LegalHold.programme_id == referral.programme_id)
    return _in_force(session, LegalHold.referral_id == referral.id) or _in_force(session, of_programme)


def find_hold_of_all(session: Session, programme_id: UUID) -> LegalHold | None:
    """Find the hold of all that went to a programme, if there is one."""
    return _in_force(session, LegalHold.referral_id.is_(None) & (LegalHold.programme_id == programme_id))


def _in_force(session: Session, which: ColumnElement[bool]) -> LegalHold | None:
    wanted = select(LegalHold).where(which, LegalHold.lifted_at.is_(None)).options(joinedload(LegalHold.by))
    return session.scalar(wanted)


def held_cases(session: Session, programme_id: UUID) -> list[tuple[LegalHold, str]]:
    """List the cases of a programme that are held one by one, with their numbers, the longest held first."""
    wanted = (
        select(LegalHold, Referral.number)
        .join(Referral, Referral.id == LegalHold.referral_id)
        .where(LegalHold.programme_id == programme_id, LegalHold.lifted_at.is_(None))
        .order_by(LegalHold.since, Referral.number)
        .options(joinedload(LegalHold.by))
    )
    return [(hold, number) for hold, number in session.execute(wanted)]


def hold(
    session: Session,
    actor: User,
    because: str,
    referral: Referral | None = None,
    *,
    at: datetime | None = None,
) -> LegalHold:
    """Let nothing be deleted of a case that is held for changing or, without one, of all the actor's programme.

    Raises:
        ForbiddenError: coordinator and chair hold a case of their programme; the chair holds all of it.
        ReasonMissingError: no reason, or too long a one, was given.
        ConflictError: it is held already.

    """
    _check(actor, referral, MAY_HOLD if referral else frozenset({Role.CHAIR}))
    because = because.strip()
    if not 0 < len(because) <= LONGEST_REASON:
        raise ReasonMissingError(f"Say why, in at most {LONGEST_REASON:,} characters.")
    database.one_at_a_time(session, HOLDS)
    if _standing(session, actor, referral) is not None:
        raise ConflictError("It is under a legal hold already. Nothing was changed.")
    made = LegalHold(
        programme_id=actor.organisation_id,
        referral_id=referral.id if referral else None,
        because=because,
        since=at or clock.now(),
        by_id=actor.id,
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "hold_put", referral, at=at, **_told(made))
    return made


def lift(
    session: Session, actor: User, referral: Referral | None = None, *, at: datetime | None = None
) -> LegalHold:
    """Lift a hold. What it kept is deleted in thirty days at the earliest.

    Raises:
        ForbiddenError: the chair lifts a hold.
        ConflictError: there is none to lift.

    """
    _check(actor, referral, frozenset({Role.CHAIR}))
    database.one_at_a_time(session, HOLDS)
    found = _standing(session, actor, referral)
    if found is None:
        raise ConflictError("There is no legal hold to lift. Nothing was changed.")
    found.lifted_at, found.lifted_by_id = at or clock.now(), actor.id
    session.flush()
    audit.record(session, actor, "hold_lifted", referral, at=at, **_told(found))
    return found


def _standing(session: Session, actor: User, referral: Referral | None) -> LegalHold | None:
    if referral is None:
        return find_hold_of_all(session, actor.organisation_id)
    return _in_force(session, LegalHold.referral_id == referral.id)


def _check(actor: User, referral: Referral | None, roles: frozenset[Role]) -> None:
    foreign = referral is not None and referral.programme_id != actor.organisation_id
    if actor.role not in roles or foreign:
        raise ForbiddenError(
            "Coordinator and chair hold a case of their programme; the chair lifts it, and holds all."
        )


def _told(hold: LegalHold) -> dict[str, str]:
    return {"hold": str(hold.id), "programme": str(hold.programme_id)}
