"""What all tables share: their column types, and strictness."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase

from referral.columns import Flag, Id, Json, Line, UtcTime, Word
from referral.extensions import db
from referral.workflow import Role, State

STRICT = {"sqlite_strict": True}  # without it SQLite lets 'abc' into a column of integers


class OrganisationKind(StrEnum):
    """Who sends and who receives."""

    CLINIC = "clinic"
    PROGRAMME = "programme"


class Base(DeclarativeBase):
    """Tables with our own column types."""

    metadata = db.metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Line(),
        UUID: Id(),
        bool: Flag(),
        datetime: UtcTime(),
        dict[str, Any]: Json(),
        Role: Word(Role),
        State: Word(State),
        OrganisationKind: Word(OrganisationKind),
    }
