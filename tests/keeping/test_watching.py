"""Those who watch are told how the house stands, in numbers; nobody else is, and nobody reads a name."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import mail
from referral.actions.tick import tick
from referral.extensions import db
from referral.keeping import marks
from referral.models import User
from tests.browser import Browser
from tests.conftest import DATA_KEYS

ROOT = Path(__file__).resolve().parents[2]


def number(page: str, name: str) -> float:
    """The value of one line of what is given to Prometheus."""
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found)


def metrics(app: Flask) -> str:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    return answer.text


def test_a_house_that_is_well_says_so_and_no_more(app: Flask) -> None:
    assert app.test_client().get("/health").text == "ready\n"
    assert app.test_client().get("/health/live").text == "alive\n"


def test_without_its_database_it_lives_and_is_not_ready(app: Flask) -> None:
    with app.app_context():
        engine = db.engine
    engine.dispose()
    gone = engine.dialect.dbapi.OperationalError  # type: ignore[union-attr]  # each driver has one

    @event.listens_for(engine, "do_connect")
    def refuse(*_: object) -> None:
        raise gone("nobody answers there")

    client = app.test_client()
    ready, live, counted = client.get("/health"), client.get("/health/live"), client.get("/metrics")

    assert (ready.status_code, ready.text) == (503, "the database does not answer\n")
    assert live.status_code == counted.status_code == 200
    assert number(counted.text, "pons_database_up") == 0


def test_requests_are_counted_by_their_pattern_and_not_by_their_address(app: Flask) -> None:
    line = 'pons_requests_total{method="GET",route="/help/<guide>",status="404"}'
    app.test_client().get("/help/mrs-secret")
    first = number(metrics(app), line)
    app.test_client().get("/help/mr-secret?name=secret")
    page = metrics(app)

    assert number(page, line) == first + 1
    assert "secret" not in page
    assert 'pons_request_seconds_bucket{le="0.4",method="GET",route="/help/<guide>"}' in page


def test_whatever_a_stranger_asks_for_makes_no_more_lines(app: Flask) -> None:
    client = app.test_client()
    client.get("/a-stranger")
    before = len(metrics(app).splitlines())
    for each in range(5):
        client.open(f"/wander/{each}", method=f"ODD{each}")
    after = len(metrics(app).splitlines())

    assert after - before <= 2 * 20, "one more line for each count of one odd method"
    client.open("/wander/6", method="ODD6")
    assert len(metrics(app).splitlines()) == after


def test_what_waits_is_counted(app: Flask, session: Session, people: dict[str, User]) -> None:
    mail.notify(session, people["chair"], "o", "A question was asked")
    session.commit()
    page = metrics(app)

    assert number(page, 'pons_waiting{what="mail"}') == 1
    assert number(page, 'pons_waiting{what="packet"}') == 0
    assert number(page, 'pons_open_incidents{what="shut_after_restore"}') == 0
    assert number(page, "pons_database_up") == 1
    assert "pons_age_seconds{" not in page, "what was never done has no age"


def test_the_age_of_the_last_tick_and_backup_is_told(app: Flask, session: Session) -> None:
    marks.note(session, marks.BACKUP, clock.now())
    session.commit()
    with app.app_context():
        tick(session, clock.now())
    page = metrics(app)

    assert 0 <= number(page, 'pons_age_seconds{what="tick"}') < 300
    assert 0 <= number(page, 'pons_age_seconds{what="backup"}') < 300


@pytest.mark.only_on("postgresql")
def test_of_two_who_write_the_first_mark_the_second_waits_and_writes_over_it(
    app: Flask, session: Session
) -> None:
    with app.app_context():
        engine = db.engine

    def write(window: Session, number: int) -> None:
        marks.note(window, marks.TICK, clock.now(), number=number)

    def second() -> None:
        with Session(engine) as window:
            write(window, 2)
            window.commit()

    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with Session(engine) as first, ThreadPoolExecutor(1) as thread:
        write(first, 1)
        done = thread.submit(second)
        while not session.scalar(waits):
            session.rollback()
        first.commit()
        done.result()

    told = marks.last(session, marks.TICK)
    assert told is not None
    assert told.detail == {"number": 2}


def test_only_addresses_that_were_named_read_the_metrics(app: Flask) -> None:
    asked = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert asked.status_code == 404
    assert "pons_" not in asked.text

    app.config["METRICS_FROM"] = ("192.0.2.7",)
    assert app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
    assert app.test_client().get("/metrics").status_code == 404


@pytest.mark.parametrize("path", ["/health", "/health/live", "/metrics"])
def test_who_watches_is_told_no_version_and_no_name(app: Flask, path: str, people: dict[str, User]) -> None:
    answer = app.test_client().get(path)
    told = answer.text + str(answer.headers).replace("text/plain; version=0.0.4", "")

    assert not re.search(r"\d+\.\d+\.\d+|[Pp]ython|Werkzeug|gunicorn|SQLite|PostgreSQL", told)
    assert not [name for person in people.values() for name in (person.name, person.email) if name in told]


# With several processes


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[str]:
    """The address of a server with two processes."""
    settings = {"DATABASE_URL": database, "SECRET_KEY": "k" * 32, "AUDIT_KEY": "a" * 32, "LOG": "json",
                "DATA_KEYS": DATA_KEYS,
                "AUDIT_ANCHOR": str(tmp_path / "anchor"), "ATTACHMENTS": str(tmp_path / "attachments")}  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "2", "--threads", "2",
             "--worker-class", "gthread", "--no-control-socket", "--bind", "127.0.0.1:0", "app:create_app()"],
            env=os.environ | settings, cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield address_of(server, tmp_path / "log")
    finally:
        server.terminate()
        server.wait(30)


def address_of(server: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where it listens, once it answers."""
    end = time.monotonic() + 90
    while time.monotonic() < end and server.poll() is None:
        port = listening(server.pid)
        if port:
            return f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    raise RuntimeError(log.read_text())


def listening(pid: int) -> int:
    """The port on which a process listens, as the system tells it."""
    links = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(os.readlink(each))
        except OSError:
            continue
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state, inode = line.split()[1], line.split()[3], line.split()[9]
        if state == "0A" and f"socket:[{inode}]" in links:
            return int(local.partition(":")[2], 16)
    return 0


def get(url: str) -> str:
    with urlopen(url, timeout=60) as answer:  # noqa: S310 - our own server
        return str(answer.read().decode())


@pytest.mark.only_on("sqlite")
def test_whichever_process_is_asked_tells_of_all(served: str) -> None:
    for _ in range(40):
        get(f"{served}/help?name=secret")
    counted = {number(get(f"{served}/metrics"), LINE) for _ in range(6)}

    assert counted == {40}


LINE = 'pons_requests_total{method="GET",route="/help",status="200"}'


# A house that was brought back


def test_a_house_that_is_shut_lets_people_read_and_nobody_write(
    session: Session, sign_in: Callable[[str], Browser]
) -> None:
    neurologist = sign_in("neurologist")
    marks.note(session, marks.SHUT, clock.now())
    session.commit()
    refused = neurologist.send(
        "/referrals", {"question": "Words that took long to type, in a long line"}, status=503
    )

    assert "brought back from a backup" in refused.text
    assert "Words that took long to type" in refused.html
    assert neurologist.visit("/referrals").status == 200
    assert neurologist.send("/sign-out").status == 200
    assert sign_in("chair").visit("/").status == 200


def test_time_does_nothing_in_a_house_that_is_shut(app: Flask, session: Session) -> None:
    marks.note(session, marks.SHUT, clock.now())
    session.commit()
    with app.app_context():
        assert tick(session, clock.now()) == []
    assert marks.last(session, marks.TICK) is None
    assert session.scalar(text("SELECT count(*) FROM house_mark")) == 1
