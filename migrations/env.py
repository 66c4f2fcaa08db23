"""How the tables are changed: whole or not at all, and never at the cost of rows that refer to others."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from referral import database
from referral.columns import Line, Word

db = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our column types by name; a word's list stands in its CHECK, so its column is plain text."""
    if kind == "type" and type(item).__module__ == "referral.columns":
        return "sa.Text()" if isinstance(item, Line | Word) else f"columns.{type(item).__name__}()"
    return False


def wait_for_our_turn(connection: Connection) -> None:
    """Take our turn on PostgreSQL among processes that migrate, and the time that it takes.

    A table that somebody uses is still waited for as shortly as ever: who waits for it holds up all others.
    """
    for statement in (
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        "SET LOCAL lock_timeout = 0",
        "SELECT pg_advisory_xact_lock(hashtextextended('migrations', 0))",
        f"SET LOCAL lock_timeout = '{database.POSTGRESQL['lock_timeout']}'",
    ):
        connection.exec_driver_sql(statement)


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction, one process at a time, and look for orphans before it ends."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        transactional_ddl=True,  # SQLite can; half a migration would be the end of the next one
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            wait_for_our_turn(connection)
        context.run_migrations()
        if connection.dialect.name == "postgresql" and current_app.config["DATABASE_ROLE"]:
            database.grant(connection, current_app.config["DATABASE_ROLE"])
        if connection.dialect.name == "sqlite":
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if orphans:
                raise RuntimeError(f"the migration would leave rows that refer to nothing: {orphans[:5]}")


with db.engine.connect() as connection:
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:  # changing a table drops it; with foreign keys on, that takes other rows along
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    try:
        migrate(connection)
    finally:
        if on_sqlite:
            connection.connection.execute("PRAGMA foreign_keys=ON")
