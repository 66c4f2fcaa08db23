"""Days, months and sets of days, each against counting by hand, day by day."""

import itertools
from datetime import date, timedelta

import pytest

from referral.criteria.case import Case, in_words
from referral.criteria.days import (
    ALL_DAYS,
    DAWN,
    DUSK,
    NO_DAYS,
    Days,
    OpenDays,
    add_months,
    add_years,
    age_in_years,
    birthday,
    first_day_back_at,
    first_day_beyond,
)
from referral.facts import PartialDate
from tests.core.records import ask, make_record

EDGES = [
    date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 28),
    date(2024, 2, 29), date(2024, 3, 1), date(2023, 2, 28), date(2024, 11, 30), date(2024, 12, 1), date(2024, 8, 31),
]  # fmt: skip
A_DAY = timedelta(days=1)


@pytest.mark.parametrize("months", [0, 1, 2, 3, 6, 11, 12, 13, 24])
def test_the_first_day_from_which_the_way_back_reaches_is_found_by_walking(months: int) -> None:
    for day in EDGES:
        walked = day
        while add_months(walked, -months) < day:
            walked += A_DAY
        assert first_day_back_at(day, months) == walked, day
        while add_months(walked, -months) <= day:
            walked += A_DAY
        assert first_day_beyond(day, months) == walked, day


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)), (date(2024, 1, 31), 2, date(2024, 3, 31)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)), (date(2024, 1, 15), -1, date(2023, 12, 15)),
        (date(2024, 3, 30), -13, date(2023, 2, 28)), (date(2024, 11, 30), 1, date(2024, 12, 30)),
        (date(2024, 12, 31), 0, date(2024, 12, 31)),
    ],
)  # fmt: skip
def test_months_are_added(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_years_stop_at_28_february_but_birthdays_go_on_to_1_march() -> None:
    leap = date(2000, 2, 29)
    assert [add_years(leap, years) for years in (1, 4, -1)] == [
        date(2001, 2, 28), date(2004, 2, 29), date(1999, 2, 28),
    ]  # fmt: skip
    assert [birthday(leap, age) for age in (1, 4, 100)] == [
        date(2001, 3, 1), date(2004, 2, 29), date(2100, 3, 1),
    ]  # fmt: skip
    assert birthday(date(2000, 2, 28), 1) == date(2001, 2, 28)
    assert birthday(date(2000, 3, 29), 1) == date(2001, 3, 29)
    for born in (leap, date(1999, 12, 31), date(2000, 1, 1)):
        for age in (1, 18, 45):
            assert age_in_years(born, birthday(born, age)) == age
            assert age_in_years(born, birthday(born, age) - A_DAY) == age - 1


SPANS = [
    [],
    [(3, 5)],
    [(3, 5), (7, 9)],
    [(3, 5), (6, 9)],
    [(7, 9), (3, 7)],
    [(3, 9), (4, 5)],
    [(5, 3), (8, 8)],
]
AROUND = range(1, 12)


def members(spans: list[tuple[int, int]]) -> set[int]:
    return {day for first, last in spans for day in range(first, last + 1)}


@pytest.mark.parametrize(("first", "second"), list(itertools.product(SPANS, SPANS)))
def test_sets_of_days_are_sets(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    a, b = Days.joined(first), Days.joined(second)
    for found, plain in (
        (a, members(first)), (a & b, members(first) & members(second)), (a | b, members(first) | members(second)),
        (~a, set(AROUND) - members(first)),
    ):  # fmt: skip
        assert {day for day in AROUND if found.covers(day, day)} == plain
        assert {day for day in AROUND if found.meets(day, day)} == plain
        for low, high in itertools.combinations(AROUND, 2):
            span = set(range(low, high + 1))
            assert found.covers(low, high) == (span <= plain)
            assert found.meets(low, high) == bool(span & plain)
    assert bool(a) == bool(members(first))


def test_spans_that_touch_are_one_and_the_ends_of_time_are_in() -> None:
    assert Days.joined([(6, 9), (3, 5)]).spans == ((3, 9),)
    assert Days.joined([(3, 9), (4, 5), (11, 12)]).spans == ((3, 9), (11, 12))
    assert Days.between(3, 3).spans == ((3, 3),)
    assert Days.between(4, 3) == NO_DAYS
    assert (~NO_DAYS, ~ALL_DAYS) == (ALL_DAYS, NO_DAYS)
    assert ALL_DAYS.spans == ((DAWN, DUSK),)
    assert (~Days.between(3, 5)).spans == ((DAWN, 2), (6, DUSK))
    assert (date.min.toordinal(), date.max.toordinal()) == (DAWN, DUSK)


def test_two_conditions_on_one_day_are_judged_side_by_side() -> None:
    narrow, wide = Days.between(4, 5), Days.between(3, 9)
    both = OpenDays(narrow, wide) & OpenDays(wide, Days.between(5, 20))
    assert (both.surely, both.may) == (narrow, Days.between(5, 9))


def test_a_score_of_a_month_may_be_fresh_until_its_last_day_is_a_year_old() -> None:
    scored = {"edss": [{"date": "2025-11", "score": 4}]}
    assert ask("edss: {max: 6}", date(2026, 11, 1), **scored) == "yes"
    assert ask("edss: {max: 6}", date(2026, 11, 2), **scored) == "unknown"
    case = Case.on(make_record(date(2026, 11, 30)), date(2026, 11, 30))
    month = PartialDate.parse("2025-11")
    assert case.fresh(*case.span(month)).name == "UNKNOWN"
    later = case.later(date(2026, 12, 1))
    assert later.fresh(*later.span(month)).name == "NO"
    assert sorted(case.turns_stale(month)) == [date(2026, 11, 2), date(2026, 12, 1)]
    assert list(case.turns_stale(None)) == []


def test_small_numbers_are_said_in_words() -> None:
    assert [in_words(number) for number in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] == [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "11",
    ]  # fmt: skip
