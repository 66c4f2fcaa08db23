"""What the script of the editing pages adds, in a real browser: rows at once, and a draft that saves itself."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from referral.actions import drafts
from referral.models import Referral, User
from tests.browser import PASSWORD

pytestmark = pytest.mark.journey
ITSELF = 15_000  # milliseconds in which a draft has surely saved itself


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application, served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def context(chromium: Browser, address: str, people: dict[str, User]) -> Iterator[BrowserContext]:
    """A real browser in which the neurologist is signed in."""
    context = chromium.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(people["neurologist"].email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.close()
    yield context
    context.close()


@pytest.fixture
def draft(session: Session, people: dict[str, User]) -> Referral:
    referral = drafts.open_draft(session, people["neurologist"])
    session.commit()
    return referral


def open_relapses(context: BrowserContext, draft: Referral) -> Page:
    page = context.new_page()
    page.goto(f"/referrals/{draft.id}/edit/relapses")
    return page


def onsets(page: Page) -> list[str]:
    return [field.input_value() for field in page.get_by_label("Onset").all()]


def test_rows_come_and_go_at_once_and_a_removed_one_can_be_put_back(
    context: BrowserContext, draft: Referral
) -> None:
    page = open_relapses(context, draft)
    page.get_by_label("Onset").fill("2024")

    page.get_by_role("button", name="Add another relapse").click()
    page.keyboard.type("2025")
    assert onsets(page) == ["2024", "2025"]

    page.get_by_role("button", name="Remove relapse 1").click()
    assert onsets(page) == ["2025"]
    expect(page.get_by_role("group", name="Relapse 1", exact=True)).to_be_visible()

    page.keyboard.press("Enter")  # "Put it back" has the focus
    assert onsets(page) == ["2024", "2025"]


def test_a_draft_saves_itself_and_the_side_follows(context: BrowserContext, draft: Referral) -> None:
    page = open_relapses(context, draft)

    page.get_by_label("Onset").fill("2024")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible(timeout=ITSELF)
    page.get_by_label("Onset").fill("2025")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("#conflict")).to_have_count(0)
    assert onsets(open_relapses(context, draft)) == ["2025"]


def test_text_is_saved_before_one_follows_a_link(context: BrowserContext, draft: Referral) -> None:
    page = open_relapses(context, draft)
    page.get_by_label("Onset").fill("2024")

    page.get_by_role("link", name="Help").click()
    page.wait_for_url("**/help")

    assert onsets(open_relapses(context, draft)) == ["2024"]


def test_a_stale_tab_says_so_and_shows_both(context: BrowserContext, draft: Referral) -> None:
    stale, other = open_relapses(context, draft), open_relapses(context, draft)
    other.get_by_label("Onset").fill("2024")
    other.get_by_role("button", name="Save", exact=True).click()
    other.wait_for_url("**#saved")

    stale.get_by_label("Onset").fill("2025")
    expect(stale.get_by_role("status").filter(has_text="saved elsewhere meanwhile")).to_be_visible(
        timeout=ITSELF
    )
    expect(stale.get_by_role("row", name="Relapse 1: Onset 2024 2025")).to_be_visible()
    stale.get_by_role("button", name="Keep mine", exact=True).first.click()
    stale.wait_for_url("**#saved")
    assert onsets(open_relapses(context, draft)) == ["2025"]
