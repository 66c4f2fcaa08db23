"""The limits of age, duration, EDSS, measurements, walking and the comorbidity index."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from referral.criteria.case import rules
from referral.criteria.days import add_months, add_years
from referral.criteria.edges.base import (
    AS_OF,
    Edge,
    Facts,
    days_around,
    edges,
    ends,
    numbers_around,
    plain,
    window_start,
)
from referral.criteria.language import edss, fitness, person
from referral.facts import AIDS, is_edss
from referral.scores.hct_ci import hct_ci, items


@edges.register
def _age(leaf: person.AgeYears) -> Iterator[Edge]:
    for name, end in ends(leaf.bounds):
        years = int(end) + (name in ("above", "max"))
        yield from days_around(
            f"age {name} {end}: {years} years on {AS_OF}",
            add_years(AS_OF, -years),
            lambda day: {"patient": {"birth_date": day}},
        )


@edges.register
def _duration(leaf: person.DurationYears) -> Iterator[Edge]:
    anchor = "diagnosed_on" if leaf.anchor == "unstated" else leaf.anchor
    for name, end in ends(leaf.bounds):
        yield from days_around(
            f"{anchor} {name} {end} years",
            add_years(AS_OF, -int(end)),
            lambda day: {"diagnosis": {anchor: day}},
        )


def _score(value: Any, on: date, **more: Any) -> dict[str, Any]:
    return {"date": on.isoformat(), "score": value, **more}


@edges.register
def _edss(leaf: edss.Edss) -> Iterator[Edge]:
    for name, end in ends(leaf.bounds):
        for limit, case, facts in numbers_around(
            f"EDSS {name} {end}",
            end,
            Decimal("0.5"),
            lambda value: {"edss": [_score(value, AS_OF, during_relapse=False)]},
        ):
            if is_edss(Decimal(facts["edss"][0]["score"])):
                yield limit, case, facts


@edges.register
def _rise(leaf: edss.EdssRise) -> Iterator[Edge]:
    steps = [
        (Decimal(2), leaf.above if leaf.least is None else leaf.least),
        (rules().edss_step_changes_at, leaf.least_from_5_5),
    ]
    for before, step in steps:
        if step is not None:
            yield from numbers_around(
                f"rise of {step} from {before}", step, Decimal("0.5"), _risen_from(before)
            )
    start = window_start(leaf.window)
    if start:
        back = f"{leaf.window.months} months" if leaf.window.days is None else f"{leaf.window.days} days"
        rise = (leaf.least or Decimal(0)) + Decimal(1)
        yield from days_around(
            f"earlier EDSS {back} back", start,
            lambda day: {"edss": [{"date": day, "score": 2}, _score(plain(2 + rise), AS_OF)]},
        )  # fmt: skip


def _risen_from(before: Decimal) -> Callable[[Any], Facts]:
    return lambda rise: {
        "edss": [_score(plain(before), add_months(AS_OF, -2)), _score(plain(before + rise), AS_OF)]
    }


@edges.register
def _system(leaf: edss.FunctionalSystem) -> Iterator[Edge]:
    for name, end in ends(leaf.bounds):
        yield from numbers_around(
            f"{leaf.system} {name} {end}", end, 1,
            lambda grade: {"edss": [_score(4, AS_OF, functional_systems={leaf.system: grade})]},
        )  # fmt: skip


@edges.register
def _measured(leaf: fitness.MeasurementOf) -> Iterator[Edge]:
    section, _, measure = leaf.path.partition(".")
    for name, end in ends(leaf.bounds):
        yield from numbers_around(
            f"{measure} {name} {end}", end, 1,
            lambda value: {section: {measure: {"value": value, "date": AS_OF.isoformat()}}},
        )  # fmt: skip


@edges.register
def _walks(leaf: fitness.Walks) -> Iterator[Edge]:
    dated = {"date": AS_OF.isoformat()}
    if leaf.least_m is not None:
        aid = {"aid": leaf.aid_at_most} if leaf.aid_at_most else {}
        yield from numbers_around(
            f"walks {leaf.least_m} m", leaf.least_m, 1,
            lambda metres: {"ambulation": {"distance_m": metres, **aid, **dated}},
        )  # fmt: skip
    if leaf.aid_at_most is not None:
        far = {"distance_m": leaf.least_m + 100} if leaf.least_m is not None else {}
        for aid_name in AIDS:
            yield (
                f"aid at most {leaf.aid_at_most}",
                aid_name,
                {"ambulation": {**far, "aid": aid_name, **dated}},
            )


@edges.register
def _index(leaf: fitness.HctCi) -> Iterator[Edge]:
    for name, end in ends(leaf.bounds):
        yield from numbers_around(
            f"HCT-CI {name} {end}", end, 1, lambda total: {"comorbidity": {"hct_ci": _items_of(int(total))}}
        )


def _items_of(total: int) -> dict[str, bool]:
    """Give every item, so many of them present that the sum is ``total``."""
    known = dict.fromkeys(items(), False)
    for item, (weight, _) in items().items():
        if weight == 1 and hct_ci(known)[0] < total:
            known[item] = True
    return known
