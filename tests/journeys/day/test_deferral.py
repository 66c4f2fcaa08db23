"""A deferral comes back by itself on its day, and is decided anew; what was put off stays readable."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from referral import clock
from referral.facts import say_date
from referral.models import User
from tests.deciding import list_case
from tests.gathering import call
from tests.journeys.day.conftest import OpenDesk, Wall
from tests.journeys.day.deciding import FAMILY, draft_decision, sign_decision

pytestmark = pytest.mark.journey
People = dict[str, User]

PUT_OFF = "The heart is looked at again first; then the team decides."
ANEW = "The heart is sound, as the new report says."


def test_a_deferred_case_comes_back_on_its_day_and_is_decided_anew(
    app: Flask,
    session: Session,
    committee: People,
    open_desk: OpenDesk,
    wall: Wall,
    tick: Callable[[], str],
) -> None:
    case = list_case(session, committee)
    session.commit()
    day = say_date(clock.today() + timedelta(days=30))
    coordinator, chair, neurologist = (open_desk(who) for who in ("coordinator", "chair", "neurologist"))

    draft_decision(coordinator, "deferred", PUT_OFF, committee["chair"])
    coordinator.follow("Give the day, or the fact, for which it comes back.")
    assert coordinator.focus["id"] == "comes_back_on"
    coordinator.type_at("comes_back_on", day)
    coordinator.follow("Save the draft")
    sign_decision(chair, "deferred")
    neurologist.go(f"/referrals/{case.id}")
    neurologist.reads(f"on {day}")
    neurologist.look()

    wall.put_forward(timedelta(days=29))
    assert "deferred cases come back: 0" in tick()
    wall.put_forward(timedelta(days=1))
    assert "deferred cases come back: 1" in tick()
    assert "deferred cases come back: 0" in tick()
    mail = [path.read_text() for path in Path(app.config["MAIL_FOLDER"]).iterdir()]
    assert any("A deferred case has come back" in notice for notice in mail)
    assert not any(FAMILY in notice for notice in mail)

    call(session, committee)
    session.commit()
    coordinator.sign_in("coordinator")
    coordinator.open_case(FAMILY)
    coordinator.reads("The coordinator is making it ready.")
    expect(coordinator.part("History")).to_contain_text("Came back")
    expect(coordinator.part("The multidisciplinary team decided: deferred")).to_contain_text(PUT_OFF)
    coordinator.follow("Make ready")
    coordinator.follow("Put on an agenda")
    coordinator.follow("Put it on the agenda")
    draft_decision(coordinator, "accepted", ANEW, committee["chair"])
    coordinator.reads("A decision stands already: deferred")
    chair.sign_in("chair")
    sign_decision(chair, "accepted")

    neurologist.sign_in("neurologist")
    neurologist.go(f"/referrals/{case.id}")
    expect(neurologist.part("The multidisciplinary team decided: accepted")).to_contain_text(ANEW)
    replaced = neurologist.page.locator(".decision-replaced")
    expect(replaced).to_contain_text("deferred")
    neurologist.look()
    neurologist.stop_at(replaced.locator("summary"))
    neurologist.press("Enter")
    expect(replaced.get_by_text(PUT_OFF)).to_be_visible()
