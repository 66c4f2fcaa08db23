"""What was deleted is written down outside the database too, so that no restored backup brings it back.

The ledger is a file beside the heads of the trail: one line a case, with its number and id, the moment and the
rule, and nothing of a person. Like those it is better kept on another machine, and no older copy ever replaces it.
"""

import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import clock, database
from referral.actions.attachments import sweep
from referral.actions.deletion import delete_case
from referral.attachments import Store
from referral.models import Referral

log = logging.getLogger(__name__)

NAME = "deleted_cases"


def ledger() -> Path:
    """Give the place of the ledger of this installation."""
    return Path(current_app.config["AUDIT_ANCHOR"]).with_name(NAME)


@dataclass(frozen=True)
class Line:
    """One case that was deleted: its number and id, when, and under which rule."""

    number: str
    id: UUID
    at: datetime
    rule: str

    def __str__(self) -> str:
        """Write the line."""
        return f"{self.number} {self.id} {self.at.isoformat()} {self.rule}"

    @classmethod
    def parse(cls, text: str) -> "Line":
        """Read a line.

        Raises:
            ValueError: it is none of ours.

        """
        number, id_, at, rule = text.split(" ")
        return cls(number, UUID(id_), datetime.fromisoformat(at), rule)


def read_ledger(path: Path) -> dict[UUID, Line]:
    """Read what was deleted, by id: a number may be given again after a restore. No file, nothing.

    Raises:
        ValueError: a line is none of ours; the text says which.

    """
    found = {}
    for number, text in enumerate(path.read_text().splitlines() if path.exists() else (), 1):
        try:
            line = Line.parse(text)
        except ValueError:
            raise ValueError(f"line {number} of the ledger of deleted cases cannot be read") from None
        found[line.id] = line
    return found


def settle(session: Session, store: Store, path: Path) -> int:
    """Finish what was deleted: remove files that were left, overwrite what the database still holds, write the ledger.

    Done whenever a deleted case is not in the ledger yet, and so again after a crash, until all of it is done.
    """
    written = read_ledger(path)
    gone = select(Referral.number, Referral.id, Referral.gone_at, Referral.gone_under).where(
        Referral.gone_at.is_not(None)
    )
    with database.looking(session):
        rows = session.execute(gone.order_by(Referral.gone_at, Referral.number)).all()
    lines = [
        Line(number, id_, at, rule) for number, id_, at, rule in rows if at and rule and id_ not in written
    ]
    if not lines:
        return 0
    with database.looking(session):
        sweep(session, store)
    if not overwrite(session):
        log.warning("What was deleted still stands in the log of the database: it is tried again")
        return 0
    _append(path, lines)
    return len(lines)


def overwrite(session: Session) -> bool:
    """Have SQLite bring its log into the file, where what is deleted is overwritten; tell whether it could.

    PostgreSQL overwrites what is deleted when it next cleans its tables, by itself.
    """
    engine = session.get_bind()
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()  # type: ignore[union-attr]  # an engine: nothing is open on the session
    try:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not busy


def _append(path: Path, lines: list[Line]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, "".join(f"{line}\n" for line in lines).encode())
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class Reapplied:
    """What became of the ledger in a restored database: cases deleted anew, and those that a hold kept, by number."""

    deleted: tuple[str, ...]
    held: tuple[str, ...]


def reapply(session: Session, store: Store, path: Path) -> Reapplied:
    """Delete again what the ledger says was deleted: the last step of a restore, before anybody reads.

    A case that the restored database has under a hold, which was lifted since, stays and is named: it has to be
    lifted by hand, and this run again. What has fallen due since the backup goes with the next ``flask tick``.
    """
    deleted, held = [], []
    for line in read_ledger(path).values():
        wanted = select(Referral).where(Referral.id == line.id, Referral.gone_at.is_(None))
        referral = session.scalar(database.held(wanted, Referral))
        if referral is None:
            session.rollback()
            continue
        try:
            gone = delete_case(session, referral, line.rule, actor=None, at=clock.now())
            session.commit()
        except IntegrityError:
            session.rollback()
            held.append(line.number)
            continue
        for name in gone.files:
            store.discard(name)
        deleted.append(line.number)
    sweep(session, store)
    session.rollback()
    overwrite(session)
    return Reapplied(tuple(deleted), tuple(held))
