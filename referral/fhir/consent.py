"""What the person has agreed to: Consent. Where nobody has said anything there is none, and the section says so."""

from collections.abc import Iterable

from referral.fhir.given import Entry, Given
from referral.fhir.values import Json

ASKED = {
    "refer": "Being referred to the transplant programme",
    "share": "Sharing this record with the transplant programme",
}


def consents(given: Given) -> Iterable[Entry]:
    """Map each answer: a yes is active, a no is rejected."""
    goals = given.part("beside").get("goals") or {}
    for key, words in ASKED.items():
        agreed = goals.get(f"consent_{key}")
        if agreed is None:
            continue
        name = f"consent-{key}"
        resource: Json = {
            "resourceType": "Consent",
            "id": given.id(name),
            "status": "active" if agreed else "rejected",
            "scope": {"text": words},
            "category": [{"text": words}],
            "patient": given.ref("patient"),
        }
        if goals.get(f"consent_{key}_on"):
            resource["dateTime"] = goals[f"consent_{key}_on"]
        if goals.get(f"consent_{key}_by"):
            resource["performer"] = [{"display": goals[f"consent_{key}_by"]}]
        resource["policyRule"] = {"text": words}
        yield Entry(name, "consent", resource)
