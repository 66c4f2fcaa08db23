"""The work-up before a transplant, as data: what is done, and which of it the source names."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from referral.reference.files import read_file

STATUSES = {"done": "Done", "booked": "Booked", "missing": "Missing", "not_needed": "Not needed"}
UNCHECKED = "not checked against a publication"


@dataclass(frozen=True, slots=True)
class WorkupItem:
    """One thing to do before a transplant. ``source`` is empty where nobody has checked it against one."""

    id: str
    group: str
    words: str
    source: str

    @property
    def verified(self) -> bool:
        """Whether its source was read; what was not stays off until a programme asks for it."""
        return bool(self.source)


@cache
def _plain() -> Any:
    return read_file(Path(__file__).with_name("workup.yaml"))


def workup_source() -> str:
    """Name the source of what is verified."""
    return str(_plain()["source"])


@cache
def workup() -> dict[str, WorkupItem]:
    """Give every item by its id, group by group."""
    plain = _plain()
    items = {
        each["id"]: WorkupItem(
            id=each["id"],
            group=plain["groups"][each["group"]],
            words=each["words"],
            source=plain["source"] if each["verified"] else "",
        )
        for each in plain["items"]
    }
    if len(items) < len(plain["items"]):
        raise ValueError("workup.yaml: an id stands twice")
    return items
