"""Writing many rows at once, straight into a table, as the types of its columns say."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from referral.models import Base

AT_ONCE = 20_000
Row = dict[str, Any]


def put(session: Session, model: type[Base], rows: Iterable[Row]) -> None:
    """Write the rows. Each has the same columns, and every column that may not be empty."""
    table, stream = cast("Table", model.__table__), iter(rows)
    write = _copy if session.get_bind().dialect.name == "postgresql" else _insert
    while some := list(islice(stream, AT_ONCE)):
        write(session, table, some)


def _insert(session: Session, table: Table, rows: Sequence[Row]) -> None:
    session.connection().execute(insert(table), rows)


def _copy(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Hand the rows to PostgreSQL in one piece."""
    connection, names = session.connection(), list(rows[0])
    quote = connection.dialect.identifier_preparer.quote
    kinds = [table.c[name].type.dialect_impl(connection.dialect) for name in names]
    binders = [kind.bind_processor(connection.dialect) or _as_it_is for kind in kinds]
    listed = ", ".join(map(quote, names))
    with connection.connection.cursor().copy(f"COPY {quote(table.name)} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([bind(row[name]) for bind, name in zip(binders, names, strict=True)])


def _as_it_is(value: object) -> object:
    return value
