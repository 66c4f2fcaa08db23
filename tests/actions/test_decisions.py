"""Decisions: drafted by one, signed by another, on what was read, corrected and never edited."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import decisions, moves
from referral.actions.referrals import get_referral
from referral.errors import ForbiddenError, MoveRefusedError, NotFoundError
from referral.extensions import db
from referral.models import (
    Decision,
    Interest,
    Mail,
    Outcome,
    Question,
    Referral,
    ReferralVersion,
    Tie,
    User,
)
from referral.packet.decided import decided
from referral.workflow import State, find_move
from tests.at_hand import NOT_MET, deeds, make_draft, send, stands
from tests.deciding import decide, list_case, resting_on, said, signature, version_of, write

People = dict[str, User]


@pytest.fixture
def case(session: Session, people: People) -> Referral:
    return list_case(session, people)


def sign(session: Session, case: Referral, actor: User, **changes: Any) -> Decision:
    return decisions.sign_decision(session, case, signature(session, case, **changes), actor=actor)


@pytest.mark.parametrize(
    ("outcome", "more", "state"),
    [
        ("accepted", {"conditions": "Dental check first."}, State.DECIDED),
        ("declined", {"text": "Too long ago."}, State.DECIDED),
        ("advice_given", {"text": "Consider a switch of treatment."}, State.DECIDED),
        ("deferred", {"comes_back_for": "edss"}, State.DEFERRED),
        ("more_information_needed", {"conditions": "MRI report\nJCV index"}, State.AWAITING_REPLY),
    ],
)
def test_each_outcome_leads_where_the_table_says(
    session: Session, people: People, case: Referral, outcome: str, more: dict[str, Any], state: State
) -> None:
    if outcome == "declined":
        more = more | {"reasons": resting_on(session, case)}

    signed = decide(session, people, case, outcome=outcome, **more)

    assert stands(case) is state
    assert signed.outcome is Outcome(outcome)
    assert deeds(session, case)[-1] == find_move(signed.outcome.deed).past
    assert signed.drafted_by is people["coordinator"]
    assert signed.signed_by is people["chair"]


def test_editions_and_snapshot_are_pinned(session: Session, people: People, case: Referral) -> None:
    signed = decide(session, people, case)

    version = version_of(session, case)
    assert signed.snapshot_sha256 == version.snapshot_sha256
    assert signed.editions == {
        each["id"]: each["sha256"] for each in decisions.editions_decided_on(version.snapshot)
    }


def test_the_clinic_is_told_that_something_was_decided_and_no_more(
    session: Session, people: People, case: Referral
) -> None:
    decide(session, people, case)

    told = session.scalars(select(Mail).where(Mail.occasion.startswith("decided"))).all()
    assert {each.to_user for each in told} == {people["neurologist"], people["delegate"]}
    assert {each.subject for each in told} == {f"A decision is recorded: referral {case.number}"}


def test_more_information_needed_asks_the_clinic_so_that_the_case_is_parked(
    session: Session, people: People, case: Referral
) -> None:
    decide(session, people, case, outcome="more_information_needed", conditions="MRI report\nJCV index")

    question = session.scalars(select(Question)).one()
    items: Any = question.items
    assert [item["words"] for item in items] == ["MRI report", "JCV index"]
    assert question.closed_at is None


# Four eyes


def test_who_drafted_it_does_not_sign_it(session: Session, people: People, case: Referral) -> None:
    write(session, people, case, actor="chair")

    with pytest.raises(ForbiddenError, match="another member"):
        sign(session, case, people["chair"])
    assert stands(case) is State.LISTED
    sign(session, case, people["committee_member"])
    assert stands(case) is State.DECIDED


def test_who_changes_a_draft_has_drafted_it(session: Session, people: People, case: Referral) -> None:
    write(session, people, case, actor="coordinator")
    write(session, people, case, actor="chair", outcome="advice_given", text="Wait.")

    with pytest.raises(ForbiddenError):
        sign(session, case, people["chair"])


@pytest.mark.parametrize("who", ["coordinator", "neurologist", "auditor"])
def test_only_the_committee_signs(session: Session, people: People, case: Referral, who: str) -> None:
    write(session, people, case, actor="committee_member")

    with pytest.raises(MoveRefusedError):
        sign(session, case, people[who])


@pytest.mark.parametrize("who", ["neurologist", "delegate"])
def test_for_the_clinic_there_is_no_draft(session: Session, people: People, case: Referral, who: str) -> None:
    with pytest.raises(NotFoundError):
        write(session, people, case, actor=who)


# Own patients


def declare(session: Session, case: Referral, member: User, tie: Tie) -> None:
    session.add(Interest(referral_id=case.id, member_id=member.id, tie=tie, text="Declared."))
    session.flush()


@pytest.mark.parametrize("tie", [Tie.OWN_PATIENT, Tie.CONFLICT])
def test_who_stands_aside_neither_drafts_nor_signs_nor_took_part(
    session: Session, people: People, case: Referral, tie: Tie
) -> None:
    write(session, people, case)
    declare(session, case, people["chair"], tie)

    with pytest.raises(ForbiddenError):
        sign(session, case, people["chair"])
    with pytest.raises(ForbiddenError):
        write(session, people, case, actor="chair")
    draft = decisions.find_draft(session, case)
    assert draft is not None
    with pytest.raises(ForbiddenError):
        decisions.discard_draft(session, case, actor=people["chair"], seen=decisions.mark_of(draft))
    with pytest.raises(ForbiddenError, match=people["chair"].name):
        write(session, people, case)
    with pytest.raises(ForbiddenError, match=people["chair"].name):
        sign(session, case, people["committee_member"])
    offered = {each.user: each.stands_aside for each in decisions.attendees(session, case)}
    assert offered[people["chair"]]
    assert not offered[people["committee_member"]]


# At once


def test_two_drafts_at_once_one_wins_and_the_other_is_told(
    session: Session, people: People, case: Referral
) -> None:
    write(session, people, case, actor="coordinator")

    with pytest.raises(decisions.DecidedMeanwhileError) as refused:
        decisions.draft_decision(
            session, case, said(session, people, case), actor=people["chair"], seen="", version=1
        )

    assert people["coordinator"].name in str(refused.value)
    assert refused.value.now is not None


def test_two_signatures_at_once_one_wins_and_the_other_is_told(
    session: Session, people: People, case: Referral
) -> None:
    write(session, people, case)
    both = signature(session, case)
    decisions.sign_decision(session, case, both, actor=people["chair"])

    with pytest.raises(decisions.DecidedMeanwhileError, match="has signed a decision: accepted"):
        decisions.sign_decision(session, case, both, actor=people["committee_member"])
    assert len(decisions.signed_decisions(session, case)) == 1


def test_a_draft_that_changed_after_it_was_read_is_not_signed(
    session: Session, people: People, case: Referral
) -> None:
    write(session, people, case)
    read = signature(session, case)
    write(session, people, case, outcome="advice_given", text="Wait.")

    with pytest.raises(decisions.DecidedMeanwhileError, match="has saved a draft: advice given"):
        decisions.sign_decision(session, case, read, actor=people["chair"])


def test_a_draft_is_thrown_away_and_that_stays_on_record(
    session: Session, people: People, case: Referral
) -> None:
    draft = write(session, people, case)
    decisions.discard_draft(session, case, actor=people["chair"], seen=decisions.mark_of(draft))

    assert decisions.find_draft(session, case) is None
    assert deeds(session, case)[-1] == "decision_draft_discarded"


# What was drafted on


def test_a_decision_on_a_version_that_is_not_the_newest_is_refused(
    session: Session, people: People, case: Referral
) -> None:
    write(session, people, case)
    old = version_of(session, case)
    session.add(
        ReferralVersion(
            referral_id=case.id, version=2, snapshot=old.snapshot, snapshot_sha256="1" * 64,
            verdicts=old.verdicts, signed_by=people["neurologist"],
        )
    )  # fmt: skip
    session.flush()

    with pytest.raises(decisions.StaleError):
        sign(session, case, people["chair"])
    with pytest.raises(decisions.StaleError):
        decisions.draft_decision(
            session, case, said(session, people, case), actor=people["coordinator"],
            seen=signature(session, case).seen, version=1,
        )  # fmt: skip
    write(session, people, case)
    sign(session, case, people["chair"])
    assert decisions.signed_decisions(session, case)[0].version == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"initials": "QQ"}, "initials"),
        ({"birth_year": "1899"}, "birth_year"),
        ({"confirmed": False}, "confirmed"),
    ],
)
def test_the_person_is_named_once_more_and_it_is_confirmed(
    session: Session, people: People, case: Referral, wrong: dict[str, Any], field: str
) -> None:
    write(session, people, case)

    with pytest.raises(decisions.NotSignedError) as refused:
        sign(session, case, people["chair"], **wrong)

    assert [name for name, _ in refused.value.obstacles] == [field]
    assert stands(case) is State.LISTED


def test_initials_are_read_without_accents_case_and_dots() -> None:
    assert decisions.initials_of({"given_name": "Åsa-Lena", "family_name": "’t Hooft"}) == "AT"
    assert decisions.plain_letters("å. t.") == "AT"


@pytest.mark.parametrize(
    ("lacks", "field"),
    [
        ({"decided_on": None}, "decided_on"),
        ({"decided_on": (clock.today() + timedelta(days=1)).isoformat()}, "decided_on"),
        ({"decided_on": (clock.today() - timedelta(days=1)).isoformat()}, "decided_on"),  # before it was sent
        ({"took_part": ()}, "took_part"),
        ({"outcome": "declined", "text": "No."}, "grounds"),
        ({"outcome": "advice_given"}, "text"),
        ({"outcome": "deferred"}, "comes_back_on"),
        ({"outcome": "deferred", "comes_back_on": clock.today().isoformat()}, "comes_back_on"),
        ({"outcome": "more_information_needed", "conditions": " \n"}, "items"),
    ],
)
def test_what_lacks_something_is_drafted_but_not_signed(
    session: Session, people: People, case: Referral, lacks: dict[str, Any], field: str
) -> None:
    write(session, people, case, **lacks)

    with pytest.raises(decisions.NotSignedError) as refused:
        sign(session, case, people["chair"])
    assert field in dict(refused.value.obstacles)


# A correction


def test_a_correction_cites_what_it_replaces_and_both_stay(
    session: Session, people: People, case: Referral
) -> None:
    first = decide(session, people, case)
    second = decide(
        session, people, case, outcome="declined", text="The outcome was typed wrongly.",
        reasons=resting_on(session, case),
    )  # fmt: skip

    assert second.replaces is first
    assert first.superseded_at is not None
    assert first.outcome is Outcome.ACCEPTED
    assert decisions.find_current(session, case) is second
    assert decisions.signed_decisions(session, case) == [second, first]


def test_a_correction_says_in_words_what_was_wrong(session: Session, people: People, case: Referral) -> None:
    decide(session, people, case)
    write(session, people, case, conditions="Dental check first.")

    with pytest.raises(decisions.NotSignedError, match="in words"):
        sign(session, case, people["chair"])


def test_nothing_is_decided_of_a_case_that_is_not_listed(session: Session, people: People) -> None:
    case = make_draft(session, people)
    send(session, case, people["neurologist"])

    with pytest.raises(MoveRefusedError):
        write(session, people, case)


# In words


def test_a_decision_in_words_keeps_what_the_software_found_beside_what_the_team_holds(
    session: Session, people: People
) -> None:
    case = list_case(session, people, name=NOT_MET)
    reasons = resting_on(session, case, "risk")
    (edition, criteria) = next(iter(reasons.items()))
    criterion = next(name for name, kept in criteria.items() if kept["result"] == "not_met")
    criteria[criterion] |= {
        "agrees": False, "holds": "met", "code": "newer_fact", "why": "A relapse last week.",
    }  # fmt: skip
    signed = decide(session, people, case, outcome="declined", text="The risk.", reasons=reasons)

    words = decided(signed, version_of(session, case).snapshot)

    assert words.headline == "The multidisciplinary team decided: declined"
    (ground,) = words.rests_on
    assert ground.ground == "The risk is held to be too high"
    assert ground.sentence
    (differs,) = words.disagrees
    assert (differs.result_words, differs.holds_words) == ("not met", "met")
    assert differs.why == "A relapse last week."
    assert edition in signed.editions
    assert "eligible" not in str(words).lower()


def test_a_foreign_case_is_not_found(session: Session, people: People, case: Referral) -> None:
    with pytest.raises(NotFoundError):
        get_referral(session, case.id, people["other_chair"], to_change=True)


def test_a_draft_that_waits_when_the_case_is_taken_off_is_not_signed(
    session: Session, people: People, case: Referral
) -> None:
    write(session, people, case)
    read = signature(session, case)
    moves.move(session, case, "unlist", actor=people["coordinator"])

    with pytest.raises(MoveRefusedError):
        decisions.sign_decision(session, case, read, actor=people["chair"])


# Really at once


def test_four_hands_sign_at_one_moment_and_one_decision_stands(
    app: Flask, session: Session, people: People, case: Referral
) -> None:
    write(session, people, case)
    read = signature(session, case)
    session.commit()
    ready, ids, case_id = Barrier(4), {name: user.id for name, user in people.items()}, case.id

    def hand(name: str) -> str:
        with app.app_context(), Session(db.engine) as own:
            ready.wait()  # before the first query: on SQLite that is where a writer waits for another
            member = own.get_one(User, ids[name])
            held = get_referral(own, case_id, member, to_change=True)
            try:
                decisions.sign_decision(own, held, read, actor=member)
            except decisions.DecidedMeanwhileError as refused:
                return str(refused)
            own.commit()
            return "signed"

    with ThreadPoolExecutor(4) as hands:
        said = list(hands.map(hand, ["chair", "committee_member"] * 2))

    assert said.count("signed") == 1
    assert all("has signed a decision: accepted" in each for each in said if each != "signed")
    assert len(decisions.signed_decisions(session, case)) == 1
    assert deeds(session, case).count("accepted") == 1


@pytest.mark.parametrize(("given", "family", "typed"), [
    ("민수", "김", "민김"), ("Đorđe", "Žner", "đ z"), ("Émile", "Øst", "e. ø."), ("Zoë", "Ng", "ZN"),
])  # fmt: skip
def test_initials_are_letters_of_the_script_that_the_name_is_in(given: str, family: str, typed: str) -> None:
    assert decisions.initials_of({"given_name": given, "family_name": family}) == decisions.plain_letters(
        typed
    )
