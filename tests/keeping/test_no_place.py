"""Where nothing can be written, nothing is done, everybody is told so, and what was typed is given back."""

import errno
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.orm import Session

from referral import clock
from referral.extensions import db
from referral.models import AuditEntry, Referral, User
from referral.models.people import UserSession
from tests.at_hand import make_draft, page_of
from tests.browser import Browser

ROOT = Path(__file__).resolve().parents[2]
TYPED = "A question that took a while to write, with more than thirty letters."
SignIn = Callable[[str], Browser]


@dataclass
class Disk:
    """The place where the database lies: it takes what is written, or it does not."""

    engine: Engine
    owner: str
    stopped: bool = False

    def stop(self) -> None:
        self._turn(True)

    def go_on(self) -> None:
        self._turn(False)

    def _turn(self, stopped: bool) -> None:
        self.stopped = stopped
        if self.engine.dialect.name == "sqlite":
            return
        owner = create_engine(self.owner)
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            name = connection.scalar(text("SELECT current_database()"))
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {stopped}'))
        owner.dispose()
        self.engine.dispose()  # as when a server is restarted, or turned into a standby


@pytest.fixture
def disk(app: Flask, database: str) -> Iterator[Disk]:
    with app.app_context():
        disk = Disk(db.engine, database)

    if disk.engine.dialect.name == "sqlite":

        @event.listens_for(disk.engine, "begin")
        def begin(connection: Connection) -> None:
            if disk.stopped:
                connection.exec_driver_sql("PRAGMA query_only=1")

    yield disk
    disk.go_on()


@contextmanager
def unchanged(session: Session) -> Iterator[None]:
    """Nothing at all is written meanwhile."""
    counts = [select(func.count()).select_from(table) for table in (AuditEntry, Referral, UserSession)]
    before = [session.scalar(each) for each in counts]
    session.rollback()
    yield
    session.rollback()
    after = [session.scalar(each) for each in counts]
    session.rollback()
    assert after == before


def test_an_act_is_refused_whole_and_its_text_is_given_back(
    disk: Disk, sign_in: SignIn, session: Session, people: dict[str, User]
) -> None:
    case = make_draft(session, people)
    browser = sign_in("neurologist")
    at = page_of(case, "/edit/request")
    form = browser.visit(at).fields(at) | {"question": TYPED, "save": "yes"}
    with unchanged(session):
        disk.stop()
        page = browser.send(at, form, status=503)

    assert "Nothing was saved or changed" in page.text
    assert "Tell whoever looks after it" in page.text
    (shown,) = [each for each in page.all(".//textarea") if each.get("name") == "question"]
    assert (shown.text or "").strip() == TYPED
    again = page.fields(at)
    assert {name: again[name] for name in form if name in again and name != "csrf_token"} == {
        name: value for name, value in form.items() if name in again and name != "csrf_token"
    }
    assert again.keys() >= form.keys() - {"csrf_token"}

    disk.go_on()
    assert browser.send(at, again).status == 200, "from that very page, without a restart"
    session.expire_all()
    assert session.get_one(Referral, case.id).typed["request"]["question"] == [TYPED]


def test_who_is_signed_in_stays_so_and_reads_what_is_not_written_down(
    disk: Disk, sign_in: SignIn, session: Session
) -> None:
    browser = sign_in("neurologist")
    for found in session.scalars(select(UserSession)):
        found.seen_at = clock.now() - timedelta(minutes=5)
    session.commit()
    with unchanged(session):
        disk.stop()
        for path in ("/help", "/library", "/quick-check", "/"):
            page = browser.visit(path)
            assert "Neurologist" in page.text, f"{path}: still signed in"


def test_no_case_and_no_list_is_read_that_could_not_be_written_down(
    disk: Disk, sign_in: SignIn, session: Session, people: dict[str, User]
) -> None:
    case = make_draft(session, people)
    browser, stranger = sign_in("neurologist"), sign_in("other_neurologist")
    with unchanged(session):
        disk.stop()
        for who, path in (
            (browser, page_of(case)),
            (browser, "/referrals"),
            (stranger, page_of(case)),
            (browser, "/people"),
        ):
            page = who.visit(path, status=503)
            assert "Nothing was saved or changed" in page.text, path
            assert case.number not in page.html


def test_nobody_comes_in_meanwhile_and_the_door_says_why(
    disk: Disk, browser: Browser, session: Session, people: dict[str, User]
) -> None:
    form = browser.visit("/sign-in").fields("/sign-in")
    disk.stop()
    page = browser.open(
        "/sign-in", method="POST", data=form | {"email": "chair@example.org", "password": "x" * 40}
    )

    assert page.status == 503
    assert "x" * 40 not in page.html
    disk.go_on()
    assert browser.sign_in("chair@example.org").status == 200


def test_a_page_that_saves_itself_is_told_in_one_line(
    disk: Disk, sign_in: SignIn, session: Session, people: dict[str, User]
) -> None:
    case = make_draft(session, people)
    browser = sign_in("neurologist")
    at = page_of(case, "/edit/request")
    form = browser.visit(at).fields(at) | {"question": TYPED}
    disk.stop()
    page = browser.open(at, method="POST", data=form, headers={"HX-Request": "true"})

    assert page.status == 503
    assert "<html" not in page.html
    assert "Nothing was saved" in page.text


def test_a_folder_without_room_for_a_file_is_said_as_well(
    app: Flask, sign_in: SignIn, session: Session, people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_draft(session, people)
    browser = sign_in("neurologist")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/a/place")

    monkeypatch.setattr(Path, "mkdir", full)
    page = browser.send(
        page_of(case, "/files"),
        {"kind": "letter", "dated": "", "files": (io.BytesIO(b"%PDF-"), "letter.pdf")},
        status=503,
        content_type="multipart/form-data",
    )

    assert "Nothing was saved or changed" in page.text
    assert "/a/place" not in page.html


def test_the_house_is_ready_to_be_read_all_the_while(disk: Disk, app: Flask) -> None:
    disk.stop()

    assert app.test_client().get("/health").status_code == 200


# A real disk that is full

FULL = """
import json, sys
from pathlib import Path
from referral import audit
from referral.extensions import db
from flask_migrate import upgrade
from tests.conftest import settings_for
from app import create_app

place = Path(sys.argv[1])
app = create_app(settings_for(f"sqlite:///{place}/pons.db"))
app.config["AUDIT_ANCHOR"] = place.parent / "anchor"
with app.app_context():
    upgrade()
    db.engine.dispose()
client = app.test_client()

def enter():
    page = client.get("/sign-in").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post("/sign-in", data={"email": "a@example.org", "password": "x", "csrf_token": token}).status_code

said = {"before": enter()}
filler = place / "filler"
with filler.open("wb", buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 4096)
    except OSError:
        pass
answers = [enter() for _ in range(12)]
said["full"] = answers[-1]
said["odd"] = sorted({each for each in answers if each not in (401, 503)})
said["help"] = client.get("/help").status_code
filler.unlink()
said["after"] = enter()
with app.app_context():
    said["whole"] = db.session.connection().exec_driver_sql("PRAGMA integrity_check").scalar()
    found = audit.verify(db.session(), {})
    said["entries"], said["broken"] = found.holding, found.broken
    said["written"] = 2 + answers.count(401)
print(json.dumps(said))
"""


@pytest.mark.only_on("sqlite")
def test_on_a_full_disk_acts_are_refused_and_go_on_when_there_is_room(store: object, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    inside = f'mount -t tmpfs -o size=6m none {tmp_path}/disk && exec {sys.executable} -c "$SCRIPT" {tmp_path}/disk'
    if shutil.which("unshare") is None:
        pytest.skip("this machine has no unshare")
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside],
        env=os.environ | {"SCRIPT": FULL}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine lets no process have a disk of its own")
    said = json.loads(done.stdout.splitlines()[-1])

    assert (said["before"], said["full"], said["after"]) == (401, 503, 401), done.stderr
    assert said["odd"] == []
    assert said["help"] == 200
    assert said["whole"] == "ok"
    assert said["broken"] is None
    assert said["entries"] == said["written"], "each that was answered is in the trail, and no other"
