"""What a stranger meets before anything of ours is asked: types, methods, folders, other sites, forwarded addresses."""

import re
from pathlib import Path

import pytest
from flask import Flask, request

from app import create_app
from referral.auth import public
from referral.extensions import db
from referral.settings import Settings
from referral.web.layout import HEADERS
from tests.browser import Browser
from tests.conftest import DATA_KEYS

SCRIPTS = Path(__file__).resolve().parents[2] / "static" / "js"
POLICY = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/sign-in", "text/html; charset=utf-8"),
        ("/nowhere", "text/html; charset=utf-8"),
        ("/static/css/pons.css", "text/css; charset=utf-8"),
        ("/static/js/pons.js", "text/javascript; charset=utf-8"),
        ("/static/img/pons.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_every_answer_says_what_it_is_and_in_which_letters(browser: Browser, path: str, kind: str) -> None:
    assert browser.open(path).response.headers["Content-Type"] == kind


@pytest.mark.parametrize("path", ["/sign-in", "/static/css/pons.css"])
def test_nobody_is_sent_their_own_request_back(browser: Browser, path: str) -> None:
    page = browser.open(path, method="TRACE", headers={"X-Secret": "of the proxy"})

    assert page.status == 405
    assert "of the proxy" not in page.html


@pytest.mark.parametrize("folder", ["/static/", "/static/css/", "/static/vendor"])
def test_a_folder_is_not_listed(browser: Browser, folder: str) -> None:
    assert browser.open(folder).status == 404


@pytest.mark.parametrize("path", ["/sign-in", "/static/css/pons.css", "/nowhere"])
def test_no_other_site_may_read_an_answer(browser: Browser, path: str) -> None:
    headers = browser.open(path, headers={"Origin": "https://evil.example"}).response.headers

    assert [name for name, _ in headers if name.startswith("Access-Control-")] == []
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_policy_lets_no_object_no_other_base_and_no_frame_in() -> None:
    assert POLICY.get("object-src", POLICY["default-src"]) == "'none'"
    assert POLICY["base-uri"] == POLICY["frame-ancestors"] == "'none'"
    assert POLICY["form-action"] == "'self'"


def test_a_browser_keeps_nothing_but_whether_a_picture_is_shut() -> None:
    scripts = "".join(path.read_text("utf-8") for path in SCRIPTS.glob("*.js"))

    assert re.findall(r"localStorage\.setItem\(([^()]+)", scripts) == ["SHUT, String"]
    assert not re.search(r"localStorage\[|sessionStorage|indexedDB|document\.cookie", scripts)


def echo(database: str, *, proxies: int = 0, secure: bool = False) -> Flask:
    """The application of an installation, with a page that says from where it is asked."""
    settings = Settings(
        "k" * 32, database, audit_key="a" * 32, data_keys=DATA_KEYS, proxies=proxies, secure_cookies=secure
    )
    app = create_app(settings)

    @app.get("/from-where")
    @public
    def from_where() -> str:
        return f"{request.remote_addr} {request.scheme} {request.host}"

    return app


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [(0, "192.0.2.1"), (1, "10.0.0.3"), (2, "10.0.0.2")],
)
def test_the_word_of_a_proxy_is_taken_as_often_as_there_are_proxies(
    database: str, proxies: int, seen: str
) -> None:
    app = echo(database, proxies=proxies)
    forged_then_ours = {"X-Forwarded-For": "127.0.0.1, 10.0.0.2, 10.0.0.3"}

    answer = app.test_client().get(
        "/from-where", headers=forged_then_ours, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )

    with app.app_context():
        db.engine.dispose()
    assert answer.text.split()[0] == seen


def test_over_https_a_browser_comes_by_https_for_a_year_below_our_name_too(database: str) -> None:
    app = echo(database, secure=True)
    for path in ("/sign-in", "/nowhere"):
        told = app.test_client().get(path, base_url="https://pons.example").headers
        assert told["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    with app.app_context():
        db.engine.dispose()
