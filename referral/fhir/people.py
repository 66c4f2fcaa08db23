"""Who the case is about, who refers, and from where to where: Patient, Practitioner, Organization."""

from referral.fhir.given import Entry, Given
from referral.fhir.values import Json, absent

GENDERS = {"female": "female", "male": "male", "other": "other", "unknown": "unknown"}
"""The sexes of the case record as FHIR's closed list of genders has them; the words happen to be the same."""


def patient(given: Given) -> Entry:
    """Map the person. No number is given a system that its country has not been asked for: its kind is in words."""
    identity, recorded = given.part("identity"), given.record.patient
    birth = identity.get("birth_date") or (recorded.birth_date.text if recorded.birth_date else None)
    gender = GENDERS.get(identity.get("sex") or recorded.sex or "")
    resource: Json = {"resourceType": "Patient", "id": given.id("patient")}
    numbers = [
        {"type": {"text": each.get("type") or "Identifier"}, "value": each["value"]}
        for each in identity.get("identifiers") or ()
        if each.get("value")
    ]
    if numbers:
        resource["identifier"] = numbers
    resource["name"] = [_name(identity.get("family_name"), identity.get("given_name"))]
    resource |= {"gender": gender} if gender else {"_gender": absent()}
    resource |= {"birthDate": birth} if birth else {"_birthDate": absent()}
    return Entry("patient", "", resource)


def _name(family: str | None, first: str | None) -> Json:
    if not family and not first:
        return absent()
    name: Json = {"use": "official"}
    name |= {"family": family} if family else {"_family": absent()}
    return name | ({"given": [first]} if first else {})


def practitioner(given: Given) -> list[Entry]:
    """Map the referring neurologist; none where nobody is known."""
    name = given.part("referrer").get("name")
    if not name:
        return []
    resource = {"resourceType": "Practitioner", "id": given.id("practitioner"), "name": [{"text": name}]}
    return [Entry("practitioner", "", resource)]


def organizations(given: Given) -> list[Entry]:
    """Map the referring clinic and the programme that is asked, as far as they are known."""
    known = {
        "clinic": given.part("referrer").get("organisation"),
        "programme": given.part("programme").get("name"),
    }
    return [
        Entry(key, "", {"resourceType": "Organization", "id": given.id(key), "name": name})
        for key, name in known.items()
        if name
    ]
