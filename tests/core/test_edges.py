"""The limits of every word, each with the facts at it and beside it, and what comes out there."""

from pathlib import Path
from typing import Any

import pytest

from referral.criteria.boundaries import as_yaml, dead_limits, outcome, worked_cases
from referral.criteria.edges import AS_OF, edges
from referral.criteria.language import read_test, vocabulary
from referral.criteria.load import read_edition, shared_vocabulary
from referral.reference.files import read_yaml
from tests.core.test_library import AGE, edition

KEPT = Path(__file__).with_name("worked.yaml")
NO_LIMIT = {"all", "any", "at_least", "not", "untested", "phenotype", "code", "serology", "flag"}
"""Words without a bound: a code is asked for, or tests are joined."""


def worked(given: dict[str, Any]) -> list[list[Any]]:
    """Give limit, case, what comes out and the facts, for every limit of a test."""
    leaf = read_test(given, shared_vocabulary())
    text = {"id": "a", "kind": "required", "statement": "S.", "test": given, "source": "doi:10.0000/x"}
    (criterion,) = read_edition(edition() | {"criteria": [text]}, "made-up.yaml").criteria
    rows = []
    for limit, case, facts in edges(leaf):
        limb, _ = outcome(criterion, leaf, facts)
        rows.append([limit, case, limb, facts])
    return rows


def kept() -> list[dict[str, Any]]:
    if not KEPT.exists():
        return []
    found: list[dict[str, Any]] = read_yaml(KEPT.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("shown", kept(), ids=lambda shown: str(shown["test"])[:60])
def test_a_limit_is_worked_out_just_inside_on_and_just_outside(shown: dict[str, Any]) -> None:
    assert worked(shown["test"]) == shown["cases"]


def test_every_word_with_a_bound_has_its_limits_worked_out() -> None:
    words = {next(iter(shown["test"])) for shown in kept() if shown["cases"]}
    assert words == set(vocabulary()) - NO_LIMIT - {"judgement"}


TWICE = "{{id: {0}, kind: required, statement: S., test: {1}, source: doi:10.0000/x{2}}}"


def test_the_worked_cases_of_an_edition_are_written_a_line_each() -> None:
    either = "{any: [{measurement: {path: organ_function.bmi, max: 35}}, {edss: {max: 0}}]}"
    asked = TWICE.format("bmi", either, ", applies_if: {measurement: {path: organ_function.bmi, max: 35}}")
    lines = as_yaml(read_edition(edition(asked), "made-up.yaml")).splitlines()
    assert lines[:2] == [
        "# T",
        "# Asked on 2026-06-15. Made by `flask protocols cases`; read them, and mend the edition.",
    ]
    assert lines[2] == (
        "- {criterion: bmi, limit: bmi max 35, case: 'below: 34', record: {organ_function: {bmi: {value: 34, date:"
        " '2026-06-15'}}}, limb: holds, result: met}"
    )
    assert [line.partition("limb: ")[2] for line in lines[2:]] == [
        "holds, result: met}",
        "holds, result: met}",
        "does not hold, result: not_applicable}",
        "holds, result: met}",
    ]


def test_a_limit_at_which_nothing_turns_is_dead_and_one_case_alone_is_not() -> None:
    idle = read_edition(edition(AGE.replace("min: 18, max: 55", "min: 18, above: 30")), "made-up.yaml")
    assert list(dead_limits(worked_cases(idle))) == [("age", "age min 18: 18 years on 2026-06-15")]
    assert list(dead_limits(list(worked_cases(idle))[:1])) == []
    assert AS_OF.isoformat() == "2026-06-15"
