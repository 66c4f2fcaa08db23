"""A programme's year in numbers: referred, made ready, decided, waiting; how long it took; outcomes and reasons.

Everything is counted from dated stays and signed decisions, in a few passes over narrow rows: no case is loaded.
What is hidden because few people are behind it is ``None`` (see :mod:`referral.actions.small_numbers`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import counted
from referral.actions.counted import Case, Period
from referral.actions.groups import Group, count_groups, order_of, place_of
from referral.actions.small_numbers import part, shown
from referral.errors import ForbiddenError, NotFoundError
from referral.models import Outcome, ProgrammeRules, User
from referral.reference.decisions import disagreements, grounds
from referral.reference.numbers import smallest_shown
from referral.workflow import Role

READERS = frozenset({Role.COORDINATOR, Role.CHAIR})
WAITS = {
    "ready": "From being sent to being made ready",
    "decided": "From being sent to the decision",
    "decided_ours": "Of that, with the programme",
    "so_far": "Still waiting, so far",
    "so_far_ours": "Of that, with the programme",
}


@dataclass(frozen=True)
class Spread:
    """How long cases took, in whole days: a quarter, half, three quarters of them at most so long; and the longest.

    The figures are ``None`` where there are no cases, or too few to be shown.
    """

    cases: int
    quarter: int | None = None
    half: int | None = None
    three_quarters: int | None = None
    longest: int | None = None

    @property
    def is_shown(self) -> bool:
        """Whether there are figures."""
        return self.half is not None


@dataclass(frozen=True)
class Year:
    """The numbers of one year, or of one so far."""

    period: Period
    referred: int
    ready: int
    decided: int
    withdrawn: int
    waiting: int
    waits: Mapping[str, Spread]
    outcomes: Mapping[Outcome, int | None]
    grounds: Mapping[str, int | None]
    disagreements: Mapping[str, int | None]
    declined: int | None
    groups: Mapping[str, Mapping[str, Group]]

    @property
    def answered(self) -> int | None:
        """How many were accepted or declined, where both are shown."""
        accepted, declined = self.outcomes[Outcome.ACCEPTED], self.outcomes[Outcome.DECLINED]
        return None if accepted is None or declined is None else accepted + declined


@dataclass(frozen=True)
class Compared:
    """One year beside the one before; a running year beside the same days of the year before."""

    programme: str
    year: Year
    before: Year
    years: tuple[int, ...]

    def group(self, grouping: str, name: str) -> tuple[Group, Group]:
        """Give the numbers of one group, and those of the year before."""
        return (
            self.year.groups[grouping].get(name, Group()),
            self.before.groups[grouping].get(name, Group()),
        )

    def tells(self, grouping: str) -> bool:
        """Whether any number of any group is shown."""
        return any(
            not group.is_hidden
            for year in (self.year, self.before)
            for group in year.groups[grouping].values()
        )

    @property
    def tells_groups(self) -> bool:
        """Whether any number of any group of any kind is shown."""
        return any(map(self.tells, self.year.groups))

    @property
    def tells_outcomes(self) -> bool:
        """Whether the number of any outcome is shown."""
        return any(number for year in (self.year, self.before) for number in year.outcomes.values())

    @property
    def tells_reasons(self) -> bool:
        """Whether the number of any reason is shown."""
        return any(
            number
            for year in (self.year, self.before)
            for codes in (year.grounds, year.disagreements)
            for number in codes.values()
        )

    def names(self, grouping: str) -> tuple[list[str], int]:
        """List the groups in their order: of clinics and regions those of which anything is shown; count the others."""
        known = self.year.groups[grouping].keys() | self.before.groups[grouping].keys()
        names = sorted(known, key=place_of(grouping))
        if order_of(grouping):
            return names, 0
        told = [name for name in names if not all(each.is_hidden for each in self.group(grouping, name))]
        return told, len(names) - len(told)


def compare(session: Session, viewer: User, year: int, now: datetime) -> Compared:
    """Count one year of the viewer's own programme, and the one before.

    Raises:
        ForbiddenError: coordinator and chair read the numbers of their programme.
        NotFoundError: nothing was sent to the programme as early as that, or the year has not come.

    """
    if viewer.role not in READERS:
        raise ForbiddenError("The coordinator and the chair read the numbers of their programme.")
    years = counted.years(session, viewer.organisation_id, clock.local(now).date())
    if year not in years:
        raise NotFoundError("There are no numbers of this year.")
    period = Period.of(year, clock.local(now).date())
    this, before = (_count(session, viewer.organisation_id, each, now) for each in (period, period.before()))
    return Compared(viewer.organisation.name, this, before, years)


def _count(session: Session, programme_id: UUID, period: Period, now: datetime) -> Year:
    referred = counted.referred(session, programme_id, period)
    ready = counted.ready(session, programme_id, period)
    decided = counted.decided(session, programme_id, period)
    until = min(period.end, now)
    waiting = counted.waiting(session, programme_id, until)
    outcomes = _outcomes(decided)
    declined = outcomes[Outcome.DECLINED]
    resting = [each for each in decided if each.outcome is Outcome.DECLINED]
    return Year(
        period=period,
        referred=len(referred),
        ready=len(ready),
        decided=len(decided),
        withdrawn=counted.withdrawn(session, programme_id, period),
        waiting=len(waiting),
        waits={
            "ready": spread(each.days for each in ready),
            "decided": spread(each.days for each in decided),
            "decided_ours": spread(each.ours for each in decided),
            "so_far": spread(days for days, _ in waiting),
            "so_far_ours": spread(ours for _, ours in waiting),
        },
        outcomes=outcomes,
        declined=declined,
        grounds=dict.fromkeys(grounds()) if declined is None else _coded(resting, "ground", grounds()),
        disagreements=_coded(decided, "code", disagreements()),
        groups=count_groups(
            referred,
            ready,
            decided,
            by_outcome=None not in (outcomes[Outcome.ACCEPTED], outcomes[Outcome.DECLINED]),
        ),
    )


def _outcomes(decided: Sequence[Case]) -> dict[Outcome, int | None]:
    found = Counter(each.outcome for each in decided)
    return dict(zip(Outcome, shown([found[each] for each in Outcome]), strict=True))


def _coded(decided: Sequence[Case], name: str, known: Iterable[str]) -> dict[str, int | None]:
    """Count the decisions by a code of theirs; one may have several, so that these have no total."""
    found = Counter(code for each in decided for code in each.coded.get(name, ()))
    return {code: part(found[code], len(decided)) for code in known}


def spread(days: Iterable[int]) -> Spread:
    """Give the spread: each figure is the least number of days within which so many of the cases were through."""
    ordered = sorted(days)
    if len(ordered) < smallest_shown():
        return Spread(len(ordered))
    quarter, half, three_quarters = (ordered[ceil(share * len(ordered) / 4) - 1] for share in (1, 2, 3))
    return Spread(len(ordered), quarter, half, three_quarters, ordered[-1])


# What clinics see of it


@dataclass(frozen=True)
class Waited:
    """What a programme lets clinics see: half of so many cases waited at most so many days."""

    cases: int
    days: int


def waited(session: Session, programme_ids: Iterable[UUID], now: datetime) -> dict[UUID, Waited]:
    """Tell how long cases waited for a decision in the last twelve months, where the programme shows it.

    It is no forecast. A programme that shows nothing, or has decided on few, is left out.
    """
    today = clock.local(now).date()
    period = Period(today.replace(year=today.year - 1, day=min(today.day, 28)), today)
    open_ = select(ProgrammeRules.programme_id).where(
        ProgrammeRules.programme_id.in_(programme_ids), ProgrammeRules.shows_waiting
    )
    found = {}
    for programme_id in session.scalars(open_).all():
        told = spread(counted.days_to_decision(session, programme_id, period))
        if told.half is not None:
            found[programme_id] = Waited(told.cases, told.half)
    return found
