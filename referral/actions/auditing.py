"""What an auditor reads of the trail: deeds, accounts and case numbers; of a case nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from referral import clock
from referral.actions.referrals import READS
from referral.errors import NotFoundError
from referral.models import AuditEntry, Referral, User

PAGE = 50
PROGRAMMES_OWN = frozenset(
    {
        "interest_declared",
        "opinion_given",
        "opinions_opened",
        "decision_drafted",
        "decision_draft_discarded",
        "letter_written",
        "letter_taken_back",
    }
)
"""Deeds that no clinic is told of: who of the committee has a tie or a view, and what has not gone out."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of the trail is asked for; ``None`` asks for all. Both days are included, by the clock of the house."""

    person: UUID | None = None
    case: UUID | None = None
    deed: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Seen:
    """What one person did with one case, or how often they read it: the first time and the last."""

    who: User | None
    deed: str
    times: int
    first: datetime
    last: datetime


def read_trail(
    session: Session, asked: Asked, before: int | None = None
) -> tuple[list[tuple[AuditEntry, str | None]], int | None]:
    """Give a page of entries, each with the number of its case, the latest first; and where the next one begins.

    ``before`` is the last entry of the page before: a page is found through an index, however long the trail is.
    """
    wanted = select(AuditEntry, Referral.number).outerjoin(Referral, Referral.id == AuditEntry.referral_id)
    wanted = wanted.where(*_filters(asked)).options(joinedload(AuditEntry.actor))
    if before is not None and (last := session.get(AuditEntry, before)):
        wanted = wanted.where(tuple_(AuditEntry.at, AuditEntry.id) < (last.at, last.id))
    latest_first = wanted.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(PAGE + 1)
    found: list[tuple[AuditEntry, str | None]] = [(row[0], row[1]) for row in session.execute(latest_first)]
    return found[:PAGE], found[PAGE - 1][0].id if len(found) > PAGE else None


def _filters(asked: Asked) -> list[ColumnElement[bool]]:
    filters = []
    if asked.person is not None:
        filters.append(AuditEntry.actor_id == asked.person)
    if asked.case is not None:
        filters.append(AuditEntry.referral_id == asked.case)
    if asked.deed is not None:
        filters.append(AuditEntry.deed == asked.deed)
    if asked.first is not None:
        filters.append(AuditEntry.at >= clock.midnight(asked.first))
    if asked.last is not None:
        filters.append(AuditEntry.at < clock.midnight(asked.last + timedelta(days=1)))
    return filters


def find_case(session: Session, number: str) -> UUID | None:
    """Find a case by its number; a draft that was never sent has one too."""
    return session.scalar(select(Referral.id).where(Referral.number == number.strip().upper()))


def get_case_number(session: Session, referral_id: UUID) -> str:
    """Give the number of a case, and nothing else of it.

    Raises:
        NotFoundError: there is none.

    """
    number = session.scalar(select(Referral.number).where(Referral.id == referral_id))
    if number is None:
        raise NotFoundError("There is no such case.")
    return number


def accounts(session: Session) -> Sequence[User]:
    """List the accounts, by name."""
    return session.scalars(select(User).order_by(User.name, User.email)).all()


def seen_by(session: Session, referral_id: UUID, *, reads: bool) -> list[Seen]:
    """Tell who has read a case or fetched a print of it, or else who did what with it, the latest first."""
    kind = AuditEntry.deed.in_(READS)
    grouped = (
        select(
            AuditEntry.actor_id,
            AuditEntry.deed,
            func.count(),
            func.min(AuditEntry.at).label("first"),
            func.max(AuditEntry.at).label("last"),
        )
        .where(AuditEntry.referral_id == referral_id, kind if reads else ~kind)
        .group_by(AuditEntry.actor_id, AuditEntry.deed)
    )
    rows = session.execute(grouped).all()
    people = {
        user.id: user for user in session.scalars(select(User).where(User.id.in_({row[0] for row in rows})))
    }
    told = [
        Seen(people[who] if who else None, deed, times, first, last) for who, deed, times, first, last in rows
    ]
    return sorted(told, key=lambda seen: seen.last, reverse=True)
