"""The hazard log: whole, rated, and each control with tests that exist; and the report finds what is not proven."""

import ast

import pytest

from tests.traceability import ROOT, STEPS, Hazard, hazards, proofs_of, results, unproven

LOG = hazards()


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / "tests" / file
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text("utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


def test_there_are_thirty_hazards_or_more_each_under_its_own_number() -> None:
    numbers = [hazard["id"] for hazard in LOG]
    assert len(numbers) >= 30
    assert numbers == [f"PH-{number:02d}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("hazard", LOG, ids=lambda hazard: hazard["id"])
def test_a_hazard_has_cause_effect_ratings_and_controls_that_lower_it(hazard: Hazard) -> None:
    assert all(hazard[part].strip() for part in ("hazard", "cause", "effect"))
    before, after = hazard["before"], hazard["after"]
    assert all(rating[step] in STEPS for rating in (before, after) for step in ("severity", "likelihood"))
    assert after["severity"] * after["likelihood"] < before["severity"] * before["likelihood"]
    assert hazard["controls"]
    assert all(control["does"] and control["tests"] for control in hazard["controls"])


@pytest.mark.parametrize("hazard", LOG, ids=lambda hazard: hazard["id"])
def test_each_test_that_the_log_names_exists(hazard: Hazard) -> None:
    assert [test for test in proofs_of(hazard) if not exists(test)] == []


RUN = """<testsuites><testsuite>
  <testcase classname="tests.core.test_a" name="test_one[x]"/>
  <testcase classname="tests.core.test_a" name="test_one[y]">{fault}</testcase>
</testsuite></testsuites>"""
PROVEN: list[Hazard] = [{"id": "PH-01", "controls": [{"does": "", "tests": ["core/test_a.py::test_one"]}]}]


def test_a_control_is_proven_by_a_run_in_which_its_tests_passed() -> None:
    assert unproven(PROVEN, results(RUN.format(fault=""))) == []


@pytest.mark.parametrize("fault", ["<failure/>", "<error/>", "<skipped/>"])
def test_one_that_failed_or_was_skipped_once_proves_nothing(fault: str) -> None:
    (line,) = unproven(PROVEN, results(RUN.format(fault=fault)))
    assert line == "PH-01: did not pass: core/test_a.py::test_one"


def test_one_that_was_not_run_proves_nothing() -> None:
    (line,) = unproven(PROVEN, {})
    assert line == "PH-01: not in this run: core/test_a.py::test_one"
