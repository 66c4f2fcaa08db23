"""Three packets that people look at: a typical case, one of whom nothing is known, and one far too long."""

from datetime import date
from hashlib import sha256
from typing import Any

from referral.assessment import assess
from referral.criteria import library
from referral.facts import read_record
from tests.packet.snapshots import AS_OF, draft, signed, worked_case

EDITIONS = 15
DRUGS = ("dmf", "fingolimod", "natalizumab", "ocrelizumab_iv", "cladribine", "alemtuzumab")
KINDS = ("letter", "mri_report", "laboratory", "examination", "consent", "other")
LONG_NAMES = {
    "family_name": "Nguyễn-Παπαδοπούλου श्रीवास्तव",
    "given_name": "Ọláńrewájú தமிழ்ச்செல்வி محمد عبد الرحمن",
    "birth_date": "1988-02-29",
    "sex": "female",
    "identifiers": [
        {"type": "NHS number", "value": "943 476 5870"},
        {"type": "Hospital number of the referring centre", "value": "NF-2026-000017-B"},
    ],
}


def typical() -> dict[str, Any]:
    """Give a case such as comes every week, with three files."""
    return worked_case("01-", attachments=[_file(number) for number in range(1, 4)])


def empty() -> dict[str, Any]:
    """Give a draft of which nothing is known."""
    return draft()


def huge() -> dict[str, Any]:
    """Give 40 relapses, 30 MRI studies, 15 editions, 60 files, and names in six scripts."""
    plain = {
        "record": "1",
        "patient": {"birth_date": "1988-02-29", "sex": "female"},
        "diagnosis": {"phenotype": "RRMS", "symptom_onset": "2006-02", "diagnosed_on": "2006-09-14"},
        "relapses": {"complete_since": "2006-02", "events": [_relapse(place) for place in range(40)]},
        "edss": [_score(place) for place in range(20)],
        "mri": [_study(place) for place in range(30)],
        "treatments": {"complete": True, "courses": [_course(place) for place in range(12)]},
    }  # fmt: skip
    names = sorted(library())[:EDITIONS]
    editions = [library()[name] for name in names]
    record = read_record(plain, AS_OF)
    return signed(
        plain,
        identity=LONG_NAMES,
        question="Is a transplant an option now? " * 12,
        assessment=assess(record, editions, AS_OF).to_json(),
        editions=[edition.to_json() for edition in editions],
        attachments=[_file(number) for number in range(1, 61)],
    )


def _score(place: int) -> dict[str, Any]:
    return {"date": f"{2007 + place}-04-03", "score": 1 + place // 2 * 0.5, "source": "examined"}


def _relapse(place: int) -> dict[str, Any]:
    return {
        "onset": date(2006 + place // 2, 2 + 6 * (place % 2), 11).isoformat(),
        "severity": ("mild", "moderate", "severe")[place % 3],
        "recovery": ("complete", "incomplete")[place % 2],
        "steroid_treated": place % 4 != 0,
        "systems": [["pyramidal", "cerebellar"], ["visual"], []][place % 3],
    }


def _study(place: int) -> dict[str, Any]:
    return {
        "date": date(2007 + place // 2 + place // 29, 1 + place % 12, 9).isoformat(),
        "regions": ["brain", "whole_cord"] if place % 3 == 0 else ["brain"],
        "contrast": place % 2 == 0,
        **({"gd_lesions": place % 4} if place % 2 == 0 else {}),
        "new_t2": place % 5,
    }


def _course(place: int) -> dict[str, Any]:
    drug, year = DRUGS[place % len(DRUGS)], 2007 + place
    stop: dict[str, Any] = {"stop": f"{year + 1}-01-15", "outcome": "failed_efficacy"}
    return {"drug": drug, "start": f"{year}-03-01", **(stop if place < 11 else {"ongoing": True})}


def _file(number: int) -> dict[str, Any]:
    return {
        "kind": KINDS[number % len(KINDS)],
        "label": f"Report {number} of the referring centre"
        + (", with the letter that went to the general practitioner" if number % 7 == 0 else ""),
        "dated": None if number % 5 == 0 else date(2020 + number % 6, 1 + number % 12, 12).isoformat(),
        "pages": 1 + number % 4,
        "sha256": sha256(str(number).encode()).hexdigest(),
    }


PAPERS = {"typical": typical, "empty": empty, "huge": huge}
