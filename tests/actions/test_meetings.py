"""A meeting: called, its agenda ordered and frozen, opened, closed or called off."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda, interests, meetings
from referral.actions.moves import ReasonMissingError, move
from referral.errors import ConflictError, ForbiddenError, MoveRefusedError, NotFoundError
from referral.models import Meeting, Referral, Specialty, Tie, User
from referral.workflow import State
from tests.at_hand import deeds
from tests.gathering import SEATS, call, make_ready, put_on, seat_second_member, wanted

People = dict[str, User]
DAY = timedelta(days=1)


@pytest.fixture
def meeting(session: Session, people: People) -> Meeting:
    return call(session, people)


@pytest.fixture
def ready(session: Session, people: People) -> Referral:
    return make_ready(session, people)


def on_agenda(session: Session, meeting: Meeting) -> list[str]:
    session.expire(meeting)
    return [item.referral.number for item in agenda.standing(meeting)]


def test_a_meeting_is_called_with_its_members_and_the_quorum_of_the_day(
    session: Session, people: People, meeting: Meeting
) -> None:
    assert meeting.quorum == {"neurology": 1, "haematology": 1}
    assert {each.user_id: each.specialty for each in meeting.members} == {
        people[who].id: what for who, what in SEATS.items()
    }
    assert deeds(session)[-1] == "meeting_called"


@pytest.mark.parametrize("who", ["committee_member", "neurologist", "auditor"])
def test_only_coordinator_and_chair_call_meetings(session: Session, people: People, who: str) -> None:
    seat_second_member(session, people)
    with pytest.raises((ForbiddenError, NotFoundError)):
        meetings.call(session, people[who], wanted(people))


def test_nobody_of_another_committee_is_asked(session: Session, people: People) -> None:
    stranger = {"other_committee_member": Specialty.NEUROLOGY}
    with pytest.raises(meetings.NotCalledError) as refused:
        meetings.call(session, people["chair"], wanted(people, seats=stranger))

    assert set(refused.value.lacking) == {"members"}


def test_a_meeting_lacks_a_place_a_day_to_come_and_members(session: Session, people: People) -> None:
    empty = meetings.Call(clock.now() - 2 * DAY, " ", {})
    with pytest.raises(meetings.NotCalledError) as refused:
        meetings.call(session, people["chair"], empty)

    assert set(refused.value.lacking) == {"day", "place", "members"}


def test_a_foreign_meeting_is_not_found(session: Session, people: People, meeting: Meeting) -> None:
    for who in ("other_chair", "other_coordinator", "neurologist", "auditor"):
        with pytest.raises(NotFoundError):
            meetings.get_meeting(session, meeting.id, people[who])


def test_who_changes_a_meeting_that_was_changed_meanwhile_is_told(
    session: Session, people: People, meeting: Meeting
) -> None:
    seen, later = meetings.mark_of(meeting), meeting.starts_at + DAY
    meetings.change(session, meeting, people["chair"], wanted(people, later), seen=seen)

    with pytest.raises(ConflictError, match="Somebody else"):
        meetings.change(session, meeting, people["coordinator"], wanted(people), seen=seen)
    assert meeting.starts_at == later


def test_a_member_is_taken_off_a_meeting_and_another_put_on(
    session: Session, people: People, meeting: Meeting
) -> None:
    two = {"chair": Specialty.NURSING, "committee_member": Specialty.HAEMATOLOGY}
    meetings.change(
        session, meeting, people["chair"], wanted(people, meeting.starts_at, seats=two),
        seen=meetings.mark_of(meeting),
    )  # fmt: skip

    session.expire_all()
    assert {each.user_id: each.specialty for each in meeting.members} == {
        people[who].id: what for who, what in two.items()
    }


# The agenda


def test_ready_cases_are_listed_in_one_act_by_the_day_a_verdict_changes(
    session: Session, people: People, meeting: Meeting
) -> None:
    cases = [make_ready(session, people) for _ in range(3)]
    for case, day in zip(cases, ("2031-01-01", None, "2029-01-01"), strict=True):
        case.next_change_on = day

    put_on(session, meeting, *cases, actor=people["coordinator"])

    assert on_agenda(session, meeting) == [cases[2].number, cases[0].number, cases[1].number]
    assert {case.state for case in cases} == {State.LISTED}
    assert [item.position for item in meeting.agenda] == [1, 2, 3]
    assert not any(item.late for item in meeting.agenda)


def test_all_are_listed_or_none(session: Session, people: People, meeting: Meeting, ready: Referral) -> None:
    other = make_ready(session, people, deeds=())

    with pytest.raises(ConflictError, match=other.number):
        put_on(session, meeting, ready, other, actor=people["chair"])

    assert ready.state is State.READY
    assert on_agenda(session, meeting) == []


def test_an_unready_case_is_listed_by_the_chair_with_a_reason_and_stands_last(
    session: Session, people: People, meeting: Meeting, ready: Referral
) -> None:
    unready = make_ready(session, people, deeds=())
    unready.next_change_on, ready.next_change_on = "2027-01-01", None
    with pytest.raises(ReasonMissingError):
        agenda.put_on_unready(session, meeting, unready, "  ", actor=people["chair"])
    with pytest.raises(MoveRefusedError):
        agenda.put_on_unready(session, meeting, unready, "Now.", actor=people["coordinator"])

    item = agenda.put_on_unready(
        session, meeting, unready, "The scan comes on the day.", actor=people["chair"]
    )
    put_on(session, meeting, ready, actor=people["chair"])

    assert item.overrides == "The scan comes on the day."
    assert on_agenda(session, meeting) == [ready.number, unready.number]
    assert unready.state_reason is None  # it is the committee's, not the clinic's
    assert "listed_unready" in deeds(session, unready)


@pytest.mark.parametrize(("hours", "late"), [(25, False), (24, True), (1, True)])
def test_what_is_added_within_a_day_of_the_meeting_is_late_and_stands_last(
    session: Session, people: People, meeting: Meeting, ready: Referral, hours: int, late: bool
) -> None:
    first = make_ready(session, people)
    first.next_change_on, ready.next_change_on = None, "2027-01-01"
    put_on(session, meeting, first, actor=people["chair"])

    (item,) = agenda.put_on(
        session, meeting, [ready], actor=people["chair"], at=meeting.starts_at - timedelta(hours=hours)
    )

    assert item.late is late
    assert on_agenda(session, meeting) == [first.number, ready.number][:: 1 if late else -1]


def test_a_case_is_moved_by_hand_and_put_back_into_order(
    session: Session, people: People, meeting: Meeting
) -> None:
    cases = [make_ready(session, people) for _ in range(3)]
    put_on(session, meeting, *cases, actor=people["chair"])
    one, two, three = on_agenda(session, meeting)
    last = agenda.standing(meeting)[2]

    assert agenda.shift(session, meeting, last.id, up=True, actor=people["coordinator"])
    assert on_agenda(session, meeting) == [one, three, two]
    assert not agenda.is_sorted(agenda.standing(meeting))
    assert not agenda.shift(session, meeting, agenda.standing(meeting)[0].id, up=True, actor=people["chair"])

    agenda.sort_agenda(session, meeting, actor=people["chair"])
    assert on_agenda(session, meeting) == [one, two, three]


def test_a_case_taken_off_is_ready_again_and_can_be_listed_again(
    session: Session, people: People, meeting: Meeting, ready: Referral
) -> None:
    put_on(session, meeting, ready, actor=people["chair"])

    agenda.take_off(session, ready, actor=people["coordinator"])

    assert ready.state is State.READY
    assert on_agenda(session, meeting) == []
    assert [(left.went, left.done) for left in agenda.left(session, meeting)] == [(State.READY, False)]
    put_on(session, meeting, ready, actor=people["chair"])
    assert on_agenda(session, meeting) == [ready.number]


def test_a_case_that_is_withdrawn_leaves_its_agenda_by_itself(
    session: Session, people: People, meeting: Meeting, ready: Referral
) -> None:
    put_on(session, meeting, ready, actor=people["chair"])

    move(session, ready, "withdraw", actor=people["neurologist"], reason="The person wishes so.")

    assert on_agenda(session, meeting) == []
    assert [left.went for left in agenda.left(session, meeting)] == [State.WITHDRAWN]


# Cancelling, opening, closing


def test_the_cases_of_a_meeting_that_is_called_off_are_ready_again(
    session: Session, people: People, meeting: Meeting, ready: Referral
) -> None:
    put_on(session, meeting, ready, actor=people["chair"])
    held, cases = agenda.hold_all(session, meeting.id, people["coordinator"])

    agenda.cancel(session, held, cases, actor=people["coordinator"])

    assert ready.state is State.READY
    assert meetings.stage_of(meeting) is meetings.Stage.CANCELLED
    with pytest.raises(ConflictError, match="cancelled"):
        put_on(session, meeting, ready, actor=people["chair"])
    assert [each.meeting.id for each in meetings.over(session, people["chair"], 1)] == [meeting.id]
    assert meetings.coming(session, people["chair"]) == []


def test_a_meeting_is_opened_on_its_day_and_not_before(
    session: Session, people: People, meeting: Meeting
) -> None:
    with pytest.raises(ConflictError, match="has not come"):
        agenda.open_meeting(session, meeting, [], actor=people["chair"], at=meeting.starts_at - DAY)

    agenda.open_meeting(session, meeting, [], actor=people["chair"], at=meeting.starts_at)

    assert meetings.stage_of(meeting) is meetings.Stage.OPEN
    with pytest.raises(ConflictError, match="open"):
        agenda.cancel(session, meeting, [], actor=people["chair"])


def test_a_meeting_closes_when_every_case_is_dealt_with_and_attendance_is_known(
    session: Session, people: People, meeting: Meeting
) -> None:
    taken_off, declined = make_ready(session, people), make_ready(session, people)
    put_on(session, meeting, taken_off, declined, actor=people["chair"])
    agenda.open_meeting(session, meeting, [], actor=people["chair"], at=meeting.starts_at)
    with pytest.raises(ConflictError, match=taken_off.number):
        agenda.close_meeting(session, meeting, actor=people["chair"])

    agenda.take_off(session, taken_off, actor=people["chair"])
    move(session, declined, "decline", actor=people["chair"])
    session.expire_all()
    assert {left.item.referral.number: left.done for left in agenda.left(session, meeting)} == {
        taken_off.number: False,
        declined.number: True,
    }
    with pytest.raises(ConflictError, match="Not known yet: 3"):
        agenda.close_meeting(session, meeting, actor=people["chair"])

    came = {each.user_id: True for each in meeting.members}
    meetings.take_attendance(session, meeting, people["coordinator"], came, at=meeting.starts_at)
    agenda.close_meeting(session, meeting, actor=people["chair"])
    assert meetings.stage_of(meeting) is meetings.Stage.CLOSED


# Quorum


def test_the_quorum_counts_who_came_and_not_who_stands_aside(
    session: Session, people: People, meeting: Meeting
) -> None:
    asked = meetings.quorum(meeting.quorum, meeting.members)
    assert (asked.met, asked.taken) == (True, False)

    came = {people["chair"].id: True, people["committee_member"].id: True, people["second_member"].id: False}
    meetings.take_attendance(session, meeting, people["chair"], came, at=meeting.starts_at)
    assert meetings.quorum(meeting.quorum, meeting.members).met

    alone = meetings.quorum(meeting.quorum, meeting.members, {people["committee_member"].id})
    assert [(line.specialty, line.there) for line in alone.lacking] == [(Specialty.HAEMATOLOGY, 0)]


def test_attendance_is_not_taken_before_the_day(session: Session, people: People, meeting: Meeting) -> None:
    with pytest.raises(ConflictError, match="has not come"):
        meetings.take_attendance(session, meeting, people["chair"], {people["chair"].id: True})


# Interests


def test_a_conflict_is_put_into_words_and_what_was_declared_before_is_kept(
    session: Session, people: People, ready: Referral
) -> None:
    member = people["committee_member"]
    with pytest.raises(interests.NotDeclaredError) as refused:
        interests.declare(session, ready, Tie.CONFLICT, " ", actor=member)
    assert refused.value.field == "words"

    interests.declare(session, ready, Tie.OWN_PATIENT, "", actor=member)
    interests.declare(session, ready, Tie.NONE, "Another of the same name.", actor=member)

    assert deeds(session, ready).count("interest_declared") == 2


def test_a_coordinator_declares_nothing(session: Session, people: People, ready: Referral) -> None:
    with pytest.raises(MoveRefusedError):
        interests.declare(session, ready, Tie.NONE, "", actor=people["coordinator"])
