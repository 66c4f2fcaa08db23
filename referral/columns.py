"""How our values lie in the database: exact, refused when they are not what they claim to be.

SQLite keeps our tables STRICT, which knows text, integers and bytes only; PostgreSQL has its own types.
What says who a patient is, or what was written about one, is sealed (:class:`Sealed`).
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from referral.sealing import Ring

RINGS: WeakKeyDictionary[Dialect, Ring] = WeakKeyDictionary()
"""With which keys each engine seals and opens, by its dialect: that is what a column is told."""


def ring_of(session: Session) -> Ring:
    """Give the keys with which this session seals and opens."""
    return RINGS[session.get_bind().dialect]


class Line(TypeDecorator[str]):
    """Text. What PostgreSQL does not store (NUL) is shown as unreadable, wherever it is typed, on every store."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Put a visible mark in its place."""
        return None if value is None else value.replace("\0", "\ufffd")


class Sign(Line):
    """Text that is compared sign by sign, on every store alike, and not as a language sorts it."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Take PostgreSQL's own order off; SQLite has no other."""
        return dialect.type_descriptor(Text(collation="C" if dialect.name == "postgresql" else None))


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. A naive one is refused."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose text of fixed width on SQLite, so that order is time; a timestamp elsewhere."""
        kind = Text() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a time zone: take it from clock.now()")
        moment = value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give it back in UTC."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


class Id(TypeDecorator[UUID]):
    """A random identifier."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose text on SQLite, uuid elsewhere."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Uuid())

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Take a UUID only: a string that looks like one is a mistake upstream."""
        if value is None:
            return None
        if not isinstance(value, UUID):
            raise TypeError(f"an id is a UUID, not {type(value).__name__}")
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Give it back as a UUID."""
        return UUID(value) if isinstance(value, str) else value


class Flag(TypeDecorator[bool]):
    """True or false, nothing that only resembles it."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose an integer on SQLite, boolean elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """Refuse what is not a bool."""
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"expected true or false, not {value!r}")
        return int(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """Give it back as a bool."""
        return None if value is None else bool(value)


class Json(TypeDecorator[Any]):
    """Plain data as canonical JSON text, the same on every store, so that its digest can be checked again.

    A change inside a stored value is not noticed: assign a new one.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write sorted, without NaN."""
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read it back."""
        return None if value is None else json.loads(value)


class Sealed(TypeDecorator[Any]):
    """Text, JSON or bytes that nobody reads in the database without the keys.

    ``place`` is where it lies, ``table.column``: it opens nowhere else. What is empty holds nothing to hide, and is
    left so. The same value is never sealed alike twice, so it is asked for by nothing: a comparison is a mistake.
    """

    impl = Text
    cache_ok = True

    def __init__(self, place: str, kind: Line | Json | LargeBinary) -> None:
        super().__init__()
        self.place, self.kind = place, kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep bytes as bytes, all else as text."""
        if isinstance(self.kind, LargeBinary):
            return dialect.type_descriptor(LargeBinary())
        return super().load_dialect_impl(dialect)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Refuse to look for it."""
        if op in (operators.is_, operators.is_not):
            return super().coerce_compared_value(op, value)
        raise TypeError(f"{self.place} is sealed: it is found by a digest, or not at all")

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Seal it."""
        if isinstance(self.kind, LargeBinary):
            return RINGS[dialect].seal(self.place, value) if value else value
        plain = self.kind.process_bind_param(value, dialect)
        return RINGS[dialect].seal_text(self.place, plain) if plain else plain

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Open it. Raises as :meth:`referral.sealing.Ring.open` does."""
        if not value:
            return value
        if isinstance(self.kind, LargeBinary):
            return RINGS[dialect].open(self.place, bytes(value))
        plain = RINGS[dialect].open_text(self.place, value)
        return json.loads(plain) if isinstance(self.kind, Json) else plain


class Word(TypeDecorator[StrEnum]):
    """One word of a closed list."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """Refuse a word that is not in the list."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        """Give it back as a member of the list."""
        return None if value is None else self.words(value)


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """Say in the database, too, which words a column takes."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
