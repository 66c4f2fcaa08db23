"""What of a file was not read, and looking into plain data of which nothing is known."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from referral.facts import PartialDate

LONGEST_SHOWN = 80
_DAY = re.compile(r"([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)(?:T[0-9:.]{2,20}(?:Z|[+-][0-9]{2}:[0-9]{2})?)?")


class Left(NamedTuple):
    """One thing that was not read: what it is in, what it is, what was given, and why it was left."""

    where: str
    what: str
    given: str
    why: str

    @classmethod
    def of(cls, resource: Mapping[str, Any], what: str, why: str, given: object = None) -> Self:
        """Name something in a resource; without a name, the resource itself by the words of its code."""
        shown = str(given) if given is not None else words_of(resource)
        return cls(resource["resourceType"][:LONGEST_SHOWN], what, shown[:LONGEST_SHOWN], why)


def text_at(thing: Any, *path: str | int) -> str:
    """Give the text at a place in plain data; empty where there is none, or something else."""
    for step in path:
        if isinstance(step, str) and isinstance(thing, Mapping):
            thing = thing.get(step)
        elif isinstance(step, int) and isinstance(thing, list) and len(thing) > step:
            thing = thing[step]
        else:
            return ""
    return thing.strip() if isinstance(thing, str) else ""


def listed(thing: Any, name: str) -> list[Any]:
    """Give a list of plain data by its name; empty where there is none."""
    found = thing.get(name) if isinstance(thing, Mapping) else None
    return found if isinstance(found, list) else []


def words_of(resource: Mapping[str, Any]) -> str:
    """Say what a resource is about, as far as it says so itself."""
    for name in ("code", "medicationCodeableConcept", "type", "category"):
        said = (
            text_at(resource, name, "text")
            or text_at(resource, name, "coding", 0, "display")
            or text_at(resource, name, "coding", 0, "code")
        )
        if said:
            return said
    return text_at(resource, "id")


def day_of(given: Any, resource: Mapping[str, Any], name: str, left: list[Left]) -> str | None:
    """Read the day of a date or moment, as exact as it is given; the day as it was written there."""
    found = _DAY.fullmatch(given) if isinstance(given, str) and len(given) <= LONGEST_SHOWN else None
    try:
        if found:
            return PartialDate.parse(found[1]).text
    except ValueError:
        pass
    left.append(Left.of(resource, name, "allowed: a day, month or year that exists", given))
    return None
