"""Meetings of a committee: called with a day, a place and members, held with attendance, closed when all is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from referral import audit, clock, database
from referral.actions.committee import committee
from referral.actions.evidence import KEEPERS, check_reader
from referral.actions.rules import rules_for
from referral.errors import ConflictError, ForbiddenError, NotFoundError, PonsError
from referral.facts import digest
from referral.models import AgendaItem, Attendance, Meeting, Referral, Specialty, User

LONGEST_PLACE, LONGEST_NAME = 300, 120
AT_LEAST = {Specialty.NEUROLOGY.value: 1, Specialty.HAEMATOLOGY.value: 1}
"""Both the disease and the transplant are spoken for, whatever else a programme asks."""
PAGE = 50


class NotCalledError(PonsError):
    """A meeting that lacks something. ``lacking`` is what, by field of the form."""

    def __init__(self, lacking: Mapping[str, str]) -> None:
        """Keep which fields they are."""
        super().__init__(" ".join(lacking.values()))
        self.lacking = dict(lacking)


@dataclass(frozen=True)
class Asked:
    """One member who is asked to a meeting: with which specialty, and for whom they stand in."""

    specialty: Specialty
    covers_for: str = ""


@dataclass(frozen=True)
class Call:
    """What a meeting is called with."""

    starts_at: datetime
    place: str
    members: Mapping[UUID, Asked]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "starts_at": self.starts_at.isoformat(),
            "place": self.place,
            "members": {
                str(key): [asked.specialty.value, asked.covers_for] for key, asked in self.members.items()
            },
        }


def call_of(meeting: Meeting) -> Call:
    """Give what a meeting stands called with now."""
    members = {each.user_id: Asked(each.specialty, each.covers_for or "") for each in meeting.members}
    return Call(meeting.starts_at, meeting.place, members)


def mark_of(meeting: Meeting) -> str:
    """Give the digest of what a meeting is called with: what a page was opened with."""
    return digest(call_of(meeting).to_json())


class Stage(StrEnum):
    """How far a meeting has come."""

    CALLED = "called"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


def stage_of(meeting: Meeting) -> Stage:
    """Say how far a meeting has come."""
    if meeting.cancelled_at:
        return Stage.CANCELLED
    if meeting.closed_at:
        return Stage.CLOSED
    return Stage.OPEN if meeting.opened_at else Stage.CALLED


# -------------------------------------------------------------------------------------------- finding one


def get_meeting(session: Session, meeting_id: UUID, viewer: User, *, to_change: bool = False) -> Meeting:
    """Fetch a meeting of the viewer's own programme with its members and agenda.

    ``to_change`` lets nobody else change meeting or agenda until the transaction ends; cases that are to be changed
    in the same act are held before.

    Raises:
        NotFoundError: there is none, or it is not for this person.

    """
    check_reader(viewer)
    if to_change:
        database.one_at_a_time(session, f"meeting {meeting_id}")
    wanted = (
        select(Meeting)
        .where(Meeting.id == meeting_id, Meeting.programme_id == viewer.organisation_id)
        .options(
            selectinload(Meeting.members).joinedload(Attendance.user),
            selectinload(Meeting.agenda).joinedload(AgendaItem.referral).defer(Referral.typed),
        )
        .execution_options(populate_existing=to_change)
    )
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError("This meeting does not exist, or it is not for you.")
    return found


def check_keeper(actor: User) -> None:
    """Let coordinator and chair keep meetings; for strangers there are none.

    Raises:
        ForbiddenError: another role of the same programme.

    """
    check_reader(actor)
    if actor.role not in KEEPERS:
        raise ForbiddenError("The coordinator and the chair keep meetings.")


def check_stage(meeting: Meeting, *stages: Stage) -> None:
    """Refuse what does not fit how far a meeting has come.

    Raises:
        ConflictError: with what it is now.

    """
    if stage_of(meeting) not in stages:
        raise ConflictError(f"This meeting is {stage_of(meeting).value}. Nothing was changed.")


@dataclass(frozen=True)
class Listed:
    """A meeting in a list: how many cases stand on its agenda or were dealt with, how many people are asked."""

    meeting: Meeting
    cases: int
    members: int


def coming(session: Session, viewer: User) -> list[Listed]:
    """List the meetings that are still to be held or closed, the next first."""
    check_reader(viewer)
    open_ones = (Meeting.closed_at.is_(None), Meeting.cancelled_at.is_(None))
    return _listed(session, viewer, *open_ones, order=Meeting.starts_at)


def over(session: Session, viewer: User, page: int) -> list[Listed]:
    """List one page of the meetings that were closed or cancelled, the latest first."""
    check_reader(viewer)
    ended = Meeting.closed_at.is_not(None) | Meeting.cancelled_at.is_not(None)
    return _listed(session, viewer, ended, order=Meeting.starts_at.desc(), page=page)


def _listed(session: Session, viewer: User, *wanted: Any, order: Any, page: int = 1) -> list[Listed]:
    cases = (
        select(func.count(func.distinct(AgendaItem.referral_id)))
        .where(AgendaItem.meeting_id == Meeting.id)
        .scalar_subquery()
    )
    members = select(func.count()).where(Attendance.meeting_id == Meeting.id).scalar_subquery()
    shown = (
        select(Meeting.id)
        .where(Meeting.programme_id == viewer.organisation_id, *wanted)
        .order_by(order, Meeting.id)
        .limit(PAGE)
        .offset((max(page, 1) - 1) * PAGE)
    )
    listed = select(Meeting, cases, members).where(Meeting.id.in_(session.scalars(shown).all()))
    rows = session.execute(listed.order_by(order, Meeting.id))
    return [Listed(*row) for row in rows]


def specialties(session: Session, viewer: User) -> dict[UUID, Specialty]:
    """Give the specialty that each member was asked with last."""
    rows = session.execute(
        select(Attendance.user_id, Attendance.specialty)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .where(Meeting.programme_id == viewer.organisation_id)
        .order_by(Attendance.id)
    )
    return {row[0]: row[1] for row in rows}


# ----------------------------------------------------------------------------------------------- calling


def call(session: Session, actor: User, wanted: Call, *, at: datetime | None = None) -> Meeting:
    """Call a meeting of the actor's own committee.

    Raises:
        NotCalledError: something is lacking.

    """
    check_keeper(actor)
    at = at or clock.now()
    _refuse_what_lacks(session, actor, wanted, at)
    rules = rules_for(session, actor.organisation_id).quorum
    meeting = Meeting(
        programme_id=actor.organisation_id,
        starts_at=wanted.starts_at,
        place=wanted.place.strip(),
        quorum={
            name: max(AT_LEAST.get(name, 0), rules.get(name, 0))
            for name in (each.value for each in Specialty)
            if AT_LEAST.get(name) or rules.get(name)
        },
        called_by_id=actor.id,
        called_at=at,
        members=[_ask(key, asked) for key, asked in wanted.members.items()],
    )
    session.add(meeting)
    session.flush()
    write_down(session, meeting, actor, "meeting_called", at=at, members=len(meeting.members))
    return meeting


def change(
    session: Session, meeting: Meeting, actor: User, wanted: Call, *, seen: str, at: datetime | None = None
) -> None:
    """Change day, place or members of a meeting that is held for changing; once it is open, members only.

    Raises:
        ConflictError: it is over, or somebody else has changed it since.
        NotCalledError: something is lacking.

    """
    check_keeper(actor)
    check_stage(meeting, Stage.CALLED, Stage.OPEN)
    at = at or clock.now()
    if seen != mark_of(meeting):
        raise ConflictError("Somebody else has changed this meeting since you opened the page.")
    moved = wanted.starts_at != meeting.starts_at
    if moved and meeting.opened_at:
        raise NotCalledError({"day": "This meeting has been opened: its day and time stay."})
    _refuse_what_lacks(session, actor, wanted, at, moved=moved)
    meeting.starts_at, meeting.place = wanted.starts_at, wanted.place.strip()
    there = {each.user_id: each for each in meeting.members}
    for key, asked in wanted.members.items():
        if key in there:
            there[key].specialty, there[key].covers_for = asked.specialty, asked.covers_for.strip() or None
        else:
            meeting.members.append(_ask(key, asked))
    for key, attendance in there.items():
        if key not in wanted.members:
            meeting.members.remove(attendance)
            session.delete(attendance)
    session.flush()
    write_down(session, meeting, actor, "meeting_changed", at=at, moved=moved, members=len(meeting.members))


def _ask(key: UUID, asked: Asked) -> Attendance:
    return Attendance(
        user_id=key, specialty=asked.specialty, covers_for=asked.covers_for.strip() or None, attended=None
    )


def _refuse_what_lacks(
    session: Session, actor: User, wanted: Call, at: datetime, *, moved: bool = True
) -> None:
    lacking = {}
    if moved and clock.local(wanted.starts_at).date() < clock.local(at).date():
        lacking["day"] = "Give a day that is not over."
    if not 0 < len(wanted.place.strip()) <= LONGEST_PLACE:
        lacking["place"] = f"Say where, in at most {LONGEST_PLACE} characters."
    known = {member.id for member in committee(session, actor.organisation_id)}
    if not wanted.members:
        lacking["members"] = "Ask at least one member: give each who is asked a specialty."
    elif not set(wanted.members) <= known:
        lacking["members"] = "Ask members of your own committee only."
    for key, asked in wanted.members.items():
        if len(asked.covers_for) > LONGEST_NAME:
            lacking[f"covers-{key}"] = f"Shorten it: at most {LONGEST_NAME} characters."
    if lacking:
        raise NotCalledError(lacking)


def write_down(
    session: Session, meeting: Meeting, actor: User, deed: str, *, at: datetime, **detail: Any
) -> None:
    """Put a deed that concerns the meeting as a whole into the trail."""
    audit.record(session, actor, deed, at=at, meeting=str(meeting.id), **detail)


# ------------------------------------------------------------------------------------ attendance, quorum


def take_attendance(
    session: Session,
    meeting: Meeting,
    actor: User,
    came: Mapping[UUID, bool | None],
    *,
    at: datetime | None = None,
) -> None:
    """Write down who came to a meeting that is held for changing; ``None`` is not known yet.

    Raises:
        ConflictError: it is over, or its day has not come.

    """
    check_keeper(actor)
    check_stage(meeting, Stage.CALLED, Stage.OPEN)
    at = at or clock.now()
    check_day(meeting, at)
    for each in meeting.members:
        if each.user_id in came:
            each.attended = came[each.user_id]
    session.flush()
    there = sum(each.attended is True for each in meeting.members)
    write_down(session, meeting, actor, "attendance_taken", at=at, there=there)


def check_day(meeting: Meeting, at: datetime) -> None:
    """Refuse what is done on the day before that day.

    Raises:
        ConflictError: the day has not come.

    """
    if clock.local(at).date() < clock.local(meeting.starts_at).date():
        raise ConflictError("The day of this meeting has not come. Nothing was changed.")


@dataclass(frozen=True)
class Needed:
    """How many of a specialty the quorum asks for, and how many there are."""

    specialty: Specialty
    needed: int
    there: int

    @property
    def met(self) -> bool:
        """Whether there are enough."""
        return self.there >= self.needed


@dataclass(frozen=True)
class Quorum:
    """The quorum of a meeting, or of one case on it. ``taken``: counted by who came, else by who is asked."""

    lines: tuple[Needed, ...]
    taken: bool

    @property
    def met(self) -> bool:
        """Whether every specialty is there in number."""
        return all(line.met for line in self.lines)

    @property
    def lacking(self) -> tuple[Needed, ...]:
        """What is not there."""
        return tuple(line for line in self.lines if not line.met)


def quorum(
    rule: Mapping[str, int], members: Sequence[Attendance], aside: set[UUID] | frozenset[UUID] = frozenset()
) -> Quorum:
    """Count the quorum; who stands aside from a case does not count for it.

    Before attendance is taken, whoever is asked is counted as coming.
    """
    taken = any(each.attended is not None for each in members)
    there = [
        each.specialty
        for each in members
        if each.user_id not in aside and (each.attended is True or not taken)
    ]
    lines = (Needed(Specialty(name), needed, there.count(Specialty(name))) for name, needed in rule.items())
    return Quorum(tuple(lines), taken)
