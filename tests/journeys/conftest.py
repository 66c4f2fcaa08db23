"""What a journey needs: the application served as it is in earnest, and a real browser that reports every fault."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import create_app
from referral import demo
from referral.extensions import db
from tests.conftest import settings_for
from tests.stores import Store

ROOT = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
AT_MOST = 60_000  # milliseconds that a slow machine may take for one step
FOR_THE_SERVER = 1200  # tenths of a second
expect.set_options(timeout=AT_MOST)
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class House:
    """The application as it is served, with the invented people in it."""

    address: str
    engine: Engine

    @staticmethod
    def email(key: str) -> str:
        """The address of an account, by its short name."""
        (found,) = (account.email for account in demo.accounts() if account.key == key)
        return found


@dataclass
class Faults:
    """What a browser complained of."""

    heard: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"{page.url}: {error}"))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.location.get('url')}: {message.text}")

    def _failed(self, url: str, why: str | None) -> None:
        if why != "net::ERR_ABORTED":  # a download, or a page that was left: the browser aborts these itself
            self.heard.append(f"{url}: {why}")


@pytest.fixture(scope="session")
def stocked_database(store: Store, migrated_database: str) -> str:
    """A database with the invented people in it, made once."""
    address = store.copy(migrated_database)
    app = create_app(settings_for(address))
    with app.app_context():
        demo.load(db.session(), with_packets=False)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return address


@pytest.fixture
def house(store: Store, stocked_database: str) -> Iterator[House]:
    """The application, served by its production server on a free port and a database of its own."""
    database = store.copy(stocked_database)
    with serve(store.for_application(database)) as address:
        app = create_app(settings_for(database))
        with app.app_context():
            engine = db.engine
        yield House(address, engine)
        engine.dispose()
    store.drop(database)


@contextmanager
def serve(database: str) -> Iterator[str]:
    """Serve the application from its own process until the end of the block."""
    with socket.create_server(
        ("127.0.0.1", 0)
    ) as ours:  # open before the server is, so that nobody else has it
        yield from _serve(database, ours)


def _serve(database: str, ours: socket.socket) -> Iterator[str]:
    settings = settings_for(database)
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "AUDIT_KEY": settings.audit_key,
        "PROOF_HOLDS_MINUTES": "600",  # on a slow machine a walk takes long
        "HOUSE_URL": f"http://localhost:{ours.getsockname()[1]}",  # security keys are bound to a name
        "DATA_KEYS": settings.data_keys,
    }
    command = ["-m", "gunicorn", "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
    command += ["--log-level", "warning", "--bind", f"fd://{ours.fileno()}", "app:create_app()"]
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, pass_fds=[ours.fileno()]
    ) as server:
        try:
            address = f"http://127.0.0.1:{ours.getsockname()[1]}"
            _wait_for(f"{address}/sign-in", server)
            yield address
        finally:
            server.terminate()


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(FOR_THE_SERVER):
        assert server.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=SWITCHES)
        yield browser
        browser.close()


def find_chromium() -> str:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert found, f"no browser: install one of {', '.join(CHROMIUMS)}"
    return found


OpenBrowser = Callable[..., Page]


@pytest.fixture
def open_browser(chromium: Browser) -> Iterator[OpenBrowser]:
    """Open a browser of its own for a person. At the end nothing may have been complained of."""
    faults, contexts = Faults(), list[BrowserContext]()

    def open_one(*, scripts: bool = True, width: int = 1280) -> Page:
        context = chromium.new_context(
            java_script_enabled=scripts, accept_downloads=True, viewport={"width": width, "height": 900}
        )
        context.set_default_timeout(AT_MOST)
        contexts.append(context)
        page = context.new_page()
        faults.watch(page)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults.heard == []


@pytest.fixture
def trail(house: House) -> Iterator[Session]:
    """A view of what the journey left in the database."""
    with Session(house.engine) as session:
        yield session
