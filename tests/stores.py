"""Where tests keep their databases: files of SQLite, or databases on a PostgreSQL server of the run's own."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

OWNER, APPLICATION = "owner", "pons"  # who makes the tables, and who may only use them
NO_WAITING = ("fsync", "full_page_writes", "autovacuum")  # for a server that nobody needs tomorrow
SECONDS_TO_START = 30
PR_SET_PDEATHSIG = 1
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that only we can read is made in it; a third faster than the disk


class Store(Protocol):
    """One kind of database. An address is a ``DATABASE_URL``."""

    def blank(self) -> str:
        """The address of a new database without a table, for its owner."""

    def copy(self, address: str) -> str:
        """The address of a new database that holds what another holds, to which nobody is connected."""

    def drop(self, address: str) -> None:
        """Take a database away."""

    def for_application(self, address: str) -> str:
        """The same database as the application opens it, which does not own it."""


class Sqlite:
    """A file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def blank(self) -> str:
        return f"sqlite:///{self.folder / uuid4().hex}.db"

    def copy(self, address: str) -> str:
        copied = self.blank()
        shutil.copy(_file(address), _file(copied))
        return copied

    def drop(self, address: str) -> None:
        for end in ("", "-wal", "-shm"):
            _file(address + end).unlink(missing_ok=True)

    def for_application(self, address: str) -> str:
        return address


def _file(address: str) -> Path:
    return Path(address.removeprefix("sqlite:///"))


@contextmanager
def held_in_memory(store: Store, address: str) -> Iterator[str]:
    """A copy of a database for thousands of acts: a file of SQLite lies in memory, where no act waits for a disk."""
    if not isinstance(store, Sqlite) or not IN_MEMORY.is_dir():
        copied = store.copy(address)
        yield copied
        store.drop(copied)
        return
    with tempfile.TemporaryDirectory(prefix="pons-sqlite-", dir=IN_MEMORY) as folder:
        copied = Sqlite(Path(folder)).blank()
        shutil.copy(_file(address), _file(copied))
        yield copied


class Postgresql:
    """A database each, on the server whose socket lies in ``folder``."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def blank(self) -> str:
        return self._create("template0")

    def copy(self, address: str) -> str:
        return self._create(_name(address))

    def drop(self, address: str) -> None:
        self._order(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(_name(address))))

    def for_application(self, address: str) -> str:
        return address.replace(f"://{OWNER}@", f"://{APPLICATION}@")

    def _create(self, template: str) -> str:
        name = uuid4().hex
        create = SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy")
        self._order(create.format(Identifier(name), Identifier(OWNER), Identifier(template)))
        return f"postgresql+psycopg://{OWNER}@/{name}?host={self.folder}"

    def _order(self, statement: object) -> None:
        with psycopg.connect(host=self.folder, user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute(statement)  # type: ignore[call-overload]  # composed of a literal and names


def _name(address: str) -> str:
    return address.partition("@/")[2].partition("?")[0]


class Server:
    """A PostgreSQL server in a folder of its own, reached through the socket there and by nobody else.

    ``lasting``: what it has acknowledged outlives its own end, as in earnest; for tests that end it.
    """

    def __init__(self, *, lasting: bool = False) -> None:
        self.lasting = lasting
        self.folder = Path(
            tempfile.mkdtemp(prefix="pons-postgresql-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
        )
        self.user = None if os.getuid() else "postgres"  # it does not run as root
        if self.user:
            os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        # Sorted and folded as in a hospital's own language, so not as SQLite does.
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-GB")
        subprocess.run(
            [find_programs() / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync", *locale],
            user=self.user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        process = self.run()
        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as server:
            for role in (OWNER, APPLICATION):
                server.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
        return process

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def run(self) -> "subprocess.Popen[bytes]":
        """Start the server on what lies in its folder, and wait until it answers."""
        settings = ["listen_addresses=", *(f"{name}=off" for name in NO_WAITING if not self.lasting)]
        options = [part for setting in settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [find_programs() / "postgres", "-D", self._data, "-k", self.folder, *options],
                user=self.user, cwd=self.folder, stdout=log, stderr=log, preexec_fn=_end_with_parent,
            )  # fmt: skip
        self._wait(process)
        return process

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end and process.poll() is None:
            try:
                psycopg.connect(host=str(self.folder), user="postgres").close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise RuntimeError("PostgreSQL did not start: " + (self.folder / "log").read_text())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS_TO_START)
        shutil.rmtree(self.folder)


def _end_with_parent() -> None:
    """Have the kernel stop the server when the run that started it is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def find_programs() -> Path:
    """The folder of PostgreSQL's programs: the newest that Debian keeps, or where the path leads."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    found = installed[-1] if installed else Path(on_path).parent if on_path else None
    if found is None:
        raise RuntimeError("PostgreSQL is not installed: .ci/packages test")
    return found
