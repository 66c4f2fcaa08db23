"""The agenda of a meeting: which cases stand on it, in which order, and what became of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from referral import clock
from referral.actions import opinions
from referral.actions.committee import interests_in, tied
from referral.actions.meetings import (
    Stage,
    check_day,
    check_keeper,
    check_stage,
    get_meeting,
    write_down,
)
from referral.actions.moves import LONGEST_REASON, ReasonMissingError, move
from referral.actions.referrals import get_referral, newest_version
from referral.auth import scope
from referral.errors import ConflictError, NotFoundError
from referral.models import AgendaItem, Meeting, Referral, Stay, User
from referral.workflow import State

FROZEN = timedelta(hours=24)
"""The list goes out this long before the meeting; what is added afterwards is marked."""
MOST_AT_ONCE = 50
NEVER = "9999"


def frozen_at(meeting: Meeting) -> datetime:
    """Give the moment from which additions are late."""
    return meeting.starts_at - FROZEN


def ready_cases(session: Session, viewer: User) -> list[Referral]:
    """List the cases of a programme that can be put on an agenda, in the order of an agenda."""
    ready = select(Referral).where(scope(viewer), Referral.state == State.READY)
    first = func.coalesce(Referral.next_change_on, NEVER)
    ready = ready.options(defer(Referral.typed))  # 200 times what was typed is long, and no list shows it
    return list(session.scalars(ready.order_by(first, Referral.number).limit(200)))


def hold_cases(session: Session, ids: Iterable[UUID], viewer: User) -> list[Referral]:
    """Hold several cases for changing, always in the same order, so that two who do so never wait for each other.

    Raises:
        NotFoundError: one of them is not there, or not for this person.

    """
    return [get_referral(session, each, viewer, to_change=True) for each in sorted(set(ids))]


# ------------------------------------------------------------------------------------ putting on, taking off


def put_on(
    session: Session,
    meeting: Meeting,
    cases: Sequence[Referral],
    *,
    actor: User,
    at: datetime | None = None,
) -> list[AgendaItem]:
    """Put ready cases on the agenda: all of them or none. Cases and meeting are held for changing.

    Raises:
        ConflictError: the meeting is over, or some of the cases are not ready any more; the text names them.

    """
    gone = [case for case in cases if case.state is not State.READY]
    if gone:
        named = ", ".join(f"{case.number} is {case.state.words}" for case in gone)
        raise ConflictError(f"Nothing was listed. Not ready, or no longer: {named}.")
    return [_put_on(session, meeting, case, "list", actor, at or clock.now()) for case in cases]


def put_on_unready(
    session: Session,
    meeting: Meeting,
    case: Referral,
    reason: str,
    *,
    actor: User,
    at: datetime | None = None,
) -> AgendaItem:
    """Put a case on the agenda that is not ready: the chair's word, with a reason.

    Raises:
        MoveRefusedError: it is not theirs to do, or not in this state.
        ReasonMissingError: there is no reason.

    """
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ReasonMissingError(f"Give a reason, in at most {LONGEST_REASON:,} characters.")
    return _put_on(session, meeting, case, "list_unready", actor, at or clock.now(), reason)


def _put_on(
    session: Session,
    meeting: Meeting,
    case: Referral,
    deed: str,
    actor: User,
    at: datetime,
    reason: str | None = None,
) -> AgendaItem:
    check_stage(meeting, Stage.CALLED, Stage.OPEN)
    late = at >= frozen_at(meeting)
    move(session, case, deed, actor=actor, at=at, meeting=str(meeting.id), late=late)
    version = newest_version(session, case)
    if version is None:
        raise NotFoundError("This case was never signed.")
    item = AgendaItem(
        meeting_id=meeting.id,
        referral=case,
        version=version.version,
        position=0,
        added_at=at,
        added_by_id=actor.id,
        late=late,
        overrides=reason,
    )
    before = list(meeting.agenda)
    place = len(before) if late else _place(before, item)
    _number(session, [*before[:place], item, *before[place:]])
    meeting.agenda.insert(place, item)
    session.flush()
    opinions.open_if_due(session, case, at=at)
    return item


def take_off(session: Session, case: Referral, *, actor: User, at: datetime | None = None) -> None:
    """Take a case that is held for changing off its agenda; it is ready again.

    Raises:
        MoveRefusedError: it is not theirs to do, or the case is on none.

    """
    move(session, case, "unlist", actor=actor, at=at)


# ------------------------------------------------------------------------------------------------ the order


def _key(item: AgendaItem) -> tuple[bool, str, str]:
    """Order by readiness, then by the first day on which a verdict changes by itself; never by anything else."""
    return item.overrides is not None, item.referral.next_change_on or NEVER, item.referral.number


def _place(items: Sequence[AgendaItem], new: AgendaItem) -> int:
    """Find the place before the first case that comes later in the order, leaving what was moved by hand."""
    later = (place for place, item in enumerate(items) if item.left_at is None and _key(item) > _key(new))
    return next(later, len(items))


def _number(session: Session, items: Sequence[AgendaItem]) -> None:
    """Number the items anew; through negative numbers, since no two may ever have the same."""
    for count, item in enumerate(items, 1):
        item.position = -count
    session.add_all(items)
    session.flush()
    for count, item in enumerate(items, 1):
        item.position = count
    session.flush()


def sort_agenda(session: Session, meeting: Meeting, *, actor: User, at: datetime | None = None) -> None:
    """Put the agenda of a meeting that is held for changing back into its order."""
    check_keeper(actor)
    check_stage(meeting, Stage.CALLED, Stage.OPEN)
    items = sorted(meeting.agenda, key=lambda item: (item.left_at is not None, *_key(item)))
    _number(session, items)
    write_down(session, meeting, actor, "agenda_ordered", at=at or clock.now(), by="readiness_and_date")


def is_sorted(items: Sequence[AgendaItem]) -> bool:
    """Whether the cases stand in the order of readiness and date, with nothing moved by hand."""
    keys = [_key(item) for item in items]
    return keys == sorted(keys)


def shift(
    session: Session, meeting: Meeting, item_id: int, *, up: bool, actor: User, at: datetime | None = None
) -> bool:
    """Move a case one place up or down among those that stand on the agenda; tell whether it moved.

    Raises:
        NotFoundError: it is not on this agenda, or no longer.

    """
    check_keeper(actor)
    check_stage(meeting, Stage.CALLED, Stage.OPEN)
    standing = [item for item in meeting.agenda if item.left_at is None]
    place = next((place for place, item in enumerate(standing) if item.id == item_id), None)
    if place is None:
        raise NotFoundError("This case is not on this agenda, or no longer.")
    other = place - 1 if up else place + 1
    if not 0 <= other < len(standing):
        return False
    order = list(meeting.agenda)
    one, two = order.index(standing[place]), order.index(standing[other])
    order[one], order[two] = order[two], order[one]
    _number(session, order)
    write_down(
        session, meeting, actor, "agenda_ordered", at=at or clock.now(), by="hand", item=item_id, up=up
    )
    return True


# ----------------------------------------------------------------------------------- opening, closing, calling off


def hold_all(session: Session, meeting_id: UUID, viewer: User) -> tuple[Meeting, list[Referral]]:
    """Hold a meeting for changing, and before it every case on its agenda.

    Raises:
        ConflictError: the agenda changed in that very moment.

    """
    found = get_meeting(session, meeting_id, viewer)
    cases = hold_cases(session, [item.referral_id for item in standing(found)], viewer)
    held = get_meeting(session, meeting_id, viewer, to_change=True)
    if {item.referral_id for item in standing(held)} - {case.id for case in cases}:
        raise ConflictError("The agenda was changed at the same moment. Nothing was done; try again.")
    return held, [case for case in cases if case.state is State.LISTED]


def standing(meeting: Meeting) -> list[AgendaItem]:
    """Give the cases that stand on the agenda now."""
    return [item for item in meeting.agenda if item.left_at is None]


def open_meeting(
    session: Session, meeting: Meeting, cases: Sequence[Referral], *, actor: User, at: datetime | None = None
) -> None:
    """Open a meeting on its day, and with it what its members have said of its cases. All are held for changing.

    Raises:
        ConflictError: its day has not come, or it is open already, or over.

    """
    check_keeper(actor)
    check_stage(meeting, Stage.CALLED)
    at = at or clock.now()
    check_day(meeting, at)
    meeting.opened_at = at
    write_down(session, meeting, actor, "meeting_opened", at=at, cases=len(cases))
    interests = interests_in(session, [case.id for case in cases])
    for case in cases:
        opinions.open_all(session, case, tied(interests[case.id]), at=at, last_is_in=False)


def close_meeting(session: Session, meeting: Meeting, *, actor: User, at: datetime | None = None) -> None:
    """Close a meeting that is held for changing, once each case is decided or taken off and attendance is taken.

    Raises:
        ConflictError: something is left to do; the text says what.

    """
    check_keeper(actor)
    check_stage(meeting, Stage.OPEN)
    left = ", ".join(item.referral.number for item in standing(meeting))
    if left:
        raise ConflictError(f"Each case is decided or taken off before a meeting is closed. Left: {left}.")
    unknown = sum(each.attended is None for each in meeting.members)
    if unknown:
        raise ConflictError(f"Say of everybody whether they came. Not known yet: {unknown}.")
    meeting.closed_at = at or clock.now()
    write_down(session, meeting, actor, "meeting_closed", at=meeting.closed_at)


def cancel(
    session: Session,
    meeting: Meeting,
    cases: Sequence[Referral],
    *,
    actor: User,
    at: datetime | None = None,
) -> None:
    """Call a meeting off; its cases are ready again. All are held for changing.

    Raises:
        ConflictError: it has been opened, or is over.

    """
    check_keeper(actor)
    check_stage(meeting, Stage.CALLED)
    at = at or clock.now()
    for case in cases:
        take_off(session, case, actor=actor, at=at)
    meeting.cancelled_at = at
    write_down(session, meeting, actor, "meeting_cancelled", at=at, cases=len(cases))


# ------------------------------------------------------------------------------------------- what became of it


@dataclass(frozen=True)
class Left:
    """A case that has left the agenda, and where it went."""

    item: AgendaItem
    went: State | None

    @property
    def done(self) -> bool:
        """Whether the meeting has answered, rather than let it go."""
        return self.went not in (None, State.READY, State.WITHDRAWN, State.ENTERED_IN_ERROR)


def left(session: Session, meeting: Meeting) -> list[Left]:
    """List the cases that have left the agenda, with the state to which each went."""
    rows = session.execute(
        select(AgendaItem.id, Stay.state)
        .join(Stay, (Stay.referral_id == AgendaItem.referral_id) & (Stay.began_at == AgendaItem.left_at))
        .where(AgendaItem.meeting_id == meeting.id, Stay.state != State.LISTED)
        .order_by(Stay.id.desc())
    )
    went = {row[0]: row[1] for row in rows}
    return [Left(item, went.get(item.id)) for item in meeting.agenda if item.left_at is not None]
