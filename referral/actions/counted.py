"""The cases that the yearly numbers count: narrow rows, by the day something happened to them.

A case that should never have been there (entered in error) is counted nowhere. Days are those of the house.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, Text, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from referral import clock
from referral.facts import PartialDate
from referral.models import Decision, Organisation, Outcome, Referral, Stay
from referral.workflow import PARKED, SENT, State

WAITING = SENT | PARKED | {State.LISTED}
"""Sent and not decided: it waits, for the programme or for somebody else."""
NONE = timedelta()
NO_CODES: Mapping[str, Sequence[str]] = {}


@dataclass(frozen=True)
class Period:
    """Some days, both ends included."""

    first: date
    last: date

    @classmethod
    def of(cls, year: int, today: date) -> "Period":
        """Give a year; of the running one the days so far."""
        return cls(date(year, 1, 1), min(date(year, 12, 31), today))

    def before(self) -> "Period":
        """Give the same days of the year before."""
        first, last = (
            day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
            for day in (self.first, self.last)
        )
        return Period(first, last)

    @property
    def year(self) -> int:
        """The year it lies in."""
        return self.first.year

    @property
    def whole(self) -> bool:
        """Whether it is all of the year."""
        return (self.last.month, self.last.day) == (12, 31)

    @property
    def begin(self) -> datetime:
        """The moment at which it begins."""
        return clock.midnight(self.first)

    @property
    def end(self) -> datetime:
        """The moment at which it is over."""
        return clock.midnight(self.last + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Case:
    """One case as it is counted. ``ages`` is the least and the greatest age in whole years when it was sent."""

    organisation: str
    region: str | None
    sex: str | None
    ages: tuple[int, int] | None
    days: int = 0
    ours: int = 0
    outcome: Outcome | None = None
    coded: Mapping[str, Sequence[str]] = field(default_factory=dict)


def years(session: Session, programme_id: UUID, today: date) -> tuple[int, ...]:
    """List the years of which there may be numbers, the latest first: from the first case sent to this year."""
    earliest = session.scalar(select(func.min(Referral.submitted_at)).where(*_counts(programme_id)))
    first = clock.local(earliest).year if earliest else today.year
    return tuple(range(today.year, min(first, today.year) - 1, -1))


def _counts(programme_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        Referral.programme_id == programme_id,
        Referral.submitted_at.is_not(None),
        Referral.state != State.ENTERED_IN_ERROR,
    )


def _told(*more: Any) -> Select[Any]:
    """Ask for what a case is grouped by, and for more."""
    told = (
        Organisation.name,
        Organisation.region,
        Referral.sex,
        Referral.birth_date,
        Referral.submitted_at,
    )
    return select(*told, *more).join(Organisation, Organisation.id == Referral.organisation_id)


def _rows(session: Session, wanted: Select[Any]) -> Sequence[Any]:
    """Ask for rows as they are, past all that the session does to keep objects: there may be many."""
    return session.connection().execute(wanted).all()


def _as_it_lies(column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Take a value as it lies in the database: it is compared, or mostly empty."""
    return type_coerce(column, Text)


def _case(
    name: str, region: str | None, sex: str | None, born: str | None, sent: datetime, **more: Any
) -> Case:
    return Case(name, region, sex, ages(born, clock.local(sent).date()), **more)


def ages(born: str | None, day: date) -> tuple[int, int] | None:
    """Give the least and the greatest age in whole years on a day; ``None`` where the birth is not known."""
    if born is None:
        return None
    if len(born) == len("1988-05-17"):  # nearly all of them, and there may be many
        age = day.year - int(born[:4]) - (day.isoformat()[5:] < born[5:])
        return age, age
    birth = PartialDate.parse(born)
    least, most = (
        day.year - each.year - ((day.month, day.day) < (each.month, each.day))
        for each in (birth.last, birth.first)
    )
    return least, most


def referred(session: Session, programme_id: UUID, period: Period) -> list[Case]:
    """Give the cases that were sent in these days."""
    sent = (Referral.submitted_at >= period.begin, Referral.submitted_at < period.end)
    return [_case(*row) for row in _rows(session, _told().where(*_counts(programme_id), *sent))]


def ready(session: Session, programme_id: UUID, period: Period) -> list[Case]:
    """Give the cases that were made ready in these days, with the days since each was sent; once a case."""
    came = (
        select(Stay.referral_id, func.min(Stay.began_at).label("at"))
        .where(Stay.state == State.READY, Stay.began_at >= period.begin, Stay.began_at < period.end)
        .group_by(Stay.referral_id)
        .subquery()
    )
    rows = _rows(
        session, _told(came.c.at).join(came, came.c.referral_id == Referral.id).where(*_counts(programme_id))
    )
    return [_case(*row[:5], days=_days(row[4], clock.local(row[5]).date())) for row in rows]


def decided(session: Session, programme_id: UUID, period: Period) -> list[Case]:
    """Give the cases whose standing decision fell in these days, with the days since each was sent, by both clocks."""
    fell = _decided(period)
    parked = _parked(session, fell, None)
    rows = _rows(
        session,
        _told(fell.c.decided_on, fell.c.outcome, _as_it_lies(fell.c.coded), _as_it_lies(Referral.id))
        .join(fell, fell.c.referral_id == Referral.id)
        .where(*_counts(programme_id)),
    )
    found = []
    for *case, decided_on, outcome, coded, referral_id in rows:
        days = _days(case[4], date.fromisoformat(decided_on))
        ours = max(days - parked.get(referral_id, NONE).days, 0)
        codes = NO_CODES if coded == "{}" else json.loads(coded)
        found.append(_case(*case, days=days, ours=ours, outcome=outcome, coded=codes))
    return found


def _decided(period: Period) -> CTE:
    """Ask for the standing decisions of these days, of every programme. Drafts and what was replaced are none.

    They are looked up first, by their day, and only then the cases: there are fewer of them.
    """
    return (
        select(
            Decision.referral_id, Decision.decided_on, Decision.outcome, Decision.signed_at, Decision.coded
        )
        .where(
            Decision.signed_at.is_not(None),
            Decision.superseded_at.is_(None),
            Decision.decided_on >= period.first.isoformat(),
            Decision.decided_on <= period.last.isoformat(),
        )
        .cte("fell")
        .prefix_with("MATERIALIZED")
    )


def days_to_decision(session: Session, programme_id: UUID, period: Period) -> list[int]:
    """Give the days from being sent to the standing decision of each case decided in these days."""
    fell = _decided(period)
    sent = select(Referral.submitted_at, fell.c.decided_on).join(fell, fell.c.referral_id == Referral.id)
    rows = _rows(session, sent.where(*_counts(programme_id)))
    return [_days(at, date.fromisoformat(day)) for at, day in rows]


def waiting(session: Session, programme_id: UUID, at: datetime) -> list[tuple[int, int]]:
    """Give the days so far, by both clocks, of each case that was sent and not decided at a moment."""
    begun = select(Stay.referral_id).where(Stay.state.in_(WAITING), Stay.began_at <= at)
    stood = (
        begun.where(Stay.ended_at > at)
        .union_all(begun.where(Stay.ended_at.is_(None)))
        .cte("stood")
        .prefix_with("MATERIALIZED")
    )
    parked = _parked(session, stood, at)
    sent = select(Referral.submitted_at, _as_it_lies(Referral.id)).join(
        stood, stood.c.referral_id == Referral.id
    )
    found = []
    for submitted_at, referral_id in _rows(session, sent.where(*_counts(programme_id))):
        days = max((at - submitted_at).days, 0)
        found.append((days, max(days - parked.get(referral_id, NONE).days, 0)))
    return found


def withdrawn(session: Session, programme_id: UUID, period: Period) -> int:
    """Count the cases that were taken back in these days, after they had been sent."""
    back = (
        select(func.count(Stay.referral_id.distinct()))
        .join(Referral, Referral.id == Stay.referral_id)
        .where(Stay.state == State.WITHDRAWN, Stay.began_at >= period.begin, Stay.began_at < period.end)
    )
    return session.scalar(back.where(*_counts(programme_id))) or 0


def _parked(session: Session, cases: CTE, at: datetime | None) -> dict[Any, timedelta]:
    """Give the time in which each of these cases waited for somebody else: until a moment, or until it was decided."""
    until = Stay.began_at < (at or cases.c.signed_at)
    stays = (
        select(_as_it_lies(Stay.referral_id), Stay.began_at, Stay.ended_at)
        .join(cases, cases.c.referral_id == Stay.referral_id)
        .where(Stay.state.in_(PARKED), until)
    )
    found: dict[Any, timedelta] = {}
    for referral_id, began_at, ended_at in _rows(session, stays):
        ended_at = min(ended_at or at or began_at, at or ended_at or began_at)
        found[referral_id] = found.get(referral_id, NONE) + max(ended_at - began_at, NONE)
    return found


def _days(sent: datetime, day: date) -> int:
    return max((day - clock.local(sent).date()).days, 0)
