"""What a fact that is not known might turn out to be.

For every record path that an answer names as missing: the values that editions can tell apart. A code takes each
of its codes, a number each limit and what lies beside it, a day the days around each limit. A list that may hold
more turns out to be whole, with or without further entries, each known to the last detail.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from referral.criteria.case import Case
from referral.criteria.days import add_months, add_years
from referral.criteria.language.fitness import MEASURES
from referral.facts import (
    AIDS,
    CRITERIA,
    EARLIEST_YEAR,
    MALIGNANCY,
    OUTCOMES,
    PHENOTYPES,
    RECOVERIES,
    SCORES,
    SEVERITIES,
    SYSTEMS,
    Ambulation,
    CaseRecord,
    Count,
    Course,
    EdssScore,
    FunctionalSystems,
    Judgement,
    Measurement,
    MriStudy,
    PartialDate,
    Relapse,
)
from referral.reference import drugs

Filling = Callable[[CaseRecord], CaseRecord]

CODES: dict[str, tuple[Any, ...]] = {
    "phenotype": PHENOTYPES,
    "criteria": CRITERIA,
    "sex": ("female", "male", "other"),
    "malignancy": MALIGNANCY,
    "severity": SEVERITIES,
    "recovery": RECOVERIES[:3],
    "systems": tuple((system,) for system in SYSTEMS),
    "outcome": OUTCOMES,
    "aid": AIDS,
}
SEROLOGIES = ("hiv", "hbv", "hcv", "syphilis", "tuberculosis", "htlv", "jcv", "aqp4_igg", "mog_igg")
COUNTS = ("gd_lesions", "new_t2", "enlarging_t2", "t2_lesions")
MANY = 99


def day(value: date) -> PartialDate:
    """Write a day as a recorded date, which none before the earliest is."""
    return PartialDate.parse(max(value, date(EARLIEST_YEAR, 1, 1)).isoformat())


def fillings(path: str, case: Case, limits: tuple[Decimal, ...]) -> tuple[Filling, ...]:
    """Give everything that the fact at ``path`` may turn out to be, as far as ``limits`` tell values apart."""
    if path in _LISTS:
        return tuple(_LISTS[path](case))
    return tuple(_set(path, value) for value in _values(path, case, limits))


def _values(path: str, case: Case, limits: tuple[Decimal, ...]) -> Iterator[Any]:
    name = path.rpartition(".")[2]
    if path.startswith("judgements."):
        yield from (Judgement(value=value) for value in (True, False))
    elif path in MEASURES:
        yield from (Measurement(value=value, date=day(case.as_of)) for value in _around(limits))
    elif path == "ambulation":
        yield from (
            Ambulation(distance_m=int(metres), aid=aid, date=day(case.as_of))
            for metres in _around(limits)
            for aid in AIDS
            if metres >= 0
        )
    elif name == "distance_m":
        yield from (int(metres) for metres in _around(limits) if metres >= 0)
    elif name in CODES:
        yield from CODES[name]
    elif name in SEROLOGIES:
        yield from ("negative", "past", "active")
    elif name in ("edss_before", "edss_peak"):
        yield from SCORES
    elif name in COUNTS:
        yield from _counts(case.record, path, limits)
    elif name in ("gd_max_diameter_mm", "days_since_steroids"):
        yield from (value for value in _around(limits) if value >= 0)
    elif ".functional_systems." in path:
        yield from range(7)
    elif name == "drug":
        yield from (drug.key for drug in drugs())
    elif name in _DATES:
        yield from (day(value) for value in sorted(_days(path, case, limits)))
    else:
        yield from (True, False)


_DATES = (
    "birth_date", "symptom_onset", "diagnosed_on", "first_treated_on", "onset", "start", "stop", "last_dose", "date",
    "compared_with",
)  # fmt: skip


def _around(limits: tuple[Decimal, ...]) -> list[Decimal]:
    return sorted({limit + step for limit in (*limits, Decimal(0)) for step in (-1, 0, 1)})


def _counts(record: CaseRecord, path: str, limits: tuple[Decimal, ...]) -> Iterator[Count]:
    known = get(record, path)
    for number in sorted({0, 1, 2, 3, MANY, *(int(limit) for limit in limits if limit >= 0)}):
        within = known is None or (known.least <= number and (known.most is None or number <= known.most))
        if within:
            yield Count(number, number)


def _days(path: str, case: Case, limits: tuple[Decimal, ...]) -> set[date]:
    """The days around each limit, within what is already known of the date and of its order."""
    known = get(case.record, path)
    first, last = case.span(known) if known else (_earliest(path, case), case.known_on)
    edges = {first, last}
    for limit in {int(limit) for limit in limits if 0 <= limit <= 120}:
        edges |= {add_years(case.as_of, -limit), add_months(case.as_of, -limit)}
    for other in _days_beside(path, case):
        edges |= {add_months(other, int(limit)) for limit in limits if 0 <= limit <= 120} | {other}
    near = {edge + timedelta(days=step) for edge in edges for step in (-1, 0, 1)}
    return {value for value in near if first <= value <= last}


def _earliest(path: str, case: Case) -> date:
    """The day before which a date that is not known cannot lie."""
    birth = case.record.patient.birth_date
    course = re.match(r"(treatments\.courses\[\d+\])\.(stop|last_dose)$", path)
    start = get(case.record, f"{course[1]}.start") if course else None
    return start.first if start else birth.first if birth else add_years(case.as_of, -100)


def _days_beside(path: str, case: Case) -> Iterator[date]:
    """Days around which an answer may turn: those of courses and, for the day of a score, those of the scores."""
    for course in case.record.treatments.courses or ():
        yield from (known.first for known in (course.start, course.stop, course.last_dose) if known)
    if path.startswith("edss["):
        yield from (score.date.first for score in case.record.edss)


def get(record: Any, path: str) -> Any:
    """Give the value at a path with places in lists, such as ``mri[0].date``."""
    value: Any = record
    for name, place in _steps(path):
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        if place is not None and value is not None:
            value = value[place] if place < len(value) else None
        if value is None:
            return None
    return value


def _steps(path: str) -> list[tuple[str, int | None]]:
    found = (re.fullmatch(r"(\w+)(?:\[(\d+)\])?", part) for part in path.split("."))
    return [(step[1], None if step[2] is None else int(step[2])) for step in found if step]


def _set(path: str, value: Any) -> Filling:
    steps = _steps(path)
    return lambda record: _placed(record, steps, value)


def _placed(holder: Any, steps: list[tuple[str, int | None]], value: Any) -> Any:
    if not steps:
        return value
    (name, place), rest = steps[0], steps[1:]
    inner: Any = holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name)
    if place is not None:
        new = (*inner[:place], _placed(inner[place], rest, value), *inner[place + 1 :])
    else:
        new = _placed({} if inner is None and rest else inner, rest, value)
    if isinstance(holder, Mapping):
        return {**holder, name: new}
    return replace(holder, **{name: new}) if is_dataclass(holder) else new  # type: ignore[type-var]  # the library has no type for "any dataclass"


# ------------------------------------------------------------------------- lists that may hold more


def _more_relapses(case: Case) -> Iterator[Filling]:
    """The list is whole: as it stands, or with more relapses of either kind in the time that was open."""
    since = case.record.relapses.complete_since
    end = case.span(since)[1] if since else case.known_on
    onset = case.record.diagnosis.symptom_onset
    start = max(case.span(onset)[0] if onset else add_months(end, -36), add_months(end, -36))
    open_days = [start + (end - start) * step // 4 for step in (1, 2, 3)]
    bad: dict[str, Any] = {
        "severity": "severe", "recovery": "none", "steroid_treated": True, "disabling": True,
        "confirmed_by_neurologist": True, "systems": SYSTEMS, "edss_before": Decimal(3), "edss_peak": Decimal(7),
    }  # fmt: skip
    mild: dict[str, Any] = {
        "severity": "mild", "recovery": "complete", "steroid_treated": False, "disabling": False,
        "confirmed_by_neurologist": False, "systems": ("sensory",), "edss_before": Decimal(3),
        "edss_peak": Decimal(3),
    }  # fmt: skip
    yield _whole_list(())
    for kind in (bad, mild):
        yield _whole_list(tuple(Relapse(onset=day(value), **kind) for value in open_days))


def _whole_list(more: tuple[Relapse, ...]) -> Filling:
    def fill(record: CaseRecord) -> CaseRecord:
        events = (*(record.relapses.events or ()), *more)
        whole = replace(record.relapses, complete_since=PartialDate.parse("1900-01-01"), events=events)
        return replace(record, relapses=whole)

    return fill


def _more_courses(case: Case) -> Iterator[Filling]:
    """The list is whole: as it stands, or with earlier courses that failed, or with some that did not."""
    first = min((placed.start[0] for placed in case.courses if placed.course.start), default=case.known_on)
    end = min(first, case.known_on)
    for outcome in (None, "failed_efficacy", "intolerance"):
        more = () if outcome is None else _past_courses(end, outcome)

        def fill(record: CaseRecord, more: tuple[Course, ...] = more) -> CaseRecord:
            listed = (*(record.treatments.courses or ()), *more)
            return replace(record, treatments=replace(record.treatments, complete=True, courses=listed))

        yield fill


def _past_courses(end: date, outcome: str) -> tuple[Course, ...]:
    start, stop = day(add_months(end, -48)), day(add_months(end, -24))
    known = [drug.key for drug in drugs() if drug.efficacy != "none"]
    return tuple(Course(drug=key, start=start, stop=stop, last_dose=stop, outcome=outcome) for key in known)


def _another_score(case: Case) -> Iterator[Filling]:
    """A new EDSS of today, with its functional systems."""
    grades = [{part.name: grade for part in fields(FunctionalSystems)} for grade in (0, 5)]
    for score in SCORES:
        for during in (False, True):
            for known in grades:
                entry = EdssScore(
                    date=day(case.as_of), score=score, during_relapse=during,
                    functional_systems=FunctionalSystems(**known),
                )  # fmt: skip
                yield _with_score(entry)


def _another_study(case: Case) -> Iterator[Filling]:
    """A new MRI study of today, with contrast, compared and counted."""
    for number in (0, 1, 2, 3, MANY):
        count = Count(number, number)
        study = MriStudy(
            date=day(case.as_of), contrast=True, gd_lesions=count, gd_max_diameter_mm=Decimal(20),
            new_t2=count, enlarging_t2=count, t2_lesions=count, compared_with=day(add_months(case.as_of, -9)),
            days_since_steroids=999, cord_or_brainstem_lesions=number > 0,
        )  # fmt: skip
        yield _with_study(study)


def _with_score(entry: EdssScore) -> Filling:
    return lambda record: replace(record, edss=(*record.edss, entry))


def _with_study(study: MriStudy) -> Filling:
    return lambda record: replace(record, mri=(*record.mri, study))


_LISTS: dict[str, Callable[[Case], Iterator[Filling]]] = {
    "relapses.complete_since": _more_relapses,
    "treatments.complete": _more_courses,
    "edss": _another_score,
    "mri": _another_study,
}
"""Paths that stand for a list: once known, it is whole, or has a new entry of today."""
