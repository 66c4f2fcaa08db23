"""How the database is opened, so that an acknowledged act is never lost and never half done."""

from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

# Older SQLite may corrupt a file in WAL mode when two connections write at one moment.
FIXED_LINES = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: an acknowledged commit survives a power cut
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
}


def is_safe_in_wal(version: tuple[int, ...]) -> bool:
    """Tell whether this SQLite has the mended WAL: its own line's mend, or anything after the last."""
    return version >= FIXED_LINES[-1] or any(
        version[:2] == line[:2] and version >= line for line in FIXED_LINES
    )


def engine_options(url: str) -> dict[str, Any]:
    """Give SQLAlchemy the SQLite that we bring along, not the machine's, and keep values out of its logs."""
    options: dict[str, Any] = {"hide_parameters": True}
    return options | {"module": pysqlite3} if url.startswith("sqlite") else options


def prepare(engine: Engine) -> None:
    """Set every new SQLite connection up, and begin every transaction that may write as a writer."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver stops opening transactions of its own
        apply_pragmas(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def apply_pragmas(connection: Any) -> None:
    """Set the pragmas and read each back, since SQLite says nothing about one that it does not know."""
    wanted = dict(PRAGMAS)
    if not is_safe_in_wal(pysqlite3.sqlite_version_info):
        wanted["journal_mode"] = "delete"
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name}={value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone() or (None,)
        if found != value:
            raise RuntimeError(f"SQLite keeps {name} at {found!r} where {value!r} is needed")


def begin_reading(session: Session) -> None:
    """Begin a transaction that only reads and so waits for nobody.

    Every other transaction takes the one writer's place when it begins, because a transaction that turns
    writer half-way is refused. Whoever writes nothing, not even to the trail, may begin here.
    """
    session.connection(execution_options={"reading": True})
