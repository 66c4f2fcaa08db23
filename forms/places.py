"""Where on the form a fact of the case record is typed."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from forms.case import SECTIONS
from forms.fields import Fact
from forms.parts import Part, Rows, Section


class Place(NamedTuple):
    """One field, or one list, of one section; ``field_id`` is its anchor on the page."""

    section: type[Section]
    field_id: str


def find_place(path: str) -> Place:
    """Find where a fact is typed, by its path in the record: ``relapses.events[0].onset``.

    A part leads to its first field, a list and its entries to the list.

    Raises:
        LookupError: if no section asks for it.

    """
    places = _places()
    plain = re.sub(r"\[[^]]*\].*", "", path)
    while plain:
        if plain in places:
            return places[plain]
        below = next((place for known, place in places.items() if known.startswith(f"{plain}.")), None)
        if below is not None:
            return below
        plain = plain.rpartition(".")[0]
    raise LookupError(f"No section asks for {path}.")


@cache
def _places() -> dict[str, Place]:
    """Give every path of the record that the form asks for, in the order of the form."""
    found: dict[str, Place] = {}
    for section in SECTIONS:
        root = "patient" if section.key == "person" else section.root
        if section.recorded or root:
            for path, field_id in _paths(section(), root):
                found.setdefault(path, Place(section, field_id))
    return found


def _paths(part: Part, before: str) -> Iterator[tuple[str, str]]:
    for field in part:
        path = f"{before}.{field.short_name}".lstrip(".")
        if not getattr(field, "recorded", True):
            continue
        if isinstance(field, Fact | Rows):
            yield path, field.id
        else:
            yield from _paths(field.form, path)
