"""Worked cases at every limit: just inside, on and just outside, made from the criteria themselves.

They are kept as YAML beside the editions, so that a clinician can read and check them. ``flask protocols check``
refuses an edition whose limits have none, or whose kept cases come out otherwise.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from referral.criteria.answer import holds
from referral.criteria.case import Case
from referral.criteria.edges import AS_OF, Facts, edges
from referral.criteria.edition import Criterion, Edition
from referral.criteria.evaluate import find
from referral.criteria.language import Test
from referral.facts import read_record


@dataclass(frozen=True, slots=True)
class Worked:
    """One worked case: where it stands, what is recorded, what comes out for the limb and for the criterion."""

    criterion: str
    limit: str
    case: str
    record: Facts
    limb: str
    result: str

    def to_plain(self) -> dict[str, Any]:
        """Give it as it is kept in YAML."""
        return {
            "criterion": self.criterion, "limit": self.limit, "case": self.case,
            "record": dict(self.record), "limb": self.limb, "result": self.result,
        }  # fmt: skip


def worked_cases(edition: Edition) -> Iterator[Worked]:
    """Make the worked cases of every limit of the edition."""
    for criterion in edition.criteria:
        seen: set[tuple[str, str]] = set()
        for leaf in criterion.leaves():
            for limit, case, record in edges(leaf):
                if (limit, case) not in seen:
                    seen.add((limit, case))
                    yield Worked(criterion.id, limit, case, record, *outcome(criterion, leaf, record))


def outcome(criterion: Criterion, leaf: Test, facts: Facts) -> tuple[str, str]:
    """Ask the limb, and the whole criterion, of a record that holds these facts and no others."""
    case = Case.on(read_record({"record": "1", **facts}, AS_OF), AS_OF)
    return holds(leaf.ask(case).truth), find(criterion, case).result.value


def dead_limits(cases: Iterable[Worked]) -> Iterator[tuple[str, str]]:
    """Find the limits at which nothing turns: they are written in vain."""
    outcomes: dict[tuple[str, str], list[str]] = {}
    for worked in cases:
        outcomes.setdefault((worked.criterion, worked.limit), []).append(worked.limb)
    return (limit for limit, found in outcomes.items() if len(found) > 1 and len(set(found)) == 1)


def as_yaml(edition: Edition) -> str:
    """Write the worked cases of an edition, a line each, as they are kept."""
    lines = [
        yaml.safe_dump(
            _in_yaml(worked.to_plain()), default_flow_style=True, sort_keys=False, width=10**6
        ).strip()
        for worked in worked_cases(edition)
    ]
    head = f"# {edition.title}\n# Asked on {AS_OF}. Made by `flask protocols cases`; read them, and mend the edition.\n"
    return head + "".join(f"- {line}\n" for line in lines)


def _in_yaml(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _in_yaml(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_yaml(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value
