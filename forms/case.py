"""From what was typed to the case record, and back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from forms.beside import PastDateField
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

Draft = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class ReadCase:
    """What a draft says: what could be read of it, and what could not.

    ``beside`` holds, by section, what the record has no place for. No criterion reads it.
    """

    record: CaseRecord
    identity: dict[str, Any]
    request: dict[str, Any]
    beside: dict[str, dict[str, Any]]
    problems: tuple[Problem, ...]
    doubts: tuple[Problem, ...]
    forms: Mapping[str, Section]


def read_case(typed: Draft, as_of: date, programmes: Mapping[str, str] | None = None) -> ReadCase:
    """Read a draft as of a day. What is wrong is left out of the record, as not known, and listed.

    ``programmes`` are those that may be addressed, name by id; where it is not given, that is not checked.
    Never raises: a draft is somebody's unfinished work.
    """
    forms = {section.key: section(typed.get(section.key, {})) for section in SECTIONS}
    if programmes is not None:
        forms["request"]["programme_id"].offer(programmes)
    while True:
        plain, found = _gather(forms)
        try:
            record = read_record(plain, as_of)
            break
        except RecordError as error:
            for fault in error.faults:
                _lay_at_its_field(fault, found)
    for doubt in doubts(record):
        field = found[doubt.path]
        beside = doubt.given.partition(", ")[2]
        given = f"{quoted(field.shown)} was given {beside}".rstrip()
        field.doubts.append(f"{_in_words(given)}; {_in_words(doubt.allowed)}.")
    for form in forms.values():
        _refuse_days_to_come(form, as_of)
        form.work_out(record, as_of)
    return ReadCase(
        record=record,
        identity=forms["person"].read("", {}) or {},
        request=forms["request"].read("", {}) or {},
        beside={key: known for key, form in forms.items() if (known := form.read_beside())},
        problems=tuple(problem for form in forms.values() for problem in form.problems()),
        doubts=tuple(doubt for form in forms.values() for doubt in form.doubts()),
        forms=forms,
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


def _gather(forms: Mapping[str, Section]) -> tuple[dict[str, Any], Found]:
    """Put the sections together to a record, and note which field each path came from.

    Several sections may hold facts of one part of the record.
    """
    plain: dict[str, Any] = {"record": "1"}
    found: Found = {}
    for form in forms.values():
        part = (form.read(form.root, found) if form.recorded else None) or {}
        if form.root and part:
            plain[form.root] = plain.get(form.root, {}) | part
        else:
            plain |= part
    who = forms["person"].read("patient", found) or {}
    plain["patient"] = {name: who[name] for name in _OF_PATIENT if name in who}
    return plain, found


def _lay_at_its_field(fault: Fault, found: Found) -> Fact:
    """Say at the field what the record refuses."""
    field = found[re.sub(r"(\.\w+)\[[0-9]+\]$", r"\1", fault.path) if fault.path not in found else fault.path]
    field.fault(f"{quoted(field.typed)} was given. Allowed: {_in_words(fault.allowed)}.")
    return field


def _refuse_days_to_come(form: Section, as_of: date) -> None:
    """Say of the days beside the record what the record says of its own."""
    for fact in form.facts():
        if isinstance(fact, PastDateField):
            fact.refuse_after(as_of)


def _in_words(text: str) -> str:
    """Say the dates of a sentence as one says them."""
    return re.sub(r"\b[0-9]{4}(-[0-9]{2}){1,2}\b", lambda day: say_date(day[0]), text)
