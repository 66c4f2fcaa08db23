"""The meaning of relapses: folding, windows, lists that may hold more, what a relapse must be to count."""

from tests.core.records import ask, courses, relapses

YES, NO, UNKNOWN = "yes", "no", "unknown"


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
    assert ask(test, **relapses({"onset": "2026-11-01", "recovery": "complete"})) == NO


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


def test_a_first_symptom_known_by_its_year_makes_no_list_whole() -> None:
    test = "relapses: {at_least: 1, within_months: 12}"
    listed = relapses(since="2026-03-01")
    assert ask(test, **listed, diagnosis={"symptom_onset": "2026"}) == UNKNOWN
    assert ask(test, **listed, diagnosis={"symptom_onset": "2026-03-02"}) == NO


def test_no_course_that_is_not_listed_runs_beside_a_listed_one() -> None:
    test = "relapses: {at_least: 1, within_months: 12, on_treatment: high_efficacy}"
    other = courses({"drug": "dmf", "start": "2024-01-01", "ongoing": True}, complete=None)
    assert ask(test, **relapses("2026-03-03"), **other) == NO
    assert ask(test, **relapses("2026-03-03"), **courses(complete=None)) == UNKNOWN
