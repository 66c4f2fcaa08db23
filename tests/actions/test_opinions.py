"""Opinions: independent, sealed, then open to all members and changed by nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda, interests, opinions
from referral.actions.committee import current_meeting
from referral.errors import ConflictError, ForbiddenError, MoveRefusedError
from referral.models import Mail, Overall, Referral, ReferralVersion, Tie, User
from tests.at_hand import deeds
from tests.gathering import MEMBERS, SEATS, call, give, make_ready, put_on, seat_second_member

People = dict[str, User]


@pytest.fixture
def case(session: Session, people: People) -> Referral:
    seat_second_member(session, people)
    return make_ready(session, people)


def panel_of(session: Session, case: Referral, viewer: User) -> opinions.Panel:
    return opinions.panel(session, case, current_meeting(session, case), viewer)


def seen_by(session: Session, case: Referral, viewer: User) -> dict[str, str]:
    """What somebody may read of what others said, by who said it."""
    found = panel_of(session, case, viewer)
    shown = [each.opinion for each in found.standings if each.opinion] + list(found.earlier)
    return {each.member.name: each.text for each in shown if each.member_id != viewer.id}


def new_version(session: Session, case: Referral) -> None:
    (first,) = session.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == case.id))
    session.add(
        ReferralVersion(
            referral_id=case.id, version=2, snapshot=first.snapshot, snapshot_sha256="0" * 64,
            verdicts=first.verdicts, signed_by=first.signed_by,
        )
    )  # fmt: skip
    session.flush()


def test_nobody_reads_an_opinion_before_the_last_one_is_in(
    session: Session, people: People, case: Referral
) -> None:
    for who in MEMBERS[:2]:
        give(session, case, people[who])
        for viewer in (*MEMBERS, "coordinator"):
            assert seen_by(session, case, people[viewer]) == {}
    waited = panel_of(session, case, people["coordinator"]).waited_for
    assert [each.member.name for each in waited] == ["Second Member"]

    give(session, case, people["second_member"])

    for viewer in (*MEMBERS, "coordinator"):
        others = {people[who].name for who in MEMBERS if who != viewer}
        assert set(seen_by(session, case, people[viewer])) == others
    assert not any(each.late for each in panel_of(session, case, people["chair"]).standings)


def test_word_goes_to_coordinator_and_chair_when_the_last_is_in(
    session: Session, people: People, case: Referral
) -> None:
    before = set(session.scalars(select(Mail.id)))
    for who in MEMBERS:
        give(session, case, people[who], "Somebody's clinical words")

    notices = [mail for mail in session.scalars(select(Mail)) if mail.id not in before]
    assert {mail.to_user_id for mail in notices} == {people["chair"].id, people["coordinator"].id}
    assert all(case.number in mail.subject and "clinical words" not in mail.body for mail in notices)


def test_ones_own_opinion_is_changed_until_it_is_open(
    session: Session, people: People, case: Referral
) -> None:
    give(session, case, people["chair"], "First thought.")
    give(session, case, people["chair"], "Second thought.")
    own = panel_of(session, case, people["chair"]).mine
    assert own is not None
    assert own.opinion is not None
    assert own.opinion.text == "Second thought."
    for who in MEMBERS[1:]:
        give(session, case, people[who])

    with pytest.raises(ConflictError, match="none is changed"):
        give(session, case, people["chair"], "After reading the others.")


def test_opening_the_meeting_opens_what_was_said_of_its_cases(
    session: Session, people: People, case: Referral
) -> None:
    meeting = call(session, people, clock.now())
    put_on(session, meeting, case, actor=people["chair"])
    give(session, case, people["chair"])
    assert seen_by(session, case, people["committee_member"]) == {}

    held, cases = agenda.hold_all(session, meeting.id, people["chair"])
    agenda.open_meeting(session, held, cases, actor=people["chair"])

    assert set(seen_by(session, case, people["committee_member"])) == {"Chair"}
    given = give(session, case, people["committee_member"])
    (late,) = (s for s in panel_of(session, case, people["chair"]).standings if s.late)
    assert late.opinion is given


def test_only_members_asked_to_the_meeting_are_waited_for(
    session: Session, people: People, case: Referral
) -> None:
    two = {who: SEATS[who] for who in MEMBERS[:2]}
    put_on(session, call(session, people, seats=two), case, actor=people["chair"])
    for who in two:
        give(session, case, people[who])

    assert set(seen_by(session, case, people["coordinator"])) == {"Chair", "Committee Member"}


@pytest.mark.parametrize("tie", [Tie.OWN_PATIENT, Tie.CONFLICT])
def test_who_has_a_tie_gives_none_reads_none_and_is_not_waited_for(
    session: Session, people: People, case: Referral, tie: Tie
) -> None:
    aside = people["second_member"]
    for who in MEMBERS[:2]:
        give(session, case, people[who])
    interests.declare(session, case, tie, "We share a practice.", actor=aside)

    assert set(seen_by(session, case, people["chair"])) == {"Committee Member"}
    assert seen_by(session, case, aside) == {}
    with pytest.raises(ForbiddenError, match="stand aside"):
        give(session, case, aside)
    assert [each.member for each in panel_of(session, case, people["chair"]).aside] == [aside]


def test_what_somebody_said_who_stands_aside_later_is_shown_to_nobody(
    session: Session, people: People, case: Referral
) -> None:
    for who in MEMBERS:
        give(session, case, people[who])
    interests.declare(session, case, Tie.OWN_PATIENT, "", actor=people["chair"])

    assert set(seen_by(session, case, people["coordinator"])) == {"Committee Member", "Second Member"}


def test_who_has_not_declared_is_named(session: Session, people: People, case: Referral) -> None:
    interests.declare(session, case, Tie.NONE, "", actor=people["chair"])

    undeclared = panel_of(session, case, people["coordinator"]).undeclared
    assert {each.member.name for each in undeclared} == {"Committee Member", "Second Member"}


def test_a_new_version_asks_anew_and_keeps_what_was_said_of_the_old(
    session: Session, people: People, case: Referral
) -> None:
    give(session, case, people["chair"], "Of the first.")
    new_version(session, case)

    assert seen_by(session, case, people["committee_member"]) == {}
    with pytest.raises(ConflictError, match="Version 2"):
        give(session, case, people["committee_member"], version=1)
    for who in MEMBERS:
        give(session, case, people[who], "Of the second.", version=2)
    found = panel_of(session, case, people["committee_member"])
    assert [(each.version, each.text) for each in found.earlier] == [(1, "Of the first.")]
    assert {each.opinion.text for each in found.standings if each.opinion} == {"Of the second."}


def test_who_disagrees_says_why(session: Session, people: People, case: Referral) -> None:
    said = opinions.Said(None, "", {"an-edition": {"a-criterion": {"agrees": False, "why": " "}}})
    with pytest.raises(opinions.NotGivenError) as refused:
        opinions.give(session, case, said, version=1, actor=people["chair"])

    assert set(refused.value.lacking) == {"overall", "why-an-edition-a-criterion"}
    assert "opinion_given" not in deeds(session, case)


@pytest.mark.parametrize("who", ["coordinator", "neurologist", "delegate"])
def test_only_the_committee_gives_opinions(
    session: Session, people: People, case: Referral, who: str
) -> None:
    with pytest.raises(MoveRefusedError):
        give(session, case, people[who])


def test_opinions_are_dated_once_when_they_open(session: Session, people: People, case: Referral) -> None:
    at = clock.now() + timedelta(hours=1)
    for who in MEMBERS:
        said = opinions.Said(Overall.UNDECIDED, "", {})
        opinions.give(session, case, said, version=1, actor=people[who], at=at)

    assert deeds(session, case).count("opinions_opened") == 1
