"""What holds for every record: knowledge never turns a settled answer, order and calendar year do not matter."""

import random
from datetime import date, timedelta
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from referral.assessment import assess
from referral.criteria import Edition, library
from referral.criteria.answer import Truth
from referral.criteria.case import Case
from referral.criteria.days import Days, add_months, first_day_back_at, first_day_beyond
from referral.criteria.evaluate import Result, evaluate
from referral.facts import RecordError, read_record
from tests.core.records import AS_OF
from tests.core.strategies import forgotten, whole_records

SETTLED = (Result.MET, Result.NOT_MET)
DAYS = st.dates(date(1950, 1, 1), date(2090, 1, 1))
SPANS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=5)


def results(plain: dict[str, Any], as_of: date = AS_OF) -> dict[tuple[str, str], Result]:
    """Ask every edition; give the result of every criterion and the verdicts."""
    case = Case.on(read_record(plain, as_of), as_of)
    found: dict[tuple[str, str], Any] = {}
    for edition in editions():
        answered = evaluate(edition, case)
        found[edition.id, "verdict"] = answered.verdict
        for finding in answered.findings:
            found[edition.id, finding.criterion.id] = finding.result
    return found


def editions() -> list[Edition]:
    return list(library().values())


@given(st.data(), whole_records())
def test_more_knowledge_never_turns_a_settled_answer(data: st.DataObject, whole: dict[str, Any]) -> None:
    less = data.draw(forgotten(whole))
    try:
        before, after = results(less), results(whole)
    except RecordError:
        assume(False)
    for asked, result in before.items():
        if result in SETTLED:
            assert after[asked] in (result, Result.NOT_APPLICABLE), asked


KNOWN_WHOLE = {
    "age_years", "duration_years", "phenotype", "judgement", "relapses", "failed_treatments", "treated_with",
}  # fmt: skip
"""Words that a record known to the day always answers: they ask for no study and no score."""


@given(whole_records())
def test_what_is_known_whole_is_settled(whole: dict[str, Any]) -> None:
    case = Case.on(read_record(whole, AS_OF), AS_OF)
    for edition in editions():
        for criterion in edition.criteria:
            if {leaf.word for leaf in criterion.test.leaves()} <= KNOWN_WHOLE:
                assert case.answer(criterion.test).truth is not Truth.UNKNOWN, (edition.id, criterion.id)


@given(st.data(), whole_records())
def test_the_order_of_rows_does_not_matter(data: st.DataObject, whole: dict[str, Any]) -> None:
    plain = data.draw(forgotten(whole))
    shuffled = {**plain}
    chance = data.draw(st.randoms(use_true_random=False))
    for section, name in (("relapses", "events"), ("treatments", "courses")):
        rows = list(plain[section].get(name, []))
        chance.shuffle(rows)
        shuffled[section] = {**plain[section], name: rows}
    for name in ("edss", "mri"):
        rows = list(plain[name])
        chance.shuffle(rows)
        shuffled[name] = rows
    try:
        assert results(plain) == results(shuffled)
    except RecordError:
        assume(False)


def shifted(value: Any, years: int) -> Any:
    """Move every date by whole years."""
    if isinstance(value, dict):
        return {name: shifted(inner, years) for name, inner in value.items()}
    if isinstance(value, list):
        return [shifted(inner, years) for inner in value]
    if isinstance(value, str) and value[:2] in ("19", "20") and value[:4].isdigit():
        return f"{int(value[:4]) + years}{value[4:]}"
    return value


@given(st.data(), whole_records())
def test_all_dates_moved_together_change_nothing(data: st.DataObject, whole: dict[str, Any]) -> None:
    plain = data.draw(forgotten(whole))
    years = 28  # the calendar repeats
    try:
        assert results(plain) == results(shifted(plain, years), AS_OF.replace(year=AS_OF.year + years))
    except RecordError:
        assume(False)


@given(whole_records())
def test_an_empty_text_or_a_region_changes_nothing(whole: dict[str, Any]) -> None:
    other = {**whole, "mri": [{**study, "regions": ["brain"]} for study in whole["mri"]]}
    assert results(whole) == results(other)


@given(SPANS, SPANS)
def test_sets_of_days_are_sets(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    a, b = Days.joined(first), Days.joined(second)
    plain_a = {day for low, high in first for day in range(low, high + 1)}
    plain_b = {day for low, high in second for day in range(low, high + 1)}

    def members(found: Days) -> set[int]:
        return {day for day in range(1, 70) if found.covers(day, day)}

    assert members(a & b) == plain_a & plain_b
    assert members(a | b) == plain_a | plain_b
    assert members(~a) == set(range(1, 70)) - plain_a
    for low in range(1, 60, 7):
        span = set(range(low, low + 9))
        assert a.covers(low, low + 8) == (span <= plain_a)
        assert a.meets(low, low + 8) == bool(span & plain_a)


@given(DAYS, st.integers(0, 60))
@example(date(2024, 2, 29), 12)
@example(date(2026, 1, 31), 1)
def test_the_first_day_that_reaches_back_is_the_first(day: date, months: int) -> None:
    found = first_day_back_at(day, months)
    assert add_months(found, -months) >= day
    assert add_months(found - timedelta(days=1), -months) < day
    gone = first_day_beyond(day, months)
    assert add_months(gone, -months) > day >= add_months(gone - timedelta(days=1), -months)


@given(DAYS, st.integers(-60, 60), st.integers(0, 40))
def test_months_keep_the_order_of_days(day: date, months: int, later: int) -> None:
    assert add_months(day, months) <= add_months(day + timedelta(days=later), months)


@given(st.data(), whole_records(), st.sampled_from(sorted(library())))
def test_equal_records_give_equal_words(data: st.DataObject, whole: dict[str, Any], name: str) -> None:
    plain = data.draw(forgotten(whole))
    try:
        record = read_record(plain, AS_OF)
    except RecordError:
        assume(False)
    again = read_record(dict(random.Random(1).sample(list(plain.items()), len(plain))), AS_OF)  # noqa: S311 - the same draw every time
    asked = [library()[name]]
    assert assess(record, asked, AS_OF).to_json() == assess(again, asked, AS_OF).to_json()
