"""The meaning of treatments: failure, exposure, drugs that nobody knows, months since the last dose."""

from datetime import date
from typing import Any

import pytest

from tests.core.records import answer, ask, courses, relapses

YES, NO, UNKNOWN = "yes", "no", "unknown"
FAILED = "failed_treatments: {class: high_efficacy, at_least: 1, min_exposure_months: 6}"


def test_only_lack_of_effect_is_failure() -> None:
    drug = {"drug": "natalizumab", "start": "2024-01-01", "stop": "2025-01-01"}
    assert ask(FAILED, **courses(drug | {"outcome": "failed_efficacy"})) == YES
    assert ask(FAILED, **courses(drug | {"outcome": "intolerance"})) == NO
    assert ask(FAILED, **courses(drug)) == UNKNOWN
    assert ask(FAILED, **courses(drug | {"outcome": "intolerance"}, complete=None)) == UNKNOWN
    assert ask(FAILED, **courses({**drug, "drug": "dmf", "outcome": "failed_efficacy"})) == NO


def test_exposure_runs_from_start_to_stop() -> None:
    failed = {"drug": "natalizumab", "outcome": "failed_efficacy"}
    assert ask(FAILED, **courses(failed | {"start": "2025-01-31", "stop": "2025-07-31"})) == YES
    assert ask(FAILED, **courses(failed | {"start": "2025-01-31", "stop": "2025-07-30"})) == NO
    assert ask(FAILED, **courses(failed | {"start": "2026-05-21", "ongoing": True})) == YES
    assert ask(FAILED, **courses(failed | {"start": "2026-05-22", "ongoing": True})) == NO
    assert ask(FAILED, **courses(failed | {"start": "2024-01-01"})) == UNKNOWN  # ended on some day
    assert ask(FAILED, **courses(failed | {"start": "2024-01-01", "last_dose": "2025-01-01"})) == UNKNOWN
    assert ask(FAILED, **courses(failed | {"start": "2025", "stop": "2025"})) == UNKNOWN
    assert ask(FAILED, **courses(failed | {"start": "2026-06", "stop": "2026-09"})) == NO


def test_one_substance_by_two_routes_counts_once_and_courses_are_not_added_up() -> None:
    two = "failed_treatments: {class: any, at_least: 2}"
    pair = [
        {"drug": name, "start": "2024", "stop": "2025", "outcome": "failed_efficacy"}
        for name in ("ocrelizumab_iv", "ocrelizumab_sc")
    ]
    assert ask(two, **courses(*pair)) == NO
    short = [
        {
            "drug": "natalizumab",
            "start": f"{year}-01-01",
            "stop": f"{year}-05-01",
            "outcome": "failed_efficacy",
        }
        for year in (2023, 2024)
    ]
    assert ask(FAILED, **courses(*short)) == NO


def test_a_drug_that_nobody_knows_may_be_of_any_class() -> None:
    course = {"drug": "wonderdrug", "start": "2024-01-01", "stop": "2025-01-01", "outcome": "failed_efficacy"}
    assert ask(FAILED, **courses(course)) == UNKNOWN
    assert ask("treated_with: {class: any, at_least: 1}", **courses(course)) == UNKNOWN


def test_never_treated() -> None:
    test = "not: {treated_with: {class: any, at_least: 1}}"
    assert ask(test, **courses()) == YES
    assert ask(test, treatments={"complete": True}) == YES
    assert ask(test, **courses(complete=None)) == UNKNOWN


FREE = "treatment_free_months: {class: [natalizumab], min: 6}"


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ({"stop": "2026-05-21", "last_dose": "2026-05-21"}, YES),
        ({"stop": "2026-05-22", "last_dose": "2026-05-22"}, NO),
        ({"stop": "2026-11-01", "last_dose": "2026-05-01"}, YES),
        ({"stop": "2026-05-21"}, YES),
        ({"stop": "2026"}, UNKNOWN),
        ({"ongoing": True, "last_dose": "2026-01-01"}, NO),
        ({"last_dose": "2026-01-01"}, UNKNOWN),
        ({"last_dose": "2026-10-01"}, NO),
        ({"ongoing": True, "stop": "2026-01-01"}, UNKNOWN),
    ],
)
def test_months_since_the_last_dose(course: dict[str, Any], expected: str) -> None:
    assert ask(FREE, **courses({"drug": "natalizumab", "start": "2024-01-01"} | course)) == expected


def test_months_since_the_last_dose_are_counted_from_both_ends() -> None:
    course = {"drug": "natalizumab", "start": "2020-01-01", "stop": "2026-02-28"}
    assert ask(FREE, date(2026, 8, 31), **courses(course)) == YES
    course["stop"] = "2025-08-31"
    assert ask(FREE, date(2026, 2, 28), **courses(course)) == UNKNOWN


def test_never_given_is_free_of_it_only_if_the_list_is_complete() -> None:
    assert ask(FREE, **courses()) == YES
    assert ask(FREE, **courses(complete=None)) == UNKNOWN
    old = {"drug": "natalizumab", "start": "2020", "stop": "2021"}
    assert ask(FREE, **courses(old)) == YES
    assert ask(FREE, **courses(old, complete=None)) == UNKNOWN


def test_what_does_not_count_hides_nothing_that_stands_after_it() -> None:
    past = {"start": "2024-01-01", "stop": "2025-01-01", "outcome": "failed_efficacy"}
    other, right = {"drug": "dmf", **past}, {"drug": "natalizumab", **past}
    shortly = {**right, "drug": "ocrelizumab_iv", "stop": "2024-02-01"}
    assert ask(FAILED, **courses(other, right)) == YES
    assert ask(FAILED, **courses(shortly, right)) == YES
    two = "failed_treatments: {class: any, at_least: 2}"
    assert ask(two, **courses(other, right)) == YES


def test_a_course_of_other_days_hides_nothing_that_is_missing_of_the_next() -> None:
    far = {"drug": "dmf", "start": "2015-01-01", "stop": "2016-01-01"}
    near = {"drug": "natalizumab", "start": "2026"}
    facts = courses(far, near) | relapses("2026-06-01")
    found = answer("relapses: {at_least: 1, within_months: 12, on_treatment: any}", **facts)
    assert found.missing == ("treatments.courses[1].start", "treatments.courses[1].stop")


def test_a_stop_known_in_part_lies_after_the_start() -> None:
    free = "treatment_free_months: {class: [natalizumab], min: 6}"
    assert ask(free, **courses({"drug": "natalizumab", "start": "2026-06-01", "stop": "2026"})) == NO
    assert ask(free, **courses({"drug": "natalizumab", "start": "2026-05", "stop": "2026"})) == UNKNOWN
    assert ask(free, **courses({"drug": "natalizumab", "start": "2025", "stop": "2026-05-22"})) == NO
    going_on = {"drug": "natalizumab", "start": "2026-06-01", "stop": "2026", "ongoing": True}
    assert ask(free, **courses(going_on)) == NO
