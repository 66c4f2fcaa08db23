"""The second step of signing in, in a real browser: an app, a security key, and the proof before what is grave."""

import os
import re
from base64 import b32decode
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral import clock, demo
from referral.auth import codes
from referral.models import AuditEntry, UserSession
from tests.journeys.checkers import barriers
from tests.journeys.conftest import House, OpenBrowser

pytestmark = pytest.mark.journey

NARROW = {"width": 375, "height": 800}
WIDE = {"width": 1280, "height": 900}
SHOTS = os.environ.get("SCREENSHOTS", "")  # a folder, for who wants to look


def look(page: Page, name: str) -> None:
    """Nobody may be kept out, and nothing may stand beside a small screen."""
    for size, screen in (("375", NARROW), ("1280", WIDE)):
        page.set_viewport_size(screen)  # type: ignore[arg-type]  # width and height
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} at {size}"
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{size}.png", full_page=True)
    assert barriers(page) == []


def give_password(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/sign-in")
    page.locator("#email").fill(email)
    page.locator("#password").fill(demo.password())
    page.get_by_role("button", name="Sign in").click()


def follow(page: Page, place: Locator) -> None:
    """Click, and wait for the page that comes."""
    with page.expect_navigation():
        place.click()


def plug_in_a_key(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2", "transport": "usb", "hasResidentKey": False, "hasUserVerification": False,
        "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": key})


def test_an_app_a_key_and_the_question_before_what_is_grave(
    house: House, open_browser: OpenBrowser, trail: Session
) -> None:
    address = house.address.replace("127.0.0.1", "localhost")
    email = house.email("farquhar")
    page = open_browser()
    plug_in_a_key(page)
    give_password(page, address, email)
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    page.goto(f"{address}/account")
    look(page, "account")

    # An app: the picture is not read here, the letters are.
    follow(page, page.get_by_role("link", name="Set it up"))
    look(page, "choice")
    follow(page, page.get_by_role("button", name="Set up an app"))
    letters = page.locator(".pons-letters").inner_text()
    expect(page.locator("img.pons-square")).to_be_visible()
    look(page, "app")
    secret = b32decode(letters.replace(" ", ""))
    page.get_by_label("Code").fill(codes.code_of(secret, codes.step_of(clock.now())))
    page.get_by_role("button", name="Use this app").click()
    expect(page.locator(".pons-codes li")).to_have_count(codes.RECOVERY_CODES)
    look(page, "codes")

    # It is asked for at the door; the next code, since the last is used up.
    follow(page, page.get_by_role("button", name="Sign out"))
    give_password(page, address, email)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    look(page, "second-step")
    page.get_by_label("Code").fill(codes.code_of(secret, codes.step_of(clock.now()) + 1))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)

    # A security key beside it.
    page.goto(f"{address}/account/second-step")
    page.get_by_role("button", name="Set up a key").click()
    page.get_by_label("Which one it is").fill("blue key")
    look(page, "key")
    page.get_by_role("button", name="Ask the key").click()
    page.wait_for_url(f"{address}/account")
    expect(page.locator("strong", has_text="blue key")).to_be_visible()
    look(page, "account-full")

    # The key at the door.
    follow(page, page.get_by_role("button", name="Sign out"))
    give_password(page, address, email)
    page.get_by_role("button", name="Use your security key or passkey").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)

    # Hours later the house asks again; the key answers, and what was wanted is done at once.
    trail.execute(update(UserSession).values(proved_at=clock.now() - timedelta(hours=11)))
    trail.commit()
    page.goto(f"{address}/account")
    page.get_by_role("button", name=re.compile(r"Remove\s+Authenticator app")).click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    look(page, "confirm")
    page.get_by_role("button", name="Use your security key or passkey").click()
    page.wait_for_url(f"{address}/account")
    expect(page.locator("strong", has_text="Authenticator app")).to_have_count(0)

    wanted = select(AuditEntry.detail).where(AuditEntry.deed.in_(("signed_in", "confirmed_again")))
    told = [detail["by"] for detail in trail.scalars(wanted.order_by(AuditEntry.id))]
    assert told == ["password", "app", "key", "key"]
