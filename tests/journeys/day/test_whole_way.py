"""The whole way of a case: sent, asked about, answered, judged by two, decided in a meeting, told in a letter."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from referral import clock
from referral.facts import say_date
from referral.models import EvidenceItem, Referral, User
from tests.at_hand import COMPLETE, invented, make_draft, retype
from tests.journeys.day.conftest import OpenDesk, Wall
from tests.journeys.day.desk import IN_THE_HAND, Desk

pytestmark = pytest.mark.journey
People = dict[str, User]

NAME, FAMILY, INITIALS, BORN = "Whinfell, Tadeusz", "Whinfell", "TW", "1989"
QUESTION = "Since when has he had symptoms? The old letter does not say."
ANSWER = "The first symptom is dated now, from the letter of the hospital at the time."
MINE, THEIRS = "Sound; I would offer it.", "I see little time to lose."
WORDS = "The course is active under treatment, and the work-up is complete."
CONDITIONS = "Hepatitis B vaccination before mobilisation."
ADDED = "Please ring us on the day this arrives."


@pytest.fixture
def draft(session: Session, committee: People) -> Referral:
    """A case that its neurologist has written, but for the one date that the programme asks everybody for."""
    draft = make_draft(session, committee)
    retype(draft, "diagnosis", symptom_onset=None)
    session.add(
        EvidenceItem(
            programme_id=committee["coordinator"].organisation_id,
            item="diagnosis.symptom_onset",
            asked_since=clock.now(),
            asked_by_id=committee["coordinator"].id,
        )
    )
    session.commit()
    return draft


def test_a_case_is_asked_about_judged_decided_and_told(
    app: Flask,
    draft: Referral,
    committee: People,
    open_desk: OpenDesk,
    wall: Wall,
    tick: Callable[[], str],
) -> None:
    neurologist, coordinator = open_desk("neurologist", width=IN_THE_HAND), open_desk("coordinator")
    number = draft.number

    send(neurologist)
    ask(coordinator)
    answer(neurologist)
    call_a_meeting(coordinator, draft, committee)

    member, chair = open_desk("committee_member"), open_desk("chair", width=IN_THE_HAND)
    give_opinion(member, MINE)
    coordinator.open_case(FAMILY)
    expect(coordinator.part("Committee: interests and opinions")).to_contain_text("in, sealed")
    coordinator.reads_nowhere(MINE)
    give_opinion(chair, THEIRS)
    chair.reads("are open to all members")
    chair.reads(MINE)

    wall.put_forward(timedelta(days=2))
    coordinator.sign_in("coordinator")
    meet(coordinator, committee)
    chair.sign_in("chair")
    sign(chair)

    write_letter(coordinator)
    neurologist.sign_in("neurologist")
    read_decision(neurologist)
    expect(neurologist.part("Letters")).to_have_count(0)
    wall.put_forward(timedelta(minutes=11))
    assert "letters released: 1" in tick()
    read_letter(neurologist, number)

    notices = [path.read_text() for path in Path(app.config["MAIL_FOLDER"]).iterdir()]
    assert any("A letter has arrived" in notice for notice in notices)
    assert not any(word in notice for notice in notices for word in (FAMILY, "Accepted", CONDITIONS, ADDED))


def send(desk: Desk) -> None:
    desk.go("/referrals")
    desk.follow(NAME)
    desk.follow("Review and send")
    desk.choose("declared", "yes")
    desk.follow("Sign and send")
    expect(desk.heading).to_have_text("Sent")
    desk.look()


def ask(desk: Desk) -> None:
    desk.go("/inbox")
    desk.follow(NAME)
    desk.follow("Start review")
    desk.follow("Ask the clinic")
    desk.choose("item", "diagnosis.symptom_onset")
    desk.type_at("text", QUESTION)
    desk.follow("Ask, and park the case")
    desk.reads("parked until it answers")


def answer(desk: Desk) -> None:
    desk.go("/referrals")
    desk.follow(NAME)
    desk.reads(QUESTION)
    desk.follow("First symptom")
    desk.page.keyboard.insert_text(say_date(invented(COMPLETE).record["diagnosis"]["symptom_onset"]))
    desk.stop_at(desk.page.get_by_role("button", name="Save", exact=True))
    desk.press("Enter")
    desk.page.wait_for_url("**#saved")
    desk.go(desk.page.url.partition("/edit/")[0])
    desk.reads("recorded by now")
    desk.follow("Answer")
    desk.type_at("text", ANSWER)
    desk.choose("declared", "yes")
    desk.follow("Sign and answer")
    desk.reads("version 2")


def call_a_meeting(desk: Desk, draft: Referral, committee: People) -> None:
    desk.open_case(FAMILY)
    desk.reads(ANSWER)
    desk.follow("Make ready")
    desk.go("/meetings")
    desk.follow("Call a meeting")
    desk.type_at("day", say_date(clock.today() + timedelta(days=2)))
    desk.type_at("time", "14:00")
    desk.type_at("place", "Seminar room")
    for who, specialty in (("committee_member", "haematology"), ("chair", "neurology")):
        desk.choose(f"asks-{committee[who].id}", specialty)
    desk.follow("Call the meeting")
    desk.follow("Put cases on the agenda")
    desk.choose("case", str(draft.id))
    desk.follow("Go on: see how many and which")
    desk.follow("Put it on the agenda")
    desk.reads("Put on the agenda: 1.")
    desk.look()


def give_opinion(desk: Desk, words: str) -> None:
    desk.go("/meetings")
    desk.follow("14:00")
    desk.follow(NAME)
    desk.follow("Declare interest")
    desk.choose("tie", "none")
    desk.follow("Declare")
    desk.follow("Give opinion")
    desk.choose("overall", "in_favour")
    desk.type_at("text", words)
    desk.follow("Give my opinion")
    desk.reads("Your opinion is in.")
    desk.look()


def meet(desk: Desk, committee: People) -> None:
    """Take attendance, open the meeting, and write down what was decided."""
    desk.go("/meetings")
    desk.follow("14:00")
    desk.follow("The room")
    desk.follow("Open the meeting")
    for who in ("committee_member", "chair"):
        desk.choose(f"came-{committee[who].id}", "yes")
    desk.follow("Keep attendance")
    desk.reads("Quorum met")
    desk.follow("First case left")
    desk.follow("Write, read back and sign the decision")
    desk.choose("outcome", "accepted")
    desk.type_at("conditions", CONDITIONS)
    desk.type_at("text", WORDS)
    desk.follow("Save the draft")
    desk.reads("You drafted it, so another member of the committee signs it.")
    desk.look()


def sign(desk: Desk) -> None:
    desk.go("/meetings")
    desk.follow("14:00")
    desk.follow("The room")
    desk.follow("First case left")
    desk.follow("Write, read back and sign the decision")
    desk.reads(CONDITIONS)
    desk.type_at("initials", INITIALS)
    desk.type_at("birth_year", BORN)
    desk.choose("confirmed", "yes")
    desk.follow("Sign: accepted")
    desk.reads("The decision is signed: accepted.")
    desk.look()


def write_letter(desk: Desk) -> None:
    desk.open_case(FAMILY)
    desk.follow("Write letter")
    desk.follow("Write: letter to the referrer")
    desk.stop_at(desk.field("body"))
    desk.press("Control+End", "Enter", "Enter")
    desk.page.keyboard.insert_text(ADDED)
    desk.follow("Preview")
    expect(desk.page.locator(".letter-paper")).to_contain_text(ADDED)
    desk.follow("Release in ten minutes")
    desk.reads("held until")
    desk.look()


def read_decision(desk: Desk) -> None:
    desk.go("/referrals")
    desk.follow(NAME)
    expect(desk.part("Accepted")).to_contain_text(CONDITIONS)


def read_letter(desk: Desk, number: str) -> None:
    desk.page.reload()
    letter = desk.fetch("Letter to the referrer (PDF)")
    for words in (number, WORDS, CONDITIONS, ADDED, "signed by Chair", "Committee Member (haematology)"):
        assert words in letter, words
