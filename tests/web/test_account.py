"""One's own account: where one is signed in, ending it elsewhere, another password."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.models import AuditEntry, User, UserSession
from referral.web.whence import browser_family
from referral.workflow import Role
from tests.browser import PASSWORD, Browser

SignIn = Callable[[str], Browser]
People = dict[str, User]
NEW = "four plain signs on a wall"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("described", "family"),
    [
        (FIREFOX, "Firefox on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML) Chrome/141.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
            "Chrome on Android",
        ),
        ("<script>alert(1)</script>", "Another browser"),
        ("", "Another browser"),
    ],
)
def test_of_a_browser_its_family_is_kept_and_no_more(described: str, family: str) -> None:
    assert browser_family(described) == family


def test_one_sees_where_one_is_signed_in_and_ends_it_elsewhere(
    app: Flask, session: Session, sign_in: SignIn, people: People
) -> None:
    here, there = sign_in(Role.CHAIR), sign_in(Role.CHAIR)
    sign_in(Role.AUDITOR)
    page = here.visit("/account")
    assert page.text.count("(this one)") == 1
    assert page.text.count("Begun") == 2, "a colleague's are not shown"

    mine = page.fields("/account/sessions")
    page = here.send("/account/sessions", mine)

    assert "session has ended" in page.text or "sessions have ended" in page.text
    assert there.visit("/").path == "/sign-in"
    assert here.visit("/account").text.count("Begun") == 1


def test_nobody_ends_a_colleagues_session(session: Session, sign_in: SignIn, people: People) -> None:
    here, colleague = sign_in(Role.CHAIR), sign_in(Role.AUDITOR)
    wanted = select(UserSession).where(UserSession.user_id == people["auditor"].id)
    theirs = session.scalars(wanted).one().token_sha256

    here.send("/account/sessions", {"session": theirs}, status=404)

    assert colleague.visit("/").path == "/"


def test_sessions_that_are_over_are_not_listed(session: Session, sign_in: SignIn, people: People) -> None:
    here = sign_in(Role.CHAIR)
    sign_in(Role.CHAIR)
    wanted = select(UserSession).where(UserSession.user_id == people["chair"].id)
    session.scalars(wanted.order_by(UserSession.started_at.desc())).first().seen_at = (  # type: ignore[union-attr]  # there are two
        clock.now() - timedelta(minutes=31)
    )

    assert here.visit("/account").text.count("Begun") == 1


def test_who_knows_the_old_password_gives_a_new_one_and_is_out_elsewhere(
    session: Session, sign_in: SignIn, browser: Browser, people: People
) -> None:
    here, there = sign_in(Role.CHAIR), sign_in(Role.CHAIR)
    before = here.client.get_cookie("pons")

    page = here.send("/account/password", {"password": PASSWORD, "new_password": NEW, "again": NEW})

    assert "Your password is changed" in page.text
    after = here.client.get_cookie("pons")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert there.visit("/").path == "/sign-in"
    assert browser.sign_in("chair@example.org").status == 401
    assert browser.sign_in("chair@example.org", NEW).path == "/"
    assert "password_changed" in session.scalars(select(AuditEntry.deed)).all()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"password": "not the password"}, "not your present password"),
        ({"password": ""}, "not your present password"),
        ({"new_password": "short", "again": "short"}, "12 to 128"),
        ({"again": "something else entirely"}, "not the same"),
        ({"new_password": "chair@example.org", "again": "chair@example.org"}, "too easy"),
    ],
)
def test_a_password_that_cannot_be_taken_changes_nothing(
    sign_in: SignIn, session: Session, people: People, typed: dict[str, str], said: str
) -> None:
    here = sign_in(Role.CHAIR)
    kept = people["chair"].password_hash
    form = {"password": PASSWORD, "new_password": NEW, "again": NEW} | typed

    page = here.send("/account/password", form, status=422)

    assert said in page.text
    assert session.get_one(User, people["chair"].id).password_hash == kept


def test_passwords_that_are_too_easy_are_no_guesses(sign_in: SignIn) -> None:
    here = sign_in("chair")
    for _ in range(11):
        here.send("/account/password", {"password": PASSWORD, "new_password": "short", "again": "short"}, 422)
    page = here.send("/account/password", {"password": PASSWORD, "new_password": NEW, "again": NEW})
    assert "Your password is changed" in page.text
