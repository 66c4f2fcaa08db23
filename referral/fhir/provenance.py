"""Where the document comes from: Provenance."""

from typing import Any

from referral.fhir.given import Entry, Given
from referral.fhir.values import Json
from referral.reference.codes import local


def provenance(given: Given) -> Entry:
    """Say who answers for the document, what put it together, and from which file the case was taken in, if any."""
    signed = given.signed
    agents: list[Json] = [{"type": {"text": "author"}, "who": who} for who in given.authors]
    if signed:
        agents.append({"type": {"text": "signed by"}, "who": {"display": signed["by"]}})
    agents.append({"type": {"text": "assembled by"}, "who": {"display": "Pons"}})
    resource: Json = {
        "resourceType": "Provenance",
        "id": given.id("provenance"),
        "target": [given.ref("composition")],
        "recorded": signed.get("at") or given.at.isoformat(),
        "agent": agents,
    }
    if came := given.part("imported"):
        resource["entity"] = [{"role": "source", "what": _source(came)}]
    return Entry("provenance", "", resource)


def _source(came: Any) -> Json:
    words = " ".join(filter(None, ("Taken in from", came.get("words"))))
    return {"identifier": {"system": local("file-sha256"), "value": came["sha256"]}, "display": words}
