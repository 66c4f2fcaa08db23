"""What the script of the editing pages adds, in a real browser: rows at once, and a draft that saves itself."""

import re
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route, expect
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from referral import clock
from referral.actions import drafts
from referral.auth import LONGEST_PAUSE
from referral.models import Referral, User, UserSession
from tests.at_hand import read
from tests.browser import PASSWORD
from tests.journeys.checkers import barriers
from tests.journeys.hands import Hands
from tests.web.test_drafts import WRONG

pytestmark = pytest.mark.journey
HALF_AN_HOUR = 1000 * (round(LONGEST_PAUSE.total_seconds()) + 2)  # milliseconds
ITSELF = 60_000  # milliseconds in which a draft has surely saved itself


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
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(people["neurologist"].email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.close()
    yield context
    context.close()
    assert errors == []


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


def says(page: Page, words: str) -> None:
    expect(page.get_by_role("status").filter(has_text=words)).to_be_visible(timeout=ITSELF)


def saved(page: Page) -> None:
    expect(page.locator("#saved-line")).to_have_text(re.compile(r"^\s*Saved [0-9]"), timeout=ITSELF)


def wait_until(page: Page, done: Callable[[], bool]) -> None:
    """Let the browser go on until something is so."""
    for _ in range(ITSELF // 20):
        if done():
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"{page.url}: it did not come to that")


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
    saved(page)
    page.get_by_label("Onset").fill("2025")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**#saved")

    expect(page.locator("#conflict")).to_have_count(0)
    assert onsets(open_relapses(context, draft)) == ["2025"]


def test_text_is_saved_before_one_follows_a_link(context: BrowserContext, draft: Referral) -> None:
    page = open_relapses(context, draft)
    page.get_by_label("Onset").fill("2024")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Help").click()
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


def test_a_stale_tab_may_keep_what_is_stored(context: BrowserContext, draft: Referral) -> None:
    stale, other = open_relapses(context, draft), open_relapses(context, draft)
    other.get_by_label("Onset").fill("2024")
    saved(other)
    stale.get_by_label("Onset").fill("2025")
    says(stale, "saved elsewhere meanwhile")
    assert barriers(stale) == []

    stale.get_by_role("link", name="Keep the stored one").first.click()

    saved(stale)
    assert onsets(stale) == ["2024"]


# The network, cut during typing


def test_nothing_is_lost_when_the_network_is_cut_during_typing(
    context: BrowserContext, draft: Referral
) -> None:
    page = open_relapses(context, draft)
    page.get_by_label("Onset").fill("2024")
    context.set_offline(True)
    page.get_by_role("button", name="Add another relapse").click()
    page.keyboard.type("2025")
    says(page, "Not saved: no connection. Your text is kept in this page; it is tried again.")
    assert barriers(page) == []

    page.get_by_role("button", name="Save and continue").click()
    page.get_by_label("Onset").last.press("End")
    page.keyboard.type("-11")
    assert onsets(page) == ["2024", "2025-11"]
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]
    assert page.url.endswith("/edit/relapses")

    context.set_offline(False)
    saved(page)
    assert onsets(page) == ["2024", "2025-11"]
    assert onsets(open_relapses(context, draft)) == ["2024", "2025-11"]


def test_what_is_typed_before_the_answer_comes_is_kept_and_the_caret_stays(
    context: BrowserContext, draft: Referral
) -> None:
    page = open_relapses(context, draft)
    held: list[Route] = []
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if answer.request.method == "POST" else None)
    page.route("**/edit/relapses", lambda route: held.append(route), times=1)
    page.get_by_label("Onset").fill("20")
    wait_until(page, lambda: len(held) == 1)
    page.keyboard.type("24")
    page.keyboard.press("ArrowLeft")
    held.pop().continue_()
    wait_until(page, lambda: len(answers) == 2)
    saved(page)

    where = page.evaluate("[document.activeElement.name, document.activeElement.selectionStart]")
    assert where == ["events-0-onset", 3]
    assert onsets(page) == ["2024"]
    assert [answer.status for answer in answers] == [200, 200]
    assert onsets(open_relapses(context, draft)) == ["2024"]


def test_a_save_is_said_once_and_not_at_every_key(context: BrowserContext, draft: Referral) -> None:
    page = open_relapses(context, draft)
    page.evaluate(
        """() => {
          window.heard = [];
          const line = document.getElementById("saved-line");
          const note = () => window.heard.push(line.textContent.trim());
          new MutationObserver(note).observe(line, {childList: true, characterData: true, subtree: true});
        }"""
    )
    page.get_by_label("Onset").press_sequentially("17/05/2024", delay=20)
    saved(page)

    assert len(set(page.evaluate("window.heard"))) == 1
    assert page.locator("#saved-line").get_attribute("role") == "status"


# The session ran out


def test_text_is_kept_when_the_session_ran_out(
    context: BrowserContext, draft: Referral, session: Session, people: dict[str, User]
) -> None:
    page = open_relapses(context, draft)
    session.execute(update(UserSession).values(seen_at=clock.now() - 2 * LONGEST_PAUSE))
    session.commit()
    page.get_by_label("Onset").fill("2024")
    says(page, "Not saved: your session has ended. Press Save")

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert barriers(page) == []
    page.get_by_label("E-mail address").fill(people["neurologist"].email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_text("This is not saved yet")).to_be_visible()
    assert barriers(page) == []
    assert onsets(page) == ["2024"]
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**#saved")
    assert onsets(open_relapses(context, draft)) == ["2024"]


def test_a_page_left_open_goes_with_its_session(
    context: BrowserContext, draft: Referral, session: Session
) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"/referrals/{draft.id}#main")
    with page.expect_response("**/session") as asked:
        page.clock.run_for(HALF_AN_HOUR)
    asked.value.finished()
    page.evaluate(
        "fetch('/session').then(answer => answer.text())"
    )  # by then it has read its own, and waits anew
    assert page.url.endswith("#main")

    session.execute(update(UserSession).values(seen_at=clock.now() - 2 * LONGEST_PAUSE))
    session.commit()
    page.clock.run_for(HALF_AN_HOUR)
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    assert draft.number not in page.content()


def test_a_page_left_open_takes_along_what_was_typed(
    context: BrowserContext, draft: Referral, session: Session, people: dict[str, User]
) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"/referrals/{draft.id}/edit/relapses")
    session.execute(update(UserSession).values(seen_at=clock.now() - 2 * LONGEST_PAUSE))
    session.commit()
    page.get_by_label("Onset").fill("2024")
    page.clock.run_for(HALF_AN_HOUR)

    page.get_by_label("E-mail address").fill(people["neurologist"].email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This is not saved yet")).to_be_visible()
    assert onsets(page) == ["2024"]


def test_signing_out_in_one_window_clears_the_others(context: BrowserContext, draft: Referral) -> None:
    left, other = context.new_page(), context.new_page()
    left.goto(f"/referrals/{draft.id}")
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()

    expect(left.get_by_label("Password", exact=True)).to_be_visible()
    assert draft.number not in left.content()


# Everything wrong, and mended by the keyboard on a screen as wide as a hand


MENDED = {  # what an entry needs; everything else is made blank
    "identifiers-0-value": "943 476 5919",
    "creatinine_umol_l-value": "70",
    "events-0-onset": "2022",
    "events-1-onset": "2023",
    "events-2-onset": "2024",
    "date": "2025",
    "score": "4.0",
    "drug": "natalizumab",
}
ROUNDS = 3  # an entry that has become readable may lack something


def mend(page: Page, hands: Hands) -> None:
    """Follow each link of the summary, type over what is wrong, and save."""
    for link in page.locator("#problems a").all():
        link.press("Enter")
        focus = hands.focus
        assert focus["id"] == (link.get_attribute("href") or "").removeprefix("#")
        if focus["type"] == "radio":
            hands.press("Space")
        elif focus["type"] == "text" or focus["tag"] == "textarea":
            hands.press("Control+a", "Delete")
            name = focus["name"]
            page.keyboard.insert_text(MENDED.get(name, MENDED.get(name.rpartition("-")[2], "")))
    with page.expect_event("load"):
        page.locator("#saved").get_by_role("button", name="Save", exact=True).press("Enter")


def test_a_case_with_everything_wrong_is_mended_from_the_links_of_the_summary(
    context: BrowserContext, draft: Referral, session: Session
) -> None:
    draft.typed = {
        section: {name: [text] for name, text in given.items()} for section, given in WRONG.items()
    }
    session.commit()
    page = context.new_page()
    page.set_viewport_size({"width": 375, "height": 800})
    hands = Hands(page)
    for section in WRONG:
        page.goto(f"/referrals/{draft.id}/edit/{section}")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, section
        for _ in range(ROUNDS):
            if page.locator("#problems").count() == 0:
                break
            mend(page, hands)
        assert page.locator("#problems").all_inner_texts() == [], section

    session.refresh(draft)
    assert read(session, draft).problems == ()
