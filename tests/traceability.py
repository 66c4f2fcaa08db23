"""From each hazard to its controls, to the tests that prove them, to how those came out.

``python -m tests.traceability RESULTS.xml`` reads the hazard log and the results of a run (pytest --junitxml), prints
the report, and ends with 1 where a control has no test, or a test of it is missing from the run or did not pass.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

ROOT = Path(__file__).parents[1]
LOG = ROOT / "docs/safety/hazards.yaml"
STEPS = range(1, 6)  # of severity and of likelihood

Hazard = dict[str, Any]


def hazards(log: Path = LOG) -> list[Hazard]:
    """Give the hazards of the log, in its order."""
    found: list[Hazard] = yaml.safe_load(log.read_text("utf-8"))["hazards"]
    return found


def proofs_of(hazard: Hazard) -> Iterator[str]:
    """Give the tests of a hazard's controls, as ``folder/file.py::test``, below ``tests/``."""
    for control in hazard["controls"]:
        yield from control["tests"]


def results(xml: str) -> dict[str, bool]:
    """Give of each test of a run whether it passed, whatever it was asked of; a skipped one did not."""
    passed: dict[str, bool] = {}
    for case in ElementTree.fromstring(xml).iter("testcase"):  # noqa: S314 - as above
        file = case.get("classname", "").removeprefix("tests.").replace(".", "/") + ".py"
        test = f"{file}::{case.get('name', '').partition('[')[0]}"
        well = not any(case.find(fault) is not None for fault in ("failure", "error", "skipped"))
        passed[test] = passed.get(test, True) and well
    return passed


def unproven(log: list[Hazard], passed: Mapping[str, bool]) -> list[str]:
    """Give a line for each control that this run does not prove."""
    lines = []
    for hazard in log:
        for control in hazard["controls"]:
            if not control["tests"]:
                lines.append(f"{hazard['id']}: no test of: {control['does']}")
            for test in control["tests"]:
                if test not in passed:
                    lines.append(f"{hazard['id']}: not in this run: {test}")
                elif not passed[test]:
                    lines.append(f"{hazard['id']}: did not pass: {test}")
    return lines


def report(log: list[Hazard], passed: Mapping[str, bool]) -> Iterator[str]:
    """Give the report, line by line."""
    for hazard in log:
        before, after = ("{severity} x {likelihood}".format(**hazard[when]) for when in ("before", "after"))
        yield f"{hazard['id']}  {hazard['hazard']} (severity x likelihood: {before}, with controls {after})"
        for control in hazard["controls"]:
            yield f"    {control['does']}"
            for test in control["tests"]:
                yield f"        {'passed' if passed.get(test) else 'NOT PROVEN'}  {test}"
        if "open" in hazard:
            yield f"    Left: {hazard['open']}"


def main(arguments: list[str]) -> int:
    """Print the report of a run, and what it does not prove."""
    (file,) = arguments
    log, passed = hazards(), results(Path(file).read_text("utf-8"))
    faults = unproven(log, passed)
    controls = sum(len(hazard["controls"]) for hazard in log)
    count = f"{len(log)} hazards, {controls} controls, {len(faults)} tests missing or failed."
    print(*report(log, passed), "", count, *faults, sep="\n")  # noqa: T201 - its purpose
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
