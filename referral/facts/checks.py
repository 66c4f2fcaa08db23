"""Reading a whole case record: shape, then the order of its dates."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from referral.facts.reading import Reading, a_part, join
from referral.facts.record import CaseRecord
from referral.facts.values import EARLIEST_YEAR, LATEST_YEAR, Fault, PartialDate, RecordError


def read_record(given: Any, as_of: date) -> CaseRecord:
    """Read a case record from JSON or YAML values, as asked about on the day ``as_of``.

    Raises:
        RecordError: with every fault of shape and of order, by path.

    """
    reading = Reading()
    record: CaseRecord | None = a_part(CaseRecord)(reading, "", given)
    if reading.faults or record is None:
        raise RecordError(reading.faults)
    faults = tuple(order_faults(record, as_of))
    if faults:
        raise RecordError(faults)
    return record


def order_faults(record: CaseRecord, as_of: date) -> Iterator[Fault]:
    """Find dates that cannot be: after ``as_of``, a stop before its start, an onset before birth ..."""
    if not EARLIEST_YEAR <= as_of.year <= LATEST_YEAR:
        yield Fault("as_of", f'"{as_of}"', f"a day of the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    for path, day in dates(record):
        if day.first > as_of:
            yield Fault(path, f'"{day}"', f"a date up to {as_of}")
    yield from out_of_order(record)


def out_of_order(record: CaseRecord) -> Iterator[Fault]:
    """Find an onset before birth, a diagnosis before onset, a stop before its start."""
    birth, diagnosis = record.patient.birth_date, record.diagnosis
    onsets = [("diagnosis.symptom_onset", diagnosis.symptom_onset)]
    onsets += [
        (f"relapses.events[{index}].onset", relapse.onset)
        for index, relapse in enumerate(record.relapses.events or ())
    ]
    for path, onset in onsets:
        if birth and onset and onset.last < birth.first:
            yield Fault(path, f'"{onset}"', f"a date from birth ({birth}) on")
    onset, found = diagnosis.symptom_onset, diagnosis.diagnosed_on
    if onset and found and found.last < onset.first:
        yield Fault("diagnosis.diagnosed_on", f'"{found}"', f"a date from the first symptom ({onset}) on")
    for index, course in enumerate(record.treatments.courses or ()):
        if course.start and course.stop and course.stop.last < course.start.first:
            path = f"treatments.courses[{index}].stop"
            yield Fault(path, f'"{course.stop}"', f"a date from its start ({course.start}) on")


def doubts(record: CaseRecord) -> Iterator[Fault]:
    """Find what is taken as it stands, yet is worth a second look by whoever typed it."""
    onset = record.diagnosis.symptom_onset
    for index, relapse in enumerate(record.relapses.events or ()):
        if onset and relapse.onset.last < onset.first:
            path = f"relapses.events[{index}].onset"
            yield Fault(path, f'"{relapse.onset}"', f"usually a date from the first symptom ({onset}) on")
    for index, study in enumerate(record.mri):
        if study.compared_with and study.compared_with.first > study.date.last:
            path = f"mri[{index}].compared_with"
            yield Fault(path, f'"{study.compared_with}"', f"usually a date before the study ({study.date})")
    for index, course in enumerate(record.treatments.courses or ()):
        if course.ongoing and course.stop:
            path = f"treatments.courses[{index}].ongoing"
            yield Fault(path, f'true, with a stop of "{course.stop}"', "usually one or the other")


def dates(value: Any, path: str = "") -> Iterator[tuple[str, PartialDate]]:
    """Walk every date of a record, with its path."""
    if isinstance(value, PartialDate):
        yield path, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from dates(item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from dates(item, join(path, name))
    elif hasattr(value, "__dataclass_fields__"):
        for part in fields(value):
            yield from dates(getattr(value, part.name), join(path, part.name))
