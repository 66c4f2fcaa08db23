"""Snapshots to be mapped: every worked case, and every invented person as signed."""

from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from referral.demo import Course, read_people
from referral.facts import read_record
from referral.fhir import document_bundle
from referral.reference.files import read_case_file

TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.yaml"))
PEOPLE = tuple(read_people(TODAY))


def bare(path: Path) -> dict[str, Any]:
    """A worked case as a snapshot without a name: as little as the command line has."""
    plain, as_of = read_case_file(path)
    assert as_of
    return {"snapshot": "1", "as_of": as_of.isoformat(), "record": read_record(plain, as_of).to_json()}


def signed(person: Course) -> dict[str, Any]:
    """An invented person's case as signed, with a file and with everything that stands beside the record."""
    record = read_record(person.record, person.written_on)
    return {
        "snapshot": "1",
        "referral": {"id": "0", "number": "P-2026-0007", "version": 2, "state": "submitted"},
        "identity": person.who,
        "referrer": {"name": "Dr Imogen Farquhar-Osei", "organisation": "Ravensholt MS Clinic"},
        "programme": {"name": "Larkfield Transplant Programme"},
        "question": person.request.get("question"),
        "reason": person.reason,
        "signed": {"by": "Dr Imogen Farquhar-Osei", "at": AT.isoformat()},
        "as_of": person.written_on.isoformat(),
        "record": record.to_json(),
        "beside": person.beside,
        "attachments": [
            {
                "id": "4d6e",
                "kind": "mri_report",
                "label": "MRI of March",
                "dated": "2026-03",
                "media_type": "application/pdf",
                "pages": 2,
                "sha256": sha256(b"a file").hexdigest(),
            }
        ],
    }


@cache
def snapshots() -> dict[str, dict[str, Any]]:
    """Every snapshot by a name."""
    cases = {path.stem: bare(path) for path in CASES}
    return cases | {person.name: signed(person) for person in PEOPLE}


def bundle_of(snapshot: dict[str, Any]) -> bytes:
    return document_bundle(snapshot, "P-2026-0007/2", AT)
