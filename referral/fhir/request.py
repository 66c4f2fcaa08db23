"""The referral itself: ServiceRequest."""

from referral.fhir.given import Entry, Given
from referral.fhir.values import Json, concept
from referral.reference.codes import concepts, local

ASKED = "Assessment for autologous haematopoietic stem cell transplantation in multiple sclerosis"
"""In words: the code of the transplantation would order the transplantation itself."""


def service_request(given: Given) -> Entry:
    """Map what is asked of whom. What nobody has signed is a draft."""
    referral = given.part("referral")
    resource: Json = {
        "resourceType": "ServiceRequest",
        "id": given.id("request"),
        "status": "active" if given.signed else "draft",
        "intent": "order",
        "category": [concept(concepts()["referral_category"])],
        "code": {"text": ASKED},
        "subject": given.ref("patient"),
    }
    if referral.get("number"):
        resource["identifier"] = [{"system": local("referral"), "value": referral["number"]}]
    if given.signed:
        resource["authoredOn"] = given.signed["at"]
    if given.part("referrer").get("name"):
        resource["requester"] = given.ref("practitioner")
    if given.part("programme").get("name"):
        resource["performer"] = [given.ref("programme")]
    if (question := given.snapshot.get("question") or "").strip():
        resource["reasonCode"] = [{"text": question}]
    resource["reasonReference"] = [given.ref("diagnosis")]
    resource["supportingInfo"] = [given.ref("case-record")]
    if (reason := given.snapshot.get("reason") or "").strip():
        resource["note"] = [{"text": f"Sent although a tested requirement is not met: {reason}"}]
    return Entry("request", "reason", resource)
