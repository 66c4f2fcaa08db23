"""From a file of somebody else to what a person would have typed: what fits goes in, all else is named.

Names and answers that our pages do not have are left out, never bent into shape. What a page takes is read again
as if it had been typed, and compared with the file, so that nothing is lost or changed without a word.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from forms.case import SECTIONS, read_case, typed_from
from forms.fields import (
    ChoiceField,
    DecimalField,
    Fact,
    FlagField,
    PartialDateField,
    TextField,
    TickField,
    TicksField,
)
from forms.identifiers import KINDS
from forms.parts import MOST_ROWS, Beside, Part, Rows, Section, Typed
from forms.person import PersonForm
from referral.facts import LONGEST_TEXT, CaseRecord, Fault, PartialDate

OTHER_NUMBER = "Other number"
OF_THE_RECORD = ("birth_date", "sex")
MOST_NAMED = 100


@dataclass(frozen=True)
class Filled:
    """What was typed into a new draft from a file, the person it names, and what of the file was left out."""

    typed: dict[str, Typed]
    identity: dict[str, Any]
    left: tuple[Fault, ...]


def fill(
    record: CaseRecord,
    identity: Mapping[str, Any],
    beside: Mapping[str, Any],
    question: str,
    as_of: date,
) -> Filled:
    """Type a case from a file into a new draft. Never raises, whatever the parts beside the record hold."""
    left: list[Fault] = []
    who = _who(identity, left)
    besides = dict(_beside(beside, left))
    if question and len(question) > LONGEST_TEXT:
        left.append(Fault("question", f"{len(question):,} characters", f"at most {LONGEST_TEXT:,}"))
        question = ""
    request = {"question": question} if question.strip() else {}
    typed = typed_from(record, who, request, besides)
    lost = list(_lost(record, typed, as_of))
    if lost and "organs" in besides:  # units that were typed there say something else than the record
        typed = typed_from(record, who, request, {**besides, "organs": {}})
        left.append(Fault("beside.organs", "other values than the record's", "the values of the record"))
        lost = list(_lost(record, typed, as_of))
    read = read_case(typed, as_of)
    return Filled(typed, read.identity, (*left, *lost)[:MOST_NAMED])


def _who(identity: Mapping[str, Any], left: list[Fault]) -> dict[str, Any]:
    """Take names and numbers; a number of a kind that our list lacks keeps its value, and its kind is named."""
    given = {name: value for name, value in identity.items() if name not in OF_THE_RECORD}
    numbers = given.get("identifiers")
    if isinstance(numbers, list):
        given["identifiers"] = [_number(each, left) for each in numbers]
    return fitting(PersonForm(), given, "person", left)


def _number(given: Any, left: list[Fault]) -> Any:
    if not isinstance(given, Mapping) or given.get("type") in KINDS:
        return given
    left.append(Fault("person.identifiers.type", _shown(given.get("type")), f"kept as “{OTHER_NUMBER}”"))
    return {**given, "type": OTHER_NUMBER}


def _beside(beside: Mapping[str, Any], left: list[Fault]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Take what stands beside the record, section by section."""
    pages = {section.key: section() for section in SECTIONS}
    for key, plain in beside.items():
        page = pages.get(key)
        inner = next((field.form for field in page or () if isinstance(field, Beside)), None)
        if page is not None and inner is not None:
            yield key, fitting(inner, plain, f"beside.{key}", left)
        elif page is not None and key == "organs":
            yield key, dict(_units(page, plain, left))
        else:
            left.append(Fault(f"beside.{_short(key)}", _shown(plain), "a section that our pages have"))


def _units(page: Section, plain: Any, left: list[Fault]) -> Iterator[tuple[str, dict[str, str]]]:
    """Take what was typed in another unit than the record's, by the names of the page."""
    for name, given in plain.items() if isinstance(plain, Mapping) else ():
        parts = page[name].form if name in page and hasattr(page[name], "form") else {}
        fits = isinstance(given, Mapping) and all(
            part in parts and isinstance(text, str) for part, text in given.items()
        )
        if fits:
            yield name, dict(given)
        else:
            left.append(Fault(f"beside.organs.{_short(name)}", _shown(given), "texts by names of the page"))


def fitting(part: Part, plain: Any, path: str, left: list[Fault]) -> dict[str, Any]:
    """Give what of some plain data a part of a page can take; name the rest."""
    if not isinstance(plain, Mapping):
        left.append(Fault(path, _shown(plain), "names with values"))
        return {}
    kept: dict[str, Any] = {}
    for name, value in plain.items():
        where = f"{path}.{_short(name)}"
        if value is None:
            continue
        if name not in part:
            left.append(Fault(where, _shown(value), "a name that our pages have"))
        elif isinstance(part[name], Fact):
            if fits(part[name], value):
                kept[name] = float(value) if isinstance(value, Decimal) else value
            else:
                left.append(Fault(where, _shown(value), "an answer that our pages take"))
        elif isinstance(part[name], Rows):
            kept[name] = list(_rows(part[name], value, where, left))
        else:
            kept[name] = fitting(part[name].form, value, where, left)
    return kept


def _rows(field: Rows, value: Any, path: str, left: list[Fault]) -> Iterator[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        left.append(Fault(path, _shown(value), f"a list of at most {MOST_ROWS} entries"))
        return
    for number, entry in enumerate(value):
        yield fitting(field.pattern.form, entry, f"{path}[{number}]", left)


def fits(field: Fact, value: Any) -> bool:
    """Tell whether a value is of the kind that a field writes."""
    match field:
        case FlagField() | TickField():
            return isinstance(value, bool)
        case TicksField():
            return isinstance(value, list) and all(
                isinstance(each, str) and each in field.choices for each in value
            )
        case ChoiceField():
            return isinstance(value, str) and value in field.choices
        case PartialDateField():
            return _is_day(value)
        case DecimalField():
            return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        case TextField():
            return isinstance(value, str) and bool(value.strip())
        case _:
            return False


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(PartialDate.parse(value))
    except ValueError:
        return False


def _lost(record: CaseRecord, typed: Mapping[str, Typed], as_of: date) -> Iterator[Fault]:
    """Name every fact of the record that the pages would read otherwise, or not at all."""
    there, here = dict(_leaves(record.to_json())), dict(_leaves(read_case(typed, as_of).record.to_json()))
    for path, value in there.items():
        if here.get(path) != value:
            kept = f"kept as {_shown(here[path])}" if path in here else "no page has a place for it"
            yield Fault(path, _shown(value), kept)


def _leaves(plain: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every value of plain data by its path. An empty list is a value: it says that there is none."""
    if isinstance(plain, Mapping):
        for name, value in plain.items():
            yield from _leaves(value, f"{path}.{name}".lstrip("."))
    elif isinstance(plain, list) and plain:
        for number, value in enumerate(plain):
            yield from _leaves(value, f"{path}[{number}]")
    else:
        yield path, plain


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return f"“{_short(text)}”" if isinstance(value, str) else _short(text)


def _short(text: Any) -> str:
    shown = str(text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
