"""What pages say of editions as a whole: which of them read a section, and whose look-back windows are shaded."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import request

from forms import find_place
from referral import clock
from referral.criteria import Edition, library
from referral.criteria.case import Case
from referral.criteria.reads import readers
from referral.criteria.windows import look_backs
from referral.facts import CaseRecord
from referral.reference.glossary import terms_of


def words() -> dict[str, Any]:
    """Give what the pages of a case and its sections ask for."""
    chosen = chosen_edition()
    return {
        "window_editions": editions_with_windows(),
        "window_chosen": chosen.id if chosen else None,
        "read_by": lambda section: sections_read().get(section, ()),
        "terms_of": terms_of,
    }


def chosen_edition() -> Edition | None:
    """Give the edition whose look-back windows the address asks for. None is chosen unless somebody does."""
    return library().get(request.args.get("windows", ""))


@cache
def editions_with_windows() -> tuple[tuple[str, str], ...]:
    """Give id and title of every edition that looks back over some window, in the library's order.

    Which windows there are does not depend on the day or on the case; where they lie does.
    """
    nobody = Case.on(CaseRecord(record="1"), clock.today())
    return tuple((edition.id, edition.title) for edition in library().values() if look_backs(edition, nobody))


@cache
def sections_read() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Give, by section of the form, id and title of every edition that reads a fact of it."""
    found: dict[str, set[str]] = {}
    for path, editions in readers().items():
        found.setdefault(find_place(path).section.key, set()).update(editions)
    return {
        key: tuple((edition.id, edition.title) for edition in library().values() if edition.id in ids)
        for key, ids in found.items()
    }
