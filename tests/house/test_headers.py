"""Every answer tells the browser what our pages may do; every failure has a page of its own."""

from collections.abc import Callable

import pytest
from flask import Flask, abort
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import create_app
from referral import errors
from referral.auth import public
from referral.extensions import db
from referral.settings import Settings
from referral.web.errors import PAGES
from referral.web.layout import HEADERS
from referral.workflow import Role
from tests.browser import Browser, Page
from tests.conftest import DATA_KEYS

SignIn = Callable[[str], Browser]


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with a page for each way to fail."""

    @app.get("/fails/<int:code>")
    @public
    def fails(code: int) -> str:
        abort(code)

    @app.get("/breaks")
    @public
    def breaks() -> str:
        raise ZeroDivisionError("Mrs Secret, born 1980-01-01")

    @app.get("/loses-the-database")
    @public
    def loses() -> str:
        db.session.execute(text("SELECT * FROM nowhere"))
        return ""

    @app.get("/refuses/<kind>")
    @public
    def refuses(kind: str) -> str:
        raise getattr(errors, kind)("This case is ready: nothing can be typed into it.")

    return app


def has_our_headers(page: Page) -> bool:
    found = page.response.headers
    return all(found.get(name) == value for name, value in HEADERS.items()) and "Server" not in found


@pytest.mark.parametrize("path", ["/sign-in", "/help", "/", "/nowhere", "/breaks", "/static/css/pons.css"])
def test_every_answer_has_the_headers(browser: Browser, path: str) -> None:
    assert has_our_headers(browser.open(path))


def test_no_page_runs_what_is_not_ours() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in str(policy)


def test_pages_are_kept_nowhere_and_files_are_kept_long(sign_in: SignIn) -> None:
    browser = sign_in(Role.CHAIR)
    page = browser.visit("/")

    assert page.response.headers["Cache-Control"] == "no-store"
    assert "Cookie" in page.response.headers["Vary"]
    for link in page.all(".//link[@rel='stylesheet']"):
        kept = browser.open(link.get("href", "")).response.headers
        assert "immutable" in kept["Cache-Control"]
        assert "Set-Cookie" not in kept


@pytest.mark.parametrize("code", sorted(PAGES))
def test_every_failure_has_its_page(browser: Browser, code: int) -> None:
    page = browser.visit(f"/fails/{code}", status=code)

    assert PAGES[code][0] in page.title
    assert PAGES[code][1] in page.text
    assert has_our_headers(page)


def test_there_is_a_page_for_each_code_that_we_promise() -> None:
    assert set(PAGES) == {400, 403, 404, 405, 409, 413, 429, 500, 503}


def test_a_fault_of_ours_tells_nothing(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    page = browser.visit("/breaks", status=500)

    assert "Secret" not in page.html
    assert "Traceback" not in page.html


@pytest.mark.only_on("sqlite")  # the stand-in for a loss: PostgreSQL has another error for a lost table
def test_a_lost_database_gets_a_page_and_a_line_in_the_log(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    page = browser.visit("/loses-the-database", status=503)

    assert "Nothing was changed" in page.text
    assert "no such table: nowhere" in caplog.text


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("NotFoundError", 404, False),
        ("ForbiddenError", 403, True),
        ("ConflictError", 409, True),
        ("MoveRefusedError", 409, True),
        ("PonsError", 400, True),
    ],
)
def test_a_refusal_is_answered_in_its_own_words_unless_it_would_tell(
    browser: Browser, kind: str, code: int, told: bool
) -> None:
    page = browser.visit(f"/refuses/{kind}", status=code)

    assert ("nothing can be typed into it" in page.text) is told


def test_missing_and_foreign_look_the_same(browser: Browser) -> None:
    assert (
        browser.visit("/refuses/NotFoundError", status=404).html == browser.visit("/nowhere", status=404).html
    )


def test_a_part_of_a_page_gets_one_line(browser: Browser) -> None:
    page = browser.open("/refuses/ConflictError", headers={"HX-Request": "true"})

    assert page.status == 409
    assert "<html" not in page.html
    assert "nothing can be typed" in page.text


def test_too_much_text_is_refused_with_a_page(sign_in: SignIn) -> None:
    page = sign_in(Role.NEUROLOGIST).send("/sign-out", {"words": "x" * 1_100_000}, status=413)

    assert "your text is still there" in page.text


def test_a_wrong_method_is_told_which_ones_there_are(browser: Browser) -> None:
    page = browser.send("/help", status=405)

    assert "GET" in page.response.headers["Allow"]


def test_only_names_of_ours_are_answered(session: Session, app: Flask) -> None:
    settings = Settings(
        "k" * 32,
        app.config["SQLALCHEMY_DATABASE_URI"],
        trusted_hosts=("pons.example",),
        audit_key="a" * 32,
        data_keys=DATA_KEYS,
    )
    other = create_app(settings)
    browser = other.test_client()

    assert browser.get("/sign-in", base_url="http://pons.example").status_code == 200
    assert browser.get("/sign-in", base_url="http://evil.example").status_code == 400
    with other.app_context():
        db.engine.dispose()
