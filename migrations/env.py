"""How the tables are changed: whole or not at all, and never at the cost of rows that refer to others."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from referral.columns import Word

database = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our column types by name; a word's list stands in its CHECK, so its column is plain text."""
    if kind == "type" and type(item).__module__ == "referral.columns":
        return "sa.Text()" if isinstance(item, Word) else f"columns.{type(item).__name__}()"
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction and look for orphans before it ends."""
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_item=render_item,
        transactional_ddl=True,  # SQLite can; half a migration would be the end of the next one
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if orphans:
                raise RuntimeError(f"the migration would leave rows that refer to nothing: {orphans[:5]}")


with database.engine.connect() as connection:
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:  # changing a table drops it; with foreign keys on, that takes other rows along
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    try:
        migrate(connection)
    finally:
        if on_sqlite:
            connection.connection.execute("PRAGMA foreign_keys=ON")
