"""Dates on which a verdict changes: proven against asking day by day."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from referral.criteria import library
from referral.criteria.calendar import Change, changes
from referral.criteria.case import Case
from referral.criteria.evaluate import Verdict, evaluate
from referral.criteria.load import read_edition
from referral.facts import read_record
from referral.reference.files import read_yaml
from tests.core.records import AS_OF, CASES, make_record
from tests.core.test_library import AGE, edition

DAYS_TRIED = 420  # past every window and the age of stale in the editions


def foretold(found: tuple[Change, ...], until: date) -> dict[date, str]:
    """Give the verdict that begins on each day, as foretold."""
    days: dict[date, str] = {}
    for change in found:
        if change.first != change.last:
            days[change.first] = "cannot_say"
        days[change.last] = change.verdict.value
    return {day: verdict for day, verdict in days.items() if day <= until}


def lived(case: Case, edition: Any, days: int) -> dict[date, str]:
    """Give the verdict that begins on each day, asked day by day."""
    verdict, begins = evaluate(edition, case).verdict, {}
    for step in range(1, days + 1):
        day = case.as_of + timedelta(days=step)
        now = evaluate(edition, case.later(day)).verdict
        if now is not verdict:
            begins[day] = now.value
            verdict = now
    return begins


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_between_the_dates_nothing_changes_and_at_them_it_does(path: Path) -> None:
    given = read_yaml(path.read_text(encoding="utf-8"))
    as_of = date.fromisoformat(given["as_of"])
    case = Case.on(read_record(given["record"], as_of), as_of)
    for asked in library().values():
        found = changes(evaluate(asked, case), case)
        assert foretold(found, as_of + timedelta(days=DAYS_TRIED)) == lived(case, asked, DAYS_TRIED), asked.id


def changes_of(edition: str, as_of: date = AS_OF, **facts: Any) -> tuple[Change, ...]:
    case = Case.on(make_record(as_of, **facts), as_of)
    return changes(evaluate(library()[edition], case), case)


def test_a_birthday_at_the_limit_is_foretold() -> None:
    (change,) = [
        change
        for change in changes_of(
            "london-2016", patient={"birth_date": "1961-02-28"}, diagnosis={"phenotype": "RRMS"}
        )
        if change.criterion == "age"
    ]
    assert change == Change(date(2027, 2, 28), date(2027, 2, 28), Verdict.NOT_MET, "age")


def test_a_year_of_birth_gives_a_range() -> None:
    one = read_edition(edition(AGE), "made-up.yaml")
    record = make_record(patient={"birth_date": "1980"}, diagnosis={"phenotype": "RRMS"})
    case = Case.on(record, AS_OF)
    assert [change.to_json() for change in changes(evaluate(one, case), case)] == [
        {"from": "2036-01-01", "to": "2036-12-31", "verdict": "not_met", "criterion": "age"}
    ]


def test_nothing_is_foretold_beyond_ten_years() -> None:
    assert not [
        c for c in changes_of("london-2016", patient={"birth_date": "1990-01-01"}) if c.criterion == "age"
    ]
