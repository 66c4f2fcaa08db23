"""A programme's day in real browsers: the application served from this very process, so that its clock can be moved."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from referral import clock
from referral.models import User
from tests.gathering import seat_second_member
from tests.journeys.conftest import AT_MOST
from tests.journeys.day.desk import Desk

AT_LUNCH = time(12)  # far from midnight, so that no journey changes its day on the way
REFUSALS = ("400", "401", "403", "404", "409", "422")


class Wall:
    """The clock on the wall, which a test may put forward. It goes on by itself from noon of today."""

    def __init__(self) -> None:
        began = datetime.now(UTC)
        self.ahead = datetime.combine(began.astimezone(), AT_LUNCH).astimezone() - began

    def put_forward(self, by: timedelta) -> None:
        self.ahead += by


@pytest.fixture(autouse=True)
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()

    def now(zone: tzinfo) -> datetime:
        return datetime.now(zone) + wall.ahead

    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=now, combine=datetime.combine))
    return wall


@pytest.fixture
def tick(app: Flask) -> Callable[[], str]:
    """Let time do its part once, with the command that an installation runs every minute."""

    def once() -> str:
        with ThreadPoolExecutor(1) as aside:  # in the test's own thread the browser's loop is running
            done = aside.submit(app.test_cli_runner().invoke, args=["tick"]).result()
        assert done.exit_code == 0, done.output
        return done.output

    return once


@pytest.fixture
def address(app: Flask, people: dict[str, User]) -> Iterator[str]:
    """The application, served. Who is asked once more who they are, as hours pass, is tried by itself."""
    app.config["PROOF_HOLDS"] = timedelta(hours=12)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def committee(session: Session, people: dict[str, User]) -> dict[str, User]:
    """The people, with a second member and a second coordinator among them."""
    seat_second_member(session, people)
    first = people["coordinator"]
    people["second_coordinator"] = User(
        email="second_coordinator@example.org",
        name="Second Coordinator",
        role=first.role,
        organisation=first.organisation,
        password_hash=first.password_hash,
    )
    session.add(people["second_coordinator"])
    session.commit()
    return people


class Watch:
    """Notes what a browser complains of, and whom it asks."""

    def __init__(self, address: str) -> None:
        self.address, self.heard = address, list[str]()

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.append(str(error.error)))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        refused = any(f"status of {code}" in message.text for code in REFUSALS)
        if message.type in ("error", "warning") and not (
            refused and "/static/" not in message.location["url"]
        ):
            self.heard.append(f"{message.location['url']}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.heard.append(f"asked elsewhere: {request.url}")


OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(chromium: Browser, address: str, tmp_path: Path) -> Iterator[OpenDesk]:
    """Seat a person at a browser of their own, signed in. At the end nothing may have been complained of."""
    watch, contexts = Watch(address), list[BrowserContext]()

    def open_one(who: str | None = None, *, width: int = 1280) -> Desk:
        context = chromium.new_context(
            base_url=address, accept_downloads=True, viewport={"width": width, "height": 900}
        )
        context.set_default_timeout(AT_MOST)
        contexts.append(context)
        watch.over(context)
        page: Page = context.new_page()
        desk = Desk(page, tmp_path)
        if who is not None:
            desk.sign_in(who)
        return desk

    yield open_one
    for context in contexts:
        context.close()
    assert watch.heard == []
