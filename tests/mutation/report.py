"""What became of the mutants: a table by module, and those that nothing noticed with the reason."""

from collections import Counter
from pathlib import Path

from referral.reference.files import read_file
from tests.mutation.mutants import Mutant

REASONS = Path(__file__).with_name("survivors.yaml")
NOTICED = ("noticed", "endless")
"""What counts as noticed: a test fails, or the mutant runs on and on."""


def report(results: list[tuple[Mutant, str]]) -> str:
    """Give it as Markdown."""
    counts: dict[str, Counter[str]] = {}
    for mutant, result in results:
        counts.setdefault(mutant.module, Counter())[result] += 1
    lines = [
        "| module | mutants | tried | noticed | unnoticed | of a hundred tried |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [_row(f"`{module.removeprefix('referral.')}`", found) for module, found in counts.items()]
    lines.append(_row("**all**", sum(counts.values(), Counter())))
    reasons = read_file(REASONS) if REASONS.exists() else {}
    lines += ["", "Unnoticed, each with its reason:", ""]
    for mutant, result in results:
        if result == "unnoticed":
            lines.append(f"- `{mutant.key}`: {reasons.get(mutant.key, '**not looked into yet**')}")
    return "\n".join(lines)


def _row(name: str, found: Counter[str]) -> str:
    noticed = sum(found[result] for result in NOTICED)
    tried = noticed + found["unnoticed"]
    share = f"{100 * noticed / tried:.1f}" if tried else ""
    return f"| {name} | {sum(found.values())} | {tried} | {noticed} | {tried - noticed} | {share} |"
