"""Watching a database: triggers of the test's own note each row that is put in, changed or taken away.

So a test can say that nothing changed, or what did, without reading forty tables. What is rolled back was never noted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.orm import Session

from referral.extensions import db
from tests.stores import APPLICATION

DEEDS = ("INSERT", "UPDATE", "DELETE")
OF_THE_HOUSE = frozenset({"user_session", "sign_in_attempt", "looking"})
"""Who is signed in, and who looks on: no part of anybody's case, and touched by reading a page."""
TRAIL = "audit_entry"


@dataclass(frozen=True)
class Noted:
    """One change of one row: in which table, what was done, of which case, and from which state to which."""

    id: int
    table: str
    deed: str
    case: str | None
    before: str | None
    after: str | None


def tables() -> Iterable[Table]:
    return sorted(db.metadata.tables.values(), key=lambda table: table.name)


def watch(owner: Engine) -> None:
    """Put the triggers in, as the owner of the database can."""
    with owner.begin() as connection:
        postgresql = connection.dialect.name == "postgresql"
        number = "BIGSERIAL" if postgresql else "INTEGER"
        columns = '"table" TEXT, deed TEXT, "case" TEXT, before TEXT, after TEXT'
        connection.execute(text(f"CREATE TABLE watched (id {number} PRIMARY KEY, {columns})"))
        if postgresql:
            connection.execute(text(f"GRANT SELECT, INSERT, DELETE ON watched TO {APPLICATION}"))
            connection.execute(text(f"GRANT USAGE ON SEQUENCE watched_id_seq TO {APPLICATION}"))
        for table in tables():
            for deed in DEEDS:
                _note(connection, table, deed, postgresql=postgresql)


def _note(connection: Connection, table: Table, deed: str, *, postgresql: bool) -> None:
    """Put one trigger in: it notes the case of the row, and of a case the state before and after."""
    row = "OLD" if deed == "DELETE" else "NEW"
    column = "id" if table.name == "referral" else "referral_id" if "referral_id" in table.c else None
    case = f"CAST({row}.{column} AS TEXT)" if column else "NULL"
    moves = table.name == "referral" and deed == "UPDATE"
    states = "OLD.state, NEW.state" if moves else "NULL, NULL"
    values = f"'{table.name}', '{deed}', {case}, {states}"
    insert = f'INSERT INTO watched ("table", deed, "case", before, after) VALUES ({values});'  # noqa: S608  # our own names
    name = f"watch_{table.name}_{deed.lower()}"
    if postgresql:
        body = f"BEGIN {insert} RETURN NULL; END"
        connection.execute(
            text(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")  # as above
        )
        done = f"EXECUTE FUNCTION {name}()"
    else:
        done = f"BEGIN {insert} END"
    connection.execute(text(f'CREATE TRIGGER {name} AFTER {deed} ON "{table.name}" FOR EACH ROW {done}'))


def last(session: Session) -> int:
    """The last note so far."""
    return int(session.scalar(text("SELECT coalesce(max(id), 0) FROM watched")) or 0)


def since(session: Session, mark: int) -> list[Noted]:
    """What was noted after ``mark``."""
    rows = session.execute(
        text('SELECT id, "table", deed, "case", before, after FROM watched WHERE id > :mark ORDER BY id'),
        {"mark": mark},
    )
    return [Noted(*row) for row in rows]


def changes(noted: Iterable[Noted]) -> list[Noted]:
    """What of it is more than an entry in the trail, a session, or somebody's looking on."""
    return [each for each in noted if each.table != TRAIL and each.table not in OF_THE_HOUSE]
