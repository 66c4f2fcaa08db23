"""Worked cases: invented people, expectations derived by hand from the contract and the sources."""

from datetime import date
from pathlib import Path

import pytest

from referral.assessment import assess
from referral.criteria import first_shown, library
from referral.facts import read_record
from referral.reference.files import read_yaml
from tests.core.records import CASES

FILES = sorted(CASES.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_worked_case_comes_out_as_expected(path: Path) -> None:
    case = read_yaml(path.read_text(encoding="utf-8"))
    as_of = date.fromisoformat(case["as_of"])
    results = {
        result.edition.id: result
        for result in assess(read_record(case["record"], as_of), library().values(), as_of).results
    }
    asked = {name: expected for name, expected in case["expect"].items() if name in results}
    given = {
        name: {
            "verdict": results[name].verdict.value,
            "criteria": {
                finding.criterion.id: finding.result.value
                for finding in results[name].findings
                if finding.criterion.id in expected["criteria"]
            },
        }
        for name, expected in asked.items()
    }
    assert given == asked


def test_every_case_of_the_collection_is_here() -> None:
    assert len(FILES) == 21


def test_every_edition_that_the_cases_name_is_in_the_library() -> None:
    expected = {name for path in FILES for name in read_yaml(path.read_text(encoding="utf-8"))["expect"]}
    assert expected <= set(library())
    assert {edition.id for edition in first_shown()} <= expected
