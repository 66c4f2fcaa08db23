"""The meaning of the EDSS: the latest score, its rise, one functional system."""

from decimal import Decimal
from typing import Any

from referral.criteria.answer import Truth
from tests.core.records import answer, ask

YES, NO, UNKNOWN = "yes", "no", "unknown"


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


def test_functional_system_grade_of_the_latest_score() -> None:
    scores = [{"date": "2026-10-01", "score": 4, "functional_systems": {"pyramidal": 3}}]
    assert ask("functional_system: {system: pyramidal, min: 3}", edss=scores) == YES
    assert ask("functional_system: {system: cerebellar, min: 3}", edss=scores) == UNKNOWN


def test_an_edss_is_an_exact_decimal() -> None:
    assert ask("edss: {max: 5.5}", **edss(("2026-10-01", Decimal("5.5")))) == YES


def test_of_two_scores_of_one_day_neither_is_surely_the_earlier() -> None:
    test = "edss_rise: {min: 1, within_months: 12}"
    assert ask(test, **edss(("2026-10-01", 3), ("2026-10-01", 3))) == UNKNOWN
    assert ask(test, **edss(("2026-09-30", 3), ("2026-10-01", 3))) == NO


def test_a_score_of_some_day_of_the_month_may_be_the_earlier_one() -> None:
    scores = [("2026-01-01", 4), ("2026-06-15", 4), ("2026-06", 3)]
    assert ask("edss_rise: {min: 1, within_months: 12}", **edss(*scores)) == UNKNOWN


def test_an_earlier_score_that_only_may_lie_in_the_window_settles_nothing() -> None:
    month = [("2025-11", 3), ("2026-10-01", 4)]
    assert ask("edss_rise: {min: 1, within_months: 12}", **edss(*month)) == UNKNOWN
    first_year = "edss_rise: {min: 1, first_months: {anchor: symptom_onset, months: 12}}"
    known = [("2020-08-01", 4), ("2026-10-01", 4)]
    onset: dict[str, Any] = {"diagnosis": {"symptom_onset": "2020-07-01"}}
    assert ask(first_year, **onset, **edss(*known)) == NO
    assert ask(first_year, **onset, **edss(("2021", 2), *known)) == UNKNOWN


def test_no_rise_is_a_no_where_every_way_to_order_the_scores_says_so() -> None:
    rise = "edss_rise: {min: 2, within_months: 12}"
    scores = [
        {"date": "2026", "score": 3},
        {"date": "2026-08-09", "score": 3},
        {"date": "2026-10-16", "score": 4},
    ]
    assert ask(rise, edss=scores) == "no"
    assert ask(rise, edss=scores[:1] + scores[2:]) == "unknown", "no two of them are surely in order"
    assert ask(rise, edss=[{"date": "2026", "score": 5}, *scores[1:]]) == "unknown"
