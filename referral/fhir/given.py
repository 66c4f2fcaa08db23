"""What every mapper is given: the snapshot, the record in it, and the fixed id of each resource."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from referral.facts import CaseRecord, digest, read_record
from referral.fhir.values import Json
from referral.reference.codes import local

SECTIONS = {
    "reason": "Reason for referral",
    "history": "MS history",
    "treatments": "Disease-modifying treatments",
    "activity": "Disease activity",
    "disability": "EDSS and performance",
    "mri": "MRI",
    "comorbidity": "Comorbidity and infection",
    "laboratory": "Laboratory and organ function",
    "consent": "Consent",
    "attachments": "Attachments",
}
"""The sections of the document in their order. Source: clinical reference, section 7.2."""


@dataclass(frozen=True)
class Entry:
    """One resource of the document: its name in it, the section that lists it (none for people), and itself."""

    name: str
    section: str
    resource: Json


@dataclass(frozen=True)
class Given:
    """One snapshot to be mapped. ``space`` is what all ids of its document are derived from."""

    snapshot: Mapping[str, Any]
    record: CaseRecord
    at: datetime
    space: UUID

    @classmethod
    def of(cls, snapshot: Mapping[str, Any], identifier: str, at: datetime) -> "Given":
        """Read a snapshot.

        Raises:
            RecordError: if the record in it cannot be read.

        """
        record = read_record(snapshot["record"], date.fromisoformat(snapshot["as_of"]))
        seed = f"{local('document')}/{identifier}/{digest(snapshot)}"
        return cls(snapshot, record, at, uuid5(NAMESPACE_URL, seed))

    def id(self, name: str) -> str:
        """Give the id of a resource: the same for the same snapshot, another for any other."""
        return str(uuid5(self.space, name))

    def ref(self, name: str) -> Json:
        """Point to a resource of this document."""
        return {"reference": f"urn:uuid:{self.id(name)}"}

    def part(self, name: str) -> Mapping[str, Any]:
        """Give a part of the snapshot; empty where it has none."""
        found: Mapping[str, Any] = self.snapshot.get(name) or {}
        return found

    @property
    def signed(self) -> Mapping[str, Any]:
        """By whom and when it was signed; empty for what nobody has signed."""
        return self.part("signed")

    @property
    def authors(self) -> list[Json]:
        """Who answers for what is said: the referring neurologist, where one is known."""
        return (
            [self.ref("practitioner")] if self.part("referrer").get("name") else [{"display": "Not recorded"}]
        )
