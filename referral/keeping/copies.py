"""A copy of the whole database while people work with it, and the way back: SQLite's own, or PostgreSQL's tools."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import URL, Connection, Engine, Row, create_engine, inspect, make_url
from sqlalchemy.pool import NullPool

from referral import database
from referral.errors import PonsError
from referral.keeping.archive import DATABASES, Counted

AT_ONCE = 2000
ALL = 2**256
ASIDE = "replaced_"
"""What a database that was replaced is called, before the moment: it is put aside and not deleted."""


class CopyError(PonsError):
    """The database could not be copied or brought back. Its text says why and what to do."""


@dataclass(frozen=True)
class Copy:
    """A copy that was made: its file, and what was counted in it."""

    path: Path
    tables: dict[str, Counted]
    revision: str
    head: tuple[int, str] | None
    files: tuple[str, ...]
    """The names under which the files of the cases are stored that it knows."""


def copy(engine: Engine, audit_key: str, folder: Path) -> Copy:
    """Copy the database as it is at one moment into a file of the folder; what is read of it, is of that moment.

    Raises:
        CopyError: there is no room, or a tool is missing.

    """
    path = folder / DATABASES[engine.dialect.name]
    if engine.dialect.name == "sqlite":
        _vacuum(Path(engine.url.database or ""), path)
        address = f"sqlite:///{path}"
        copied = create_engine(address, **database.engine_options(address, audit_key), poolclass=NullPool)
        with copied.connect() as connection:
            return Copy(path, **_look(connection))
    with engine.connect() as connection:
        read_at_leisure(connection)
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        _run("pg_dump", engine.url, "--format=custom", "--compress=1", "--no-owner", "--no-privileges",
             f"--exclude-schema={ASIDE}*", f"--snapshot={snapshot}", f"--file={path}")  # fmt: skip
        return Copy(path, **_look(connection))


def _vacuum(source: Path, target: Path) -> None:
    """Let SQLite write a clean copy: one reader more, who holds up nobody."""
    connection = pysqlite3.connect(f"file:{source}?mode=ro", uri=True)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    except pysqlite3.Error as error:
        raise CopyError(f"The database could not be copied: {error}. There may be no room.") from error
    finally:
        connection.close()
    target.chmod(0o600)


def read_at_leisure(connection: Connection) -> None:
    """Begin a transaction that sees one moment for as long as it takes, and changes nothing."""
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {name} = 0")


def _look(connection: Connection) -> dict[str, Any]:
    head = connection.exec_driver_sql("SELECT id, digest FROM audit_entry ORDER BY id DESC LIMIT 1").first()
    files = connection.exec_driver_sql("SELECT stored_as FROM attachment ORDER BY stored_as").scalars()
    return {
        "tables": count(connection),
        "revision": str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()),
        "head": (int(head[0]), str(head[1])) if head else None,
        "files": tuple(files),
    }


def count(connection: Connection) -> dict[str, Counted]:
    """Count and digest each table as it lies there, whatever release made it; the same on either database."""
    quote = connection.dialect.identifier_preparer.quote
    return {name: _count(connection, quote(name)) for name in sorted(inspect(connection).get_table_names())}


def _count(connection: Connection, table: str) -> Counted:
    rows, total = 0, 0
    with connection.execution_options(yield_per=AT_ONCE).exec_driver_sql(f"SELECT * FROM {table}") as found:  # noqa: S608 - a name that the database gave
        for row in found:
            rows += 1
            total += int.from_bytes(sha256(_plain(row)).digest())
    return Counted(rows, f"{total % ALL:064x}")


def _plain(row: Row[Any]) -> bytes:
    return repr([each if isinstance(each, str | None) else _told(each) for each in row]).encode(
        errors="surrogatepass"
    )


def _told(value: Any) -> Any:
    """Write a value so that it is the same on either database, and after the way there and back."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes | memoryview):
        return sha256(value).hexdigest()
    return int(value) if isinstance(value, int) else str(value)


# The way back


def is_empty(engine: Engine) -> bool:
    """Tell whether there is no table yet; a file that is not there is not made by asking."""
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        if not path.exists() or path.stat().st_size == 0:
            return True
    with engine.connect().execution_options(reading=True) as connection:
        return not inspect(connection).get_table_names()


def put_aside(engine: Engine, stamp: str) -> str:
    """Give the database that is there another name, so that nothing of it is lost; say which."""
    aside = f"{ASIDE}{stamp}"
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        engine.dispose()
        for end in ("", "-wal", "-shm"):
            old = path.with_name(path.name + end)
            if old.exists():
                old.rename(path.with_name(f"{path.name}.{aside}{end}"))
        return f"{path.name}.{aside}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER SCHEMA public RENAME TO {aside}")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return f"schema {aside}"


def put_back(engine: Engine, copied: Path) -> None:
    """Bring a copy back into an empty place.

    Raises:
        CopyError: it does not hold together, or a tool is missing or says no.

    """
    if engine.dialect.name == "sqlite":
        _check_sqlite(copied)
        engine.dispose()
        shutil.move(copied, Path(engine.url.database or ""))
        return
    _run("pg_restore", engine.url, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
         f"--dbname={_without_password(engine.url)}", str(copied), names_database=True)  # fmt: skip


def _check_sqlite(path: Path) -> None:
    connection = pysqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        (whole,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    except pysqlite3.Error as error:
        raise CopyError(f"The database in it cannot be read: {error}.") from error
    finally:
        connection.close()
    if whole != "ok":
        raise CopyError(f"The database in it is damaged: {whole}.")
    if orphan:
        raise CopyError(f"A row of {orphan[0]} in it refers to nothing.")


def _run(tool: str, url: URL, *options: str, names_database: bool = False) -> None:
    """Run one of PostgreSQL's programs. The password goes by the environment, where no list of processes shows it."""
    program = shutil.which(tool)
    if program is None:
        raise CopyError(
            f"{tool} is not installed: it comes with PostgreSQL's client, of the server's version or newer"
            " (Debian: postgresql-client)."
        )
    target = () if names_database else (_without_password(url),)
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    done = subprocess.run(  # noqa: S603 - a program found on the path, with arguments of ours
        [program, *options, *target], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CopyError(f"{tool} says: {(done.stderr.strip().splitlines() or ['nothing'])[0]}")


def _without_password(url: URL) -> str:
    """Write the address as PostgreSQL's own tools read it."""
    plain = make_url(url).set(drivername="postgresql", password=None)
    return plain.render_as_string(hide_password=False)
