"""The meaning of every word, with the contract's fine print, a line each."""

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from referral.criteria.answer import Truth, every, number_of, some
from referral.criteria.days import add_months, age_in_years
from tests.core.records import answer, ask, courses, relapses

YES, NO, UNKNOWN = "yes", "no", "unknown"


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 21), -12, date(2025, 11, 21)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
    ],
)
def test_months_are_calendar_months_that_stop_at_the_months_end(
    day: date, months: int, expected: date
) -> None:
    assert add_months(day, months) == expected


def test_a_birthday_on_29_february_falls_on_1_march_in_other_years() -> None:
    born = date(2000, 2, 29)
    assert age_in_years(born, date(2026, 2, 28)) == 25
    assert age_in_years(born, date(2026, 3, 1)) == 26
    assert age_in_years(born, date(2024, 2, 29)) == 24


def test_kleene_and_or_not_and_counting() -> None:
    for first, second in itertools.product(Truth, Truth):
        low, high = sorted((first, second), key=lambda truth: truth.value)
        assert every((first, second)) is low
        assert some((first, second)) is high
        assert ~every((first, second)) is some((~first, ~second))
    assert number_of([Truth.YES, Truth.UNKNOWN, Truth.NO], 1) is Truth.YES
    assert number_of([Truth.YES, Truth.UNKNOWN, Truth.NO], 2) is Truth.UNKNOWN
    assert number_of([Truth.YES, Truth.UNKNOWN, Truth.NO], 3) is Truth.NO


@pytest.mark.parametrize(
    ("birth", "test", "expected"),
    [
        ("1970-11-22", "age_years: {min: 18, max: 55}", YES),  # turns 56 tomorrow
        ("1970-11-21", "age_years: {min: 18, max: 55}", NO),  # turns 56 today
        ("1981-11-22", "age_years: {below: 45}", YES),
        ("1981-11-21", "age_years: {below: 45}", NO),
        ("2008-11-21", "age_years: {min: 18}", YES),
        ("2008-11-22", "age_years: {min: 18}", NO),
        ("1981", "age_years: {below: 45}", UNKNOWN),
        ("1981-12", "age_years: {below: 45}", YES),
        ("1980", "age_years: {below: 45}", NO),
    ],
)
def test_age(birth: str, test: str, expected: str) -> None:
    assert ask(test, patient={"birth_date": birth}) == expected


def test_an_age_not_known_is_neither_met_nor_failed() -> None:
    assert ask("age_years: {below: 45}") == UNKNOWN


@pytest.mark.parametrize(
    ("anchor", "test", "expected"),
    [
        ("2016-11-22", "duration_years: {anchor: diagnosed_on, below: 10}", YES),
        ("2016-11-21", "duration_years: {anchor: diagnosed_on, below: 10}", NO),
        ("2016-11-21", "duration_years: {anchor: diagnosed_on, max: 10}", YES),
        ("2016-11-20", "duration_years: {anchor: diagnosed_on, max: 10}", NO),
        ("2025-11-21", "duration_years: {anchor: diagnosed_on, min: 1}", YES),
        ("2025-11-22", "duration_years: {anchor: diagnosed_on, min: 1}", NO),
        ("2016", "duration_years: {anchor: diagnosed_on, below: 10}", UNKNOWN),
        ("2017", "duration_years: {anchor: diagnosed_on, below: 10}", YES),
    ],
)
def test_duration(anchor: str, test: str, expected: str) -> None:
    assert ask(test, diagnosis={"diagnosed_on": anchor}) == expected


def test_a_duration_of_two_bounds_that_no_day_of_the_year_can_meet_both_is_not_met() -> None:
    test = "duration_years: {anchor: diagnosed_on, min: 10, max: 12}"
    assert ask(test, diagnosis={"diagnosed_on": "2018"}) == NO
    assert ask(test, diagnosis={"diagnosed_on": "2015"}) == YES
    assert ask(test, diagnosis={"diagnosed_on": "2016"}) == UNKNOWN


def test_an_anchor_that_the_source_does_not_name_is_the_diagnosis_else_the_first_symptom() -> None:
    test = "duration_years: {anchor: unstated, below: 10}"
    diagnosis = {"symptom_onset": "2012-01-01", "diagnosed_on": "2018-01-01"}
    assert ask(test, diagnosis=diagnosis) == YES
    fallen_back = answer(test, diagnosis={"symptom_onset": "2012-01-01"})
    assert fallen_back.truth is Truth.NO
    assert "no date of diagnosis is recorded" in fallen_back.tell()
    assert "diagnosis.diagnosed_on" in fallen_back.missing


def edss(*scores: tuple[Any, ...]) -> dict[str, Any]:
    names = ("date", "score", "during_relapse")
    return {"edss": [dict(zip(names, score, strict=False)) for score in scores]}


def test_the_latest_edss_counts_and_a_stale_one_says_nothing() -> None:
    test = "edss: {min: 2.5, max: 5.5}"
    assert ask(test, **edss(("2026-01-01", 6.0), ("2026-10-01", 5.5))) == YES
    assert ask(test, **edss(("2025-11-21", 5.5))) == YES
    stale = answer(test, **edss(("2025-11-20", 5.5)))
    assert (stale.truth, stale.reason.value) == (Truth.UNKNOWN, "stale")
    assert ask(test, **edss(("2026-10-01", 0))) == NO


def test_two_scores_that_may_be_the_latest_must_agree() -> None:
    test = "edss: {max: 5.5}"
    assert ask(test, **edss(("2026-10", 6.0), ("2026-10-15", 5.0))) == UNKNOWN
    assert ask(test, **edss(("2026-10", 4.0), ("2026-10-15", 5.0))) == YES
    assert ask(test, **edss(("2026-10-15", 6.0), ("2026-10-15", 5.0))) == UNKNOWN
    assert ask(test, **edss(("2026-09", 6.0), ("2026-10-15", 5.0))) == YES
    assert ask(test, **edss(("2025", 5.0))) == UNKNOWN  # may be stale
    assert ask(test, **edss(("2025", 5.0), ("2025-12-01", 5.0))) == YES  # the latest is surely fresh


def test_a_score_out_of_range_may_be_the_doing_of_a_relapse() -> None:
    test = "edss: {below: 6.0, unless_during_relapse: true}"
    assert ask(test, **edss(("2026-10-01", 7.0, False))) == NO
    assert ask(test, **edss(("2026-10-01", 7.0, True))) == UNKNOWN
    assert ask(test, **edss(("2026-10-01", 7.0))) == UNKNOWN
    assert ask(test, **edss(("2026-10-01", 4.0, True))) == YES


def test_a_rise_needs_two_scores_of_the_window_for_a_no() -> None:
    test = "edss_rise: {min: 1.0, min_from_5_5: 0.5, within_months: 12}"
    assert ask(test, **edss(("2026-10-01", 4.0))) == UNKNOWN
    assert ask(test, **edss(("2026-01-01", 3.0), ("2026-10-01", 4.0))) == YES
    assert ask(test, **edss(("2026-01-01", 3.5), ("2026-10-01", 4.0))) == NO
    assert ask(test, **edss(("2026-01-01", 5.5), ("2026-10-01", 6.0))) == YES
    assert ask(test, **edss(("2025-01-01", 3.0), ("2026-10-01", 4.0))) == UNKNOWN  # the other lies before
    assert ask(test, **edss(("2026", 3.0), ("2026-10-01", 4.0))) == UNKNOWN
    assert ask("edss_rise: {above: 0, within_months: 12}", **edss(("2026-01-01", 4), ("2026-10-01", 4))) == NO


def test_relapses_fold_within_thirty_days_of_the_last_accepted_onset() -> None:
    counted = {
        ("2026-03-01", "2026-03-21", "2026-04-10"): 2,  # days 0, 20, 40
        ("2026-03-01", "2026-03-30"): 1,
        ("2026-03-01", "2026-03-31"): 2,
    }
    for onsets, number in counted.items():
        assert ask(f"relapses: {{at_least: {number}, within_months: 12}}", **relapses(*onsets)) == YES
        assert ask(f"relapses: {{at_least: {number + 1}, within_months: 12}}", **relapses(*onsets)) == NO


def test_a_folded_relapse_keeps_the_worst_and_any_flag() -> None:
    pair = relapses(
        {"onset": "2026-03-01", "severity": "mild", "recovery": "complete", "steroid_treated": False},
        {"onset": "2026-03-11", "severity": "severe", "recovery": "none", "steroid_treated": True},
    )
    assert ask("relapses: {at_least: 1, within_months: 12, severity: [severe]}", **pair) == YES
    assert ask("relapses: {at_least: 1, within_months: 12, recovery: [complete]}", **pair) == NO
    assert ask("relapses: {at_least: 1, within_months: 12, steroid_treated: true}", **pair) == YES


def test_ongoing_recovery_is_no_answer_yet() -> None:
    test = "relapses: {at_least: 1, within_months: 12, recovery: [incomplete, none]}"
    assert ask(test, **relapses({"onset": "2026-11-01", "recovery": "ongoing"})) == UNKNOWN
    folded = relapses(
        {"onset": "2026-10-01", "recovery": "ongoing"}, {"onset": "2026-10-11", "recovery": "incomplete"}
    )
    assert ask(test, **folded) == YES


def test_a_pseudo_relapse_never_counts_and_never_folds() -> None:
    test = "relapses: {at_least: 1, within_months: 12}"
    assert ask(test, **relapses({"onset": "2026-03-01", "pseudo": True})) == NO
    pair = relapses({"onset": "2026-03-01", "pseudo": True}, "2026-03-11")
    assert ask(test, **pair) == YES


def test_the_window_lets_both_ends_in() -> None:
    test = "relapses: {at_least: 1, within_months: 12}"
    assert ask(test, **relapses("2025-11-21")) == YES
    assert ask(test, **relapses("2025-11-20")) == NO
    assert ask(test, **relapses("2026-11-21")) == YES


def test_an_imprecise_onset_may_or_may_not_lie_in_the_window() -> None:
    test = "relapses: {at_least: 1, within_months: 12}"
    assert ask(test, **relapses("2025")) == UNKNOWN
    assert ask(test, **relapses("2026")) == YES
    assert ask(test, **relapses("2024")) == NO


def test_a_list_that_may_hold_more_gives_no_upper_limit() -> None:
    at_least, at_most = (
        "relapses: {at_least: 2, within_months: 12}",
        "relapses: {at_most: 0, within_months: 12}",
    )
    assert ask(at_least, **relapses("2026-05-01", since=None)) == UNKNOWN
    assert ask(at_least, **relapses("2026-05-01", since="2026-01-01")) == UNKNOWN
    assert ask(at_least, **relapses("2026-05-01", since="2025-11-21")) == NO
    assert ask(at_most, **relapses(since=None)) == UNKNOWN
    assert ask(at_most, **relapses()) == YES
    assert ask(at_most, relapses={"complete_since": "2020"}) == YES  # given without events: none since then
    assert ask(at_most, **relapses("2026-05-01", since=None)) == NO


def test_a_list_complete_since_the_first_symptom_is_complete() -> None:
    test = "relapses: {at_most: 0, within_months: 12}"
    young = {"symptom_onset": "2026-06-01"}
    assert ask(test, diagnosis=young, **relapses(since="2026-06-01")) == YES
    assert ask(test, diagnosis=young, **relapses(since="2026-06")) == UNKNOWN  # counts from its last day


def test_days_are_judged_together() -> None:
    on_drug = courses({"drug": "natalizumab", "start": "2026-03-01", "ongoing": True})
    test = "relapses: {at_least: 1, within_months: 6, on_treatment: any}"
    # possible days in the window lie on treatment, earlier ones do not: still one possible day meets both
    assert ask(test, **relapses("2026"), **on_drug) == UNKNOWN
    early = courses({"drug": "natalizumab", "start": "2026-01-01", "stop": "2026-04-30"})
    # on treatment before the window only, in the window off treatment: no day meets both
    assert ask(test, **relapses("2026"), **early) == NO


def test_treatments_that_follow_each_other_cover_the_year_together() -> None:
    both = courses(
        {"drug": "dmf", "start": "2024-01-01", "stop": "2026-06-30"},
        {"drug": "natalizumab", "start": "2026-07-01", "ongoing": True},
    )
    assert (
        ask("relapses: {at_least: 1, within_months: 12, on_treatment: any}", **relapses("2026"), **both)
        == YES
    )


def test_outside_every_treatment() -> None:
    test = "relapses: {at_least: 1, within_months: 12, on_treatment: none}"
    assert ask(test, **relapses("2026-05-01"), **courses()) == YES
    assert ask(test, **relapses("2026-05-01"), **courses(complete=None)) == UNKNOWN
    steroids = courses({"drug": "methylpred", "start": "2026-04-01", "stop": "2026-06-01"})
    assert ask(test, **relapses("2026-05-01"), **steroids) == YES  # no disease-modifying drug
    steroids["treatments"]["complete"] = None
    assert ask(test, **relapses("2026-05-01"), **steroids) == UNKNOWN  # another may be missing from the list
    treated = courses({"drug": "dmf", "start": "2026-04-01", "stop": "2026-06-01"})
    assert ask(test, **relapses("2026-05-01"), **treated) == NO


def test_a_course_that_is_not_listed_lies_outside_those_that_surely_are() -> None:
    test = "relapses: {at_least: 1, within_months: 12, on_treatment: high_efficacy}"
    listed = {"drug": "dmf", "start": "2026-04-15", "ongoing": True}
    assert ask(test, **relapses("2026-05-01"), **courses(listed, complete=None)) == NO
    assert ask(test, **relapses("2026-04-15"), **courses(listed, complete=None)) == NO
    assert ask(test, **relapses("2026-04-14"), **courses(listed, complete=None)) == UNKNOWN
    unknown = listed | {"drug": "wonderdrug"}
    assert ask(test, **relapses("2026-05-01"), **courses(unknown, complete=None)) == UNKNOWN
    steroid = listed | {"drug": "methylpred"}
    assert ask(test, **relapses("2026-05-01"), **courses(steroid, complete=None)) == UNKNOWN


def test_a_course_that_began_and_ended_on_unknown_days_surely_covers_none() -> None:
    test = "relapses: {at_least: 1, within_months: 12, on_treatment: any}"
    for course in ({"start": "2026-05"}, {"start": "2026-05", "stop": "2026-05"}, {}):
        assert ask(test, **relapses("2026-05-31"), **courses({"drug": "dmf"} | course)) == UNKNOWN, course
        assert ask(test, **relapses("2026-05-01"), **courses({"drug": "dmf"} | course)) == UNKNOWN, course
    late = {"drug": "dmf", "start": "2026", "stop": "2026-05-10"}
    assert ask(test, **relapses("2026-05-10"), **courses(late)) == YES
    assert ask(test, **relapses("2026-05-11"), **courses(late)) == NO
    early = {"drug": "dmf", "start": "2026-05-10", "stop": "2026"}
    assert ask(test, **relapses("2026-05-10"), **courses(early)) == YES
    assert ask(test, **relapses("2026-05-09"), **courses(early)) == NO


def test_exposure_is_counted_forwards_from_the_start() -> None:
    test = "relapses: {at_least: 1, within_months: 12, on_treatment: any, min_exposure_months: 3}"
    drug = {"drug": "dmf", "start": "2026-02-28", "ongoing": True}
    assert ask(test, **relapses("2026-05-28"), **courses(drug)) == YES
    assert ask(test, **relapses("2026-05-27"), **courses(drug)) == NO


def test_a_step_of_the_edss_in_a_relapse() -> None:
    test = "relapses: {at_least: 1, within_months: 12, edss_step: {min: 1.0, min_from_5_5: 0.5}}"
    assert ask(test, **relapses({"onset": "2026-05-01", "edss_before": 3, "edss_peak": 4})) == YES
    assert ask(test, **relapses({"onset": "2026-05-01", "edss_before": 3, "edss_peak": 3.5})) == NO
    assert ask(test, **relapses({"onset": "2026-05-01", "edss_before": 5.5, "edss_peak": 6})) == YES
    assert ask(test, **relapses({"onset": "2026-05-01", "edss_before": 3})) == UNKNOWN


def test_systems() -> None:
    test = "relapses: {at_least: 1, within_months: 12, systems: [pyramidal]}"
    assert ask(test, **relapses({"onset": "2026-05-01", "systems": ["sensory"]})) == NO
    assert ask(test, **relapses({"onset": "2026-05-01", "systems": []})) == UNKNOWN
    only = "relapses: {at_least: 1, within_months: 12, not_only_systems: [sensory, bowel_bladder]}"
    assert ask(only, **relapses({"onset": "2026-05-01", "systems": ["sensory"]})) == NO
    assert ask(only, **relapses({"onset": "2026-05-01", "systems": ["sensory", "visual"]})) == YES


def mri(*studies: dict[str, Any]) -> dict[str, Any]:
    return {"mri": [{"date": "2026-09-01", "contrast": True} | study for study in studies]}


GD = "mri: {findings: [gd_lesions], at_least: 1, within_months: 12}"


def test_no_study_is_not_no_lesion() -> None:
    nothing = answer(GD)
    assert (nothing.truth, nothing.reason.value) == (Truth.UNKNOWN, "no_study")
    assert ask(GD, **mri({"date": "2024-01-01", "gd_lesions": 0})) == UNKNOWN
    assert ask(GD, **mri({"gd_lesions": 0})) == NO
    assert ask(GD, **mri({"gd_lesions": 1})) == YES


def test_contrast() -> None:
    assert ask(GD, **mri({"contrast": False, "gd_lesions": 2})) == UNKNOWN
    assert ask(GD, mri=[{"date": "2026-09-01", "gd_lesions": 2}]) == YES  # not recorded, a count given
    assert ask(GD, **mri({"contrast": False}, {"gd_lesions": 0})) == NO


def test_a_study_without_the_count_is_passed_over_once_another_speaks() -> None:
    assert ask(GD, **mri({}, {"gd_lesions": 0})) == NO
    assert ask(GD, **mri({})) == UNKNOWN


def test_new_or_enlarging_with_one_count_not_known_is_never_a_no() -> None:
    test = "mri: {findings: [new_or_enlarging_t2], at_least: 2, within_months: 12}"
    assert ask(test, **mri({"new_t2": 2})) == YES
    assert ask(test, **mri({"new_t2": 0})) == UNKNOWN
    assert ask(test, **mri({"new_t2": 1, "enlarging_t2": 1})) == YES
    assert ask(test, **mri({"new_t2": 1, "enlarging_t2": 0})) == NO
    assert ask(test, **mri({"new_t2": 0}, {"new_t2": 0, "enlarging_t2": 0})) == UNKNOWN


def test_a_study_that_fails_a_filter_was_a_study() -> None:
    steroid = "mri: {findings: [gd_lesions], at_least: 1, within_months: 12, min_days_since_steroids: 30}"
    assert ask(steroid, **mri({"gd_lesions": 2, "days_since_steroids": 10})) == NO
    assert ask(steroid, **mri({"gd_lesions": 2, "days_since_steroids": 30})) == YES
    assert ask(steroid, **mri({"gd_lesions": 2})) == UNKNOWN
    large = "mri: {findings: [gd_lesions], at_least: 1, within_months: 12, diameter_mm: {above: 3}}"
    assert ask(large, **mri({"gd_lesions": 1, "gd_max_diameter_mm": 3})) == NO
    assert ask(large, **mri({"gd_lesions": 1})) == UNKNOWN
    assert ask(large, **mri({"gd_lesions": 0})) == NO


def test_counts_may_be_ranges() -> None:
    two = "mri: {findings: [new_t2], at_least: 2, within_months: 12}"
    assert ask(two, **mri({"new_t2": {"min": 2}})) == YES
    assert ask(two, **mri({"new_t2": {"min": 1}})) == UNKNOWN
    assert ask(two, **mri({"new_t2": {"min": 1, "max": 3}})) == UNKNOWN
    assert ask(two, **mri({"new_t2": {"min": 0, "max": 1}})) == NO


def test_a_study_that_only_may_lie_in_the_window_settles_nothing() -> None:
    assert ask(GD, **mri({"date": "2025", "gd_lesions": 2})) == UNKNOWN
    assert ask(GD, **mri({"date": "2025", "gd_lesions": 0})) == UNKNOWN


RATE = "mri_t2_rate: {min_per_month: 0.3, interval_months: {min: 6, max: 12}, within_months: 24}"


@pytest.mark.parametrize(
    ("compared", "new", "expected"),
    [
        ("2026-03-02", 2, YES),  # 183 days, 6.01 months: 0.33 a month
        ("2026-03-03", 9, UNKNOWN),  # 182 days are less than 6 months: not such a study
        ("2025-09-01", 3, NO),  # 365 days: 0.25 a month
        ("2025-09-01", 4, YES),
        ("2025-08-31", 9, UNKNOWN),  # 366 days are more than 12 months
        (None, 9, UNKNOWN),
    ],
)
def test_the_rate_of_new_lesions(compared: str | None, new: int, expected: str) -> None:
    study: dict[str, Any] = {"new_t2": new} | ({"compared_with": compared} if compared else {})
    assert ask(RATE, **mri(study)) == expected


PAIR = """
relapse_and_mri:
  within_months: 12
  gap_days: {above: 0}
  relapse: {}
  mri: {findings: [gd_lesions], at_least: 1}
"""


def test_a_relapse_and_a_scan_on_another_day() -> None:
    assert ask(PAIR, **relapses("2026-05-01"), **mri({"gd_lesions": 1})) == YES
    assert ask(PAIR, **relapses("2026-09-01"), **mri({"gd_lesions": 1})) == NO
    assert ask(PAIR, **relapses("2026-09"), **mri({"gd_lesions": 1})) == UNKNOWN
    assert ask(PAIR, **relapses("2026-09-01", since=None), **mri({"gd_lesions": 1})) == UNKNOWN
    assert ask(PAIR, **relapses("2026-05-01"), **mri({"gd_lesions": 0})) == NO
    assert ask(PAIR, **relapses(), **mri({"gd_lesions": 1})) == NO
    assert ask(PAIR, **relapses("2026-05-01")) == UNKNOWN


def test_a_gap_of_months_that_differs_by_the_end_it_is_counted_from_cannot_be_said() -> None:
    test = PAIR.replace("gap_days: {above: 0}", "gap_months: {min: 1}").replace("12", "24")
    assert ask(test, **relapses("2026-01-31"), **mri({"date": "2026-02-28", "gd_lesions": 1})) == UNKNOWN
    assert ask(test, **relapses("2026-01-28"), **mri({"date": "2026-02-28", "gd_lesions": 1})) == YES
    assert ask(test, **relapses("2026-01-31"), **mri({"date": "2026-02-27", "gd_lesions": 1})) == NO


def test_the_distance_is_judged_over_the_days_that_lie_in_the_window() -> None:
    test = PAIR.replace("within_months: 12", "within_days: 356")  # from 30 November 2025 on
    assert ask(test, **relapses("2025-11"), **mri({"date": "2025-11-30", "gd_lesions": 1})) == NO
    assert ask(test, **relapses("2025-11"), **mri({"date": "2025-12-01", "gd_lesions": 1})) == UNKNOWN
    assert ask(test, **relapses("2025-12"), **mri({"date": "2025-11-30", "gd_lesions": 1})) == YES


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


@pytest.mark.parametrize(
    ("status", "negative", "not_active"),
    [
        ("negative", YES, YES),
        ("past", NO, YES),
        ("active", NO, NO),
        ("positive", NO, UNKNOWN),
        ("not_tested", UNKNOWN, UNKNOWN),
        (None, UNKNOWN, UNKNOWN),
    ],
)
def test_serology(status: str | None, negative: str, not_active: str) -> None:
    facts: dict[str, Any] = {"infection": {"hbv": status}}
    assert ask("serology: {path: infection.hbv, in: [negative]}", **facts) == negative
    assert ask("serology: {path: infection.hbv, in: [negative, past]}", **facts) == not_active


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"value": 45, "date": "2026-10-01"}, NO),
        ({"value": 45.1, "date": "2026-10-01"}, YES),
        ({"value": 60, "date": "2025-11-21"}, YES),
        ({"value": 60, "date": "2025-11-20"}, UNKNOWN),
        ({"value": 60, "date": "2025"}, UNKNOWN),
        ({"value": 60}, UNKNOWN),
    ],
)
def test_a_measurement_is_read_if_it_is_dated_and_fresh(measured: dict[str, Any], expected: str) -> None:
    test = "measurement: {path: organ_function.lvef_pct, above: 45}"
    assert ask(test, organ_function={"lvef_pct": measured}) == expected


@pytest.mark.parametrize(
    ("walks", "expected"),
    [
        ({"distance_m": 20, "aid": "bilateral", "date": "2026-10-01"}, YES),
        ({"distance_m": 19, "aid": "none", "date": "2026-10-01"}, NO),
        ({"distance_m": 500, "aid": "unable", "date": "2026-10-01"}, NO),
        ({"aid": "unable", "date": "2026-10-01"}, NO),
        ({"distance_m": 500, "date": "2026-10-01"}, UNKNOWN),
        ({"distance_m": 500, "aid": "none", "date": "2025-10-01"}, UNKNOWN),
        ({"distance_m": 500, "aid": "none"}, UNKNOWN),
    ],
)
def test_walking(walks: dict[str, Any], expected: str) -> None:
    assert ask("ambulation: {min_distance_m: 20, aid_at_most: bilateral}", ambulation=walks) == expected


def test_the_comorbidity_index_is_a_range_while_items_are_not_known() -> None:
    assert ask("hct_ci: {max: 26}") == YES
    assert ask("hct_ci: {max: 25}") == UNKNOWN
    assert ask("hct_ci: {below: 3}", comorbidity={"hct_ci": {"valve": True}}) == NO


def test_sex_unknown_counts_as_absent() -> None:
    test = "code: {path: patient.sex, in: [male]}"
    assert ask(test, patient={"sex": "unknown"}) == UNKNOWN
    assert ask(test, patient={"sex": "female"}) == NO


def test_a_judgement_is_read_and_never_guessed() -> None:
    test = "judgement: highly_active_ms"
    assert ask(test) == UNKNOWN
    assert ask(test, judgements={"highly_active_ms": {"value": False}}) == NO
    said = answer(test, judgements={"highly_active_ms": {"value": True, "by": "Dr A", "on": "2026-10"}})
    assert said.truth is Truth.YES
    assert "Dr A" in said.tell()
    assert "October 2026" in said.tell()


def test_functional_system_grade_of_the_latest_score() -> None:
    scores = [{"date": "2026-10-01", "score": 4, "functional_systems": {"pyramidal": 3}}]
    assert ask("functional_system: {system: pyramidal, min: 3}", edss=scores) == YES
    assert ask("functional_system: {system: cerebellar, min: 3}", edss=scores) == UNKNOWN


def test_an_edss_is_an_exact_decimal() -> None:
    assert ask("edss: {max: 5.5}", **edss(("2026-10-01", Decimal("5.5")))) == YES
