"""The numbers by which a person is known. Each is checked by the rule of its kind, and nothing is read out of it.

The check digits of two kinds overlap, so a number is stored with its kind. Sex and date of birth are never
taken from a number, also where its scheme writes them into it. Sources: python-stdnum; a CHI number has the
check digit of an NHS number behind a day, a month and a year; ABHA has no published check digit.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from stdnum.dk import cpr
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError
from stdnum.fi import hetu
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.no import fodselsnummer
from stdnum.se import personnummer

from forms.fields import ChoiceField, TextField
from forms.parts import Found, Part
from forms.texts import quoted


class Scheme(NamedTuple):
    """A kind of number: what it looks like, its check (which gives the bare number), and how it is written."""

    allowed: str
    check: Callable[[str], str]
    written: Callable[[str], str]


def _check_chi(number: str) -> str:
    digits: str = nhs.validate(number)
    if not _starts_with_a_day(digits):
        raise InvalidComponent
    return digits


def _starts_with_a_day(digits: str) -> bool:
    """Whether the first six digits are a day, a month and a year of any century."""
    day, month, year = (int(digits[start : start + 2]) for start in (0, 2, 4))
    for century in (1900, 2000):
        try:
            date(century + year, month, day)
        except ValueError:
            continue
        return True
    return False


_ABHA_ADDRESS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._]*[A-Za-z0-9])?@(?:abdm|sbx)")


def _check_abha(number: str) -> str:
    digits = re.sub(r"[ -]", "", number)
    if not re.fullmatch(r"[0-9]{14}", digits) and not _ABHA_ADDRESS.fullmatch(number):
        raise ValidationError
    return number if "@" in number else digits


def _written_abha(number: str) -> str:
    return number if "@" in number else f"{number[:2]}-{number[2:6]}-{number[6:10]}-{number[10:]}"


SCHEMES: Mapping[str, Scheme] = {
    "NHS number": Scheme("ten digits, such as 943 476 5870", nhs.validate, nhs.format),
    "CHI number": Scheme("ten digits, such as 0101011237", _check_chi, str),
    "Personnummer (Sweden)": Scheme(
        "ten or twelve digits, such as 880320-0016", personnummer.validate, personnummer.format
    ),
    "Fødselsnummer (Norway)": Scheme(
        "eleven digits, such as 151086 95088", fodselsnummer.validate, fodselsnummer.format
    ),
    "CPR number (Denmark)": Scheme("ten digits, such as 211062-5629", cpr.validate, cpr.format),
    "Henkilötunnus (Finland)": Scheme(
        "six digits, a sign, three digits and a check character, such as 131052-308T", hetu.validate, str
    ),
    "Aadhaar number (India)": Scheme(
        "twelve digits, such as 2341 2341 2346", aadhaar.validate, aadhaar.format
    ),
    "ABHA (India)": Scheme(
        "fourteen digits, such as 12-3456-7890-1234, or an address such as name@abdm",
        _check_abha,
        _written_abha,
    ),
}
KINDS = {kind: kind for kind in (*SCHEMES, "Hospital number", "Other number")}


def check(kind: str, number: str) -> str:
    """Give a number in the way its kind is written; a kind without a scheme is taken as it stands.

    Raises:
        ValueError: with what is wrong, to be said after what was given.

    """
    scheme = SCHEMES.get(kind)
    if scheme is None:
        return number
    if not number.isascii():
        raise ValueError(f"Allowed: {scheme.allowed}.")
    try:
        return scheme.written(scheme.check(number))
    except InvalidChecksum:
        raise ValueError(
            f"The check digit does not fit the others, as in this kind of number it must. Please compare. "
            f"Allowed: {scheme.allowed}."
        ) from None
    except InvalidComponent:
        raise ValueError(
            "This kind of number begins with a date of birth; this is no date. A number given for a time only "
            "can stand here as “Other number”."
        ) from None
    except ValidationError:
        raise ValueError(f"Allowed: {scheme.allowed}.") from None


class KindField(ChoiceField):
    """The kind of a number."""

    blank = "Choose"


class IdentifierForm(Part):
    """One number by which the person is known, with its kind."""

    needed = ("type", "value")
    noun = "number"

    type = KindField("Kind of number", KINDS)
    value = TextField("Number", most=40)

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give the number in the way its kind is written: 943 476 5870."""
        plain = super().read(path, found)
        return plain and {**plain, "value": check(plain["type"], plain["value"])}

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Find a number that fails the check of its kind."""
        kind, number = self.type.fact, self.value.fact
        if not kind or not number:
            return
        try:
            check(kind, number)
        except ValueError as wrong:
            yield "value", f"{quoted(number)} was given. {wrong}"
