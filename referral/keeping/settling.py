"""After the data are back: who was put out stays out, nothing is sent twice, nobody is signed in, nobody writes yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, delete, func, inspect, select, update
from sqlalchemy.orm import Session

from referral import audit
from referral.keeping import marks
from referral.models import (
    CaseImport,
    Invitation,
    Looking,
    Mail,
    Pack,
    PacketTrouble,
    SignInAttempt,
    User,
    UserSession,
)
from referral.models.sign_on import SignOnAttempt
from referral.workflow import Role


@dataclass(frozen=True)
class Standing:
    """With what a person may come in."""

    active: bool
    password_hash: str
    role: Role


def standings(connection: Connection) -> dict[UUID, Standing]:
    """Read from a database who may come in with what. One without people has none."""
    if not inspect(connection).has_table("user"):
        return {}
    table = User.__table__
    rows = connection.execute(select(table.c.id, table.c.active, table.c.password_hash, table.c.role))
    return {row.id: Standing(row.active, row.password_hash, row.role) for row in rows}


def take_over(session: Session, newer: Mapping[UUID, Standing]) -> int:
    """Let the newer word on who may come in hold: what was taken away after the backup stays taken away.

    Whoever was put out since is out, passwords and roles are the newer ones. Gives how many people that changed.
    """
    changed = 0
    for person in session.scalars(select(User)).unique():
        wanted = newer.get(person.id)
        if wanted is None or wanted == Standing(person.active, person.password_hash, person.role):
            continue
        person.active, person.password_hash, person.role = wanted.active, wanted.password_hash, wanted.role
        if wanted.role is not Role.DELEGATE:
            person.works_for_id = None
        session.flush()
        audit.record(session, None, "standing_taken_over", person=str(person.id), role=wanted.role.value)
        changed += 1
    return changed


GONE: tuple[tuple[type[Any], Any], ...] = (
    (UserSession, None),
    (SignInAttempt, None),
    (SignOnAttempt, None),
    (Looking, None),
    (PacketTrouble, None),
    (CaseImport, CaseImport.confirmed_at.is_(None)),
)
"""What a moment leaves behind that is over: nobody is signed in, nothing waits to be confirmed."""


def settle(session: Session, now: datetime) -> dict[str, int]:
    """End all that was under way at the moment of the backup, and give how much of each.

    Notices that had not been sent are given up and not deleted: they may have gone out since, and a person of the
    house sees them and can send them again.
    """
    done = {}
    for model, which in GONE:
        table: Table = model.__table__
        wanted = delete(table) if which is None else delete(table).where(which)
        counted = select(func.count()).select_from(table)
        done[table.name] = session.scalar(counted if which is None else counted.where(which)) or 0
        session.execute(wanted)
    waiting = Mail.sent_at.is_(None) & Mail.given_up_at.is_(None)
    under_way = Pack.made_at.is_(None) & Pack.given_up_at.is_(None)
    open_links = Invitation.used_at.is_(None) & Invitation.withdrawn_at.is_(None)
    for model, where, values in (
        (Mail, waiting, {"given_up_at": now, "last_error": "restored"}),
        (Pack, under_way, {"given_up_at": now}),
        (Invitation, open_links, {"withdrawn_at": now}),
    ):
        done[model.__tablename__] = session.scalar(select(func.count()).select_from(model).where(where)) or 0
        session.execute(update(model).where(where).values(**values))
    return done


def shut(session: Session, now: datetime, faults: int, **detail: Any) -> None:
    """Let people read and nobody write, until somebody has looked and opened."""
    marks.note(session, marks.SHUT, now, faults=faults)
    audit.record(session, None, "restored", faults=faults, **detail)
