"""Entries of the record that meet a filter: a course, a relapse, a study."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from referral.criteria.days import add_months
from referral.criteria.edges.base import Edge, Facts, days_around, plain
from referral.criteria.language import mri, relapses
from referral.criteria.language.base import DrugClass
from referral.criteria.language.on_treatment import OnTreatment
from referral.reference import drugs


def a_drug(drug_class: DrugClass | None) -> str:
    """Give the first drug of the class."""
    return next(drug.key for drug in drugs() if drug_class is None or drug.key in drug_class.keys)


def courses(*listed: dict[str, Any]) -> Facts:
    """Give a whole list of courses."""
    return {"treatments": {"complete": True, "courses": list(listed)}}


def on_treatment(treatment: OnTreatment | None) -> Facts:
    """Give a course that has run long enough, or the word that none was ever given."""
    if treatment is None:
        return {}
    if treatment.drug_class is None:
        return courses()
    return courses({"drug": a_drug(treatment.drug_class), "start": "2015-01-01", "ongoing": True})


def a_relapse(wanted: relapses.RelapseFilter, onset: str) -> dict[str, Any]:
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
        entry |= {"edss_before": 3, "edss_peak": plain(3 + wanted.step[0])}
    return entry


def listed_relapses(entries: list[dict[str, Any]], wanted: relapses.RelapseFilter, **more: Any) -> Facts:
    """Give a whole list of relapses, with the treatment that the filter asks for."""
    return {
        "relapses": {"complete_since": "1990-01-01", "events": entries},
        **on_treatment(wanted.treatment),
        **more,
    }


def exposures(treatment: OnTreatment, at: date, facts: Callable[[Facts], Facts]) -> Iterator[Edge]:
    """Give the days around the start at which the exposure is just reached."""
    start = add_months(at, -treatment.months)
    yield from days_around(
        f"{treatment.months} months on treatment", start,
        lambda day: facts(courses({"drug": a_drug(treatment.drug_class), "start": day, "ongoing": True})),
    )  # fmt: skip


def a_study(findings: tuple[str, ...], count: int, on: str, wanted: mri.StudyFilter) -> dict[str, Any]:
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
