"""From what was typed to the case record, and back."""

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from forms.comorbidity import ComorbidityForm
from forms.diagnosis import DiagnosisForm
from forms.edss import EdssForm
from forms.fertility import FertilityForm
from forms.fields import Fact
from forms.goals import GoalsForm
from forms.infection import InfectionForm
from forms.judgements import JudgementsForm
from forms.mimics import MimicsForm
from forms.mind import MindForm
from forms.mri import MriForm
from forms.organs import OrgansForm
from forms.parts import Found, Problem, Section, Typed
from forms.person import PersonForm
from forms.reading import Draft, Forms, Reading, read
from forms.relapses import RelapsesForm
from forms.request import RequestForm
from forms.texts import quoted
from forms.treatments import TreatmentsForm
from forms.walking import WalkingForm
from forms.workup import WorkupForm
from referral.facts import CaseRecord, Fault, RecordError, doubts, read_record, say_date

SECTIONS: tuple[type[Section], ...] = (
    PersonForm,
    DiagnosisForm,
    MimicsForm,
    RelapsesForm,
    MriForm,
    EdssForm,
    TreatmentsForm,
    WalkingForm,
    OrgansForm,
    InfectionForm,
    ComorbidityForm,
    FertilityForm,
    MindForm,
    JudgementsForm,
    WorkupForm,
    GoalsForm,
    RequestForm,
)
_OF_PATIENT = ("birth_date", "sex")


@dataclass(frozen=True)
class ReadCase:
    """What a draft says: what could be read of it, and what could not.

    ``beside`` holds, by section, what the record has no place for. No criterion reads it. ``forms`` and
    ``readings`` hold each section by its key, in the order of the form. ``programmes`` are those that may be
    addressed, name by id; ``None`` where it was read without asking for them.
    """

    record: CaseRecord
    identity: dict[str, Any]
    request: dict[str, Any]
    programmes: Mapping[str, str] | None
    beside: dict[str, dict[str, Any]]
    problems: tuple[Problem, ...]
    doubts: tuple[Problem, ...]
    forms: Mapping[str, Section]
    readings: Mapping[str, Reading]


def read_case(typed: Draft, as_of: date, programmes: Mapping[str, str] | None = None) -> ReadCase:
    """Read a draft as of a day. What is wrong is left out of the record, as not known, and listed.

    ``programmes`` are those that may be addressed, name by id; where it is not given, that is not checked.
    Never raises: a draft is somebody's unfinished work.
    """
    forms = Forms(SECTIONS, typed, as_of)
    if programmes is not None:
        forms["request"]["programme_id"].offer(programmes)
    readings = {key: forms.reading(key) for key in forms}
    while True:
        try:
            record = read_record(_gather(readings), as_of)
            break
        except RecordError as error:
            _lay_at_their_fields(error.faults, _refuse, forms, readings)
    _lay_at_their_fields(doubts(record), _doubt, forms, readings)
    forms.work_out(record)
    return ReadCase(
        record=record,
        identity=forms["person"].read("", {}) or {},
        request=forms["request"].read("", {}) or {},
        programmes=programmes,
        beside={key: deepcopy(reading.beside) for key, reading in readings.items() if reading.beside},
        problems=tuple(problem for reading in readings.values() for problem in reading.problems),
        doubts=tuple(doubt for reading in readings.values() for doubt in reading.doubts),
        forms=forms,
        readings=readings,
    )


def typed_from(
    record: CaseRecord,
    identity: Mapping[str, Any],
    request: Mapping[str, Any],
    beside: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Typed]:
    """Give what a person would have typed to say all this: the way back, for demonstrations and imports."""
    plain = record.to_json()
    parts = {"person": {**plain.get("patient", {}), **identity}, "request": request}
    typed: dict[str, Typed] = {}
    for section in SECTIONS:
        typed[section.key] = {}
        part = parts.get(section.key) or (plain.get(section.root, {}) if section.root else plain)
        section().write({**part, "beside": (beside or {}).get(section.key)}, typed[section.key])
    return typed


def _gather(readings: Mapping[str, Reading]) -> dict[str, Any]:
    """Put the sections together to a record. Several may hold facts of one part of it."""
    plain: dict[str, Any] = {"record": "1"}
    for section in SECTIONS:
        part = readings[section.key].part if section.recorded else {}
        if section.root and part:
            plain[section.root] = plain.get(section.root, {}) | part
        else:
            plain |= part
    who = readings["person"].part
    plain["patient"] = {name: who[name] for name in _OF_PATIENT if name in who}
    return plain


def _lay_at_their_fields(
    notes: Iterable[Fault], say: Callable[[Fault, Fact], None], forms: Forms, readings: dict[str, Reading]
) -> None:
    """Say at each field what there is to say of it; then read its section anew."""
    fields: dict[str, Found] = {}
    for note in notes:
        path = note.path
        if not any(path in reading.paths for reading in readings.values()):
            path = re.sub(r"(\.\w+)\[[0-9]+\]$", r"\1", path)
        key = next(key for key, reading in reversed(readings.items()) if path in reading.paths)
        if key not in fields:
            read(forms[key], fields.setdefault(key, {}))
        say(note, fields[key][path])
    readings |= {key: forms.reading(key) for key in fields}


def _refuse(fault: Fault, field: Fact) -> None:
    field.fault(f"{quoted(field.typed)} was given. Allowed: {_in_words(fault.allowed)}.")


def _doubt(doubt: Fault, field: Fact) -> None:
    beside = doubt.given.partition(", ")[2]
    given = f"{quoted(field.shown)} was given {beside}".rstrip()
    field.doubts.append(f"{_in_words(given)}; {_in_words(doubt.allowed)}.")


def _in_words(text: str) -> str:
    """Say the dates of a sentence as one says them."""
    return re.sub(r"\b[0-9]{4}(-[0-9]{2}){1,2}\b", lambda day: say_date(day[0]), text)
