"""What the process writes down is one line an event, with ids and patterns; no words of anybody are in it."""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, request
from sqlalchemy.orm import Session

from referral import audit, logs
from referral.auth import public
from referral.extensions import db
from referral.models import User
from tests.at_hand import make_draft, page_of
from tests.browser import PASSWORD, Browser

CANARY = "Zanzibarov"
SignIn = Callable[[str], Browser]
Lines = Callable[[], list[dict[str, Any]]]


class Written:
    """What a process with this form of log would have written."""

    def __init__(self, kind: str) -> None:
        self.out = StringIO()
        self.handler = logging.StreamHandler(self.out)
        self.handler.setFormatter(logs.Formatter(kind))

    @property
    def text(self) -> str:
        return self.out.getvalue()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(params=["json"])
def written(request: pytest.FixtureRequest) -> Iterator[Written]:
    written = Written(request.param)
    root, level = logging.getLogger(), logs.TOLD.level
    root.addHandler(written.handler)
    logs.TOLD.setLevel(logging.INFO)
    yield written
    logs.TOLD.setLevel(level)
    root.removeHandler(written.handler)


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with pages that fail in ways that could tell."""

    @app.post("/breaks")
    @public
    def breaks() -> str:
        secret = request.form["words"]
        raise ValueError(f"cannot read {secret}")

    @app.post("/warns")
    @public
    def warns() -> str:
        logging.getLogger("a.library").warning("odd value: %s", request.form["words"])
        logging.getLogger("a.library").warning(f"odd value: {request.form['words']}")  # as some of them do
        logging.getLogger("referral.x").warning("a file\nwith %s", "an id\r\nforged: yes")
        return ""

    return app


def events(written: Written, kind: str) -> list[dict[str, Any]]:
    return [line for line in written.lines() if line["event"] == kind]


def test_a_request_is_one_line_with_ids_and_patterns_only(
    written: Written, sign_in: SignIn, session: Session, people: dict[str, User]
) -> None:
    case = make_draft(session, people)
    browser = sign_in("neurologist")
    page = browser.visit(page_of(case) + f"?name={CANARY}")
    line = events(written, "request")[-1]

    assert line["route"] == "/referrals/<uuid:referral_id>"
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["person"] == str(people["neurologist"].id)
    assert line["referral"] == str(case.id)
    assert line["request"] == page.response.headers["X-Request-ID"]
    assert isinstance(line["ms"], int)
    assert set(line) == {
        "at", "level", "event", "logger", "request", "method", "route", "status", "ms", "person", "referral",
    }  # fmt: skip


def test_an_act_is_a_line_once_it_is_certain(
    written: Written, app: Flask, session: Session, people: dict[str, User]
) -> None:
    audit.record(session, people["chair"], "list_read")
    session.rollback()
    assert events(written, "act") == []

    entry = audit.record(session, people["chair"], "list_read")
    assert events(written, "act") == []
    session.commit()
    (line,) = events(written, "act")
    assert (line["deed"], line["entry"], line["person"]) == ("list_read", entry.id, str(people["chair"].id))


def test_an_act_that_was_rolled_back_to_a_savepoint_is_told_by_nobody(
    written: Written, session: Session, people: dict[str, User]
) -> None:
    kept = audit.record(session, people["chair"], "list_read")
    inner = session.begin_nested()
    audit.record(session, people["chair"], "inbox_read")
    inner.rollback()
    session.commit()

    assert [line["entry"] for line in events(written, "act")] == [kept.id]


def test_an_error_of_ours_is_told_by_its_kind_and_place_without_a_value(
    written: Written, browser: Browser
) -> None:
    page = browser.send("/breaks", {"words": CANARY}, status=500)
    (line,) = [line for line in written.lines() if "error" in line]

    assert line["error"][0] == "ValueError"
    assert any("test_logs.py" in place and place.endswith("breaks") for place in line["places"])
    assert CANARY not in written.text
    assert line["request"] == page.response.headers["X-Request-ID"]
    assert line["request"] in page.text, "who calls for help can name it"


def test_what_others_code_says_is_told_by_its_template(written: Written, browser: Browser) -> None:
    browser.send("/warns", {"words": CANARY})

    assert [line["event"] for line in written.lines() if line["logger"] == "a.library"] == [
        "odd value: %s",
        next(line["event"] for line in written.lines() if "withheld" in line["event"]),
    ]
    assert CANARY not in written.text


@pytest.mark.parametrize("written", ["json", "plain"], indirect=True)
def test_nobody_writes_a_line_of_their_own(written: Written, browser: Browser) -> None:
    before = len(written.text.splitlines())
    browser.send("/warns", {"words": f"{CANARY}\n{{}}"}, headers={"User-Agent": "x\x1b[2J"})
    lines = written.text.splitlines()

    assert not [line for line in lines if line.startswith(("forged", "with"))]
    assert len([line for line in lines[before:] if "forged: yes" in line]) == 1
    assert "\x1b" not in written.text


def test_a_request_id_is_ours_and_another_each_time(browser: Browser) -> None:
    given = [
        browser.open("/help", headers={"X-Request-ID": CANARY}).response.headers["X-Request-ID"]
        for _ in range(2)
    ]

    assert given[0] != given[1]
    assert all(UUID(each) for each in given)


def test_the_page_of_what_is_not_found_has_no_id_of_its_own(browser: Browser) -> None:
    assert browser.open("/nowhere").html == browser.open("/nowhere").html


def test_no_word_of_anybody_gets_into_the_log(
    written: Written, sign_in: SignIn, session: Session, people: dict[str, User], app: Flask
) -> None:
    """Words are put into every field that a page of a case has, into addresses, names and refused sign-ins."""
    people["neurologist"].name = f"Dr {CANARY}"
    case = make_draft(session, people, question=f"{CANARY}?")
    case.family_name = CANARY
    session.commit()
    browser = sign_in("neurologist")
    sections = ("request", "person", "disease", "edss", "treatments")
    sent = 0
    for section in sections:
        at = page_of(case, f"/edit/{section}")
        page = browser.open(at)
        if page.status != 200:
            continue
        form = page.fields(at)
        browser.open(at, method="POST", data={name: value if name.endswith(("token", "opened")) else f"{CANARY} {name}"
                                              for name, value in form.items()})  # fmt: skip
        sent += 1
    for path in (f"/help/{CANARY}", f"/referrals?q={CANARY}", f"/{CANARY}", f"/referrals/{CANARY}"):
        browser.open(path)
    browser.open("/sign-in", method="POST", data={"email": f"{CANARY}@example.org", "password": CANARY})
    stranger = Browser(app.test_client(), session)
    stranger.sign_in(f"{CANARY}@example.org", PASSWORD)

    assert sent >= 2
    assert len(events(written, "request")) > 10
    assert len(events(written, "act")) >= 3
    for word in (CANARY, CANARY.lower(), PASSWORD, people["neurologist"].email, case.number, "whinfell"):
        assert word not in written.text, word


def test_a_canary_would_be_found(written: Written) -> None:
    logging.getLogger("referral.x").warning("the case of %s", CANARY)

    assert CANARY in written.text


def test_a_server_lets_requests_through_and_a_command_does_not(app: Flask) -> None:
    logs.TOLD.setLevel(logging.NOTSET)
    assert not logs.TOLD.isEnabledFor(logging.INFO)
    logs.tell("json")
    assert logs.TOLD.isEnabledFor(logging.INFO)
    assert not logging.raiseExceptions
    logging.raiseExceptions = True
    logs.TOLD.setLevel(logging.NOTSET)
    logs.set_up("plain")
    with app.app_context():
        db.engine.dispose()
