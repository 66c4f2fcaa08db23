"""Reading single resources of a Bundle from elsewhere into entries of the case record."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from referral.facts import OUTCOMES, is_edss
from referral.fhir.codes_read import is_coded, our_code
from referral.fhir.left import Left, day_of, listed, text_at
from referral.reference import drugs_named
from referral.reference.codes import concepts

NOT_DONE = ("cancelled", "entered-in-error", "not-taken", "intended", "registered")
LONGEST_DRUG = 100


def relapse_of(resource: Mapping[str, Any], left: list[Left]) -> dict[str, Any] | None:
    """Read a relapse by its onset; without one it means nothing."""
    if _is_void(resource, left):
        return None
    name = "onsetDateTime" if resource["resourceType"] == "Condition" else "effectiveDateTime"
    if (day := _day(resource, name, left)) is None:
        return None
    for part in (*listed(resource, "component"), *listed(resource, "evidence")):
        left.append(
            Left.of(resource, "part of a relapse", "only its onset is read", text_at(part, "code", "text"))
        )
    return {"onset": day}


def edss_of(resource: Mapping[str, Any], left: list[Left]) -> dict[str, Any] | None:
    """Read an EDSS. Functional systems are left: whether grades are raw, and which scale, nobody can tell."""
    if _is_void(resource, left):
        return None
    quantity = resource.get("valueQuantity")
    value = quantity.get("value") if isinstance(quantity, Mapping) else resource.get("valueInteger")
    number = (
        None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal)
        else Decimal(str(value))
    )
    compared = isinstance(quantity, Mapping) and "comparator" in quantity
    if number is None or compared or not is_edss(number):
        left.append(
            Left.of(resource, "value", "allowed: an EDSS of 0, 1.0, 1.5 and so on by halves up to 10", value)
        )
        return None
    if (day := _day(resource, "effectiveDateTime", left)) is None:
        return None
    for part in listed(resource, "component"):
        why = "whether its grade is raw, or of which scale, cannot be told"
        left.append(Left.of(resource, "part of an EDSS", why, text_at(part, "code", "text")))
    return {"date": day, "score": number}


def course_of(resource: Mapping[str, Any], left: list[Left]) -> dict[str, Any] | None:
    """Read a course of treatment: the drug, from when to when, and whether it goes on."""
    if _is_void(resource, left):
        return None
    drug = _drug(resource.get("medicationCodeableConcept"))
    if not 0 < len(drug) <= LONGEST_DRUG:
        left.append(
            Left.of(resource, "drug", f"allowed: the name of a drug, up to {LONGEST_DRUG} characters", drug)
        )
        return None
    course: dict[str, Any] = {"drug": drug}
    period = resource.get("effectivePeriod")
    for name, ours in (("start", "start"), ("end", "stop")):
        given = period.get(name) if isinstance(period, Mapping) else None
        if given is not None and (day := day_of(given, resource, f"effectivePeriod.{name}", left)):
            course[ours] = day
    status = text_at(resource, "status")
    if status == "active" and "stop" not in course:
        course["ongoing"] = True
    elif status in ("completed", "stopped") and "stop" not in course:
        course["ongoing"] = False
    return course | _outcome(resource, left)


def _outcome(resource: Mapping[str, Any], left: list[Left]) -> dict[str, Any]:
    reasons = listed(resource, "statusReason")
    code = our_code(reasons[0], "answer") if reasons else ""
    if code in OUTCOMES:
        return {"outcome": code}
    for reason in reasons:
        said = text_at(reason, "text") or text_at(reason, "coding", 0, "display")
        left.append(
            Left.of(resource, "why it ended", "its meaning for the outcome is for a clinician to say", said)
        )
    return {}


def _drug(concept: Any) -> str:
    """Name the drug: by its code where that is known here, else in the words of the file, which may be anybody's."""
    for name in concepts():
        if drugs_named(name) and is_coded(concept, name):
            return name
    said = text_at(concept, "text") or text_at(concept, "coding", 0, "display")
    return said or text_at(concept, "coding", 0, "code")


def _day(resource: Mapping[str, Any], name: str, left: list[Left]) -> str | None:
    given = resource.get(name)
    if given is None:
        left.append(Left.of(resource, name, "without its day it means nothing in a case record"))
        return None
    return day_of(given, resource, name, left)


def _is_void(resource: Mapping[str, Any], left: list[Left]) -> bool:
    """Tell whether a resource says of itself that it does not hold."""
    status = text_at(resource, "status")
    verified = text_at(resource, "verificationStatus", "coding", 0, "code")
    if status in NOT_DONE or verified in ("refuted", "entered-in-error"):
        left.append(
            Left.of(resource, "status", "it says of itself that it does not hold", status or verified)
        )
        return True
    return False
