"""The limits of every word of the language, each with the facts at it and beside it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import singledispatch
from typing import Any

from referral.criteria.case import rules
from referral.criteria.days import add_months, add_years
from referral.criteria.language import Test, edss, fitness, mri, mri_rate, pairs, person, relapses, treatments
from referral.criteria.language.base import Bounds, DrugClass, Window
from referral.criteria.language.on_treatment import OnTreatment
from referral.facts import AIDS, is_edss
from referral.reference import drugs
from referral.scores.hct_ci import hct_ci, items

AS_OF = date(2026, 6, 15)
"""The day on which the worked cases are asked."""
Facts = Mapping[str, Any]
Edge = tuple[str, str, Facts]


@singledispatch
def edges(leaf: Test) -> Iterator[Edge]:
    """Give the limits of one leaf, each with the facts at it and beside it."""
    yield from ()


def _days(limit: str, edge: date, facts: Callable[[str], Facts]) -> Iterator[Edge]:
    """Give the day before, the day and the day after."""
    for name, step in (("a day earlier", -1), ("on the day", 0), ("a day later", 1)):
        yield limit, name, facts((edge + timedelta(days=step)).isoformat())


def _numbers(
    limit: str, at: Decimal | int, step: Decimal | int, facts: Callable[[Any], Facts]
) -> Iterator[Edge]:
    """Give the number below, the number and the number above."""
    for name, value in (("below", at - step), ("at", at), ("above", at + step)):
        if value >= 0:
            yield limit, f"{name}: {value}", facts(_plain(value))


def _plain(value: Decimal | int) -> int | Decimal:
    return int(value) if value == int(value) else Decimal(value)


def _ends(bounds: Bounds) -> Iterator[tuple[str, Decimal]]:
    for name, end in (
        ("min", bounds.least),
        ("above", bounds.above),
        ("max", bounds.most),
        ("below", bounds.below),
    ):
        if end is not None:
            yield name, end


@edges.register
def _age(leaf: person.AgeYears) -> Iterator[Edge]:
    for name, end in _ends(leaf.bounds):
        years = int(end) + (name in ("above", "max"))
        yield from _days(
            f"age {name} {end}: {years} years on {AS_OF}",
            add_years(AS_OF, -years),
            lambda day: {"patient": {"birth_date": day}},
        )


@edges.register
def _duration(leaf: person.DurationYears) -> Iterator[Edge]:
    anchor = "diagnosed_on" if leaf.anchor == "unstated" else leaf.anchor
    for name, end in _ends(leaf.bounds):
        yield from _days(
            f"{anchor} {name} {end} years",
            add_years(AS_OF, -int(end)),
            lambda day: {"diagnosis": {anchor: day}},
        )


def _score(value: Any, on: date, **more: Any) -> dict[str, Any]:
    return {"date": on.isoformat(), "score": value, **more}


@edges.register
def _edss(leaf: edss.Edss) -> Iterator[Edge]:
    for name, end in _ends(leaf.bounds):
        for limit, case, facts in _numbers(
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
            yield from _numbers(f"rise of {step} from {before}", step, Decimal("0.5"), _risen_from(before))
    start = _window_start(leaf.window)
    if start:
        back = f"{leaf.window.months} months" if leaf.window.days is None else f"{leaf.window.days} days"
        rise = (leaf.least or Decimal(0)) + Decimal(1)
        yield from _days(
            f"earlier EDSS {back} back", start,
            lambda day: {"edss": [{"date": day, "score": 2}, _score(_plain(2 + rise), AS_OF)]},
        )  # fmt: skip


def _risen_from(before: Decimal) -> Callable[[Any], Facts]:
    return lambda rise: {
        "edss": [_score(_plain(before), add_months(AS_OF, -2)), _score(_plain(before + rise), AS_OF)]
    }


@edges.register
def _system(leaf: edss.FunctionalSystem) -> Iterator[Edge]:
    for name, end in _ends(leaf.bounds):
        yield from _numbers(
            f"{leaf.system} {name} {end}", end, 1,
            lambda grade: {"edss": [_score(4, AS_OF, functional_systems={leaf.system: grade})]},
        )  # fmt: skip


def _drug(drug_class: DrugClass | None) -> str:
    return next(drug.key for drug in drugs() if drug_class is None or drug.key in drug_class.keys)


def _courses(*listed: dict[str, Any]) -> Facts:
    return {"treatments": {"complete": True, "courses": list(listed)}}


def _on_treatment(treatment: OnTreatment | None) -> Facts:
    """Give a course that has run long enough, or the word that none was ever given."""
    if treatment is None:
        return {}
    if treatment.drug_class is None:
        return _courses()
    return _courses({"drug": _drug(treatment.drug_class), "start": "2015-01-01", "ongoing": True})


def _relapse(wanted: relapses.RelapseFilter, onset: str) -> dict[str, Any]:
    """Give a relapse that meets the filter."""
    entry: dict[str, Any] = {"onset": onset, **dict.fromkeys(wanted.flags, True)}
    if wanted.severity:
        entry["severity"] = sorted(wanted.severity)[0]
    if wanted.recovery:
        entry["recovery"] = sorted(wanted.recovery)[0]
    if wanted.systems:
        entry["systems"] = sorted(wanted.systems)[:1]
    elif wanted.not_only_systems:
        entry["systems"] = sorted({"pyramidal", "visual", "brainstem"} - wanted.not_only_systems)[:1]
    if wanted.step:
        entry |= {"edss_before": 3, "edss_peak": _plain(3 + wanted.step[0])}
    return entry


def _listed(entries: list[dict[str, Any]], wanted: relapses.RelapseFilter, **more: Any) -> Facts:
    return {
        "relapses": {"complete_since": "1990-01-01", "events": entries},
        **_on_treatment(wanted.treatment),
        **more,
    }


def _window_start(window: Window) -> date | None:
    if window.months is not None:
        return add_months(AS_OF, -window.months)
    return AS_OF - timedelta(days=window.days) if window.days is not None else None


@edges.register
def _relapses(leaf: relapses.Relapses) -> Iterator[Edge]:
    wanted = leaf.wanted
    start = _window_start(leaf.window)
    number = (leaf.at_most or 0) + 1 if leaf.at_least is None else leaf.at_least
    anchored = (
        {"diagnosis": {"symptom_onset": "2024-01-01"}} if leaf.window.anchor or leaf.window.since else {}
    )
    first = date(2024, 2, 1) if anchored else AS_OF - timedelta(days=10 if leaf.window.days else 40)

    def onsets(count: int) -> list[dict[str, Any]]:
        gap = 40 if anchored else -40
        return [_relapse(wanted, (first + timedelta(days=gap * place)).isoformat()) for place in range(count)]

    count = leaf.at_least if leaf.at_least is not None else leaf.at_most or 0
    yield from _numbers(
        f"relapses {'at least' if leaf.at_least is not None else 'at most'} {count}", count, 1,
        lambda found: _listed(onsets(int(found)), wanted, **anchored),
    )  # fmt: skip
    if start:
        yield from _days(
            f"window from {start}", start,
            lambda day: _listed([*onsets(number - 1), _relapse(wanted, day)], wanted),
        )  # fmt: skip
    if wanted.treatment and wanted.treatment.months and wanted.treatment.drug_class:
        earliest = min(date.fromisoformat(entry["onset"]) for entry in onsets(number))
        yield from _exposures(
            wanted.treatment, earliest, lambda given: {**_listed(onsets(number), wanted), **given}
        )
    if wanted.step:
        for least, before in ((wanted.step[0], Decimal(3)), (wanted.step[1], rules().edss_step_changes_at)):
            yield from _numbers(
                f"EDSS step {least} from {before}", least, Decimal("0.5"),
                _stepped(onsets(number), before, wanted),
            )  # fmt: skip


def _stepped(
    entries: list[dict[str, Any]], before: Decimal, wanted: relapses.RelapseFilter
) -> Callable[[Any], Facts]:
    def facts(step: Any) -> Facts:
        rise = {"edss_before": _plain(before), "edss_peak": _plain(before + step)}
        return _listed([entry | rise for entry in entries], wanted)

    return facts


def _exposures(treatment: OnTreatment, at: date, facts: Callable[[Facts], Facts]) -> Iterator[Edge]:
    start = add_months(at, -treatment.months)
    yield from _days(
        f"{treatment.months} months on treatment", start,
        lambda day: facts(_courses({"drug": _drug(treatment.drug_class), "start": day, "ongoing": True})),
    )  # fmt: skip


def _study(findings: tuple[str, ...], count: int, on: str, wanted: mri.StudyFilter) -> dict[str, Any]:
    """Give a study that brings the finding and meets the filter."""
    name = findings[0]
    study: dict[str, Any] = {"date": on, "contrast": True}
    if name == "new_or_enlarging_t2":
        study |= {"new_t2": count, "enlarging_t2": 0}
    elif name == "cord_or_brainstem_lesions":
        study[name] = bool(count)
    else:
        study[name] = count
    if wanted.diameter:
        study["gd_max_diameter_mm"] = 12
    if wanted.steroid_days is not None:
        study["days_since_steroids"] = wanted.steroid_days + 10
    return study


@edges.register
def _mri(leaf: mri.Mri) -> Iterator[Edge]:
    wanted, start = leaf.wanted, _window_start(leaf.window)
    treated = _on_treatment(wanted.treatment)
    anchored = {"diagnosis": {leaf.window.since: "2024-01-01"}} if leaf.window.since else {}
    on = (AS_OF - timedelta(days=40)).isoformat()

    def found(name: str) -> Callable[[Any], Facts]:
        return lambda count: {"mri": [_study((name,), int(count), on, wanted)], **treated, **anchored}

    for name in leaf.findings:
        yield from _numbers(f"{name} at least {leaf.at_least}", leaf.at_least, 1, found(name))
    if start:
        yield from _days(
            f"window from {start}", start,
            lambda day: {"mri": [_study(leaf.findings, leaf.at_least, day, wanted)], **treated},
        )  # fmt: skip
    yield from _filters(
        leaf.findings, leaf.at_least, on, wanted, lambda study: {"mri": [study], **treated, **anchored}
    )
    if wanted.treatment and wanted.treatment.months and wanted.treatment.drug_class:
        study = _study(leaf.findings, leaf.at_least, on, wanted)
        yield from _exposures(
            wanted.treatment, date.fromisoformat(on), lambda given: {"mri": [study], **anchored, **given}
        )


def _filters(
    findings: tuple[str, ...],
    count: int,
    on: str,
    wanted: mri.StudyFilter,
    facts: Callable[[dict[str, Any]], Facts],
) -> Iterator[Edge]:
    study = _study(findings, count, on, wanted)
    for name, end in _ends(wanted.diameter):
        yield from _numbers(
            f"diameter {name} {end} mm", end, 1, lambda size: facts(study | {"gd_max_diameter_mm": size})
        )
    if wanted.steroid_days is not None:
        yield from _numbers(
            f"{wanted.steroid_days} days after steroids", wanted.steroid_days, 1,
            lambda days: facts(study | {"days_since_steroids": days}),
        )  # fmt: skip


@edges.register
def _rate(leaf: mri_rate.MriT2Rate) -> Iterator[Edge]:
    on = AS_OF - timedelta(days=40)

    def compared(gap: int, new: int) -> Facts:
        earlier = (on - timedelta(days=gap)).isoformat()
        return {"mri": [{"date": on.isoformat(), "contrast": True, "new_t2": new, "compared_with": earlier}]}

    for name, end in _ends(leaf.interval):
        days = int(Decimal(end) * 487 / 16)
        yield from _numbers(f"interval {name} {end} months", days, 1, lambda gap: compared(int(gap), 90))
    middle = int(sum((end for _, end in _ends(leaf.interval)), Decimal(0)) / 2 * 487 / 16)
    number = int(leaf.rate * middle * 16 / 487)
    yield from _numbers(
        f"{leaf.rate} a month over {middle} days", number, 1, lambda new: compared(middle, int(new))
    )


@edges.register
def _pair(leaf: pairs.RelapseAndMri) -> Iterator[Edge]:
    on = AS_OF - timedelta(days=10)

    def pair(onset: str, count: int = leaf.at_least) -> Facts:
        study = _study(leaf.findings, count, on.isoformat(), leaf.study)
        return _listed([_relapse(leaf.relapse, onset)], leaf.relapse, mri=[study])

    edge = (
        on - timedelta(days=int(leaf.gap.days))
        if leaf.gap.days is not None
        else add_months(on, -(leaf.gap.months or 0))
    )
    yield from _days(f"relapse and scan {leaf.gap.words()}", edge, pair)
    far = (edge - timedelta(days=20)).isoformat()
    yield from _numbers(
        f"{leaf.findings[0]} at least {leaf.at_least}", leaf.at_least, 1, lambda count: pair(far, int(count))
    )
    start = _window_start(leaf.window)
    if start:
        yield from _days(f"window from {start}", start, pair)


def _different(drug_class: DrugClass, count: int) -> list[str]:
    """Give drugs of the class, each another substance."""
    substances = {drug.substance: drug.key for drug in drugs() if drug.key in drug_class.keys}
    return list(substances.values())[:count]


def _drug_edges(leaf: treatments.FailedTreatments | treatments.TreatedWith) -> Iterator[Edge]:
    def given(names: list[str], start: str) -> Facts:
        return _courses(
            *(
                {"drug": name, "start": start, "stop": AS_OF.isoformat(), "outcome": "failed_efficacy"}
                for name in names
            )
        )

    yield from _numbers(
        f"drugs at least {leaf.at_least}", leaf.at_least, 1,
        lambda count: given(_different(leaf.drug_class, int(count)), "2015-01-01"),
    )  # fmt: skip
    if leaf.exposure:
        yield from _days(
            f"exposure of {leaf.exposure} months", add_months(AS_OF, -leaf.exposure),
            lambda day: given(_different(leaf.drug_class, leaf.at_least), day),
        )  # fmt: skip


edges.register(treatments.FailedTreatments, _drug_edges)
edges.register(treatments.TreatedWith, _drug_edges)


@edges.register
def _free(leaf: treatments.TreatmentFreeMonths) -> Iterator[Edge]:
    name = _drug(leaf.drug_class)
    yield from _days(
        f"{leaf.months} months since the last dose", add_months(AS_OF, -leaf.months),
        lambda day: _courses({"drug": name, "start": "2015-01-01", "stop": day, "last_dose": day}),
    )  # fmt: skip


@edges.register
def _measured(leaf: fitness.MeasurementOf) -> Iterator[Edge]:
    section, _, measure = leaf.path.partition(".")
    for name, end in _ends(leaf.bounds):
        yield from _numbers(
            f"{measure} {name} {end}", end, 1,
            lambda value: {section: {measure: {"value": value, "date": AS_OF.isoformat()}}},
        )  # fmt: skip


@edges.register
def _walks(leaf: fitness.Walks) -> Iterator[Edge]:
    dated = {"date": AS_OF.isoformat()}
    if leaf.least_m is not None:
        aid = {"aid": leaf.aid_at_most} if leaf.aid_at_most else {}
        yield from _numbers(
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
    for name, end in _ends(leaf.bounds):
        yield from _numbers(
            f"HCT-CI {name} {end}", end, 1, lambda total: {"comorbidity": {"hct_ci": _items_of(int(total))}}
        )


def _items_of(total: int) -> dict[str, bool]:
    """Give every item, so many of them present that the sum is ``total``."""
    known = dict.fromkeys(items(), False)
    for item, (weight, _) in items().items():
        if weight == 1 and hct_ci(known)[0] < total:
            known[item] = True
    return known
