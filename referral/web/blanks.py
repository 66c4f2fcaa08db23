"""What each edition says of a draft now, and the blank that would settle it, as a link to that very field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from forms import ReadCase, Section, find_place
from forms.parts import Rows
from referral.assessment import Answered, Assessment, assess
from referral.criteria import Edition
from referral.criteria.evaluate import Verdict
from referral.facts import CaseRecord
from referral.packet.paths import path_words
from referral.remembered import Remembered
from referral.web.open_questions import edition_name

ENTRY = re.compile(r"[^[]+\[(?P<place>[0-9]+)\](?:\.(?P<fact>.+))?")


@dataclass(frozen=True)
class Blank:
    """One fact that nobody has given yet: what it is called, and where it is asked for."""

    words: str
    section: str
    anchor: str


@dataclass(frozen=True)
class NowLine:
    """One edition: its verdict, and the fewest blanks that would settle it; several only settle it together."""

    edition: str
    verdict: str
    settled_by: tuple[Blank, ...]


_assessed: Remembered[Assessment] = Remembered(200)


def assessed(record: CaseRecord, editions: Sequence[Edition], as_of: date) -> Assessment:
    """Put a record to editions, or give what came out when the same was put to them before."""
    asked = (record.sha256, tuple(edition.sha256 for edition in editions), as_of)
    return _assessed.get(asked, lambda: assess(record, editions, as_of))


def now_lines(assessment: Assessment, case: ReadCase) -> list[NowLine]:
    """Give a line for each edition, in its order."""
    return [
        NowLine(
            edition_name(answered.result.edition.id),
            answered.result.verdict.value,
            tuple(find_blank(path, case) for path in _fewest(answered)),
        )
        for answered in assessment.answers
    ]


def find_blank(path: str, case: ReadCase) -> Blank:
    """Find the field of a fact on the page that asks for it."""
    place = find_place(path)
    anchor = _in_list(path, case.forms, place.section) or place.field_id
    return Blank(path_words(path, case.record), place.section.key, anchor)


def _fewest(answered: Answered) -> tuple[str, ...]:
    """Give the first of the smallest sets. A verdict that stands needs nothing."""
    if answered.result.verdict is not Verdict.CANNOT_SAY or not answered.decides:
        return ()
    return answered.decides[0]


def _in_list(path: str, forms: Mapping[str, Section], section: type[Section]) -> str:
    """Give the anchor in a list: the field of an entry that is there, or where the next entry begins."""
    name = path.partition("[")[0].rpartition(".")[2]
    if name not in _lists_of(section):  # type: ignore[arg-type]  # a class is hashable, whatever its untyped base
        return ""
    rows: Any = forms[section.key][name]
    entry = ENTRY.fullmatch(path)
    if entry and entry["fact"]:
        read = [row for row in rows.entries if row.form.read("", {}) is not None]
        if int(entry["place"]) < len(read):
            return _field_of(read[int(entry["place"])], entry["fact"])
    if any(row.form.touched for row in rows.entries):
        return f"{rows.id}-end"  # the button that adds one
    return f"{rows.id}-0-{next(iter(rows.pattern.form)).short_name}"


@cache
def _lists_of(section: type[Section]) -> frozenset[str]:
    return frozenset(field.short_name for field in section() if isinstance(field, Rows))


def _field_of(row: Any, fact: str) -> str:
    """Give the anchor of a fact of one entry; the entry itself where the page does not ask for it."""
    field = row
    for name in fact.split("."):
        if name not in field.form:
            return str(row.id)
        field = field.form[name]
    return str(field.id)
