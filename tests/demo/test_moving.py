"""A told course moves to today without changing what it is about."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from referral.demo.moving import move_date, move_dates

TOLD_ON = date(2026, 11, 22)
TODAYS = st.dates(date(2026, 11, 22), date(2045, 12, 31))


def test_a_day_moves_by_days() -> None:
    assert move_date("2026-11-01", TOLD_ON, date(2026, 12, 2)) == "2026-11-11"


def test_a_month_moves_by_months_and_stays_a_month() -> None:
    assert move_date("2020-11", TOLD_ON, date(2027, 1, 3)) == "2021-01"


def test_a_year_moves_by_years_and_stays_a_year() -> None:
    assert move_date("2016", TOLD_ON, date(2027, 1, 3)) == "2017"


def test_what_is_no_date_stays_as_it_is() -> None:
    plain = {
        "value": "999 247 5145",
        "criteria": "McDonald 2017",
        "score": 2.5,
        "list": [{"on": "2026-11-22"}],
    }
    moved = move_dates(plain, TOLD_ON, TOLD_ON + timedelta(days=1))
    assert moved == plain | {"list": [{"on": "2026-11-23"}]}


@given(TODAYS)
def test_a_birthday_some_weeks_ahead_stays_some_weeks_ahead(today: date) -> None:
    born = date.fromisoformat(move_date("1981-12-14", TOLD_ON, today))
    age_in_a_month = _age(born, today + timedelta(days=31))
    assert (_age(born, today), age_in_a_month) == (44, 45)


@given(TODAYS)
def test_a_year_ten_years_back_stays_ten_calendar_years_back(today: date) -> None:
    assert int(move_date("2016", TOLD_ON, today)) == today.year - 10


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
