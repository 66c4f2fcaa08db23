"""The speeds of writing: twenty people whose pages save themselves, and the first load of the workspace."""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import urlencode
from uuid import UUID

import tinyhtml5
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from forms import typed_from
from referral import clock, demo
from referral.actions import drafts
from referral.facts import read_record
from referral.models import Referral, User
from referral.settings import Settings
from tests.at_hand import COMPLETE, invented
from tests.bench.house import House, open_house
from tests.bench.pages import fill
from tests.browser import _filled
from tests.journeys.conftest import SWITCHES, find_chromium

ROOT = Path(__file__).resolve().parents[2]
LIKE_MAKE_RUN = ("--no-control-socket",)
PEOPLE, CHANGES = 20, 60
PAUSE = (1.0, 3.0)  # seconds between an answer and the next change: nobody types faster
SECTIONS = ("relapses", "organs", "goals")
AUTOSAVE_MS, WIRE_KB, INTERACTIVE_MS = 150, 200, 1000
THROTTLE = 4
Fields = dict[str, str | list[str]]


def measure_writing() -> Iterator[str]:
    """Serve the application as ``make run`` does, in a house as full as the one of the pages; a line a measurement."""
    with open_house() as house:
        yield from measure_in(house)


def measure_in(house: House) -> Iterator[str]:
    """Let people write, then load the workspace."""
    with Session(house.engine, expire_on_commit=False) as session:
        fill(session)
        email = next(account.email for account in demo.accounts() if account.key == "farquhar")
        writer = session.scalars(select(User).where(User.email == email)).one()
        course = invented(COMPLETE)
        typed = typed_from(read_record(course.record, clock.today()), course.who, {})
        cases = []
        for _ in range(PEOPLE):
            case = drafts.open_draft(session, writer)
            case.typed = dict(typed)
            cases.append(case.id)
        session.commit()
    with serve(house.settings) as port:
        with ThreadPoolExecutor(PEOPLE) as pool:
            done = list(pool.map(lambda case: Writer(port, email, case).write(), cases))
        yield say_saves(house.engine, done)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=SWITCHES)
            for section in ("relapses", "judgements"):
                yield first_load(browser, f"http://127.0.0.1:{port}", email, cases[0], section)
            browser.close()


@contextmanager
def serve(settings: Settings) -> Iterator[int]:
    """Serve from processes of their own until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    known = os.environ | {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "DATA_KEYS": settings.data_keys,
    }
    command = [sys.executable, "-m", "gunicorn", *LIKE_MAKE_RUN, "--log-level", "warning"]
    command += ["--bind", f"127.0.0.1:{port}", "app:create_app()"]
    with subprocess.Popen(command, cwd=ROOT, env=known) as server:
        try:
            for _ in range(300):
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield port
        finally:
            server.terminate()


class Writer:
    """One person who changes one field after another, and whose page saves itself after each."""

    def __init__(self, port: int, email: str, case: UUID) -> None:
        self.port, self.case, self.cookie, self.picture = port, case, "", ""
        self.random = Random(case.int)  # noqa: S311 - pauses, no secrets
        page = self.ask("GET", "/sign-in")[1]
        form = filled(page, "/sign-in") | {"email": email, "password": demo.password()}
        self.ask("POST", "/sign-in", form)

    def write(self) -> tuple[UUID, list[float], dict[str, dict[str, str]]]:
        """Make the changes. Give the milliseconds of each save, and what must be stored by now."""
        took: list[float] = []
        expected: dict[str, dict[str, str]] = {}
        for section in SECTIONS:
            address = f"/referrals/{self.case}/edit/{section}"
            fields = filled(self.ask("GET", address)[1], address)
            texts = [name for name in fields if name.endswith(("onset", "date", "-beside-own", "discussed"))]
            texts = texts or [name for name, value in fields.items() if isinstance(value, str)][-3:]
            for number in range(CHANGES // len(SECTIONS)):
                time.sleep(self.random.uniform(*PAUSE))
                name = texts[number % len(texts)]
                fields[name] = str(2000 + number)
                began = time.perf_counter()
                marks = {"Pons-Autosave": "1", "Pons-Picture": self.picture}
                status, _, opened = self.ask("POST", address, fields, marks)
                took.append((time.perf_counter() - began) * 1000)
                assert status == 200, status
                fields["opened"] = opened
                expected.setdefault(section, {})[name] = str(fields[name])
        return self.case, took, expected

    def ask(
        self, method: str, path: str, form: Fields | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Send one request; give status, text and the mark of what is stored."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = urlencode(form, doseq=True) if form is not None else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        connection.request(method, path, body, {"Cookie": self.cookie, **kind, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        new = [value.partition(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"]
        self.cookie = "; ".join(new) or self.cookie
        connection.close()
        self.picture = answer.getheader("Pons-Picture", self.picture)
        return answer.status, text, answer.getheader("Pons-Opened", "")


def filled(html: str, action: str) -> Fields:
    """Give what a browser would send of a form."""
    tree = tinyhtml5.parse(html, namespace_html_elements=False)
    (form,) = (form for form in tree.iter("form") if form.get("action") == action)
    return dict(_filled(form))


def say_saves(engine: Engine, done: list[tuple[UUID, list[float], dict[str, dict[str, str]]]]) -> str:
    """Say how long the saves took, and how many are not in the database."""
    took = sorted(each for _, times, _ in done for each in times)
    lost = 0
    with Session(engine) as session:
        for case, _, expected in done:
            typed = session.get_one(Referral, case).typed
            lost += sum(
                typed[section].get(name) != [text]
                for section, fields in expected.items()
                for name, text in fields.items()
            )
    late = took[int(len(took) * 0.95)]
    return (
        f"{statistics.median(took):9.1f} {late:9.1f} {AUTOSAVE_MS:8.0f}  "
        f"autosave (median, 95th of 100): {len(took)} changes of {PEOPLE} people at once, a change every "
        f"{PAUSE[0]:.0f} to {PAUSE[1]:.0f} s each; lost writes: {lost}"
        f"{'  over' if late > AUTOSAVE_MS or lost else ''}"
    )


def first_load(browser: Chromium, address: str, email: str, case: UUID, section: str) -> str:
    """Load the workspace with nothing in the browser's memory on a processor a quarter as fast."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(demo.password())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    wire = context.new_cdp_session(page)
    received: list[float] = []
    wire.on("Network.loadingFinished", lambda done: received.append(done["encodedDataLength"]))
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    times = []
    for _ in range(5):
        received.clear()
        page.goto(f"{address}/referrals/{case}/edit/{section}")
        page.wait_for_load_state("networkidle")
        navigation = "performance.getEntriesByType('navigation')[0]"
        times.append(page.evaluate(f"{navigation}.domContentLoadedEventEnd"))
    context.close()
    kilobytes, interactive = sum(received) / 1000, statistics.median(times)
    over = "  over" if kilobytes > WIRE_KB or interactive > INTERACTIVE_MS else ""
    return (
        f"{interactive:9.1f} {max(times):9.1f} {INTERACTIVE_MS:8.0f}  first load of {section} until one can type, "
        f"processor {THROTTLE} times slower; {kilobytes:.0f} kB over the wire (target {WIRE_KB}){over}"
    )
