"""After an acceptance: the work-up with its days and owners, the transplant, the first visit after it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from referral import clock
from referral.facts import say_date
from referral.models import User
from tests.deciding import decide, list_case
from tests.journeys.day.conftest import OpenDesk, Wall
from tests.journeys.day.deciding import FAMILY

pytestmark = pytest.mark.journey
People = dict[str, User]

OWN_STEP = "Talk with the dentist"
NOTE = "Walks further than before."


def test_from_the_work_up_to_the_first_visit(
    session: Session, committee: People, open_desk: OpenDesk, wall: Wall, tick: Callable[[], str]
) -> None:
    case = list_case(session, committee)
    decide(session, committee, case)
    coordinator = open_desk("coordinator")
    due = say_date(clock.today() + timedelta(days=14))

    coordinator.open_case(FAMILY)
    coordinator.follow("Begin the work-up")
    coordinator.follow("Plan the work-up")
    words = coordinator.page.locator('main [name$="-words"]').first.get_attribute("name") or ""
    row = words.removesuffix("-words")
    coordinator.type_at(words, OWN_STEP)
    coordinator.walk_to(name=f"{row}-owner")
    coordinator.choose(f"{row}-owner", str(committee["coordinator"].id))
    coordinator.walk_to(name=f"{row}-due")
    coordinator.page.keyboard.insert_text("in a fortnight")
    coordinator.follow("Save the work-up")
    coordinator.look()
    coordinator.type_at(f"{row}-due", due)
    coordinator.follow("Save the work-up")
    coordinator.reads("The work-up is saved.")
    coordinator.go(f"/referrals/{case.id}")
    expect(coordinator.part("Work-up").first).to_contain_text(OWN_STEP)
    expect(coordinator.part("Work-up").first).to_contain_text(due)

    wall.put_forward(timedelta(days=20))
    coordinator.sign_in("coordinator")
    coordinator.open_case(FAMILY)
    coordinator.reads("past")
    coordinator.follow("Record the transplant")
    coordinator.reads(OWN_STEP)
    coordinator.walk_to(name="given_on")
    coordinator.page.keyboard.insert_text(say_date(clock.today()))
    coordinator.follow("Record the transplant")
    expect(coordinator.part("After the transplant")).to_contain_text("Day 100")
    coordinator.look()

    wall.put_forward(timedelta(days=101))
    tick()
    neurologist = open_desk("neurologist")
    neurologist.go(f"/referrals/{case.id}")
    neurologist.reads("overdue")
    neurologist.follow("Record a visit")
    neurologist.walk_to(name="seen_on")
    neurologist.page.keyboard.insert_text(say_date(clock.today()))
    neurologist.walk_to(name="edss")
    neurologist.page.keyboard.insert_text("3.5")
    neurologist.walk_to(name="relapses")
    neurologist.page.keyboard.insert_text("0")
    neurologist.walk_to(name="note")
    neurologist.page.keyboard.insert_text(NOTE)
    neurologist.walk_to(text="Record the visit")
    neurologist.look()
    neurologist.press_enter()
    after = neurologist.part("After the transplant")
    expect(after).to_contain_text("3.5")
    expect(after).to_contain_text(NOTE)
    neurologist.look()
