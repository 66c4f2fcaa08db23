"""The meaning of ages, durations, codes and judgements, with the contract's fine print, a line each."""

import itertools
from datetime import date

import pytest

from referral.criteria.answer import Truth, every, number_of, some
from referral.criteria.days import add_months, age_in_years
from tests.core.records import answer, ask

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
