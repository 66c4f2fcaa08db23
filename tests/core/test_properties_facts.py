"""The facts that are named are enough: a record that holds them and nothing else gives the same answers.

No case is left out. It holds for *met*, *not met*, *cannot say* and *not applicable* alike, with the reason; for every
word of the language, for joined tests, for every criterion of the library by itself and for whole editions.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from referral.criteria import Edition, library
from referral.criteria.answer import Fact
from referral.criteria.case import Case
from referral.criteria.evaluate import evaluate, find
from referral.criteria.language import Test, vocabulary
from referral.criteria.language.logic import All, AnyOf, AtLeast, Not
from referral.facts import CaseRecord, RecordError, read_record
from tests.core.records import AS_OF
from tests.core.strategies import days, forgotten, whole_records

PLACED_BY = {
    "relapses.events": ("onset",),
    "edss": ("date", "score"),
    "mri": ("date",),
    "treatments.courses": ("drug", "start"),
}
"""An entry of a list is kept with what makes it one and places it in time."""
MEASURED = ("organ_function", "performance", "judgements", "ambulation")
"""A fact of these is one value with its date, and kept whole."""


def alone(record: CaseRecord, facts: Iterable[Fact]) -> CaseRecord:
    """Give the record that holds these facts and nothing else."""
    plain, kept = record.to_json(), {"record": "1"}
    rows: dict[tuple[str, int], set[str]] = {}
    for fact in facts:
        row = re.fullmatch(r"([a-z_.]+)\[(\d+)\]\.(.+)", fact.path)
        if row:
            rows.setdefault((row[1], int(row[2])), set()).add(row[3])
        else:
            _keep(kept, plain, fact.path.split("."))
    for (name, place), names in sorted(rows.items()):
        entry: dict[str, Any] = {}
        source = _at(plain, name.split("."))[place]
        for inner in (*PLACED_BY[name], *names):
            if inner.partition(".")[0] in source:
                _keep(entry, source, inner.split("."))
        holder: Any = kept
        *outer, last = name.split(".")
        for part in outer:
            holder = holder.setdefault(part, {})
        holder.setdefault(last, []).append(entry)
    return read_record(kept, AS_OF)


def _at(plain: Any, steps: list[str]) -> Any:
    for step in steps:
        plain = plain[step]
    return plain


def _keep(kept: dict[str, Any], plain: Any, steps: list[str]) -> None:
    """Copy one fact over, with the sections that hold it."""
    for step in steps[:-1]:
        kept, plain = kept.setdefault(step, {}), plain[step]
    kept[steps[-1]] = plain[steps[-1]]


@st.composite
def crowded(draw: st.DrawFn) -> CaseRecord:
    """Give a record of which some is forgotten, with further relapses near the others, so that some fold."""
    whole = draw(whole_records())
    events = whole["relapses"]["events"]
    for onset in draw(st.lists(days(900), max_size=4)):
        events.append({"onset": onset, "severity": draw(st.sampled_from(["mild", "severe"]))})
    whole["treatments"]["courses"].extend(draw(st.lists(st.just({"drug": "studydrug"}), max_size=1)))
    for name in draw(st.lists(st.sampled_from(["diagnosed_on", "symptom_onset"]), max_size=2, unique=True)):
        whole["diagnosis"].pop(name)
    since = draw(st.sampled_from(["1990-01-01", (AS_OF - timedelta(days=400)).isoformat(), "2025"]))
    whole["relapses"]["complete_since"] = since
    try:
        return read_record(draw(forgotten(whole)), AS_OF)
    except RecordError:
        assume(False)
        raise


EDITIONS = st.sampled_from(sorted(library())).map(lambda name: library()[name])
LEAVES: dict[str, list[Test]] = {}
for _edition in library().values():
    for _criterion in _edition.criteria:
        for _leaf in _criterion.leaves():
            LEAVES.setdefault(_leaf.word, []).append(_leaf)
JOINING = {"all", "any", "not", "at_least"}


def test_the_library_has_a_test_of_every_word() -> None:
    assert set(LEAVES) == set(vocabulary()) - JOINING


def held_alone(test: Test, record: CaseRecord) -> None:
    """Ask a test of the whole record, then of the facts it named, then of those and some more."""
    found = Case.on(record, AS_OF).answer(test)
    again = Case.on(alone(record, found.facts), AS_OF).answer(test)
    assert (again.truth, again.reason) == (found.truth, found.reason), (test, found.facts)


@pytest.mark.parametrize("word", sorted(LEAVES))
@given(data=st.data(), record=crowded())
def test_a_word_says_the_same_of_the_facts_it_names_alone(
    word: str, data: st.DataObject, record: CaseRecord
) -> None:
    for test in data.draw(st.lists(st.sampled_from(LEAVES[word]), min_size=1, max_size=4)):
        held_alone(test, record)


def _joined() -> st.SearchStrategy[Test]:
    leaves = st.sampled_from(sorted(LEAVES)).flatmap(lambda word: st.sampled_from(LEAVES[word]))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=1, max_size=3).map(lambda tests: All(tuple(tests))),
            st.lists(inner, min_size=1, max_size=3).map(lambda tests: AnyOf(tuple(tests))),
            st.lists(inner, min_size=1, max_size=3).flatmap(
                lambda tests: st.integers(1, len(tests)).map(lambda number: AtLeast(number, tuple(tests)))
            ),
        ),
        max_leaves=5,
    )


@given(_joined(), crowded())
def test_joined_words_say_the_same_of_the_facts_they_name_alone(test: Test, record: CaseRecord) -> None:
    held_alone(test, record)


@given(EDITIONS, crowded())
def test_a_criterion_comes_out_the_same_from_the_facts_it_names_alone(
    edition: Edition, record: CaseRecord
) -> None:
    for finding in evaluate(edition, Case.on(record, AS_OF)).findings:
        again = find(finding.criterion, Case.on(alone(record, finding.facts), AS_OF))
        assert (again.result, again.reason) == (finding.result, finding.reason), (
            finding.criterion.id,
            finding.facts,
        )


@given(EDITIONS, crowded())
def test_a_verdict_is_the_verdict_from_the_facts_it_names_alone(edition: Edition, record: CaseRecord) -> None:
    whole = evaluate(edition, Case.on(record, AS_OF))
    named = [fact for finding in whole.findings for fact in finding.facts]
    again = evaluate(edition, Case.on(alone(record, named), AS_OF))
    assert again.verdict is whole.verdict
    assert [(f.result, f.reason) for f in again.findings] == [(f.result, f.reason) for f in whole.findings]
