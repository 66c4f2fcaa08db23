"""What each section says when it is read: kept from one save to the next, since most sections have not changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from forms.beside import PastDateField
from forms.parts import Found, Problem, Section
from referral.facts import CaseRecord, digest
from referral.remembered import Remembered

Draft = Mapping[str, Mapping[str, Sequence[str]]]

NEVER_KEPT = ("person", "request")
"""Who the person is does not outlive a request; where a referral may go does not depend on what was typed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one section gives: its part of the record, what stands beside it, what is wrong, how far it has come.

    ``paths`` are the places in the record that it asks for.
    """

    part: dict[str, Any]
    paths: frozenset[str]
    beside: dict[str, Any]
    problems: tuple[Problem, ...]
    doubts: tuple[Problem, ...]
    state: str


_readings: Remembered[Reading] = Remembered(2000)


class Forms(Mapping[str, Section]):
    """The sections of a draft as forms. Each is built when it is first asked for: most pages show one."""

    def __init__(self, sections: Sequence[type[Section]], typed: Draft, as_of: date) -> None:
        """Take what was typed, and the day it is read."""
        self._sections = {section.key: section for section in sections}
        self._typed, self._as_of = typed, as_of
        self._built: dict[str, Section] = {}
        self._record: CaseRecord | None = None

    def __getitem__(self, key: str) -> Section:
        """Give a section."""
        if key not in self._built:
            form = self._sections[key](self._typed.get(key, {}))
            read(form, {})
            _refuse_days_to_come(form, self._as_of)
            form.doubt_days(self._as_of)
            if self._record is not None:
                form.work_out(self._record, self._as_of)
            self._built[key] = form
        return self._built[key]

    def __iter__(self) -> Iterator[str]:
        """Give the keys, in the order of the form."""
        return iter(self._sections)

    def __len__(self) -> int:
        """Say how many sections there are."""
        return len(self._sections)

    def work_out(self, record: CaseRecord) -> None:
        """Take the whole record, of which some sections say something more."""
        self._record = record
        for form in self._built.values():
            form.work_out(record, self._as_of)

    def reading(self, key: str) -> Reading:
        """Give what a section says by itself: of its form, where that is built; else as it was read before."""
        if key in self._built or key in NEVER_KEPT:
            return _reading_of(self[key])
        known = (key, digest(self._typed.get(key, {})), self._as_of)
        return _readings.get(known, lambda: _reading_of(self[key]))


def read(form: Section, found: Found) -> dict[str, Any]:
    """Give a section's part of the record; note which field each path came from."""
    if form.key == "person":
        return form.read("patient", found) or {}
    return (form.read(form.root, found) if form.recorded else None) or {}


def _reading_of(form: Section) -> Reading:
    found: Found = {}
    part = read(form, found)
    return Reading(
        part=part,
        paths=frozenset(found),
        beside=form.read_beside(),
        problems=tuple(form.problems()),
        doubts=tuple(form.doubts()),
        state=form.state,
    )


def _refuse_days_to_come(form: Section, as_of: date) -> None:
    """Say of the days beside the record what the record says of its own."""
    for fact in form.facts():
        if isinstance(fact, PastDateField):
            fact.refuse_after(as_of)
