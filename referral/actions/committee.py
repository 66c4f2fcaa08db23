"""The committee of a programme, and who of it stands aside from a case."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from referral.errors import ForbiddenError
from referral.models import AgendaItem, Attendance, Interest, Meeting, Referral, Tie, User
from referral.workflow import COMMITTEE

Interests = Mapping[UUID, Interest]
"""What each member has said last of a case, by member."""


def committee(session: Session, programme_id: UUID | None) -> list[User]:
    """List the members of a programme's committee who are in office, by name."""
    members = select(User).where(User.organisation_id == programme_id, User.role.in_(COMMITTEE), User.active)
    return list(session.scalars(members.order_by(User.name, User.id)))


def interests_in(session: Session, cases: Collection[UUID]) -> dict[UUID, dict[UUID, Interest]]:
    """Give what each member has declared last, by case and member. Nothing declared: not in it."""
    newest = (
        select(func.max(Interest.id))
        .where(Interest.referral_id.in_(cases))
        .group_by(Interest.referral_id, Interest.member_id)
    )
    found: dict[UUID, dict[UUID, Interest]] = {case: {} for case in cases}
    declared = select(Interest).where(Interest.id.in_(newest)).options(joinedload(Interest.member))
    for interest in session.scalars(declared.order_by(Interest.id)):
        found[interest.referral_id][interest.member_id] = interest
    return found


def tied(interests: Interests) -> set[UUID]:
    """Name those who stand aside."""
    return {member for member, interest in interests.items() if interest.tie is not Tie.NONE}


def check_no_tie(session: Session, referral: Referral, actor: User) -> None:
    """Let nobody give an opinion on a case, or sign its decision, who has declared a tie to it.

    Raises:
        ForbiddenError: this person stands aside.

    """
    if actor.id in tied(interests_in(session, [referral.id])[referral.id]):
        raise ForbiddenError("You have declared a tie to this case: you stand aside from it.")


def current_place(session: Session, referral: Referral) -> tuple[Meeting, AgendaItem] | None:
    """Find the meeting on whose agenda a case stands now, and its place there."""
    found = session.execute(
        select(Meeting, AgendaItem)
        .join(AgendaItem, AgendaItem.meeting_id == Meeting.id)
        .where(AgendaItem.referral_id == referral.id, AgendaItem.left_at.is_(None))
    ).first()
    return (found[0], found[1]) if found else None


def current_meeting(session: Session, referral: Referral) -> Meeting | None:
    """Find the meeting on whose agenda a case stands now."""
    place = current_place(session, referral)
    return place[0] if place else None


def asked(session: Session, referral: Referral, meeting: Meeting | None) -> list[User]:
    """List whose opinion is wanted: who is asked to its meeting; before it is listed, the whole committee."""
    if meeting is None:
        return committee(session, referral.programme_id)
    wanted = select(User).join(Attendance, Attendance.user_id == User.id)
    wanted = wanted.where(Attendance.meeting_id == meeting.id, User.active)
    return list(session.scalars(wanted.order_by(User.name, User.id)))
