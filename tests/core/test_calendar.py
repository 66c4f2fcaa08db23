"""Dates on which a verdict changes: proven against asking day by day."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from referral.criteria import library
from referral.criteria.calendar import Change, changes
from referral.criteria.case import Case
from referral.criteria.evaluate import Verdict, evaluate
from referral.criteria.language import read_test
from referral.criteria.load import read_edition, shared_vocabulary
from referral.facts import read_record
from referral.reference.files import read_yaml
from tests.core.records import AS_OF, CASES, courses, make_record, relapses
from tests.core.test_library import AGE, edition

DAYS_TRIED = 420  # past every window and the age of stale in the editions


def foretold(found: tuple[Change, ...], until: date) -> dict[date, str]:
    """Give the verdict that begins on each day, as foretold; a range begins where it could no longer be said."""
    for before, change in zip((None, *found), found, strict=False):
        if change.first != change.last:
            assert before is not None
            assert (before.first, before.last) == (change.first, change.first)
            assert (before.verdict, before.criterion) == (Verdict.CANNOT_SAY, change.criterion)
    return {change.last: change.verdict.value for change in found if change.last <= until}


def lived(case: Case, edition: Any, days: int) -> dict[date, str]:
    """Give the verdict that begins on each day, asked day by day."""
    verdict, begins = evaluate(edition, case).verdict, {}
    for step in range(1, days + 1):
        day = case.as_of + timedelta(days=step)
        now = evaluate(edition, Case(case.record, day, case.known_on)).verdict
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
        {"from": "2036-01-01", "to": "2036-01-01", "verdict": "cannot_say", "criterion": "age"},
        {"from": "2036-01-01", "to": "2036-12-31", "verdict": "not_met", "criterion": "age"},
    ]


def test_nothing_is_foretold_beyond_ten_years() -> None:
    assert not [
        c for c in changes_of("london-2016", patient={"birth_date": "1990-01-01"}) if c.criterion == "age"
    ]


# Every word that reads the calendar, asked day by day

DIAGNOSED = {"diagnosis": {"phenotype": "RRMS", "diagnosed_on": "2019-02-28", "symptom_onset": "2017-06"}}
TURNING: dict[str, tuple[str, dict[str, Any]]] = {
    "a birthday on 29 February": ("{age_years: {above: 22, below: 24}}", {"patient": {"birth_date": "2004-02-29"}}),
    "a year of birth": ("{age_years: {min: 18, max: 18}}", {"patient": {"birth_date": "2008"}}),
    "an anniversary": ("{duration_years: {anchor: diagnosed_on, min: 8, max: 9}}", DIAGNOSED),
    "an anniversary left out": ("{duration_years: {anchor: unstated, above: 8, below: 9}}", DIAGNOSED),
    "an anniversary of a month": ("{duration_years: {anchor: symptom_onset, above: 10}}", DIAGNOSED),
    "a stale score": ("{edss: {max: 6}}", {"edss": [{"date": "2026-10-31", "score": 4}]}),
    "a score that may be stale": ("{edss: {max: 6}}", {"edss": [{"date": "2026-02", "score": 4}]}),
    "a rise that leaves the window": (
        "{not: {edss_rise: {min: 1, within_months: 12}}}",
        {"edss": [{"date": "2026-01-31", "score": 3}, {"date": "2026-02-28", "score": 4},
                  {"date": "2026-10-01", "score": 4}]},
    ),
    "a rise that leaves a window of days": (
        "{edss_rise: {min: 1, within_days: 300}}",
        {"edss": [{"date": "2026-02-28", "score": 3}, {"date": "2026-10-01", "score": 4}]},
    ),
    "a grade that becomes stale": (
        "{functional_system: {system: visual, max: 2}}",
        {"edss": [{"date": "2026-05", "score": 4, "functional_systems": {"visual": 1}}]},
    ),
    "a walk that becomes stale": (
        "{ambulation: {min_distance_m: 20}}", {"ambulation": {"distance_m": 50, "date": "2026-02-28"}},
    ),
    "a measurement that becomes stale": (
        "{measurement: {path: organ_function.lvef_pct, min: 45}}",
        {"organ_function": {"lvef_pct": {"value": 60, "date": "2026-04"}}},
    ),
    "relapses that leave the window": (
        "{relapses: {at_least: 1, within_months: 12}}",
        relapses("2026-02-28", "2026-08-31", "2025"),
    ),
    "none allowed in a window of days": (
        "{relapses: {at_most: 0, within_days: 200}}", relapses("2026-09-09", "2026-06", since="2026-07-07"),
    ),
    "a list that becomes complete for a window of days": (
        "{relapses: {at_most: 0, within_days: 100}}",
        relapses(since="2026-09-20"),
    ),
    "a list that becomes complete": ("{relapses: {at_most: 0, within_months: 6}}", relapses(since="2026-08")),
    "a study that leaves the window": (
        "{mri: {findings: [gd_lesions], at_least: 1, within_months: 6}}",
        {"mri": [{"date": "2026-08-31", "gd_lesions": 2}, {"date": "2026-11", "gd_lesions": 0}]},
    ),
    "a rate that leaves the window": (
        "{mri_t2_rate: {min_per_month: 0.3, interval_months: {min: 6}, within_months: 6}}",
        {"mri": [{"date": "2026-08-31", "new_t2": 4, "compared_with": "2026-01-01"}]},
    ),
    "a pair of which one leaves the window": (
        "{relapse_and_mri: {within_months: 6, gap_days: {above: 0}, relapse: {}, mri: {findings: [gd_lesions]}}}",
        {"mri": [{"date": "2026-08-31", "gd_lesions": 2}]} | relapses("2026-07-15"),
    ),
    "an exposure that is reached": (
        "{failed_treatments: {class: any, at_least: 1, min_exposure_months: 6}}",
        courses({"drug": "dmf", "start": "2026-08-31", "ongoing": True, "outcome": "failed_efficacy"}),
    ),
    "an exposure that may be reached": (
        "{treated_with: {class: any, at_least: 1, min_exposure_months: 6}}",
        courses({"drug": "dmf", "start": "2026-09", "ongoing": True}),
    ),
    "a wash-out that is over": (
        "{treatment_free_months: {class: any, min: 6}}",
        courses({"drug": "dmf", "start": "2020", "stop": "2026-08-31"}),
    ),
    "a wash-out that may be over": (
        "{treatment_free_months: {class: any, min: 6}}",
        courses({"drug": "dmf", "start": "2020", "stop": "2026-11-01", "last_dose": "2026-10"}),
    ),
    "a wash-out after a course whose end is not known": (
        "{treatment_free_months: {class: any, min: 6}}", courses({"drug": "dmf", "start": "2026-08-31"}),
    ),
    "two things that turn": (
        "{all: [{edss: {max: 3}}, {not: {age_years: {below: 40}}}]}",
        {"patient": {"birth_date": "1987-03-04"}, "edss": [{"date": "2026-08-01", "score": 3}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["required", "exclusion"])
@pytest.mark.parametrize("name", TURNING)
def test_every_turn_is_foretold_and_no_other(name: str, kind: str) -> None:
    test, facts = TURNING[name]
    text = f"{{id: asked, kind: {kind}, statement: A thing., test: {test}, source: doi:10.0000/x}}"
    one = read_edition(edition(text), "made-up.yaml")
    case = Case.on(make_record(**({"diagnosis": {"phenotype": "RRMS"}} | facts)), AS_OF)
    found = changes(evaluate(one, case), case)
    assert found
    assert foretold(found, AS_OF + timedelta(days=DAYS_TRIED)) == lived(case, one, DAYS_TRIED)
    assert {change.criterion for change in found} == {"asked"}


def named(test: str, name: str, kind: str = "required", applies_if: str = "") -> str:
    asked = f", applies_if: {applies_if}" if applies_if else ""
    return f"{{id: {name}, kind: {kind}, statement: A thing., test: {test}, source: doi:10.0000/x{asked}}}"


def told(*criteria: str, **facts: Any) -> list[tuple[str, str, str, str]]:
    one = read_edition(edition(*criteria), "made-up.yaml")
    case = Case.on(make_record(**({"diagnosis": {"phenotype": "RRMS"}} | facts)), AS_OF)
    found = changes(evaluate(one, case), case)
    return [(c.first.isoformat(), c.last.isoformat(), c.verdict.value, c.criterion) for c in found]


def test_a_change_names_the_criterion_that_alone_brings_it() -> None:
    born = {"patient": {"birth_date": "1980-05-05"}, "edss": [{"date": "2026-10-01", "score": 4}]}
    old, fresh = named("{age_years: {below: 50}}", "old"), named("{edss: {max: 6}}", "fresh")
    assert told(fresh, old, **born) == [
        ("2027-10-02", "2027-10-02", "cannot_say", "fresh"),
        ("2030-05-05", "2030-05-05", "not_met", "old"),
    ]
    twins = [named("{age_years: {below: 50}}", "a"), named("{age_years: {min: 50}}", "b", "exclusion")]
    assert told(*twins, **born) == [("2030-05-05", "2030-05-05", "not_met", "a")]
    both = [
        named("{age_years: {max: 60}}", "stays"),
        named("{edss: {max: 6}}", "stale"),
        named("{age_years: {below: 47}}", "birthday"),
    ]
    same_day = {"patient": {"birth_date": "1980-10-02"}, "edss": [{"date": "2026-10-01", "score": 4}]}
    assert told(*both, **same_day) == [("2027-10-02", "2027-10-02", "not_met", "birthday")]


def test_what_decides_nothing_changes_nothing() -> None:
    assert told(named("{age_years: {max: 99}}", "a"), named("{age_years: {max: 40}}", "b", "preferred"),
                patient={"birth_date": "1990-01-01"}) == []  # fmt: skip


def test_a_change_of_whom_it_is_asked_is_a_change() -> None:
    asked = named("{judgement: aggressive_ms}", "a", applies_if="{age_years: {min: 40}}")
    assert told(asked, patient={"birth_date": "1987-03-04"}) == [
        ("2027-03-04", "2027-03-04", "cannot_say", "a")
    ]


def test_the_tenth_year_is_still_looked_at() -> None:
    one = named("{age_years: {below: 40}}", "a")
    assert told(one, patient={"birth_date": "1996-11-21"}) == [("2036-11-21", "2036-11-21", "not_met", "a")]
    assert told(one, patient={"birth_date": "1996-11-22"}) == []
    assert told(one, patient={"birth_date": "1996"}) == [
        ("2036-01-01", "2036-01-01", "cannot_say", "a"),
        ("2036-01-01", "2036-12-31", "not_met", "a"),
    ]


def test_what_has_failed_before_is_not_told_again() -> None:
    found = told(
        named("{age_years: {below: 40}}", "a"), named("{duration_years: {anchor: diagnosed_on, max: 10}}", "b"),
        patient={"birth_date": "1988"}, diagnosis={"phenotype": "RRMS", "diagnosed_on": "2017-10"},
    )  # fmt: skip
    assert found == [
        ("2027-10-02", "2027-10-02", "cannot_say", "b"),
        ("2027-10-02", "2027-11-01", "not_met", "b"),
    ]


def test_where_no_criterion_alone_brings_it_the_first_that_changed_is_named() -> None:
    """Two routes fail on one day: neither failing alone would change the verdict."""
    routes = [
        named("{age_years: {below: 50}}", "a").replace("kind", "route: one, kind"),
        named("{age_years: {max: 49}}", "b").replace("kind", "route: two, kind"),
    ]
    found = told(*routes, patient={"birth_date": "1980-05-05"})
    assert found == [("2030-05-05", "2030-05-05", "not_met", "a")]


def test_a_range_that_another_criterion_breaks_into_is_told_as_it_begins() -> None:
    found = told(
        named("{age_years: {below: 40}}", "year"), named("{age_years: {below: 40}}", "year_again", "preferred"),
        named("{duration_years: {anchor: diagnosed_on, below: 10}}", "day"),
        patient={"birth_date": "1988"}, diagnosis={"phenotype": "RRMS", "diagnosed_on": "2018-06-01"},
    )  # fmt: skip
    assert found == [
        ("2028-01-01", "2028-01-01", "cannot_say", "year"),
        ("2028-06-01", "2028-06-01", "not_met", "day"),
    ]


def test_what_opens_for_another_reason_than_a_partial_date_gives_no_range() -> None:
    asked = named("{all: [{edss: {max: 6}}, {age_years: {below: 40}}]}", "both")
    found = told(asked, patient={"birth_date": "1990-05-05"}, edss=[{"date": "2026-10-01", "score": 4}])
    assert found == [
        ("2027-10-02", "2027-10-02", "cannot_say", "both"),
        ("2030-05-05", "2030-05-05", "not_met", "both"),
    ]


def test_a_relapse_of_some_day_of_a_month_leaves_the_window_in_a_range() -> None:
    asked = named("{relapses: {at_most: 0, within_months: 6}}", "quiet")
    assert told(asked, **relapses("2026-05", "2026-06-30")) == [("2027-01-01", "2027-01-01", "met", "quiet")]
    assert told(asked, **relapses("2026-05-30", "2026-06")) == [
        ("2026-12-02", "2026-12-02", "cannot_say", "quiet"),
        ("2026-12-02", "2027-01-01", "met", "quiet"),
    ]


def test_a_route_that_fails_beside_one_that_holds_brings_nothing_alone() -> None:
    found = told(
        named("{age_years: {below: 50}}", "first").replace("kind", "route: one, kind"),
        named("{age_years: {below: 60}}", "second").replace("kind", "route: two, kind"),
        named("{age_years: {min: 50}}", "all", "exclusion"),
        patient={"birth_date": "1980-05-05"},
    )
    assert found == [("2030-05-05", "2030-05-05", "not_met", "all")]


PARTLY = [
    ("relapses: {at_least: 1, within_months: 12, on_treatment: any}", {
        **relapses("2026"), **courses({"drug": "natalizumab", "start": "2025-01-01", "stop": "2026-03-31"}),
    }),
    ("mri: {findings: [gd_lesions], at_least: 1, within_months: 12, on_treatment: any}", {
        "mri": [{"date": "2026", "contrast": True, "gd_lesions": 1},
                {"date": "2026-11-20", "contrast": True, "gd_lesions": 0}],
        **courses({"drug": "natalizumab", "start": "2025-01-01", "stop": "2026-03-31"}),
    }),
    ("relapse_and_mri: {within_months: 12, gap_days: {above: 0}, relapse: {}, mri: {findings: [gd_lesions]}}", {
        **relapses("2026-11"), "mri": [{"date": "2026-11-21", "contrast": True, "gd_lesions": 1}],
    }),
    ("relapse_and_mri: {within_months: 12, gap_months: {min: 3}, relapse: {}, mri: {findings: [gd_lesions]}}", {
        **relapses("2026", since="2020-01-01"), "mri": [{"date": "2026-05-31", "contrast": True, "gd_lesions": 1}],
    }),
    ("relapse_and_mri: {within_months: 12, gap_months: {min: 3}, relapse: {on_treatment: any},"
     " mri: {findings: [gd_lesions]}}", {
        **relapses("2026-02-28"), "mri": [{"date": "2026", "contrast": True, "gd_lesions": 1}],
        **courses({"drug": "natalizumab", "start": "2025-01-01", "stop": "2026-03-31"}),
    }),
    ("mri_t2_rate: {min_per_month: 1, interval_months: {min: 6, max: 12}, within_months: 24}", {
        "mri": [{"date": "2025", "new_t2": 9, "compared_with": "2024-11-01"},
                {"date": "2026-11-20", "new_t2": 0, "compared_with": "2026-01-01"}],
    }),
]  # fmt: skip


@pytest.mark.parametrize(("words", "facts"), PARTLY, ids=[words[:45] for words, _ in PARTLY])
def test_an_answer_on_a_date_known_in_part_turns_on_no_other_day(words: str, facts: dict[str, Any]) -> None:
    test = read_test(read_yaml(words), shared_vocabulary())
    case = Case.on(make_record(**facts), AS_OF)
    turns, before, turned = case.turns(test), test.ask(case).truth, 0
    for step in range(1, 1100):
        day = AS_OF + timedelta(days=step)
        now = test.ask(Case(case.record, day, case.known_on)).truth
        if now is not before:
            turned += 1
            assert day in turns
            before = now
    assert turned
