"""The first page of the document: Composition, with its sections in their fixed order."""

from collections.abc import Sequence
from html import escape

from referral.fhir.given import SECTIONS, Entry, Given
from referral.fhir.values import Json, concept
from referral.reference.codes import concepts, local

EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
NOTHING = "Nothing is recorded here. Not recorded means not known, never no."


def composition(given: Given, identifier: str, entries: Sequence[Entry]) -> Entry:
    """List every resource under its section. An empty one says that nothing is known, never that nothing is."""
    number = given.part("referral").get("number")
    resource: Json = {
        "resourceType": "Composition",
        "id": given.id("composition"),
        "identifier": {"system": local("document"), "value": identifier},
        "status": "final" if given.signed else "preliminary",
        "type": concept(concepts()["referral"]),
        "subject": given.ref("patient"),
        "date": given.at.isoformat(),
        "author": given.authors,
        "title": " ".join(filter(None, ("Referral packet", number))),
    }
    if given.part("referrer").get("organisation"):
        resource["custodian"] = given.ref("clinic")
    resource["section"] = [
        _section(given, title, [each.name for each in entries if each.section == key])
        for key, title in SECTIONS.items()
    ]
    return Entry("composition", "", resource)


def _section(given: Given, title: str, names: Sequence[str]) -> Json:
    section: Json = {"title": title}
    if not names:
        reason = {"coding": [{"system": EMPTY, "code": "unavailable"}], "text": "not known"}
        return section | {"text": _narrative(NOTHING), "emptyReason": reason}
    entries = f"{len(names)} {'entry' if len(names) == 1 else 'entries'}, as recorded."
    return section | {"text": _narrative(entries), "entry": [given.ref(name) for name in names]}


def _narrative(words: str) -> Json:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{escape(words)}</p></div>'
    return {"status": "generated", "div": div}
