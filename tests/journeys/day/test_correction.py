"""A wrong decision is corrected: by a new one that cites it, for both sides to read, with a letter of its own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from referral.models import Referral, User
from tests.deciding import decide, list_case, resting_on
from tests.journeys.day.conftest import OpenDesk, Wall
from tests.journeys.day.deciding import FAMILY, draft_decision, sign_decision

pytestmark = pytest.mark.journey
People = dict[str, User]

WRONG = "The antibodies that were tested for speak against it."
RIGHT = "Corrected: the antibodies were read from another person's report."


@pytest.fixture
def case(session: Session, committee: People) -> Referral:
    """A case that was declined."""
    case = list_case(session, committee)
    decide(session, committee, case, outcome="declined", text=WRONG, reasons=resting_on(session, case))
    return case


def test_a_wrong_decision_is_replaced_and_both_can_be_read(
    case: Referral, committee: People, open_desk: OpenDesk, wall: Wall, tick: Callable[[], str]
) -> None:
    coordinator, chair = open_desk("coordinator"), open_desk("chair")
    write_letter = "Write: letter to the referrer"
    letter = "Letter to the referrer (PDF)"

    coordinator.open_case(FAMILY)
    coordinator.follow("Write letter")
    coordinator.follow(write_letter)
    coordinator.follow("Release in ten minutes")
    wall.put_forward(timedelta(minutes=11))
    assert "letters released: 1" in tick()

    draft_decision(coordinator, "accepted", RIGHT, committee["chair"], button="Correct the decision")
    coordinator.reads("A decision stands already: declined")
    coordinator.look()
    sign_decision(chair, "accepted")

    coordinator.open_case(FAMILY)
    coordinator.reads("It takes the place of an earlier decision")
    coordinator.reads("about a decision that has been replaced")
    coordinator.follow("Write letter")
    coordinator.follow(write_letter)
    assert "takes the place of" in coordinator.field("body").input_value()
    coordinator.follow("Release in ten minutes")
    wall.put_forward(timedelta(minutes=11))
    assert "letters released: 1" in tick()

    neurologist = open_desk("neurologist")
    neurologist.go(f"/referrals/{case.id}")
    expect(neurologist.part("The multidisciplinary team decided: accepted")).to_contain_text(RIGHT)
    replaced = neurologist.page.locator(".decision-replaced")
    neurologist.stop_at(replaced.locator("summary"))
    neurologist.press("Enter")
    expect(replaced.get_by_text(WRONG)).to_be_visible()
    neurologist.look()
    letters = neurologist.part("Letters")
    expect(letters.get_by_role("link")).to_have_count(2)
    expect(letters.get_by_text("about a decision that has been replaced")).to_have_count(1)
    told = neurologist.fetch(letter)
    assert RIGHT in told
    assert "takes the place of an earlier one about the same case (declined, decided on" in told
