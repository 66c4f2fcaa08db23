"""The comorbidity index for transplantation, HCT-CI: a range while items are not known.

Sorror ML, Blood 2005;106:2912; with age: Sorror ML, J Clin Oncol 2014;32:3249. Figures: ``reference/hct_ci.csv``.
"""

import csv
from collections.abc import Mapping
from functools import cache
from typing import Any

from referral.reference import HERE
from referral.reference.files import read_file


@cache
def _figures() -> Mapping[str, Any]:
    """From which sum on a group begins, without and with age; the age from which age counts."""
    figures: Mapping[str, Any] = read_file(HERE / "hct_ci.yaml")
    return figures


@cache
def items() -> Mapping[str, tuple[int, str]]:
    """Give each item's weight, and the organ of which only the higher grade counts."""
    return {row["item"]: (int(row["weight"]), row["organ"]) for row in _rows()}


@cache
def words() -> Mapping[str, tuple[str, str]]:
    """Give each item's name, and when it counts, in words of ours."""
    return {row["item"]: (row["name"], row["counts_if"]) for row in _rows()}


def _rows() -> list[dict[str, str]]:
    with (HERE / "hct_ci.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def hct_ci(known: Mapping[str, bool | None]) -> tuple[int, int]:
    """Give the lowest and the highest sum: what is not known counts once as absent, once as present."""
    return _sum(known, unknown=False), _sum(known, unknown=True)


def hct_ci_with_age(known: Mapping[str, bool | None], age: int) -> tuple[int, int]:
    """Give the same with one more point from age 40."""
    low, high = hct_ci(known)
    point = int(age >= _figures()["with_age"]["age_counts_from"])
    return low + point, high + point


def group(sums: tuple[int, int], *, with_age: bool = False) -> str | None:
    """Name the group if both ends lie in it; ``None`` while it cannot be said."""
    groups: list[tuple[int, str]] = _figures()["with_age" if with_age else "groups"]["from"]
    low, high = ([name for start, name in groups if end >= start][-1] for end in sums)
    return low if low == high else None


def _sum(known: Mapping[str, bool | None], *, unknown: bool) -> int:
    organs: dict[str, int] = {}
    for item, (weight, organ) in items().items():
        present = known.get(item)
        if unknown if present is None else present:
            organs[organ] = max(organs.get(organ, 0), weight)
    return sum(organs.values())
