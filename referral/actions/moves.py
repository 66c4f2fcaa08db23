"""The one place where a case changes its state: checked against the table, written down, its stay dated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from referral import audit, clock, database
from referral.errors import MoveRefusedError, PonsError
from referral.models import AgendaItem, AuditEntry, Letter, Question, Referral, Stay, User
from referral.workflow import MOVES, OPEN, Move, Role, State, check_move, find_move

LONGEST_REASON = 4000


class ReasonMissingError(PonsError):
    """A move that is made only with a reason."""


def move(
    session: Session,
    referral: Referral,
    deed: str,
    *,
    actor: User | None,
    reason: str = "",
    at: datetime | None = None,
    **detail: Any,
) -> Move:
    """Do one deed of the table of moves on a case that is held for changing; ``actor`` ``None`` is the clock.

    ``detail`` goes to the trail: ids, numbers and names of fields, never what somebody typed.

    Raises:
        MoveRefusedError: the table has no such move for this role, or the clock, from this state.
        ReasonMissingError: the move asks for a reason.

    """
    row = check_move(deed, actor.role, referral.state) if actor else _by_clock(deed, referral.state)
    at, reason = at or clock.now(), reason.strip()
    if row.needs_reason and not 0 < len(reason) <= LONGEST_REASON:
        raise ReasonMissingError(f"Give a reason, in at most {LONGEST_REASON:,} characters.")
    if referral.state is State.LISTED and row.target is not None:
        _hold_place(session, referral)
    audit.record(session, actor, row.past, referral, at=at, came_from=referral.state, **detail)
    if row.target is not None:
        _stand(session, referral, row.target, actor, at)
        referral.state_reason = reason or None
    session.flush()
    return row


def end(session: Session, referral: Referral, at: datetime) -> None:
    """End whatever a case was in the midst of, because it is deleted: it counts as taken back from then on."""
    _stand(session, referral, State.WITHDRAWN, None, at)
    session.flush()


def _by_clock(deed: str, state: State) -> Move:
    row = find_move(deed)
    if not row.by_clock or state not in row.sources:
        raise MoveRefusedError(
            f"This case is {state.words}: {row.words.lower()} does not happen by itself now."
        )
    return row


def _close_question(session: Session, referral: Referral, actor: User | None, at: datetime) -> None:
    """Close what was asked: whatever ended the waiting, nothing is asked of anybody any more."""
    wanted = select(Question).where(Question.referral_id == referral.id, Question.closed_at.is_(None))
    question = session.scalar(wanted)
    if question is not None:
        question.closed_at, question.closed_by_id = at, actor.id if actor else question.asked_by_id


def _stand(session: Session, referral: Referral, state: State, actor: User | None, at: datetime) -> None:
    """End the stay in the old state and begin one in the new. A clock that was set back makes no stay negative."""
    if referral.state is State.AWAITING_REPLY and state is not State.AWAITING_REPLY:
        _close_question(session, referral, actor, at)
    current = select(Stay).where(Stay.referral_id == referral.id, Stay.ended_at.is_(None))
    stay = session.scalar(current)
    if stay is not None:
        at = max(at, stay.began_at)
        stay.ended_at = at
        session.flush()
    if referral.state is State.LISTED:
        _leave_agenda(session, referral, at)
    if state is State.ENTERED_IN_ERROR:
        take_letters_back(session, referral, actor, at)
    session.add(Stay(referral_id=referral.id, state=state, began_at=at))
    referral.state, referral.updated_at = state, at


def _hold_place(session: Session, referral: Referral) -> None:
    """Hold a case's place on its agenda before the trail, as whoever puts an agenda in order does."""
    place = select(AgendaItem).where(AgendaItem.referral_id == referral.id, AgendaItem.left_at.is_(None))
    session.scalars(database.held(place, AgendaItem)).all()


def _leave_agenda(session: Session, referral: Referral, at: datetime) -> None:
    """Date when a case left its agenda, however it did: the stay that begins then says where it went."""
    session.execute(
        update(AgendaItem)
        .where(AgendaItem.referral_id == referral.id, AgendaItem.left_at.is_(None))
        .values(left_at=at)
    )


def take_letters_back(session: Session, referral: Referral, actor: User | None, at: datetime) -> None:
    """Let no letter go out that is still held: what it is about no longer stands."""
    held = select(Letter).where(
        Letter.referral_id == referral.id, Letter.cancelled_at.is_(None), Letter.released_at.is_(None)
    )
    for letter in session.scalars(held):
        letter.cancelled_at = at
        audit.record(session, actor, "letter_taken_back", referral, at=at, letter=str(letter.id))


def last_deed(session: Session, referral: Referral) -> AuditEntry | None:
    """Find the latest deed of the table on a case: what to tell somebody who came second."""
    moved = (
        select(AuditEntry)
        .where(AuditEntry.referral_id == referral.id, AuditEntry.deed.in_([row.past for row in MOVES]))
        .order_by(AuditEntry.id.desc())
        .limit(1)
        .options(joinedload(AuditEntry.actor))
    )
    return session.scalar(moved)


def least_busy(session: Session, programme_id: UUID) -> UUID | None:
    """Find the coordinator of a programme who owns the fewest open cases: whose a new case is."""
    owned = (
        select(Referral.owner_id, func.count().label("cases"))
        .where(Referral.programme_id == programme_id, Referral.state.in_(OPEN))
        .group_by(Referral.owner_id)
        .subquery()
    )
    return session.scalar(
        select(User.id)
        .outerjoin(owned, owned.c.owner_id == User.id)
        .where(User.organisation_id == programme_id, User.role == Role.COORDINATOR, User.active)
        .order_by(func.coalesce(owned.c.cases, 0), User.name)
        .limit(1)
    )
