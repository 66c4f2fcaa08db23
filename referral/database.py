"""How the database is opened, so that an acknowledged act is never lost and never half done.

SQLite lets one transaction write at a time. PostgreSQL lets many: there, whoever reads in order to write takes
a lock first, in this order, so that nobody waits for somebody who waits for them: the row of the case
(:func:`held`), then names (:func:`one_at_a_time`), the wider name last; the widest is the trail's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
import pysqlite3
from sqlalchemy import Connection, Engine, Select, event, func, inspect, make_url, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction

Row = TypeVar("Row")

# Older SQLite may corrupt a file in WAL mode when two connections write at one moment.
FIXED_LINES = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: an acknowledged commit survives a power cut
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "trusted_schema": 0,
    "secure_delete": 1,  # what is deleted is overwritten, not only forgotten
    "cell_size_check": 1,
    "mmap_size": 0,
}
WAITING = "waiting"  # in a session: what is to be written when its reading is over
READING = "reading"  # in a session: whether its transaction only reads
AT_ONCE = 20
"""So many connections a process keeps open: two for each of its eight threads, and some.

One beyond that is closed when it is given back, and opening another costs more than most pages ask.
"""
MOST_PREPARED = 1000
"""So many statements a connection of PostgreSQL keeps planned: more than all pages have. Planning takes longer than
most of them run."""
AN_HOUR = 3600
"""A connection of SQLite knows no more than when it was opened of how much lies where (:func:`look_through`)."""
POSTGRESQL = {
    "lock_timeout": "5s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "20s",  # a page that hangs keeps its locks no longer than this
    "synchronous_commit": "on",  # an acknowledged commit survives a power cut
    "timezone": "UTC",
    "random_page_cost": "1.1",  # without moving heads an index is nearer than the rows: lists are counted in it
}
WRITTEN_ONCE = ("audit_entry",)
"""Tables to which the application's role may add, and nothing else."""
CANNOT_WRITE_SQLITE = frozenset({8, 10, 13, 14})  # READONLY, IOERR, FULL, CANTOPEN
CANNOT_WRITE_POSTGRESQL = frozenset({"25006", "53100", "58030"})  # read only, the disk is full, it fails
DATA_EXCEPTION = "22"  # the class of PostgreSQL's errors that quote a value in their first line


def is_safe_in_wal(version: tuple[int, ...]) -> bool:
    """Tell whether this SQLite has the mended WAL: its own line's mend, or anything after the last."""
    return version >= FIXED_LINES[-1] or any(
        version[:2] == line[:2] and version >= line for line in FIXED_LINES
    )


def engine_options(url: str, audit_key: str, audit_keys_before: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Give SQLAlchemy what it needs to open this database, and keep values out of its logs.

    SQLite is the one that we bring along, not the machine's. Whoever writes to the trail finds its key among
    the options of the connection, whatever session it is, and whoever verifies it those of before
    (:class:`referral.audit.OldKey`).

    Raises:
        ValueError: it is neither SQLite nor PostgreSQL, or there is no key.

    """
    if not audit_key:
        raise ValueError("AUDIT_KEY is empty: the audit trail cannot be sealed")
    trail = {"audit_key": audit_key, "audit_keys_before": audit_keys_before}
    options: dict[str, Any] = {"hide_parameters": True, "execution_options": trail}
    kind = make_url(url).get_backend_name()
    if kind == "sqlite":
        return options | {"module": pysqlite3, "pool_recycle": AN_HOUR}
    if kind != "postgresql":
        raise ValueError(f"DATABASE_URL names {kind}; Pons keeps its data in sqlite or postgresql")
    settings = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL.items())
    return options | {
        "connect_args": {"options": settings, "application_name": "pons"},
        "isolation_level": "READ COMMITTED",
        "pool_pre_ping": True,  # the server may have been restarted since
    }


def pool_options(url: str) -> dict[str, Any]:
    """Give how many connections a process that answers keeps open; what lies in memory has one."""
    place = make_url(url)
    if place.get_backend_name() == "sqlite" and place.database in (None, "", ":memory:"):
        return {}
    return {"pool_size": AT_ONCE, "pool_use_lifo": True}  # the one used last has most of its plans


def prepare(engine: Engine) -> None:
    """Set up what holds for every connection and every transaction.

    Raises:
        RuntimeError: the SQLite at hand may corrupt the file.

    """
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", keep_plans)
        event.listen(engine, "handle_error", silence_values)
        event.listen(engine, "checkin", leave_writing_to_the_server)
        return
    if not is_safe_in_wal(pysqlite3.sqlite_version_info):
        raise RuntimeError(f"SQLite {pysqlite3.sqlite_version} may corrupt the database: use 3.51.3 or newer")

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver stops opening transactions of its own
        apply_pragmas(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql(f"PRAGMA query_only={reading:d}")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def apply_pragmas(connection: Any) -> None:
    """Set the pragmas and read each back, since SQLite says nothing about one that it does not know."""
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone() or (None,)
        if found != value:
            raise RuntimeError(f"SQLite keeps {name} at {found!r} where {value!r} is needed")


def keep_plans(connection: Any, _record: object) -> None:
    """Let a connection keep what it has planned; the driver forgets all but a hundred."""
    connection.prepared_max = MOST_PREPARED


def leave_writing_to_the_server(connection: Any, _record: object) -> None:
    """Ask for no right to write by ourselves, as SQLAlchemy does after a transaction that only read."""
    if connection is not None and not connection.closed:
        connection.read_only = None


def silence_values(context: ExceptionContext) -> None:
    """Take out of an error of PostgreSQL what it quotes of a row: that would go into the log."""
    refused = context.original_exception
    if not isinstance(refused, psycopg.Error) or refused.diag.message_primary is None:
        return
    quotes = (refused.sqlstate or "").startswith(DATA_EXCEPTION)
    said = type(refused).__name__ if quotes else refused.diag.message_primary
    refused.args = (said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(refused).__name__}) {said}",)


def cannot_write(error: DBAPIError) -> bool:
    """Tell whether the database has no place to write: the disk is full, fails, or lets nobody write."""
    refused = error.orig
    if isinstance(refused, psycopg.Error):
        return refused.sqlstate in CANNOT_WRITE_POSTGRESQL
    return getattr(refused, "sqlite_errorcode", 0) & 0xFF in CANNOT_WRITE_SQLITE


def begin_reading(session: Session) -> None:
    """Begin a transaction that only reads: it waits for nobody, and sees the data as at one moment.

    Every other transaction takes SQLite's one place for a writer when it begins, because a transaction that
    turns writer half-way is refused. Whoever writes nothing may begin here; what is written all the same is
    refused by the database. What is to be written of it waits until it is over (:func:`after_reading`).
    """
    if is_reading(session):
        return
    options: dict[str, Any] = {"reading": True}
    if session.get_bind().dialect.name == "postgresql":  # without writing, REPEATABLE READ never fails
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    opened = session.connection(execution_options=options)
    session.info[READING] = bool(opened.get_execution_options().get("reading", False))


@contextmanager
def looking(session: Session) -> Iterator[None]:
    """Look, in a transaction of its own that only reads, for what is to be done: who looks keeps nobody from writing.

    What is open ends before it. Whoever does the thing afterwards looks once more, at that alone.
    """
    session.commit()
    begin_reading(session)
    yield
    session.commit()


def is_reading(session: Session) -> bool:
    """Whether a transaction that only reads is open. No database is asked: it may be gone by now."""
    return bool(session.info.get(READING, False))


def after_reading(session: Session, write: Callable[[], object]) -> None:
    """Write at once; where the transaction only reads, once it is over: so no reader keeps others from writing."""
    if is_reading(session):
        session.info.setdefault(WAITING, []).append(write)
    else:
        write()


def finish_reading(session: Session) -> None:
    """End the reading, and write what waited until it was over, in a transaction of its own.

    It ends as if it had been done: after a rollback psycopg forgets what its connection has planned.
    """
    waiting = session.info.pop(WAITING, ())
    if is_reading(session):
        session.commit()
    if not waiting:
        return
    for write in waiting:
        write()
    session.commit()


def forget_reading(session: Session) -> None:
    """Leave what waited unwritten: nothing is shown after all."""
    session.info.pop(WAITING, None)


@event.listens_for(Session, "after_transaction_end")
def _no_longer_reading(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(READING, None)


@event.listens_for(Session, "after_soft_rollback")
def _forget_what_was_rolled_back(session: Session, ended: SessionTransaction) -> None:
    """Let what waited go with the reading that is rolled back, as it would go had it been written at once."""
    if ended.parent is None:  # not only to a savepoint
        forget_reading(session)


def look_through(session: Session) -> None:
    """Let SQLite look through what has grown since it last did, so that it knows which index leads to fewest rows.

    PostgreSQL does that by itself. Without, SQLite takes every index for equally good, and asks ten thousand rows
    where fifty would do. It costs next to nothing while nothing has grown much.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA optimize=0x10002")


def held(wanted: Select[Row], of: type[Any], *, skip_locked: bool = False) -> Select[Row]:
    """Let nobody else change the rows that are read, until the transaction ends, and read them as they are now.

    Rows that refer to them may be written meanwhile (``FOR NO KEY UPDATE``). Whoever writes one twice in a
    transaction looks again at what it refers to: under the stronger lock, an agenda that is numbered anew waited
    for whoever signs one of its cases, who waited for the agenda.
    """
    locked = wanted.with_for_update(of=of, key_share=True, skip_locked=skip_locked)
    return locked.execution_options(populate_existing=True)


def one_at_a_time(session: Session, name: str) -> None:
    """Let only one transaction at a time go on from here under this name, until it ends.

    For what is read in order to write and has no row to lock, such as the next free number. On SQLite every
    transaction that writes is alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def grant(connection: Connection, role: str) -> None:
    """Let PostgreSQL's role of the application use the tables as they now are, and change none of them.

    What is written once it may read and add to, no more; which migrations were run it may read.
    """
    quote = connection.dialect.identifier_preparer.quote
    role, there = quote(role), inspect(connection).get_table_names()
    orders = [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
    ]
    orders += [
        f"REVOKE UPDATE, DELETE ON {quote(table)} FROM {role}" for table in WRITTEN_ONCE if table in there
    ]
    for order in orders:
        connection.exec_driver_sql(order)
