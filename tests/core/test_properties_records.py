"""Whole records: lists are counted as one would by hand, and what is said of them keeps its word."""

import itertools
import math
import random
from datetime import date, timedelta
from functools import cache
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from referral.assessment import assess
from referral.criteria import Edition, first_shown, library
from referral.criteria.answer import truth_between
from referral.criteria.calendar import changes
from referral.criteria.case import Case
from referral.criteria.evaluate import Verdict, evaluate
from referral.criteria.language.base import read_test
from referral.criteria.load import shared_vocabulary
from referral.facts import CaseRecord, Fault, RecordError, read_record
from referral.reference.files import read_case_file
from tests.core.records import AS_OF, CASES, make_record
from tests.core.strategies import forgotten, json_values, whole_records
from tests.core.test_decides import turned_out

FOUR = first_shown()
EDITIONS = st.sampled_from(sorted(library())).map(lambda name: library()[name])


@st.composite
def records(draw: st.DrawFn) -> CaseRecord:
    """Give a record of which some is forgotten."""
    try:
        return read_record(draw(forgotten(draw(whole_records()))), AS_OF)
    except RecordError:
        assume(False)
        raise


# Treatments

SUBSTANCES = {
    "natalizumab": "natalizumab", "ocrelizumab_iv": "ocrelizumab", "ocrelizumab_sc": "ocrelizumab",
    "cladribine_po": "cladribine", "teriflunomide": "teriflunomide",
}  # fmt: skip
CLASS = ["natalizumab", "ocrelizumab_iv", "ocrelizumab_sc"]
OUTCOMES = ["failed_efficacy", "intolerance", "effective", None]


@given(
    st.lists(st.tuples(st.sampled_from([*SUBSTANCES, "studydrug"]), st.sampled_from(OUTCOMES)), max_size=5),
    st.integers(1, 4),
    st.booleans(),
)
def test_failures_are_counted_over_every_way_in_which_the_unknown_may_turn_out(
    listed: list[tuple[str, str | None]], least: int, complete: bool
) -> None:
    courses = [{"drug": drug} | ({"outcome": outcome} if outcome else {}) for drug, outcome in listed]
    test = read_test({"failed_treatments": {"class": CLASS, "at_least": least}}, shared_vocabulary())
    record = make_record(treatments={"courses": courses} | ({"complete": True} if complete else {}))

    def may_count(drug: str, outcome: str | None) -> tuple[bool, ...]:
        if outcome not in (None, "failed_efficacy") or (drug in SUBSTANCES and drug not in CLASS):
            return (False,)
        return (True,) if outcome and drug in CLASS else (True, False)

    numbers = {
        len({SUBSTANCES.get(drug, drug) for (drug, _), counts in zip(listed, way, strict=True) if counts})
        for way in itertools.product(*(may_count(*course) for course in listed))
    }
    surely = min(numbers) >= least
    may = max(numbers) >= least or not complete
    assert Case.on(record, AS_OF).answer(test).truth is truth_between(surely, may)


# In and out


def faults_of(given_: Any) -> tuple[Fault, ...]:
    """Read a record; give what it is refused for. Anything else than a refusal is a fault of ours."""
    try:
        read_record(given_, AS_OF)
    except RecordError as refused:
        return tuple(refused.faults)
    return ()


@given(records())
def test_a_record_written_and_read_again_is_the_same(record: CaseRecord) -> None:
    again = read_record(record.to_json(), AS_OF)
    assert again.to_json() == record.to_json()
    assert again.sha256 == record.sha256
    case, other = Case.on(record, AS_OF), Case.on(again, AS_OF)
    assert [evaluate(edition, case).verdict for edition in FOUR] == [
        evaluate(edition, other).verdict for edition in FOUR
    ]


@given(st.one_of(json_values(), json_values().map(lambda value: {"record": "1", "patient": value})))
def test_whatever_is_given_is_read_or_refused_by_path(given_: Any) -> None:
    faults = faults_of(given_)
    assert all(fault.allowed for fault in faults)
    assert faults or given_["record"] == "1"


@given(st.data(), whole_records())
def test_whatever_stands_in_the_place_of_a_fact_is_read_or_refused(
    data: st.DataObject, whole: dict[str, Any]
) -> None:
    section = data.draw(st.sampled_from(sorted(whole)))
    if isinstance(whole[section], dict) and whole[section] and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(whole[section])))
        whole[section] = {**whole[section], name: data.draw(json_values())}
    else:
        whole[section] = data.draw(json_values())
    faults = faults_of(whole)
    assert all(fault.path for fault in faults)


# Looking ahead


@given(st.data(), records(), EDITIONS)
def test_nothing_changes_between_two_dates_of_change(
    data: st.DataObject, record: CaseRecord, edition: Edition
) -> None:
    case = Case.on(record, AS_OF)
    now = evaluate(edition, case)
    verdict, since = now.verdict, AS_OF
    found = changes(now, case)
    stretches = []
    for change in found:
        stretches.append((since, change.last - timedelta(days=1), verdict))
        verdict, since = change.verdict, change.last
    stretches.append((since, AS_OF.replace(year=AS_OF.year + 10), verdict))
    for first, last, held in data.draw(st.lists(st.sampled_from(stretches), min_size=1, max_size=4)):
        for day in (first, last, data.draw(st.dates(first, max(first, last)))):
            if day <= last:
                assert evaluate(edition, Case(case.record, day, case.known_on)).verdict is held, (
                    edition.id,
                    day,
                    held,
                )


# What would settle it


@cache
def cases() -> tuple[tuple[dict[str, Any], date], ...]:
    """The worked cases that say on which day they are asked."""
    read = (read_case_file(path) for path in sorted(CASES.glob("*.yaml")))
    return tuple((plain, as_of) for plain, as_of in read if as_of)


def without(plain: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Give the record without some of its facts."""
    kept = {name: dict(part) if isinstance(part, dict) else part for name, part in plain.items()}
    for path in names:
        section, _, name = path.partition(".")
        if name:
            kept[section].pop(name)
        else:
            kept.pop(section)
    return {name: part for name, part in kept.items() if part != {}}


def removable(plain: dict[str, Any]) -> list[str]:
    """Name the facts that may be taken out of a record."""
    return [
        f"{section}.{name}" if name else section
        for section, part in plain.items()
        if section != "record"
        for name in (part if isinstance(part, dict) else [""])
    ]


@given(st.data(), EDITIONS, st.integers(0, 10**6))
def test_what_would_settle_it_settles_it_however_it_turns_out(
    data: st.DataObject, edition: Edition, seed: int
) -> None:
    whole, as_of = data.draw(st.sampled_from(cases()))
    known = removable(whole)
    assume(known)
    gone = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    record = read_record(without(whole, gone), as_of)
    (answered,) = assess(record, [edition], as_of).answers
    if answered.result.verdict is not Verdict.CANNOT_SAY:
        return
    chance = random.Random(seed)  # noqa: S311 - drawn by hypothesis, so that a failure can be repeated
    for chosen in answered.decides:
        for _ in range(4):
            filled: CaseRecord | None = record
            for path in chosen:
                filled = turned_out(filled, path, as_of, chance) if filled else None
            if filled:
                settled = evaluate(edition, Case.on(filled, as_of)).verdict
                assert settled is not Verdict.CANNOT_SAY, (edition.id, chosen, filled.to_json())


# Numbers


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers())
def test_a_score_is_one_of_twenty_or_refused(score: float) -> None:
    fits = math.isfinite(score) and 0 <= score <= 10 and score * 2 == int(score * 2) and score != 0.5
    try:
        make_record(edss=[{"date": "2026-10-01", "score": score}])
    except RecordError:
        assert not fits
    else:
        assert fits
