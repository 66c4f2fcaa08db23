"""What became of the mutants: a table by module, and those that nothing noticed with the reason."""

from collections import Counter
from pathlib import Path

from referral.reference.files import read_file
from tests.mutation.mutants import Mutant

REASONS = Path(__file__).with_name("survivors.yaml")


def report(results: list[tuple[Mutant, str]]) -> str:
    """Give it as Markdown."""
    counts: dict[str, Counter[str]] = {}
    for mutant, result in results:
        counts.setdefault(mutant.module, Counter())[result] += 1
    lines = ["| module | mutants | noticed | unnoticed | of a hundred |", "|---|---:|---:|---:|---:|"]
    lines += [_row(module, found) for module, found in counts.items()]
    lines.append(_row("**all**", sum(counts.values(), Counter())))
    reasons = read_file(REASONS) if REASONS.exists() else {}
    lines += ["", "Unnoticed:", ""]
    for mutant, result in results:
        if result not in ("noticed", "endless"):
            why = reasons.get(mutant.key, "**no reason yet**")
            lines.append(f"- `{mutant.key}` (line {mutant.line}): {why}")
    return "\n".join(lines)


def _row(name: str, found: Counter[str]) -> str:
    total = sum(found.values())
    noticed = found["noticed"] + found["endless"]
    return f"| {name} | {total} | {noticed} | {total - noticed} | {100 * noticed / max(total, 1):.1f} |"
