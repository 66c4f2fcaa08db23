"""A programme's year in numbers: referred, made ready, decided, waiting; how long it took; outcomes and reasons.

Everything is counted from dated stays and signed decisions, in a few passes over narrow rows: no case is loaded.
What is hidden because few people are behind it is ``None`` (see :mod:`referral.actions.small_numbers`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import ceil
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import counted
from referral.actions.counted import Case, Period
from referral.actions.small_numbers import hidden, is_small, part, shown
from referral.errors import ForbiddenError, NotFoundError
from referral.models import Outcome, ProgrammeRules, User
from referral.reference.decisions import disagreements, grounds
from referral.reference.numbers import age_bands, smallest_shown
from referral.workflow import Role

READERS = frozenset({Role.COORDINATOR, Role.CHAIR})
NOT_STATED = "Not stated"
SEXES = {"female": "Female", "male": "Male", "other": "Other"}
GROUPINGS = {
    "organisation": "By referring clinic",
    "region": "By region of the clinic",
    "sex": "By sex",
    "age": "By age when the case was sent",
}
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
class Group:
    """One clinic, region, sex or band of age. ``answered`` are the accepted and the declined; ``days`` the median."""

    referred: int | None = 0
    ready: int | None = 0
    answered: int | None = 0
    accepted: int | None = 0
    declined: int | None = 0
    days: int | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether none of its numbers is shown."""
        counts = (self.referred, self.ready, self.answered, self.accepted, self.declined)
        return not any(number for number in counts)


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

    def names(self, grouping: str) -> tuple[list[str], int]:
        """List the groups in their order: of clinics and regions those of which anything is shown; count the others."""
        known = self.year.groups[grouping].keys() | self.before.groups[grouping].keys()
        names = sorted(known, key=_place(grouping))
        if _order(grouping):
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
    outcomes = Counter(each.outcome for each in decided)
    declined = outcomes[Outcome.DECLINED]
    told = shown([outcomes[each] for each in Outcome])
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
            "so_far": spread(each.days for each in waiting),
            "so_far_ours": spread(each.ours for each in waiting),
        },
        outcomes=dict(zip(Outcome, told, strict=True)),
        declined=None if is_small(declined) else declined,
        grounds=_coded([each for each in decided if each.outcome is Outcome.DECLINED], "ground", grounds()),
        disagreements=_coded(decided, "code", disagreements()),
        groups={
            grouping: _groups(grouping, referred, ready, decided, told[0] is not None and told[1] is not None)
            for grouping in GROUPINGS
        },
    )


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


def _groups(
    grouping: str, referred: Sequence[Case], ready: Sequence[Case], decided: Sequence[Case], by_outcome: bool
) -> dict[str, Group]:
    """Count each group. Outcomes by group are left out where their totals are not shown."""
    name_of = NAMED[grouping]
    counts = [Counter(map(name_of, cases)) for cases in (referred, ready)]
    days: dict[str, list[int]] = {}
    pairs: dict[str, Counter[Outcome]] = {}
    for each in decided:
        if each.outcome in (Outcome.ACCEPTED, Outcome.DECLINED):
            name = name_of(each)
            days.setdefault(name, []).append(each.days)
            pairs.setdefault(name, Counter())[each.outcome] += 1
    fixed = _order(grouping)
    names = list(fixed or sorted({*counts[0], *counts[1], *days}))
    answered = [len(days.get(name, ())) for name in names]
    split = [
        (pairs.get(name, Counter())[Outcome.ACCEPTED], pairs.get(name, Counter())[Outcome.DECLINED])
        for name in names
    ]
    every = frozenset(range(len(names)))
    few = hidden([(number,) for number in answered]) if by_outcome else every
    kept = hidden(split, few) if by_outcome else every
    columns = [
        shown([count[name] for name in names], every if is_small(count.total()) else ()) for count in counts
    ]
    return {
        name: Group(
            referred=columns[0][place],
            ready=columns[1][place],
            answered=None if place in few else answered[place],
            accepted=None if place in kept else split[place][0],
            declined=None if place in kept else split[place][1],
            days=None if place in few else spread(days.get(name, ())).half,
        )
        for place, name in enumerate(names)
    }


@cache
def _band(ages: tuple[int, int] | None) -> str:
    """Name the band of an age; one that is known in part may lie in two of them, and then is not stated."""
    if ages is None:
        return NOT_STATED
    least, most = (next((words for below, words in age_bands() if age < below), "") for age in ages)
    return least if least == most and least else NOT_STATED


NAMED: Mapping[str, Callable[[Case], str]] = {
    "organisation": lambda case: case.organisation,
    "region": lambda case: case.region or NOT_STATED,
    "sex": lambda case: SEXES.get(case.sex or "", NOT_STATED),
    "age": lambda case: _band(case.ages),
}
"""How the group of a case is named."""


def _order(grouping: str) -> list[str]:
    """List the groups that a grouping always has; clinics and regions are those that there are."""
    if grouping == "sex":
        return [*SEXES.values(), NOT_STATED]
    if grouping == "age":
        return [*(words for _, words in age_bands()), NOT_STATED]
    return []


def _place(grouping: str) -> Callable[[str], tuple[int | bool, str]]:
    fixed = _order(grouping)
    return lambda name: (fixed.index(name), name) if fixed else (name == NOT_STATED, name.casefold())


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
