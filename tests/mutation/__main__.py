"""How many small wrongs in the clinical core the tests notice: ``make mutation``.

The tests are collected once; every mutant then lives in a fork of that process, where the function around it gets
the wrong code and the tests that run through it are asked, quickest first, until one fails. What runs at import
(tables, constants) gets a process of its own instead.
"""

import argparse
import json
import time
from pathlib import Path
from zlib import crc32

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.report import report
from tests.mutation.runner import Survey, run_at_import, run_in_forks, survey

CRITERIA = """
    days case answer language.base language.person language.edss language.relapses language.on_treatment language.mri
    language.mri_rate language.treatments language.pairs language.fitness language.logic language.manual evaluate
    calendar decides unknowns quick reads windows edges.base edges.entries edges.person edges.activity edges.treatments
    boundaries check load edition
"""
SCORES = ("edss", "egfr", "hct_ci")
EVERY = [
    *(f"referral.criteria.{name}" for name in CRITERIA.split()), *(f"referral.scores.{name}" for name in SCORES),
    "referral.assessment",
]  # fmt: skip
RESULTS = Path(".mutation.jsonl")


def main() -> None:
    """Try the mutants, write down what became of each, and give the report."""
    options = argparse.ArgumentParser(prog="make mutation")
    options.add_argument("modules", nargs="*", help="parts of modules' names; none: all")
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--again", action="store_true", help="try those again that were noticed before")
    options.add_argument("--every", type=int, default=1, help="one mutant in so many, for a first figure")
    asked = options.parse_args()
    chosen = [name for name in EVERY if not asked.modules or any(part in name for part in asked.modules)]
    mutants = [mutant for module in chosen for mutant in mutants_of(module)][:: asked.every]
    before = {} if asked.again else read_results()
    left = [mutant for mutant in mutants if before.get(mutant.key) not in ("noticed", "endless")]
    left.sort(
        key=lambda mutant: crc32(mutant.key.encode())
    )  # mixed: what is known early stands for the whole
    print(f"{len(mutants)} mutants, {len(left)} to try")  # noqa: T201 - what a person at the desk waits for
    if left:
        try_all(left, asked.processes)
    found = read_results()
    print(report([(mutant, found.get(mutant.key, "not tried")) for mutant in mutants]))  # noqa: T201 - its purpose


def try_all(left: list[Mutant], processes: int) -> None:
    """Try these, the quick way where it can be gone, and write each result down at once."""
    begun, done = time.monotonic(), 0
    known: Survey = survey()
    with RESULTS.open("a", encoding="utf-8") as written:

        def note(mutant: Mutant, result: str) -> None:
            nonlocal done
            done += 1
            written.write(json.dumps([mutant.key, result]) + "\n")
            written.flush()
            if result == "unnoticed" or done % 100 == 0:
                line = (
                    f"{time.monotonic() - begun:6.0f} s {done:5d} {result}: line {mutant.line} {mutant.key}"
                )
                print(line, flush=True)  # noqa: T201 - its purpose

        at_import = run_in_forks(left, known, processes, note)
        run_at_import(at_import, known, processes, note)


def read_results() -> dict[str, str]:
    """What became of each mutant when it was last tried."""
    if not RESULTS.exists():
        return {}
    return dict(json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
