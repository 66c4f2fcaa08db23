"""The disease: Condition. A diagnosis is repeated as recorded, never worked out."""

from referral.fhir.given import Entry, Given
from referral.fhir.values import Json, absent, concept, dated
from referral.reference.codes import concepts


def condition(given: Given) -> Entry:
    """Map the diagnosis: its course, the first symptom, and when it was made."""
    diagnosis = given.record.diagnosis
    resource: Json = {"resourceType": "Condition", "id": given.id("diagnosis")}
    if diagnosis.phenotype:
        resource["code"] = concept(concepts()[diagnosis.phenotype])
    else:
        resource["code"] = {**absent(), "text": "The course of the disease is not recorded"}
    resource["subject"] = given.ref("patient")
    resource |= dated("onsetDateTime", diagnosis.symptom_onset)
    if given.signed:
        resource["recordedDate"] = given.signed["at"]
    return Entry("diagnosis", "history", resource)
