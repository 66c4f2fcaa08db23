"""Without its quorum a committee signs nothing, unless its chair goes on, on record and with a reason."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda, decisions, interests, meetings
from referral.actions.moves import ReasonMissingError
from referral.actions.quorum import go_on_without, hold_standing, standing, standing_of
from referral.actions.referrals import get_referral
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.models import AuditEntry, Decision, Meeting, Referral, Specialty, Tie, User
from referral.workflow import State
from tests.at_hand import stands
from tests.deciding import decide, signature, write
from tests.gathering import call, make_ready, put_on

People = dict[str, User]
REASON = "Both sites of haematology have agreed by telephone."


@pytest.fixture
def meeting(session: Session, people: People) -> Meeting:
    return call(session, people, clock.now())


@pytest.fixture
def listed(session: Session, people: People, meeting: Meeting) -> Referral:
    case = make_ready(session, people)
    put_on(session, meeting, case, actor=people["coordinator"])
    session.commit()
    return case


def come(session: Session, people: People, meeting: Meeting, *who: str) -> None:
    """Take attendance: these came and nobody else."""
    came = {each.user_id: each.user_id in {people[name].id for name in who} for each in meeting.members}
    meetings.take_attendance(session, meeting, people["coordinator"], came)
    session.commit()


def try_to_sign(session: Session, people: People, case: Referral, who: str = "chair") -> Decision:
    held = get_referral(session, case.id, people[who], to_change=True)
    return decisions.sign_decision(session, held, signature(session, held), actor=people[who])


def test_with_its_quorum_a_committee_decides(
    session: Session, people: People, meeting: Meeting, listed: Referral
) -> None:
    come(session, people, meeting, "chair", "committee_member")

    signed = decide(session, people, listed)

    assert "without_quorum" not in signed.took_part
    assert stands(listed) is State.DECIDED


def test_nothing_is_signed_while_a_specialty_is_missing(
    session: Session, people: People, meeting: Meeting, listed: Referral
) -> None:
    come(session, people, meeting, "chair", "second_member")
    write(session, people, listed)

    with pytest.raises(decisions.NotSignedError, match="did not come") as refused:
        try_to_sign(session, people, listed)

    assert [name for name, _ in refused.value.obstacles] == ["quorum"]
    assert "haematology 0 of 1: Committee Member did not come" in str(refused.value)
    assert stands(listed) is State.LISTED


def test_who_stands_aside_does_not_count_and_is_named(
    session: Session, people: People, meeting: Meeting, listed: Referral
) -> None:
    interests.declare(session, listed, Tie.OWN_PATIENT, "", actor=people["committee_member"])

    found = standing_of(session, listed)

    assert found is not None
    assert found.missing == ("haematology 0 of 1: Committee Member stands aside",)
    assert standing(meeting).quorum.met, "for the meeting as a whole they are there"


def test_a_specialty_of_which_nobody_is_asked_is_missing_from_the_beginning(
    session: Session, people: People
) -> None:
    alone = call(session, people, clock.now(), seats={"chair": Specialty.NEUROLOGY})

    assert standing(alone).missing == ("haematology 0 of 1: nobody else is asked",)


def test_the_chair_goes_on_with_a_reason_and_the_decision_says_so(
    session: Session, people: People, meeting: Meeting, listed: Referral
) -> None:
    come(session, people, meeting, "chair")
    write(session, people, listed)

    go_on_without(session, meeting, REASON, actor=people["chair"])
    signed = try_to_sign(session, people, listed)

    assert signed.took_part["without_quorum"] == {
        "lacking": ["haematology 0 of 1"],
        "by": people["chair"].name,
    }
    assert signed.took_part["people"]
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "quorum_waived"))
    assert entry.detail["goes_on_with"] == {"haematology": 0}
    assert REASON not in str(entry.detail)


def test_whoever_is_missing_later_needs_a_word_of_its_own(
    session: Session, people: People, meeting: Meeting, listed: Referral
) -> None:
    come(session, people, meeting, "chair")
    go_on_without(session, meeting, REASON, actor=people["chair"])
    come(session, people, meeting)
    write(session, people, listed)

    with pytest.raises(decisions.NotSignedError, match="neurology 0 of 1"):
        try_to_sign(session, people, listed)
    go_on_without(session, meeting, "Nobody could come.", actor=people["chair"])
    assert len(try_to_sign(session, people, listed).took_part["without_quorum"]["lacking"]) == 2


def test_going_on_covers_a_case_from_which_somebody_stands_aside(
    session: Session, people: People, meeting: Meeting, listed: Referral
) -> None:
    interests.declare(session, listed, Tie.OWN_PATIENT, "", actor=people["committee_member"])
    come(session, people, meeting, "chair", "committee_member")

    go_on_without(session, meeting, REASON, actor=people["chair"])

    found = hold_standing(session, listed, people["chair"])
    assert found is not None
    assert found.holds
    assert found.waiver is not None


def test_going_on_is_the_chairs_word_alone(session: Session, people: People, meeting: Meeting) -> None:
    come(session, people, meeting, "chair")

    for who, refused in (
        ("coordinator", ForbiddenError),
        ("committee_member", ForbiddenError),
        ("neurologist", NotFoundError),
    ):
        with pytest.raises(refused):
            go_on_without(session, meeting, REASON, actor=people[who])
    for reason in ("", "  ", "x" * 5000):
        with pytest.raises(ReasonMissingError):
            go_on_without(session, meeting, reason, actor=people["chair"])
    assert meeting.waivers == []


def test_there_is_nothing_to_go_on_without_before_the_day_or_with_everybody_there(
    session: Session, people: People, meeting: Meeting
) -> None:
    come(session, people, meeting, "chair", "committee_member")
    with pytest.raises(ConflictError, match="is met"):
        go_on_without(session, meeting, REASON, actor=people["chair"])

    later = call(session, people)
    with pytest.raises(ConflictError, match="has not come"):
        go_on_without(session, later, REASON, actor=people["chair"])
    agenda.open_meeting(session, meeting, [], actor=people["chair"])
    agenda.close_meeting(session, meeting, actor=people["chair"])
    with pytest.raises(ConflictError, match="closed"):
        go_on_without(session, meeting, REASON, actor=people["chair"])


def test_a_correction_after_the_meeting_asks_for_no_quorum(
    session: Session, people: People, meeting: Meeting, listed: Referral
) -> None:
    come(session, people, meeting, "chair", "committee_member")
    decide(session, people, listed)

    again = decide(session, people, listed, text="The condition was left out.", conditions="Dental check.")

    assert again.replaces_id is not None
    assert standing_of(session, listed) is None
