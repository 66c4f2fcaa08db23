"""The link with which somebody chooses a password, in a real browser."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import invitations
from referral.models import User
from tests.journeys.checkers import barriers
from tests.journeys.conftest import House, OpenBrowser

pytestmark = pytest.mark.journey

CHOSEN = "four words nobody guesses"


def new_code(house: House) -> str:
    with Session(house.engine) as session:
        person = session.scalars(select(User).where(User.email == house.email("farquhar"))).one()
        code = invitations.make_link(session, None, person, clock.now())
        session.commit()
    return code


def choose(page: Page) -> None:
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    page.get_by_label("Password").fill(CHOSEN)
    page.get_by_label("The same once more").fill(CHOSEN)
    page.get_by_role("button", name="Keep this password").click()
    page.wait_for_url(lambda url: url.endswith("/sign-in"))


def test_the_code_of_a_link_is_in_no_address_that_is_asked_for(
    house: House, open_browser: OpenBrowser
) -> None:
    page, code, shown = open_browser(), new_code(house), list[str]()
    page.on("framenavigated", lambda frame: shown.append(frame.url))

    page.goto(f"{house.address}/welcome#{code}")
    expect(page.get_by_label("Password")).to_be_visible()
    assert barriers(page) == []
    choose(page)

    assert [url.removeprefix(house.address) for url in shown] == [
        f"/welcome#{code}",
        "/welcome",
        "/welcome",
        "/sign-in",
    ]


def test_without_scripts_the_code_is_typed(house: House, open_browser: OpenBrowser) -> None:
    page, code = open_browser(scripts=False), new_code(house)

    page.goto(f"{house.address}/welcome#{code}")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()

    choose(page)
