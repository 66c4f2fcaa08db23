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
from referral.criteria.reads import readers, reads, words_read
from referral.facts import CaseRecord, read_record
from referral.reference.files import read_case_file
from tests.core.records import CASES

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
