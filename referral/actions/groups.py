"""The groups of a year's cases: by clinic, region, sex and band of age; small ones are hidden.

A clinic lies in a region, whose number may be shown: so a clinic is hidden with its region, and within a region
that is shown the clinics are hidden as in a table of their own.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from referral.actions.counted import Case
from referral.actions.small_numbers import hidden, is_small
from referral.models import Outcome
from referral.reference.numbers import age_bands

NOT_STATED = "Not stated"
SEXES = {"female": "Female", "male": "Male", "other": "Other"}
GROUPINGS = {
    "organisation": "By referring clinic",
    "region": "By region of the clinic",
    "sex": "By sex",
    "age": "By age when the case was sent",
}


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
class Counts:
    """What is counted of each group of one kind, by its name; ``parents`` is the region of each clinic."""

    referred: Counter[str]
    ready: Counter[str]
    split: Mapping[str, tuple[int, int]]
    days: Mapping[str, list[int]]
    names: tuple[str, ...]
    parents: Mapping[str, str]


@dataclass(frozen=True)
class Hidden:
    """The names of the groups that are not shown, number by number."""

    referred: frozenset[str]
    ready: frozenset[str]
    answered: frozenset[str]
    split: frozenset[str]


def count_groups(
    referred: Sequence[Case], ready: Sequence[Case], decided: Sequence[Case], *, by_outcome: bool
) -> dict[str, dict[str, Group]]:
    """Count each kind of group. ``by_outcome`` says whether the totals of accepted and declined are shown."""
    answered = [each for each in decided if each.outcome in (Outcome.ACCEPTED, Outcome.DECLINED)]
    found = {key: _count(key, referred, ready, answered) for key in GROUPINGS}
    regions = _hide(found["region"], None, by_outcome=by_outcome)
    return {
        key: _tell(
            counts,
            regions
            if key == "region"
            else _hide(counts, regions if key == "organisation" else None, by_outcome=by_outcome),
        )
        for key, counts in found.items()
    }


def _count(key: str, referred: Sequence[Case], ready: Sequence[Case], answered: Sequence[Case]) -> Counts:
    name_of = NAMED[key]
    sides: Counter[tuple[str, Outcome | None]] = Counter()
    days: dict[str, list[int]] = {}
    for each in answered:
        name = name_of(each)
        days.setdefault(name, []).append(each.days)
        sides[name, each.outcome] += 1
    sent, made_ready = Counter(map(name_of, referred)), Counter(map(name_of, ready))
    names = tuple(order_of(key) or sorted({*sent, *made_ready, *days}))
    return Counts(
        sent,
        made_ready,
        {name: (sides[name, Outcome.ACCEPTED], sides[name, Outcome.DECLINED]) for name in names},
        days,
        names,
        {name_of(each): NAMED["region"](each) for cases in (referred, ready, answered) for each in cases}
        if key == "organisation"
        else {},
    )


def _hide(counts: Counts, regions: Hidden | None, *, by_outcome: bool) -> Hidden:
    every = frozenset(counts.names)

    def hide(name: str, rows: Mapping[str, tuple[int, ...]], also: Collection[str] = ()) -> frozenset[str]:
        return _hidden_names(counts, rows, also, getattr(regions, name) if regions else frozenset())

    singles = {
        name: {each: (counted[each],) for each in counts.names}
        for name, counted in (("referred", counts.referred), ("ready", counts.ready))
    }
    answered = {name: (sum(pair),) for name, pair in counts.split.items()}
    few = hide("answered", answered) if by_outcome else every
    return Hidden(
        every if is_small(counts.referred.total()) else hide("referred", singles["referred"]),
        every if is_small(counts.ready.total()) else hide("ready", singles["ready"]),
        few,
        hide("split", counts.split, few) if by_outcome else every,
    )


def _hidden_names(
    counts: Counts, rows: Mapping[str, tuple[int, ...]], also: Collection[str], regions: Collection[str]
) -> frozenset[str]:
    """Hide what is small, in each family of groups whose total is known: all, or the clinics of a shown region."""
    families: dict[str, list[str]] = {}
    for name in counts.names:
        families.setdefault(counts.parents.get(name, ""), []).append(name)
    out = set(also)
    for region, family in families.items():
        if region in regions:
            out.update(family)
            continue
        before = [place for place, name in enumerate(family) if name in also]
        out.update(family[place] for place in hidden([rows[name] for name in family], before))
    return frozenset(out)


def _tell(counts: Counts, out: Hidden) -> dict[str, Group]:
    return {
        name: Group(
            referred=None if name in out.referred else counts.referred[name],
            ready=None if name in out.ready else counts.ready[name],
            answered=None if name in out.answered else sum(counts.split[name]),
            accepted=None if name in out.split else counts.split[name][0],
            declined=None if name in out.split else counts.split[name][1],
            days=None if name in out.answered else half(counts.days.get(name, ())),
        )
        for name in counts.names
    }


def half(days: Sequence[int]) -> int | None:
    """Give the least number of days within which half of the cases were through; ``None`` of none."""
    return sorted(days)[(len(days) - 1) // 2] if days else None


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


def order_of(grouping: str) -> list[str]:
    """List the groups that a grouping always has; clinics and regions are those that there are."""
    if grouping == "sex":
        return [*SEXES.values(), NOT_STATED]
    if grouping == "age":
        return [*(words for _, words in age_bands()), NOT_STATED]
    return []


def place_of(grouping: str) -> Callable[[str], tuple[int | bool, str]]:
    """Give the key by which groups are ordered: as they always are, or by the alphabet, not stated last."""
    fixed = order_of(grouping)
    return lambda name: (fixed.index(name), name) if fixed else (name == NOT_STATED, name.casefold())
