"""When the house last did what it does for itself, and whether it only reads since it was brought back."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from referral import database
from referral.models.marks import HouseMark

TICK, BACKUP, REHEARSAL, SHUT = "tick", "backup", "rehearsal", "shut"


def note(session: Session, name: str, at: datetime, **detail: Any) -> None:
    """Write down that it was done just now. ``detail`` takes counts, digests and moments."""
    database.one_at_a_time(
        session, f"mark {name}"
    )  # the first of two would be there when the second is written
    session.merge(HouseMark(name=name, at=at, detail=detail))
    session.flush()


def last(session: Session, name: str) -> HouseMark | None:
    """Find when it was last done."""
    return session.get(HouseMark, name, populate_existing=True)


def is_shut(session: Session) -> bool:
    """Tell whether the house only reads: it was brought back from a backup, and nobody has opened it yet."""
    return last(session, SHUT) is not None


def open_up(session: Session) -> None:
    """Let people write again."""
    session.execute(delete(HouseMark).where(HouseMark.name == SHUT))


def due_mark(session: Session, now: datetime) -> int:
    """Write down that time did its part: whoever watches sees when it stands still."""
    note(session, TICK, now)
    return 0
