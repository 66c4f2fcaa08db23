"""Which facts an edition reads, held against brute force: what it does not read changes none of its answers."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from forms import SECTIONS, find_place, read_case, typed_from
from referral.criteria import library
from referral.criteria.case import Case
from referral.criteria.evaluate import evaluate
from referral.criteria.language import vocabulary
from referral.criteria.load import read_edition
from referral.criteria.reads import criterion_reads, readers, reads, words_read
from referral.facts import CaseRecord, read_record
from referral.reference.files import read_case_file
from tests.core.records import CASES
from tests.core.test_library import edition

FILES = sorted(CASES.glob("*.yaml"))


def answers(record: CaseRecord, as_of: date) -> dict[str, list[Any]]:
    case = Case.on(record, as_of)
    return {
        name: [(finding.result, finding.facts) for finding in evaluate(edition, case).findings]
        for name, edition in library().items()
    }


@cache
def sections_read() -> dict[str, frozenset[str]]:
    return {
        edition.id: frozenset(find_place(path).section.key for path in reads(edition))
        for edition in library().values()
    }


def test_it_is_known_of_every_word_what_it_reads() -> None:
    assert words_read() == set(vocabulary()) - {"all", "any", "at_least", "not"}


def test_every_path_that_is_read_is_asked_for_on_the_form() -> None:
    assert {find_place(path).section.key for path in readers()} <= {section.key for section in SECTIONS}


def test_readers_and_reads_say_the_same() -> None:
    assert readers()["diagnosis.phenotype"] == tuple(library())
    assert all((path in reads(library()[name])) for path, names in readers().items() for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_section_that_an_edition_does_not_read_changes_none_of_its_answers(path: Path) -> None:
    plain, as_of = read_case_file(path)
    assert as_of
    record = read_record(plain, as_of)
    whole, typed = answers(record, as_of), typed_from(record, {}, {})
    for section in SECTIONS:
        without = read_case({**typed, section.key: {}}, as_of).record
        if without == record:
            continue
        changed = answers(without, as_of)
        moved = {name for name in whole if whole[name] != changed[name]}
        assert moved <= {name for name, keys in sections_read().items() if section.key in keys}, section.key


def test_every_section_that_is_read_moves_an_answer_of_some_case() -> None:
    still = {key for keys in sections_read().values() for key in keys}
    for path in FILES[::-1]:
        plain, as_of = read_case_file(path)
        assert as_of
        record = read_record(plain, as_of)
        whole, typed = answers(record, as_of), typed_from(record, {}, {})
        still = {key for key in still if answers(read_case({**typed, key: {}}, as_of).record, as_of) == whole}
        if not still:
            return
    assert still == set()


SINCE = "since: diagnosed_on"
FIRST = "first_months: {anchor: first_treated_on, months: 12}"


@pytest.mark.parametrize(
    ("test", "paths"),
    [
        (f"{{relapses: {{at_least: 1, {SINCE}}}}}", ["diagnosis.diagnosed_on", "diagnosis.symptom_onset", "relapses"]),
        (f"{{relapses: {{at_least: 1, {FIRST}}}}}",
         ["diagnosis.first_treated_on", "diagnosis.symptom_onset", "relapses"]),
        ("{relapses: {at_least: 1, on_treatment: none}}", ["diagnosis.symptom_onset", "relapses", "treatments"]),
        (f"{{mri: {{findings: [new_t2], at_least: 1, {SINCE}}}}}", ["diagnosis.diagnosed_on", "mri"]),
        ("{mri: {findings: [new_t2], at_least: 1, on_treatment: any}}", ["mri", "treatments"]),
        ("{mri_t2_rate: {min_per_month: 1, interval_months: {min: 3}}}", ["mri"]),
        ("{relapse_and_mri: {gap_days: {min: 1}, relapse: {on_treatment: any}, mri: {findings: [new_t2]}}}",
         ["diagnosis.symptom_onset", "mri", "relapses", "treatments"]),
        ("{relapse_and_mri: {gap_days: {min: 1}, relapse: {}, mri: {findings: [new_t2], on_treatment: any}}}",
         ["diagnosis.symptom_onset", "mri", "relapses", "treatments"]),
        (f"{{edss_rise: {{min: 1, {SINCE}}}}}", ["diagnosis.diagnosed_on", "edss"]),
        ("{duration_years: {anchor: unstated, min: 1}}", ["diagnosis.diagnosed_on", "diagnosis.symptom_onset"]),
        ("{duration_years: {anchor: first_treated_on, min: 1}}", ["diagnosis.first_treated_on"]),
        ("{edss: {max: 6.5}}", ["edss"]),
        ("{functional_system: {system: pyramidal, min: 3}}", ["edss"]),
        ("{ambulation: {min_distance_m: 100}}", ["ambulation"]),
        ("{hct_ci: {max: 2}}", ["comorbidity.hct_ci"]),
        ("{failed_treatments: {class: any, at_least: 1}}", ["treatments"]),
        ("{treated_with: {class: any, at_least: 1}}", ["treatments"]),
        ("{treatment_free_months: {class: any, min: 3}}", ["treatments"]),
        ("{judgement: aggressive_ms}", ["judgements.aggressive_ms"]),
        ("{flag: {path: comorbidity.pregnant, is: false}}", ["comorbidity.pregnant"]),
        ("{untested: no number}", []),
    ],
)  # fmt: skip
def test_a_word_reads_its_facts_and_no_others(test: str, paths: list[str]) -> None:
    text = f"{{id: a, kind: required, statement: S., test: {test}, source: doi:10.0000/x}}"
    asked = read_edition(edition(text), "made-up.yaml")
    assert reads(asked) == tuple(sorted({"diagnosis.phenotype", *paths}))
    (criterion,) = asked.criteria
    assert criterion_reads(criterion) == frozenset(paths)
