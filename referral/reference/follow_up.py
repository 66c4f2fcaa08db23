"""When somebody is seen after a transplant, as data."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from referral.reference.files import read_file

LONGEST_YEARS = 100


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: its id as stored, its words, and how long after day 0 it is due."""

    id: str
    words: str
    days: int = 0
    months: int = 0


@cache
def _plain() -> Any:
    return read_file(Path(__file__).with_name("follow_up.yaml"))


def follow_up_source() -> str:
    """Name the source of the schedule."""
    return str(_plain()["source"]).strip()


def visits() -> Iterator[Visit]:
    """Give every visit in its order; the yearly ones have no end but that of a life."""
    for each in _plain()["visits"]:
        yield Visit(each["id"], each["words"], each.get("days", 0), each.get("months", 0))
    for year in count(_plain()["yearly_from"]):
        if year > LONGEST_YEARS:
            return
        yield Visit(f"year_{year}", f"{year} years", months=12 * year)


def say_visit(visit_id: str) -> str:
    """Say a visit in words."""
    return next((visit.words for visit in visits() if visit.id == visit_id), visit_id.replace("_", " "))
