"""The document: a FHIR R4 Bundle of the kind *document*, as bytes that are the same for the same case."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from referral.fhir.composition import composition
from referral.fhir.condition import condition
from referral.fhir.consent import consents
from referral.fhir.documents import documents
from referral.fhir.given import Given
from referral.fhir.medication import statements
from referral.fhir.mri import reports
from referral.fhir.observation import observations
from referral.fhir.people import organizations, patient, practitioner
from referral.fhir.provenance import provenance
from referral.fhir.request import service_request
from referral.reference.codes import local


def document_bundle(snapshot: Mapping[str, Any], identifier: str, at: datetime) -> bytes:
    """Give a snapshot as a FHIR R4 document Bundle: UTF-8 JSON, the same bytes for the same three arguments.

    ``snapshot`` is the frozen case (``ReferralVersion.snapshot``, or what ``flask packet`` makes of a bare record:
    only ``as_of`` and ``record`` are needed, the rest may be missing). ``identifier`` names the document, such as
    ``P-2026-0007/2`` for version 2 of that case; any text of ours that is not empty. ``at`` is when the document
    is put together, an aware moment: take the signature's, so that the bytes never change.

    Raises:
        RecordError: the record in the snapshot cannot be read.
        ValueError: ``at`` has no time zone, or ``identifier`` is empty.

    """
    if at.tzinfo is None or not identifier.strip():
        raise ValueError("a document has an identifier, and a moment with its time zone")
    given = Given.of(snapshot, identifier, at)
    entries = [
        patient(given),
        *practitioner(given),
        *organizations(given),
        service_request(given),
        condition(given),
        *observations(given),
        *reports(given),
        *statements(given),
        *consents(given),
        provenance(given),
        *documents(given),
    ]
    bundle = {
        "resourceType": "Bundle",
        "id": str(given.space),
        "identifier": {"system": local("document"), "value": identifier},
        "type": "document",
        "timestamp": at.isoformat(),
        "entry": [
            {"fullUrl": f"urn:uuid:{given.id(each.name)}", "resource": each.resource}
            for each in (composition(given, identifier, entries), *entries)
        ],
    }
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()
