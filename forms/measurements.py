"""A number with its day and how it was found; and the age with which numbers are read."""

from datetime import date

from forms.fields import DecimalField, PartialDateField, TextField
from forms.parts import Part
from referral.criteria.days import age_in_years
from referral.facts import CaseRecord


class MeasurementForm(Part):
    """A number with its day."""

    needed = ("value",)
    noun = "measurement"

    value = DecimalField("Value")
    date = PartialDateField("Date")
    method = TextField("Method")


def ages_of(record: CaseRecord, as_of: date) -> list[int]:
    """Give the ages in years that the person may have; none where the date of birth is not known."""
    birth = record.patient.birth_date
    if birth is None:
        return []
    return sorted({age_in_years(day, as_of) for day in (birth.first, min(birth.last, as_of))})


def span(low: int, high: int) -> str:
    """Say one figure, or from which to which."""
    return str(low) if low == high else f"{low} to {high}"
