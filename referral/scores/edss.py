"""The EDSS from the seven functional systems and ambulation.

Kurtzke JF, Neurology 1983;33:1444-52; Neurostatus-EDSS 04/10.2 and 04/10.3. Figures: ``reference/edss.yaml``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from referral.reference import HERE
from referral.reference.files import read_file

SYSTEMS = ("visual", "brainstem", "pyramidal", "cerebellar", "sensory", "bowel_bladder", "cerebral")
SCALES = ("score", "index")
"""Ambulation is written in two ways: the Neurostatus score 0 to 16, or an older index 0 to 12. One has to ask."""


class CannotScore(ValueError):
    """The score cannot be worked out; the message says what is missing or not allowed."""


@dataclass(frozen=True, slots=True)
class EdssFound:
    """A score with what it rests on: the converted grades, and whether the published table is silent on the row."""

    score: Decimal
    converted: Mapping[str, int]
    derived: bool
    doubts: tuple[str, ...]


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_file(HERE / "edss.yaml")
    return table


def edss_from_systems(
    grades: Mapping[str, int | None], *, scale: str = "score", cerebral1_counts: bool = True
) -> EdssFound:
    """Work out the EDSS from raw grades and ambulation.

    ``scale`` says how ambulation is written; ``cerebral1_counts`` whether cerebral grade 1 (which may be mild
    fatigue) counts below EDSS 1.5. Raises :class:`CannotScore` where a grade is out of range, or where one that
    is needed is not known: a system that was not tested is never 0.
    """
    for name, grade in grades.items():
        _in_range(name, grade, scale)
    walking = grades.get("ambulation")
    if walking is None:
        raise CannotScore("ambulation is not known")
    if scale == "index" and walking > 0:
        return EdssFound(Decimal(_table()["ambulation_index"][walking - 1]), {}, False, ())
    row = _table()["ambulation"][walking]
    if "edss" in row:
        return EdssFound(Decimal(row["edss"]), {}, False, ())
    unknown = [name for name in SYSTEMS if grades.get(name) is None]
    if unknown:
        raise CannotScore(f"{', '.join(unknown)}: not known, and walking alone does not settle it")
    converted = {name: _converted(name, grades[name] or 0) for name in SYSTEMS}
    counted = dict(converted)
    if counted["cerebral"] == 1 and not cerebral1_counts:
        counted["cerebral"] = 0
    step, derived = _step(list(counted.values()))
    least = Decimal(row.get("least", 0))
    return EdssFound(max(step, least), converted, derived and step >= least, tuple(_doubts(grades, walking)))


def highest_grade(name: str, scale: str = "score") -> int:
    """Give the highest raw grade of a functional system, or of ambulation as written on that scale."""
    if name == "ambulation" and scale == "index":
        return len(_table()["ambulation_index"])
    highest: int = _table()["highest"][name]
    return highest


def _in_range(name: str, grade: int | None, scale: str) -> None:
    if name not in _table()["highest"]:
        raise CannotScore(f"there is no functional system {name!r}")
    highest = highest_grade(name, scale)
    if grade is not None and not 0 <= grade <= highest:
        raise CannotScore(f"{name}: given {grade}; allowed: a whole number from 0 to {highest}")


def _converted(name: str, grade: int) -> int:
    table = _table()["converted"].get(name)
    converted: int = table[grade] if table else grade
    return converted


def _step(grades: list[int]) -> tuple[Decimal, bool]:
    highest = max(grades)
    counts = {"many": grades.count(highest), "threes": grades.count(3), "twos": grades.count(2)}
    row = next(row for row in _table()["steps"] if highest in row["highest"] and _fits(row, counts))
    return Decimal(row["step"]), bool(row.get("derived"))


def _fits(row: Mapping[str, Any], counts: Mapping[str, int]) -> bool:
    return all(row[name][0] <= count <= row[name][1] for name, count in counts.items() if name in row)


def _doubts(grades: Mapping[str, int | None], walking: int) -> list[str]:
    """Find what one would look at again; it is never refused."""
    doubts = []
    movers = [grades[name] or 0 for name in ("pyramidal", "cerebellar", "sensory")]
    if walking >= 1 and max(movers) <= 1:
        doubts.append("walking is restricted, yet pyramidal, cerebellar and sensory grades are 0 or 1")
    if walking <= 1 and any((grades[name] or 0) >= 5 for name in SYSTEMS):
        doubts.append("a grade of 5 or more, yet walking is hardly restricted")
    return doubts
