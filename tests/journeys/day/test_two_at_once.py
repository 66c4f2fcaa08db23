"""Two people do the same at the same moment: one is first, the other is told by whom, and nothing typed is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy.orm import Session

from referral.models import Referral, User
from referral.workflow import State
from tests.at_hand import make_draft, page_of, send
from tests.deciding import list_case, write
from tests.journeys.conftest import AT_MOST
from tests.journeys.day.conftest import OpenDesk
from tests.journeys.day.deciding import fill_signature
from tests.journeys.day.desk import Desk

pytestmark = pytest.mark.journey
People = dict[str, User]
Desks = tuple[Desk, Desk]


def at_once(desks: Desks, *buttons: str) -> tuple[Desk, Desk]:
    """Have both press their button, and let both requests through together; give who was first, and who was not."""
    held: list[Route] = []
    for desk, button in zip(desks, buttons, strict=True):
        desk.look()
        desk.page.route("**", lambda route: held.append(route), times=1)
        desk.stop_at(desk.find(button))
        desk.press("Enter")
    for desk in desks:
        wait_until(desk, lambda: len(held) == len(desks))
    for route in held:
        route.continue_()
    for desk in desks:
        expect(desk.page.locator("#problems, .pons-message, .pons-kept").first).to_be_visible()
    first, second = sorted(desks, key=lambda desk: desk.page.locator("#problems, .pons-kept").count())
    expect(first.page.locator("#problems")).to_have_count(0)
    return first, second


def wait_until(desk: Desk, done: Callable[[], bool]) -> None:
    """Let the browsers go on until something is so."""
    for _ in range(AT_MOST // 20):
        if done():
            return
        desk.page.wait_for_timeout(20)
    raise AssertionError(f"{desk.page.url}: nothing was sent")


@pytest.fixture
def sent(session: Session, committee: People) -> Referral:
    case = make_draft(session, committee)
    send(session, case, committee["neurologist"])
    session.commit()
    return case


def test_two_coordinators_ask_about_the_same_case_and_one_of_them_has_asked(
    sent: Referral, session: Session, open_desk: OpenDesk
) -> None:
    asks = {
        "coordinator": "Is there a newer scan?",
        "second_coordinator": "Since when does he walk with a stick?",
    }
    names = {"coordinator": "Coordinator", "second_coordinator": "Second Coordinator"}
    desks = {who: open_desk(who) for who in asks}
    for who, desk in desks.items():
        desk.go(page_of(sent, "/ask"))
        desk.type_at("text", asks[who])
    one, other = desks.values()

    first, second = at_once((one, other), *["Ask, and park the case"] * 2)

    winner, loser = (next(who for who, desk in desks.items() if desk is each) for each in (first, second))
    first.reads("parked until it answers")
    first.reads(asks[winner])
    second.reads(f"{names[winner]} was first")
    assert second.field("text").input_value() == asks[loser]
    second.look()
    second.follow("See the case as it is now")
    second.reads(asks[winner])
    second.reads_nowhere(asks[loser])


def test_two_coordinators_press_the_same_button_and_the_second_is_told_who_was_first(
    sent: Referral, session: Session, open_desk: OpenDesk
) -> None:
    one, other = open_desk("coordinator"), open_desk("second_coordinator")
    for desk in (one, other):
        desk.go(page_of(sent))
    one.follow("Start review")
    one.reads("is now in review")

    other.follow("Start review")

    other.reads("Coordinator: review started")
    other.look()
    other.follow("See the case as it is now")
    other.reads("The coordinator is making it ready.")
    expect(other.find("Make ready")).to_be_visible()


def test_two_draft_a_decision_at_once_and_what_the_second_wrote_is_kept(
    session: Session, committee: People, open_desk: OpenDesk
) -> None:
    case = list_case(session, committee)
    words = {"coordinator": "As we all said.", "chair": "As I wrote it down."}
    names = {"coordinator": "Coordinator", "chair": "Chair"}
    desks = {who: open_desk(who) for who in words}
    for who, desk in desks.items():
        desk.go(page_of(case, "/decision"))
        desk.choose("outcome", "accepted")
        desk.type_at("text", words[who])
    one, other = desks.values()

    first, second = at_once((one, other), *["Save the draft"] * 2)

    winner, loser = (next(who for who, desk in desks.items() if desk is each) for each in (first, second))
    first.reads("The draft is saved.")
    second.reads(f"{names[winner]} has saved a draft: accepted.")
    assert second.field("text").input_value() == words[loser]
    second.look()
    second.follow("read that first")
    second.reads(words[winner])


def test_two_sign_the_same_decision_at_once_and_one_of_them_has_signed(
    session: Session, committee: People, open_desk: OpenDesk
) -> None:
    case = list_case(session, committee)
    write(session, committee, case)
    session.commit()
    names = {"chair": "Chair", "committee_member": "Committee Member"}
    desks = {who: open_desk(who) for who in names}
    for desk in desks.values():
        desk.go(page_of(case, "/decision"))
        fill_signature(desk)
    one, other = desks.values()

    first, second = at_once((one, other), *["Sign: accepted"] * 2)

    (winner,) = (names[who] for who, desk in desks.items() if desk is first)
    first.reads("The decision is signed: accepted.")
    second.reads(f"{winner} has signed a decision: accepted.")
    second.reads("Nothing of yours was signed.")
    second.look()
    session.refresh(case)
    assert case.state is State.DECIDED
