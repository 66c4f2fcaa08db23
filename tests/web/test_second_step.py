"""Signing in with a second step: asked for after the password, required where the house says so, taken away."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import auth, clock
from referral.actions import factors
from referral.auth import codes
from referral.models import AuditEntry, User, UserSession
from referral.workflow import Role
from tests.browser import PASSWORD, Browser, Page

SignIn = Callable[[str], Browser]
People = dict[str, User]
KEY = ("a key for tests, and for tests only", "")
STEP = "/sign-in/second-step"
CHAIR = "chair@example.org"


@pytest.fixture
def secret(session: Session, people: People) -> bytes:
    """The chair has an app, set up some minutes ago."""
    at = clock.now() - timedelta(minutes=5)
    _, secret = factors.begin_app(session, people["chair"], KEY, at=at)
    factors.confirm_app(session, people["chair"], codes.code_of(secret, codes.step_of(at)), KEY, at=at)
    session.commit()
    return secret


def now_code(secret: bytes) -> str:
    return codes.code_of(secret, codes.step_of(clock.now()))


def answer(browser: Browser, page: Page, code: str) -> Page:
    form = page.fields(STEP) | {"proof-code": code}
    return browser.open(STEP, method="POST", data=form, follow_redirects=True)


def deeds(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))


def test_after_the_password_the_code_is_asked_for_and_lets_one_in(
    browser: Browser, session: Session, secret: bytes
) -> None:
    page = browser.sign_in(CHAIR)
    page.check()
    assert "Second step" in page.text
    assert browser.open("/inbox").status == 302, "nothing is open yet"

    assert answer(browser, page, now_code(secret)).path == "/"
    assert browser.visit("/help").path == "/help"
    assert deeds(session) == ["second_step_added", "password_right", "signed_in"]


def test_one_lands_where_one_wanted_to_go(browser: Browser, secret: bytes) -> None:
    page = browser.sign_in(CHAIR, next="/help")

    assert answer(browser, page, now_code(secret)).path == "/help"


def test_the_token_of_before_opens_nothing_and_another_is_given(
    app: Flask, browser: Browser, secret: bytes
) -> None:
    page = browser.sign_in(CHAIR)
    half = browser.client.get_cookie("pons")
    assert half is not None
    answer(browser, page, now_code(secret))
    thief = app.test_client()
    thief.set_cookie("pons", half.value)

    assert thief.get("/inbox").status_code == 302
    assert "Sign in" in thief.get("/sign-in").text


def test_a_wrong_code_is_refused_on_record_and_told(
    browser: Browser, session: Session, secret: bytes
) -> None:
    page = answer(browser, browser.sign_in(CHAIR), "000000" if now_code(secret) != "000000" else "111111")

    assert page.status == 401
    assert "That was not right" in page.text
    assert deeds(session)[-1] == "second_step_failed"
    assert browser.visit("/sign-in").text.count("Second step"), "one may try again"


def test_the_eleventh_wrong_code_is_refused_and_so_is_the_right_password_then(
    browser: Browser, secret: bytes
) -> None:
    page = browser.sign_in(CHAIR)
    for _ in range(auth.GUESSES):
        page = answer(browser, page, "abc")
        assert page.status == 401

    assert answer(browser, page, now_code(secret)).status == 429
    assert browser.send("/sign-out").path == "/sign-in"
    assert browser.sign_in(CHAIR).status == 429


def test_it_waits_five_minutes_and_no_longer(browser: Browser, session: Session, secret: bytes) -> None:
    page = browser.sign_in(CHAIR)
    for kept in session.scalars(select(UserSession)):
        kept.waits_until = clock.now() - timedelta(seconds=1)

    late = answer(browser, page, now_code(secret))

    assert late.status == 401
    assert browser.open("/inbox").status == 302


def test_text_typed_too_late_comes_through_both_steps(browser: Browser, secret: bytes) -> None:
    form = browser.visit("/sign-in").fields("/sign-in")
    form |= {"email": CHAIR, "password": PASSWORD, "carried_for": "/rules", "carried-quorum": "7"}
    page = Page(browser.client.post("/sign-in", data=form))

    assert page.fields(STEP)["carried-quorum"] == "7"
    assert answer(browser, page, now_code(secret)).status == 200


def test_a_recovery_code_lets_one_in_once(
    browser: Browser, session: Session, people: People, secret: bytes
) -> None:
    made = factors.make_recovery_codes(session, people["chair"], at=clock.now())
    page = answer(browser, browser.sign_in(CHAIR), made[0])
    assert "9 left" in page.text
    browser.send("/sign-out")

    assert answer(browser, browser.sign_in(CHAIR), made[0]).status == 401


def test_beginning_again_ends_what_was_begun(browser: Browser, session: Session, secret: bytes) -> None:
    browser.sign_in(CHAIR)
    browser.send("/sign-out")

    assert all(kept.ended_at for kept in session.scalars(select(UserSession)))
    assert "E-mail address" in browser.visit("/sign-in").text


# Setting up


def test_an_app_is_set_up_with_its_first_code_and_ten_codes_are_shown_once(
    sign_in: SignIn, session: Session, people: People
) -> None:
    browser, elsewhere = sign_in(Role.CHAIR), sign_in(Role.CHAIR)
    page = browser.send("/account/second-step/app")
    letters = page.all(".//code")[0].text or ""
    for typed in ("12", "", "\N{ARABIC-INDIC DIGIT ONE}23456", "no-code é"):
        wrong = browser.send("/account/second-step/app/code", {"code": typed}, status=422)
        assert (wrong.all(".//code")[0].text or "") == letters, "the same key is shown again"

    pending = factors.find_pending(session, people["chair"])
    code = now_code(factors.secret_of(pending, KEY))
    page = browser.send("/account/second-step/app/code", {"code": code})

    assert len(page.all(".//main//ol/li")) == 10
    assert elsewhere.visit("/").path == "/sign-in", "what was open without it has ended"
    assert "10 recovery codes left" in browser.visit("/account").text


def test_where_everybody_needs_it_one_is_led_there_and_goes_nowhere_else(
    app: Flask, browser: Browser, session: Session, people: People
) -> None:
    app.config["SECOND_FACTOR"] = "required"
    browser.sign_in(CHAIR)

    for path in ("/", "/inbox", "/account", "/library"):
        assert browser.visit(path).path == "/account/second-step"
    assert browser.visit("/help").path == "/help"
    assert browser.send("/account/sessions", {"session": "others"}).path == "/account/second-step"

    browser.send("/account/second-step/app")
    code = now_code(factors.secret_of(factors.find_pending(session, people["chair"]), KEY))
    browser.send("/account/second-step/app/code", {"code": code})
    assert browser.visit("/inbox").path == "/inbox"
    (only,) = factors.factors_of(session, people["chair"])
    browser.send(f"/account/second-step/{only.id}/removal", status=409)


def test_who_has_one_already_cannot_be_given_another_by_who_has_the_password(
    app: Flask, browser: Browser, session: Session, people: People
) -> None:
    browser.sign_in(CHAIR)  # while the owner has none
    at = clock.now()
    _, secret = factors.begin_app(session, people["chair"], KEY, at=at)
    factors.confirm_app(session, people["chair"], codes.code_of(secret, codes.step_of(at)), KEY, at=at)
    app.config["SECOND_FACTOR"] = "required"

    browser.send("/account/second-step/app", status=409)


def test_an_administrator_takes_it_away_and_the_person_is_out(
    app: Flask, sign_in: SignIn, browser: Browser, session: Session, people: People, secret: bytes
) -> None:
    answer(browser, browser.sign_in(CHAIR), now_code(secret))
    administrator = sign_in(Role.ADMINISTRATOR)
    person = people["chair"].id
    assert "Authenticator app" in administrator.visit(f"/people/{person}").text

    page = administrator.send(f"/people/{person}/second-step")

    assert "Not set up" in page.text
    assert browser.visit("/").path == "/sign-in"
    assert browser.sign_in(CHAIR).path == "/", "by the password alone, where it is only offered"
    own = people["administrator"].id
    administrator.send(f"/people/{own}/second-step", status=409)
