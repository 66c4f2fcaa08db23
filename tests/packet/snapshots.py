"""Snapshots to print, made by the real engine from the worked cases."""

from datetime import date
from pathlib import Path
from typing import Any

from referral.cli_packet import anonymous_snapshot
from referral.reference.files import read_case_file

CASES = Path(__file__).parents[1] / "cases"
AS_OF = date(2026, 11, 22)
IDENTITY = {
    "family_name": "Halvorsen",
    "given_name": "Ingrid",
    "birth_date": "1992-03-14",
    "sex": "female",
    "identifiers": [{"type": "NHS number", "value": "943 476 5870"}],
}


def signed(plain: dict[str, Any], as_of: date = AS_OF, **changes: Any) -> dict[str, Any]:
    """A signed snapshot of a record, with a person, a referrer and a question."""
    return anonymous_snapshot(plain, as_of) | {
        "referral": {
            "id": "8b0e5b9c-5f6c-4f0e-9d57-0c3f5a6f7b11",
            "number": "P-2026-0007",
            "version": 1,
            "state": "submitted",
            "demonstration": True,
        },
        "identity": IDENTITY,
        "referrer": {"name": "Dr Miriam Adeyemi", "organisation": "Northfield Neurology"},
        "programme": {"name": "Westhaven Transplant Programme"},
        "question": "Is a transplant an option now?",
        "reason": None,
        "signed": {"by": "Dr Miriam Adeyemi", "at": "2026-11-22T09:30:00+00:00"},
        **changes,
    }


def worked_case(name: str, **changes: Any) -> dict[str, Any]:
    """A signed snapshot of one of the worked cases."""
    plain, as_of = read_case_file(next(CASES.glob(f"{name}*.yaml")))
    assert as_of is not None
    return signed(plain, as_of, **changes)


def draft(plain: dict[str, Any] | None = None, as_of: date = AS_OF) -> dict[str, Any]:
    """A snapshot that nobody has signed, of a person of whom nothing is known."""
    return anonymous_snapshot(plain or {"record": "1"}, as_of)
