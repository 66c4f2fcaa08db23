"""Deleting a case for good: which rows it has, found by walking the foreign keys; what stays of it, and why.

No table is named here because it is deleted. A new table that refers to a case, or to something of a case, is deleted
with it from its first day, unless it is put among :data:`STAYS` with a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, MetaData, Table, delete, func, or_, select, update
from sqlalchemy.orm import Session

from referral import audit
from referral.actions.moves import end
from referral.columns import Json, Line, Sealed
from referral.models import AgendaItem, Attachment, Base, Decision, Pack, Referral, User
from referral.workflow import ENDED

CASE = "referral"


@dataclass(frozen=True)
class Stays:
    """Why rows of a table stay when their case is deleted, and with which columns; without any, whole."""

    why: str
    columns: frozenset[str] = field(default_factory=frozenset)


STAYS: Mapping[str, Stays] = {
    CASE: Stays(
        "Says that there was a case, when it was deleted and under which rule; counted in the numbers of its year.",
        frozenset(
            {
                "id",
                "number",
                "organisation_id",
                "referrer_id",
                "programme_id",
                "state",
                "draft_version",
                "created_at",
                "updated_at",
                "submitted_at",
                "waiting_since",
                "demonstration",
                "gone_at",
                "gone_under",
            }
        ),
    ),
    "stay": Stays("States and days, for the numbers of the years. It says nothing of a person."),
    "audit_entry": Stays(
        "The trail says who did what, and when. It holds no clinical content and no name of who was referred, and its"
        " chain would break."
    ),
    "decision": Stays(
        "Outcome and day, for the numbers of the years. What was said, the grounds and who sat are taken out.",
        frozenset(
            {
                "id",
                "referral_id",
                "version",
                "snapshot_sha256",
                "meeting_id",
                "outcome",
                "editions",
                "decided_on",
                "drafted_by_id",
                "drafted_at",
                "draft_version",
                "signed_by_id",
                "signed_at",
                "replaces_id",
                "superseded_at",
            }
        ),
    ),
}
"""Everything else that a foreign key leads from to a case is deleted with it."""


@dataclass(frozen=True)
class Gone:
    """What was deleted of one case, or would be: rows by table, and the names of its files."""

    rows: Mapping[str, int]
    files: Sequence[str]

    @property
    def words(self) -> str:
        """Say how much it is."""
        number, tables = sum(self.rows.values()), len(self.rows)
        return f"{number} rows in {tables} tables, {len(self.files)} files"


@cache
def tables_of_cases(metadata: MetaData = Base.metadata) -> tuple[Table, ...]:
    """List the tables that have rows of a case: from which foreign keys lead to it. The furthest comes first."""
    found = {CASE}
    while more := {
        table.name
        for table in metadata.tables.values()
        if table.name not in found and any(key.column.table.name in found for key in table.foreign_keys)
    }:
        found |= more
    return tuple(table for table in reversed(metadata.sorted_tables) if table.name in found)


def rows_of(table: Table, referral_id: UUID) -> ColumnElement[bool]:
    """Give the filter for the rows of a table that belong to a case: by each foreign key that leads there."""
    if table.name == CASE:
        return table.c.id == referral_id
    of_cases = {each.name for each in tables_of_cases()}
    ways = []
    for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
        parent = key.column.table
        if parent.name == CASE:
            ways.append(key.parent == referral_id)
        elif parent.name in of_cases and parent is not table:
            ways.append(key.parent.in_(select(key.column).where(rows_of(parent, referral_id))))
    return or_(*ways)


def deleted_tables(metadata: MetaData = Base.metadata) -> tuple[Table, ...]:
    """List the tables whose rows go with their case, in the order in which they go."""
    return tuple(table for table in tables_of_cases(metadata) if table.name not in STAYS)


def empty(column: Column[Any]) -> Any:
    """Give what is left in a column that does not stay.

    Raises:
        TypeError: it has neither a blank nor an empty value: it has to be named among what stays, or be nullable.

    """
    if column.nullable:
        return None
    made_by: Any = getattr(column.default, "arg", None)
    if column.default is not None and column.default.is_callable:
        return made_by(None)
    if column.default is not None:
        return made_by
    kind = column.type.kind if isinstance(column.type, Sealed) else column.type
    if isinstance(kind, Json):
        return {}
    if isinstance(kind, Line):
        return ""
    raise TypeError(f"{column} can be left neither blank nor empty")


def emptied(table: Table) -> dict[str, Any]:
    """Give what a row that stays is left with in the columns that do not."""
    stays = STAYS[table.name].columns
    return {column.name: empty(column) for column in table.columns if stays and column.name not in stays}


def look(session: Session, referral_id: UUID) -> Gone:
    """Tell what deleting a case would delete. Nothing is changed."""
    rows = {
        table.name: session.scalar(select(func.count()).select_from(table).where(rows_of(table, referral_id)))
        or 0
        for table in deleted_tables()
    }
    rows["decision"] = session.scalar(select(func.count()).where(*_draft_of(referral_id))) or 0
    rows["pack"] = len(_packs_with(session, referral_id))
    return Gone(
        {name: number for name, number in sorted(rows.items()) if number}, _files(session, referral_id)
    )


def delete_case(session: Session, referral: Referral, rule: str, *, actor: User | None, at: datetime) -> Gone:
    """Delete a case that is held for changing, in this transaction. Its files go after the commit, by their names.

    A case that had not ended counts as taken back from then on.

    Raises:
        IntegrityError: it is under a legal hold, which the database itself looks at.

    """
    if referral.state not in ENDED:
        end(session, referral, at)
    session.flush()
    files, packs = _files(session, referral.id), _packs_with(session, referral.id)
    case = Base.metadata.tables[CASE]
    session.execute(
        update(case).where(case.c.id == referral.id).values(**emptied(case), gone_at=at, gone_under=rule)
    )
    session.execute(update(case).where(case.c.copied_from_id == referral.id).values(copied_from_id=None))
    rows = {"pack": len(packs)}
    session.execute(delete(Pack).where(Pack.id.in_(packs)))
    for table in deleted_tables():
        rows[table.name] = _delete(session, table, rows_of(table, referral.id))
    decision = Base.metadata.tables["decision"]
    rows["decision"] = _delete(session, decision, *_draft_of(referral.id))
    for name in STAYS:
        table = Base.metadata.tables[name]
        if name != CASE and STAYS[name].columns:
            session.execute(update(table).where(rows_of(table, referral.id)).values(**emptied(table)))
    gone = Gone({name: number for name, number in sorted(rows.items()) if number}, files)
    session.expire_all()
    audit.record(
        session, actor, "case_deleted", referral, at=at, rule=rule, rows=sum(rows.values()), files=len(files)
    )
    return gone


def _delete(session: Session, table: Table, *rows: ColumnElement[bool]) -> int:
    deleted: int = session.execute(delete(table).where(*rows)).rowcount  # type: ignore[attr-defined]  # of a delete
    return deleted


def _draft_of(referral_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Give the filter for the draft of a decision, which nobody has signed and no year counts."""
    return Decision.referral_id == referral_id, Decision.signed_at.is_(None)


def _files(session: Session, referral_id: UUID) -> tuple[str, ...]:
    wanted = select(Attachment.stored_as).where(Attachment.referral_id == referral_id)
    return tuple(sorted(session.scalars(wanted)))


def _packs_with(session: Session, referral_id: UUID) -> list[UUID]:
    """Find the committee packs in which a case is printed.

    Such a pack goes whole: it is a print of packets that are kept each for itself, so that it can be made again
    without the case. A pack names its cases in its agenda, where no foreign key leads.
    """
    met = select(AgendaItem.meeting_id).where(AgendaItem.referral_id == referral_id)
    packs = session.execute(select(Pack.id, Pack.agenda).where(Pack.meeting_id.in_(met)))
    return [pack for pack, agenda in packs if any(each["referral"] == str(referral_id) for each in agenda)]
