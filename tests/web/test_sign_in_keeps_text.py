"""Text that is sent after its session has run out is shown again after signing in."""

from collections.abc import Callable

import pytest
from flask import Blueprint, Flask, render_template_string
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from referral.auth import REFERRERS, requires
from referral.models import User, UserSession
from referral.web.session import MOST_CARRIED, resumable
from referral.workflow import Role
from tests.browser import PASSWORD, Browser, Fields, Page
from tests.house.test_doors import methods_of, path_of, rules

SignIn = Callable[[str], Browser]
FORM = """{% extends "base.html" %}{% block title %}Letter{% endblock %}{% block content %}<h1>Letter {{ number }}</h1>
<p>{{ note }}</p><form action="/letters/{{ number }}" method="post">
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<label for="words">Words</label><textarea id="words" name="words">
{{ words }}</textarea>
{% for line in lines %}<input type="hidden" name="line" value="{{ line }}">{% endfor %}</form>{% endblock %}"""
TYPED: Fields = {"words": "Two lines,\r\nand <b>no</b> more", "line": ["one", "two", "two"]}


@pytest.fixture
def saved() -> list[str]:
    return []


@pytest.fixture
def app(app: Flask, saved: list[str]) -> Flask:
    """The application with one more form, which survives its session as the docstring of the door says."""
    letters = Blueprint("test_letters", __name__)

    def resume_letter(carried: MultiDict[str, str], number: int) -> ResponseReturnValue:
        lines = carried.getlist("line")
        return render_template_string(
            FORM, number=number, note="Not yet saved", words=carried["words"], lines=lines
        )

    @letters.get("/letters/<int:number>")
    @requires(*REFERRERS)
    def show(number: int) -> ResponseReturnValue:
        return render_template_string(FORM, number=number, note="", words="", lines=[])

    @letters.post("/letters/<int:number>")
    @requires(*REFERRERS)
    @resumable(resume_letter)
    def save(number: int) -> ResponseReturnValue:
        saved.append(f"{number}")
        return render_template_string(FORM, number=number, note="Saved", words="", lines=[])

    @letters.post("/stamps")
    @requires(*REFERRERS)
    def stamp() -> ResponseReturnValue:
        saved.append("stamp")
        return "stamped"

    app.register_blueprint(letters)
    return app


def end_every_session(session: Session) -> None:
    for kept in session.scalars(select(UserSession)):
        kept.ended_at = kept.seen_at


def sign_in_again(browser: Browser, page: Page, email: str = "neurologist@example.org", **more: str) -> Page:
    form = page.fields("/sign-in") | {"email": email, "password": PASSWORD} | more
    return browser.open("/sign-in", method="POST", data=form, follow_redirects=True)


def test_the_text_comes_back_after_signing_in(sign_in: SignIn, session: Session, saved: list[str]) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    form = browser.visit("/letters/7").fields("/letters/7") | TYPED
    end_every_session(session)

    late = browser.send("/letters/7", form, status=401)
    assert "What you typed is still here" in late.text
    back = sign_in_again(browser, late)

    back.check()
    assert back.status == 200
    assert "Not yet saved" in back.text
    assert back.fields("/letters/7")["words"] == TYPED["words"].replace("\r\n", "\n")
    assert back.fields("/letters/7")["line"] == TYPED["line"]
    assert saved == []
    browser.send("/letters/7", back.fields("/letters/7"))
    assert saved == ["7"]


def test_the_text_survives_a_mistyped_password(sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    form = browser.visit("/letters/7").fields("/letters/7") | TYPED
    end_every_session(session)
    late = browser.send("/letters/7", form, status=401)

    wrong = sign_in_again(browser, late, password="mistyped")
    assert wrong.status == 401
    back = sign_in_again(browser, wrong)

    assert back.fields("/letters/7")["line"] == TYPED["line"]


def test_the_text_survives_when_even_the_cookie_is_gone(sign_in: SignIn) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    form = browser.visit("/letters/7").fields("/letters/7") | TYPED
    browser.client.delete_cookie("pons")

    late = browser.open("/letters/7", method="POST", data=form)
    assert late.status == 401
    back = sign_in_again(browser, late)

    assert back.fields("/letters/7")["line"] == TYPED["line"]


def test_a_form_from_an_earlier_session_is_shown_again_to_whoever_signed_in_elsewhere(
    sign_in: SignIn, saved: list[str]
) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    form = browser.visit("/letters/7").fields("/letters/7") | TYPED
    browser.send("/sign-out")
    browser.sign_in("neurologist@example.org")

    back = browser.open("/letters/7", method="POST", data=form)

    back.check()
    assert "Not yet saved" in back.text
    assert back.fields("/letters/7")["line"] == TYPED["line"]
    assert saved == []


def test_somebody_without_the_role_does_not_get_the_text(sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    form = browser.visit("/letters/7").fields("/letters/7") | TYPED
    end_every_session(session)
    late = browser.send("/letters/7", form, status=401)

    page = sign_in_again(browser, late, email="coordinator@example.org")

    assert page.path == "/"
    assert "Two lines" not in page.text


def test_passwords_and_tokens_are_not_carried(sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    token = browser.token()
    end_every_session(session)

    form = {"words": "x", "new_password": "hunter2 hunter2", "csrf_token": token}
    late = browser.send("/letters/7", form, status=401)

    assert "carried-words" in late.html
    assert "hunter2" not in late.html
    assert "carried-csrf_token" not in late.html


def test_a_form_that_does_not_come_back_says_so(sign_in: SignIn, session: Session, saved: list[str]) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    token = browser.token()
    end_every_session(session)

    late = browser.send("/stamps", {"words": "gone", "csrf_token": token}, status=401)

    assert "Nothing was changed" in late.text
    assert "still here" not in late.text
    assert "gone" not in late.html
    assert saved == []


def test_half_a_megabyte_is_carried_and_more_is_not(sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    token = browser.token()
    end_every_session(session)
    lines = [f"{number} " * 6_000 for number in range(10, 50)]

    late = browser.send("/letters/7", {"words": "x", "line": lines, "csrf_token": token}, status=401)
    back = sign_in_again(browser, late)

    kept = back.fields("/letters/7")["line"]
    assert kept == lines[: len(kept)]
    assert 450_000 < sum(map(len, kept)) <= MOST_CARRIED < sum(map(len, lines))


def test_one_endless_text_does_not_push_the_others_out(sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    token = browser.token()
    end_every_session(session)

    late = browser.send(
        "/letters/7", {"words": "x" * 900_000, "line": ["one"], "csrf_token": token}, status=401
    )
    back = sign_in_again(browser, late)

    assert back.fields("/letters/7")["line"] == "one"
    assert back.fields("/letters/7")["words"].startswith("xxxx")


def test_a_part_of_a_page_gets_a_line_and_not_a_page(sign_in: SignIn, session: Session) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    token = browser.token()
    end_every_session(session)

    late = browser.send(
        "/letters/7", {"words": "x", "csrf_token": token}, status=401, headers={"HX-Request": "true"}
    )

    assert "Your session has ended" in late.text
    assert "<form" not in late.html


@pytest.mark.parametrize(
    "path", ["//evil.example/letters/7", "/letters/x", "/stamps", "/sign-out", "https://evil.example"]
)
def test_a_forged_way_back_leads_home(browser: Browser, people: dict[str, User], path: str) -> None:
    form = browser.visit("/sign-in").fields("/sign-in") | {
        "email": "neurologist@example.org", "password": PASSWORD, "carried_for": path, "carried-words": "x",
    }  # fmt: skip
    page = browser.open("/sign-in", method="POST", data=form, follow_redirects=True)

    assert page.path == "/"


@pytest.mark.parametrize("role", Role)
def test_a_form_of_another_session_is_answered_whatever_it_was_about(
    app: Flask, sign_in: SignIn, role: Role
) -> None:
    browser = sign_in(role)
    answers = {
        rule.endpoint: browser.open(path_of(app, rule), method="POST", data={"csrf_token": "x"}).status
        for rule in rules(app)
        if "POST" in methods_of(rule) and hasattr(app.view_functions[rule.endpoint], "resume")
    }

    assert len(answers) > 20
    assert set(answers.values()) <= {200, 303, 400, 403}  # the text again, or its page; or what to do
