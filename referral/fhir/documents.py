"""What belongs to the case as files: DocumentReference.

The case record travels whole, so that the document alone is enough to take the case in again exactly: resources
are for other systems, which understand them in part. What stands beside the record travels in the same way. Files
of the case are named with their digest and not carried: they stand in the packet.
"""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from referral.facts import canonical
from referral.fhir.given import Entry, Given
from referral.fhir.values import Json, named
from referral.reference.documents import document_kinds

RECORD, BESIDE = "case-record", "beside-the-record"
CARRIED = {RECORD: "Case record", BESIDE: "What was asked beside the case record"}
"""What travels as it is, by the name of its type in our list."""


def documents(given: Given) -> Iterable[Entry]:
    """Map what the document carries, and the files that stand on the case."""
    yield _carried(given, RECORD, given.snapshot["record"])
    beside = given.part("beside")
    if beside:
        yield _carried(given, BESIDE, beside)
    for file in given.snapshot.get("attachments") or ():
        yield _named(given, file)


def _carried(given: Given, name: str, plain: Any) -> Entry:
    content = canonical(plain)
    attachment = {
        "contentType": "application/json",
        "data": b64encode(content).decode(),
        "size": len(content),
        "title": f"{name}.json",
    }
    kind = named("document", name, CARRIED[name])
    return _document(given, name, kind, sha256(content).digest(), CARRIED[name], attachment)


def _named(given: Given, file: Any) -> Entry:
    attachment: Json = {"contentType": file["media_type"]} if file.get("media_type") else {}
    if file.get("dated"):
        attachment["creation"] = file["dated"]
    words = document_kinds().get(file["kind"], file["kind"].replace("_", " "))
    kind = named("document", file["kind"], words)
    label = file.get("label") or words
    attachment["title"] = label
    return _document(given, f"file-{file['id']}", kind, bytes.fromhex(file["sha256"]), label, attachment)


def _document(given: Given, name: str, kind: Json, digest: bytes, label: str, attachment: Json) -> Entry:
    """Give one document. FHIR R4 has room for an outdated digest only, so SHA-256 stands as its name (RFC 6920)."""
    ni = urlsafe_b64encode(digest).decode().rstrip("=")
    return Entry(
        name,
        "attachments",
        {
            "resourceType": "DocumentReference",
            "id": given.id(name),
            "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"ni:///sha-256;{ni}"}],
            "status": "current",
            "type": kind,
            "subject": given.ref("patient"),
            "description": label,
            "content": [{"attachment": attachment}],
        },
    )
