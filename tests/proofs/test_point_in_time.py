"""PostgreSQL is lost without a word, and comes back to its last moment, or to a moment that is named."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from referral import audit, auth, clock
from referral.extensions import db
from referral.models import AuditEntry, UserSession
from tests.conftest import seat_people, settings_for
from tests.keeping.places import furnish
from tests.proofs import report
from tests.proofs.sizes import size
from tests.stores import Postgresql, Server, find_programs

ACTS = size("POINT_ACTS", 60, 3_000)
MOST_LOST = 5.0  # seconds
STARTED_WITHIN = 120


class House:
    """A PostgreSQL that keeps its log elsewhere, and what is needed to bring it back."""

    def __init__(self) -> None:
        self.server = Server()
        self.elsewhere = Path(tempfile.mkdtemp(prefix="pons-elsewhere-"))
        self.stream: subprocess.Popen[bytes] | None = None
        for name in ("wal", "stream"):
            self._own(self.elsewhere / name)
        if self.server.user:
            os.chown(self.elsewhere, pwd.getpwnam(self.server.user).pw_uid, -1)
        self._stop(self.server.process)
        archive = f"archive_command = 'cp %p {self.elsewhere}/wal/%f'"
        with (self.server.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(f"\nlisten_addresses = ''\nfsync = off\narchive_mode = on\n{archive}\n")
        self.server.process = self.start(self.server.folder / "data", self.server.folder)

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self.server.user:
            os.chown(folder, pwd.getpwnam(self.server.user).pw_uid, -1)

    def run(self, tool: str, *options: str) -> None:
        words: list[str | Path] = [
            find_programs() / tool,
            "-h",
            self.server.folder,
            "-U",
            "postgres",
            *options,
        ]
        subprocess.run(words, user=self.server.user, cwd=self.elsewhere, check=True, capture_output=True)

    def follow(self) -> None:
        """Let another machine follow the log."""
        program, where = find_programs() / "pg_receivewal", self.elsewhere / "stream"
        words: list[str | Path] = [
            program,
            "-h",
            self.server.folder,
            "-U",
            "postgres",
            "-D",
            where,
            "--synchronous",
        ]
        self.stream = subprocess.Popen(
            words,
            user=self.server.user,
            cwd=self.elsewhere,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._until(lambda: any((self.elsewhere / "stream").iterdir()), "nobody follows the log")

    def start(self, data: Path, folder: Path) -> "subprocess.Popen[bytes]":
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [find_programs() / "postgres", "-D", data, "-k", folder],
                user=self.server.user, cwd=folder, stdout=log, stderr=log,
            )  # fmt: skip
        self._until(lambda: self._writes(folder), (folder / "log").read_text)
        return process

    def _writes(self, folder: Path) -> bool:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres") as server,
        ):
            (recovering,) = server.execute("SELECT pg_is_in_recovery()").fetchone() or (True,)
            return not recovering
        return False

    def _until(self, holds: Callable[[], bool], said: "str | Callable[[], str]") -> None:
        end = time.monotonic() + STARTED_WITHIN
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError(said if isinstance(said, str) else said())
            time.sleep(0.1)

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        process.wait(STARTED_WITHIN)

    def lose(self) -> None:
        """End the server without a word, and with it the disk it had."""
        self.server.process.kill()
        self.server.process.wait(STARTED_WITHIN)
        if self.stream:
            self.stream.terminate()
            self.stream.wait(STARTED_WITHIN)
        shutil.rmtree(self.server.folder / "data")

    @contextmanager
    def back(self, name: str, target: datetime | None = None) -> Iterator[Path]:
        """Bring the base back with the log, up to a moment or as far as there is, on a server of its own."""
        folder = self.elsewhere / name
        self._own(folder)
        words = ["cp", "-a", str(self.elsewhere / "base"), str(folder / "data")]
        subprocess.run(words, user=self.server.user, cwd=folder, check=True)
        wal, stream = self.elsewhere / "wal", self.elsewhere / "stream"
        fetch = f"cp {wal}/%f %p || cp {stream}/%f %p || cp {stream}/%f.partial %p"
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"\narchive_mode = off\nrestore_command = '{fetch}'\nrecovery_target_action = 'promote'\n"
            )
            if target is not None:
                settings.write(f"recovery_target_time = '{target.isoformat()}'\n")
        (folder / "data" / "recovery.signal").touch()
        process = self.start(folder / "data", folder)
        try:
            yield folder
        finally:
            self._stop(process)

    def close(self) -> None:
        for process in (self.stream, self.server.process):
            if process and process.poll() is None:
                process.kill()
                process.wait(STARTED_WITHIN)
        shutil.rmtree(self.server.folder, ignore_errors=True)
        shutil.rmtree(self.elsewhere, ignore_errors=True)


@pytest.fixture
def lost() -> Iterator[House]:
    house = House()
    yield house
    house.close()


@contextmanager
def opened(address: str, folder: Path) -> Iterator[Flask]:
    folder.mkdir()
    app = create_app(settings_for(address))
    furnish(app, folder)
    yield app
    with app.app_context():
        db.engine.dispose()


def act(session: Session) -> tuple[int, datetime]:
    """One act, and when it was acknowledged."""
    number = audit.record(session, None, "list_read").id
    session.commit()
    return number, clock.now()


def entries(app: Flask) -> set[int]:
    with app.app_context(), Session(db.engine) as session:
        return set(session.scalars(select(AuditEntry.id)))


@pytest.mark.only_on("postgresql")
def test_a_server_that_is_lost_comes_back_to_its_last_moment_or_to_one_that_is_named(
    lost: House,
    store: object,
    tmp_path: Path,
    password_hash: str,
    record_property: Callable[[str, object], None],
) -> None:
    address = Postgresql(str(lost.server.folder)).blank()
    with opened(address, tmp_path / "before") as app:
        with app.app_context():
            upgrade()
            engine = db.engine
        lost.run("pg_basebackup", "-D", str(lost.elsewhere / "base"), "-X", "none", "-c", "fast")
        lost.follow()
        with Session(engine, expire_on_commit=False) as session:
            auth.open_session(session, seat_people(session, password_hash)["chair"])
            session.commit()
            first = [act(session) for _ in range(ACTS // 2)]
            time.sleep(0.2)
            moment = clock.now()
            time.sleep(0.2)
            second = [act(session) for _ in range(ACTS // 2)]
        time.sleep(1)  # what is on its way arrives
        ended = clock.now()
        engine.dispose()
        lost.lose()

    acts = dict(first + second)
    began = time.perf_counter()
    with lost.back("last") as folder, opened(elsewhere(address, folder), tmp_path / "last") as app:
        seconds = time.perf_counter() - began
        there = entries(app)
        missing = [at for number, at in acts.items() if number not in there]
        behind = (ended - min(missing)).total_seconds() if missing else 0.0
        settled = app.test_cli_runner().invoke(args=["restore", "--settle"])
        with app.app_context(), Session(db.engine) as session:
            holds, signed_in = audit.verify(session, {}), session.scalars(select(UserSession)).all()
    with lost.back("named", moment) as folder, opened(elsewhere(address, folder), tmp_path / "named") as app:
        then = entries(app)

    assert settled.exit_code == 0, settled.output
    assert (holds.broken, signed_in) == (None, [])
    assert behind <= MOST_LOST
    assert then & acts.keys() == {number for number, _ in first}, "all before that moment, and none after it"
    figures = {"acts": len(acts), "lost": len(missing), "seconds lost": f"{behind:.1f}",
               "seconds until it answers": f"{seconds:.1f}", "at the named moment too many or too few": 0}  # fmt: skip
    for what, many in figures.items():
        record_property("counted", f"point in time, {what}: {many}")
    report.write("point-in-time", "Point in time on PostgreSQL", figures, {
        "asked for a moment in between": f"{len(acts) - len(first)} acts after it are not there",
    })  # fmt: skip


def elsewhere(address: str, folder: Path) -> str:
    """The same database on another server."""
    return f"{address.partition('?')[0]}?host={folder}"
