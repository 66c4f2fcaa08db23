"""Who the person is. Only the date of birth and the sex are read by criteria."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from forms.fields import ChoiceField, PartialDateField, TextField
from forms.parts import Found, Part, Rows, Section
from forms.texts import quoted

SEX = {"female": "Female", "male": "Male", "other": "Other", "unknown": "Not stated"}
NHS_NUMBER, CHI_NUMBER = "NHS number", "CHI number"
IDENTIFIERS = {kind: kind for kind in (NHS_NUMBER, CHI_NUMBER, "Hospital number", "Other number")}


class KindField(ChoiceField):
    """The kind of a number."""

    blank = "Choose"


class IdentifierForm(Part):
    """One number by which the person is known, with its kind: the check digits of two kinds overlap."""

    needed = ("type", "value")
    noun = "number"

    type = KindField("Kind of number", IDENTIFIERS)
    value = TextField("Number", most=40)

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give the number in the way its kind is written: 943 476 5870."""
        plain = super().read(path, found)
        if plain and plain["type"] == NHS_NUMBER:
            digits = re.sub(r"[ -]", "", plain["value"])
            plain["value"] = f"{digits[:3]} {digits[3:6]} {digits[6:]}"
        return plain

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Find a number that fails the check of its kind."""
        kind, number = self.type.fact, self.value.fact
        digits = re.sub(r"[ -]", "", number or "")
        if kind not in (NHS_NUMBER, CHI_NUMBER) or not number:
            return
        given = f"{quoted(number)} was given."
        if not re.fullmatch(r"[0-9]{10}", digits):
            yield "value", f"{given} Allowed: ten digits, as {kind}s have."
        elif not has_check_digit(digits):
            yield (
                "value",
                f"{given} Its last digit does not fit the others, as in {kind}s it must. Please compare.",
            )
        elif kind == CHI_NUMBER and not starts_with_a_day(digits):
            yield (
                "value",
                f"{given} {kind}s begin with a date of birth (day, month, year); this is no date.",
            )


class PersonForm(Section):
    """Who the person is."""

    key = "person"
    title = "Person"
    why = "So that nobody mistakes one person for another. Ages are counted from the date of birth."
    asked = ("family_name", "given_name", "birth_date", "sex", "identifiers")
    recorded = False

    family_name = TextField("Family name")
    given_name = TextField("Given name")
    birth_date = PartialDateField("Date of birth", "Day first, for example 17/05/1988 or 17 May 1988")
    sex = ChoiceField("Sex", SEX)
    identifiers = Rows(IdentifierForm, "Numbers", "By which the person is known: two are better than one.")


def has_check_digit(digits: str) -> bool:
    """Whether the tenth digit is right: weights 10 down to 2, eleven minus the remainder by eleven."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    check = (11 - total % 11) % 11
    return check == int(digits[9])


def starts_with_a_day(digits: str) -> bool:
    """Whether the first six digits are a day, a month and a year of any century."""
    day, month, year = (int(digits[start : start + 2]) for start in (0, 2, 4))
    for century in (1900, 2000):
        try:
            date(century + year, month, day)
        except ValueError:
            continue
        return True
    return False
