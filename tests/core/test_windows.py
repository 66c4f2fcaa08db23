"""How far back an edition looks, to the day."""

from datetime import date, timedelta
from typing import Any

import pytest

from referral.criteria import library
from referral.criteria.case import Case
from referral.criteria.language import vocabulary
from referral.criteria.load import read_edition
from referral.criteria.windows import WINDOWED, LookBack, look_backs
from tests.core.records import ask, make_record, relapses
from tests.core.test_library import edition

TODAY = date(2026, 11, 21)


def windows(test: str, **facts: Any) -> list[LookBack]:
    criterion = f"{{id: made, kind: required, statement: Made up., test: {test}, source: doi:10.0000/x}}"
    made = read_edition(edition(criterion), "made-up.yaml")
    return list(look_backs(made, Case.on(make_record(TODAY, **facts), TODAY)))


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (
            "{relapses: {at_least: 1, within_months: 12}}",
            ["Relapses in the last 12 months: 21 November 2025 to 21 November 2026"],
        ),
        (
            "{mri: {findings: [gd_lesions], at_least: 1, within_days: 90}}",
            ["MRI in the last 90 days: 23 August 2026 to 21 November 2026"],
        ),
        (
            "{relapse_and_mri: {within_months: 24, gap_months: {min: 3}, relapse: {},"
            " mri: {findings: [new_t2], at_least: 1}}}",
            [
                "Relapses in the last 24 months: 21 November 2024 to 21 November 2026",
                "MRI in the last 24 months: 21 November 2024 to 21 November 2026",
            ],
        ),
        (
            "{edss: {max: 6}}",
            [
                "EDSS of the last 12 months (an older one counts as not known): "
                "21 November 2025 to 21 November 2026"
            ],
        ),
        (
            "{treatment_free_months: {class: [natalizumab], min: 6}}",
            ["Treatments in the last 6 months, without natalizumab: 21 May 2026 to 21 November 2026"],
        ),
        (
            "{edss_rise: {min: 1, within_months: 24}}",
            [
                "EDSS in the last 24 months: 21 November 2024 to 21 November 2026",
                "EDSS of the last 12 months (an older one counts as not known): "
                "21 November 2025 to 21 November 2026",
            ],
        ),
        (
            "{functional_system: {system: visual, max: 2}}",
            [
                "EDSS of the last 12 months (an older one counts as not known): "
                "21 November 2025 to 21 November 2026"
            ],
        ),
        (
            "{mri_t2_rate: {min_per_month: 1, interval_months: {min: 3}, within_days: 30}}",
            ["MRI in the last 30 days: 22 October 2026 to 21 November 2026"],
        ),
        (
            "{mri: {findings: [new_t2], at_least: 1, since: diagnosed_on}}",
            ["MRI since the diagnosis: the date is not recorded"],
        ),
        ("{relapses: {at_least: 1}}", []),
        ("{failed_treatments: {class: any, at_least: 1}}", []),
        ("{untested: nobody can}", []),
    ],
)
def test_a_window_is_said_with_its_days(test: str, words: list[str]) -> None:
    assert [each.words for each in windows(test)] == words


def test_a_window_that_is_counted_from_the_diagnosis_begins_when_that_may_be_earliest() -> None:
    (window,) = windows(
        "{mri: {findings: [new_t2], at_least: 1, since: diagnosed_on}}", diagnosis={"diagnosed_on": "2020"}
    )
    assert (window.first, window.last) == (date(2020, 1, 1), TODAY)
    assert window.label == "since diagnosis"


def test_a_window_of_the_first_years_ends_when_they_may_end_latest() -> None:
    asked = "{relapses: {at_least: 2, first_months: {anchor: symptom_onset, months: 36}}}"
    (window,) = windows(asked, diagnosis={"symptom_onset": "2020-05"})
    assert (window.first, window.last) == (date(2020, 5, 1), date(2023, 5, 31))
    (open_window,) = windows(asked)
    assert open_window.first is None
    assert open_window.words.endswith("the date is not recorded")


def test_criteria_that_look_back_alike_share_a_window_and_the_longest_stands_first() -> None:
    found = look_backs(library()["beat-ms-current"], Case.on(make_record(TODAY), TODAY))
    long, short = (each for each in found if each.of == "relapses")
    assert (long.label, short.label) == ("36 months", "12 months")
    assert {"activity_episodes", "one_relapse"} <= set(long.criteria)
    assert short.criteria == ("recent_episode",)


def test_no_word_with_a_window_is_forgotten() -> None:
    named = {word: {*dir(kind), *getattr(kind, "__annotations__", ())} for word, kind in vocabulary().items()}
    assert {word for word, names in named.items() if "window" in names} == set(WINDOWED)


@pytest.mark.parametrize(("days", "found"), [(0, "yes"), (-1, "no"), (1, "yes")])
def test_the_criterion_itself_lets_the_first_day_of_the_window_in(days: int, found: str) -> None:
    asked = "{relapses: {at_least: 1, within_months: 12}}"
    (window,) = windows(asked)
    assert window.first
    onset = (window.first + timedelta(days=days)).isoformat()
    assert ask(asked, TODAY, **relapses(onset)) == found


ORDERED = """{all: [{treatment_free_months: {class: any, min: 3}}, {edss: {max: 6}},
 {relapses: {at_least: 1, since: diagnosed_on}},
 {relapses: {at_least: 1, within_months: 6}}, {relapses: {at_least: 2, within_months: 24}},
 {mri: {findings: [new_t2], at_least: 1, within_days: 30}}]}"""


def test_windows_stand_list_by_list_the_longest_first_with_short_labels() -> None:
    found = windows(ORDERED, diagnosis={"diagnosed_on": "2020-05"})
    assert [(each.of, each.label, each.first, each.last) for each in found] == [
        ("relapses", "since diagnosis", date(2020, 5, 1), TODAY),
        ("relapses", "24 months", date(2024, 11, 21), TODAY),
        ("relapses", "6 months", date(2026, 5, 21), TODAY),
        ("mri", "30 days", date(2026, 10, 22), TODAY),
        ("edss", "12 months", date(2025, 11, 21), TODAY),
        ("treatments", "3 months", date(2026, 8, 21), TODAY),
    ]


@pytest.mark.parametrize(
    ("onset", "first", "last"),
    [
        ("2025-05", date(2025, 5, 1), date(2026, 5, 31)),
        ("2026-05", date(2026, 5, 1), TODAY),
        (None, None, TODAY),
    ],
)
def test_a_window_after_a_beginning_is_as_wide_as_it_may_be(
    onset: str | None, first: date | None, last: date
) -> None:
    test = "{relapses: {at_least: 1, first_months: {anchor: symptom_onset, months: 12}}}"
    (found,) = windows(test, diagnosis={"symptom_onset": onset})
    assert (found.label, found.first, found.last) == ("first 12 months", first, last)


def test_a_window_asked_for_twice_names_both_and_each_once() -> None:
    texts = [
        f"{{id: {name}, kind: required, statement: S., source: doi:10.0000/x, test: {{any: [{{edss: {{max: 6}}}},"
        f" {{edss: {{max: {most}}}}}]}}, applies_if: {{edss: {{min: 1}}}}}}"
        for name, most in (("a", 5), ("b", 4))
    ]
    case = Case.on(make_record(TODAY), TODAY)
    (found,) = look_backs(read_edition(edition(*texts), "made-up.yaml"), case)
    assert found.criteria == ("a", "b")
