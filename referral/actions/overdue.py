"""What is past its day after an acceptance: visits that nobody has recorded, steps of a work-up that nobody has done.

The inbox shows it as the next move of the case, with whose and by when. Both questions are answered from partial
indexes that hold only what waits (``ix_follow_up_waiting``, ``ix_workup_step_waiting``), however many cases there are.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from referral.auth import scope
from referral.models import FollowUp, Referral, User, WorkupStep
from referral.reference.follow_up import say_visit
from referral.workflow import AFTER_TRANSPLANT, Move, State, find_move

MOST = 20
OWNER, NAMED = aliased(User), aliased(User)
WHOSE = (Referral.id, Referral.number, Referral.family_name, Referral.given_name)


@dataclass(frozen=True)
class Overdue:
    """One thing that should have been done: what, by when, whose, and the deed that does it."""

    referral_id: UUID
    number: str
    who: str
    """The person's name, as in every list of people; empty where nobody typed one."""
    what: str
    due_on: date
    whose: str
    """Who is named for it, else who owns the case; empty where that is nobody in use."""
    move: Move


def overdue(
    session: Session, viewer: User, today: date, *, of: Collection[UUID] | None = None, most: int = MOST
) -> list[Overdue]:
    """List what is past its day in the viewer's cases, the longest past first; ``of``: in these cases only.

    A visit is due on its day; a step of a work-up is late on the day after.
    """
    found = [
        Overdue(
            id_,
            number,
            ", ".join(filter(None, (family, given))),
            name(what),
            date.fromisoformat(due_on),
            named or owner or "",
            find_move(deed),
        )
        for rows, deed, name in (
            (_visits(viewer, today), "record_follow_up", say_visit),
            (_steps(viewer, today), "plan_workup", str),
        )
        for id_, number, family, given, what, due_on, named, owner in session.execute(_some(rows, of, most))
    ]
    return sorted(found, key=lambda each: (each.due_on, each.number, each.what))[:most]


def first_overdue(
    session: Session, viewer: User, today: date, cases: Collection[UUID]
) -> dict[UUID, Overdue]:
    """Give what is longest past its day in each of these cases; a case that is in time is not in it."""
    listed = overdue(session, viewer, today, of=cases, most=MOST * MOST) if cases else []
    return {each.referral_id: each for each in reversed(listed)}


def _visits(viewer: User, today: date) -> Select[*tuple[Any, ...]]:
    return (
        select(*WHOSE, FollowUp.visit, FollowUp.due_on, OWNER.name, OWNER.name)
        .join(FollowUp, FollowUp.referral_id == Referral.id)
        .outerjoin(OWNER, (OWNER.id == Referral.owner_id) & OWNER.active)
        .where(scope(viewer), Referral.state.in_(AFTER_TRANSPLANT))
        .where(FollowUp.recorded_at.is_(None), FollowUp.due_on <= today.isoformat())
        .order_by(FollowUp.due_on, Referral.number)
    )


def _steps(viewer: User, today: date) -> Select[*tuple[Any, ...]]:
    return (
        select(*WHOSE, WorkupStep.words, WorkupStep.due_on, NAMED.name, OWNER.name)
        .join(WorkupStep, WorkupStep.referral_id == Referral.id)
        .outerjoin(NAMED, (NAMED.id == WorkupStep.owner_id) & NAMED.active)
        .outerjoin(OWNER, (OWNER.id == Referral.owner_id) & OWNER.active)
        .where(scope(viewer), Referral.state == State.WORKUP)
        .where(WorkupStep.done_on.is_(None), WorkupStep.due_on < today.isoformat())
        .order_by(WorkupStep.due_on, Referral.number)
    )


def _some(rows: Select[*tuple[Any, ...]], of: Collection[UUID] | None, most: int) -> Select[*tuple[Any, ...]]:
    return (rows if of is None else rows.where(Referral.id.in_(of))).limit(most)
