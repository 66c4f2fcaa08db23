"""A committee at hand: its members, cases made ready for it, a meeting with an agenda."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda, meetings, opinions
from referral.actions.moves import move
from referral.models import Meeting, Opinion, Overall, Referral, Specialty, User
from referral.workflow import Role
from tests.at_hand import make_draft, send

People = dict[str, User]
MEMBERS = ("chair", "committee_member", "second_member")
SEATS = {
    "chair": Specialty.NEUROLOGY,
    "committee_member": Specialty.HAEMATOLOGY,
    "second_member": Specialty.NEUROLOGY,
}


def seat_second_member(session: Session, people: People) -> User:
    """Put a second member on the committee, beside the one and the chair."""
    first = people["committee_member"]
    people["second_member"] = User(
        email="second_member@example.org",
        name="Second Member",
        role=Role.COMMITTEE_MEMBER,
        organisation=first.organisation,
        password_hash=first.password_hash,
    )
    session.add(people["second_member"])
    session.flush()
    return people["second_member"]


def make_ready(session: Session, people: People, *, deeds: Iterable[str] = ("make_ready",)) -> Referral:
    """Send a case and take it as far as ready."""
    case = make_draft(session, people)
    send(session, case, people["neurologist"])
    for deed in ("start_review", *deeds):
        move(session, case, deed, actor=people["coordinator"])
    return case


def wanted(
    people: Mapping[str, User], starts_at: datetime | None = None, *, seats: Mapping[str, Specialty] = SEATS
) -> meetings.Call:
    """A meeting with everybody, in a week."""
    starts_at = starts_at or clock.now() + timedelta(days=7)
    return meetings.Call(
        starts_at, "Room 4", {people[who].id: meetings.Asked(what) for who, what in seats.items()}
    )


def call(
    session: Session,
    people: People,
    starts_at: datetime | None = None,
    *,
    seats: Mapping[str, Specialty] = SEATS,
) -> Meeting:
    """Call a meeting of the committee."""
    if "second_member" not in people:
        seat_second_member(session, people)
    return meetings.call(session, people["coordinator"], wanted(people, starts_at, seats=seats))


def put_on(session: Session, meeting: Meeting, *cases: Referral, actor: User) -> None:
    """Put ready cases on the agenda."""
    agenda.put_on(session, meeting, cases, actor=actor)


def give(
    session: Session, case: Referral, actor: User, text: str = "My own view.", *, version: int = 1
) -> Opinion:
    """Give an opinion that is in favour and speaks to no criterion."""
    said = opinions.Said(Overall.IN_FAVOUR, text, {})
    return opinions.give(session, case, said, version=version, actor=actor)
