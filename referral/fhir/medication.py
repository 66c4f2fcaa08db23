"""The courses of treatment: MedicationStatement."""

from collections.abc import Iterable

from referral.facts import Course
from referral.fhir.given import Entry, Given
from referral.fhir.values import Json, absent, answer, concept
from referral.reference import drugs_named
from referral.reference.codes import Coded, concepts

BROKEN_OFF = ("failed_efficacy", "intolerance", "safety", "contraindicated", "pregnancy", "patient_choice")


def statements(given: Given) -> Iterable[Entry]:
    """Map each course. Whether it goes on is said only where it was recorded."""
    for number, course in enumerate(given.record.treatments.courses or (), start=1):
        name = f"course-{number}"
        resource: Json = {
            "resourceType": "MedicationStatement",
            "id": given.id(name),
            "status": _status(course),
        }
        if course.outcome:
            resource["statusReason"] = [answer(course.outcome)]
        resource["medicationCodeableConcept"] = _drug(course.drug)
        resource["subject"] = given.ref("patient")
        resource["effectivePeriod"] = _period(course)
        if course.last_dose:
            resource["note"] = [{"text": f"Last dose: {course.last_dose.text}"}]
        yield Entry(name, "treatments", resource)


def _status(course: Course) -> str:
    if course.ongoing and not course.stop:
        return "active"
    if course.stop or course.ongoing is False:
        return "stopped" if course.outcome in BROKEN_OFF else "completed"
    return "unknown"


def _drug(text: str) -> Json:
    """Name the drug as it was recorded, with the code of its substance where there is one that may be sent."""
    found = {drug.substance for drug in drugs_named(text)}
    known = concepts().get(found.pop()) if len(found) == 1 else None
    return concept(Coded(words=text, codings=known.codings if known else ()))


def _period(course: Course) -> Json:
    """Give from when to when; an open end means that it goes on, so an end that is not known is said to be unknown."""
    period: Json = {"start": course.start.text} if course.start else {"_start": absent()}
    if course.stop:
        return period | {"end": course.stop.text}
    return period if course.ongoing else period | {"_end": absent()}
