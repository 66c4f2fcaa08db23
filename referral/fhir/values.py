"""How our values are written in FHIR: days known in part, counts, answers, and what nobody knows.

What is not known is said to be unknown, with a reason; it is never left to be read as a no. A date that is known
to the year stays a year. A code is sent only where it was compared with its source; everything else goes in words.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from referral.facts import Count, PartialDate
from referral.reference.codes import Coded, answer_words, local

Json = dict[str, Any]

ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
UNKNOWN, NOT_PERFORMED = "unknown", "not-performed"


def absent(reason: str = UNKNOWN) -> Json:
    """Give what stands beside an element whose value is not known, as its extension."""
    return {"extension": [{"url": ABSENT, "valueCode": reason}]}


def absent_reason(reason: str = UNKNOWN) -> Json:
    """Give why an observation, or a part of one, has no value."""
    return {"coding": [{"system": ABSENT_REASONS, "code": reason}], "text": reason.replace("-", " ")}


def concept(coded: Coded) -> Json:
    """Give a concept: its codes, if there are any that may be sent, and our word for it."""
    codings = [dict(coding) for coding in coded.codings]
    return {"coding": codings, "text": coded.words} if codings else {"text": coded.words}


def named(kind: str, name: str, words: str) -> Json:
    """Give something that no published list names, by its name in a list of ours, with the words."""
    return {"coding": [{"system": local(kind), "code": name}], "text": words}


def answer(code: str, more: Iterable[Mapping[str, str]] = ()) -> Json:
    """Give an answer of the case record: its own name in our list of answers, before it what others call it."""
    coding = [*map(dict, more), {"system": local("answer"), "code": code}]
    return {"coding": coding, "text": answer_words(code)}


def number(value: Decimal) -> int | float:
    """Write a number plainly."""
    return int(value) if value == value.to_integral_value() else float(value)


def quantity(value: Decimal, unit: str = "") -> Json:
    """Give a number with its unit in words; the codes of units are not sent (see the reference)."""
    return {"value": number(value)} | ({"unit": unit} if unit else {})


def value_of(value: Any, unit: str = "", codings: Iterable[Mapping[str, str]] = ()) -> Json:
    """Give the value of an observation, or of a part of one, by its kind; unknown where there is none.

    A test that was not done is absent because it was not performed.
    """
    if value is None or value == ():
        return {"dataAbsentReason": absent_reason()}
    if value == "not_tested":
        return {"dataAbsentReason": absent_reason(NOT_PERFORMED)}
    if isinstance(value, bool):
        given = list(codings)
        return (
            {"valueCodeableConcept": answer("yes" if value else "no", given)}
            if given
            else {"valueBoolean": value}
        )
    if isinstance(value, PartialDate):
        return {"valueDateTime": value.text}
    if isinstance(value, Count):
        return _count(value)
    if isinstance(value, Decimal) or (isinstance(value, int) and unit):
        return {"valueQuantity": quantity(Decimal(value), unit)}
    if isinstance(value, int):
        return {"valueInteger": value}
    return {"valueCodeableConcept": answer(value, codings)}


def _count(count: Count) -> Json:
    """Give a count: exact, at least so many, or from so many to so many."""
    if count.most is None:
        return {"valueQuantity": {"value": count.least, "comparator": ">="}}
    if count.most == count.least:
        return {"valueInteger": count.least}
    return {"valueRange": {"low": {"value": count.least}, "high": {"value": count.most}}}


def dated(name: str, day: PartialDate | None) -> Json:
    """Give a day under a name, as exact as it is known; where it is not known, that."""
    return {name: day.text} if day else {f"_{name}": absent()}


def component(kind: str, name: str, words: str, value: Any, unit: str = "") -> Json:
    """Give one part of an observation."""
    return {"code": named(kind, name, words), **value_of(value, unit)}
