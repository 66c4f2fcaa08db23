"""Where a case came from, if it was taken in from a file: for its pages, its snapshots and its trail."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from referral.facts import say_date
from referral.models import CaseImport, ImportKind, Referral

KINDS = {
    ImportKind.PACKET: "packet",
    ImportKind.BUNDLE: "FHIR Bundle",
    ImportKind.RECORD: "case record",
}


def find_import(session: Session, referral: Referral) -> CaseImport | None:
    """Find the file that a case was taken in from; ``None`` for a case that was written here."""
    wanted = select(CaseImport).where(CaseImport.referral_id == referral.id)
    return session.scalar(wanted.options(joinedload(CaseImport.by)))


def taken_in(session: Session, referral_ids: Collection[UUID]) -> dict[UUID, str]:
    """Give, of several cases, those that were taken in from a file, with what the file was."""
    wanted = select(CaseImport.referral_id, CaseImport.kind).where(CaseImport.referral_id.in_(referral_ids))
    return {id_: KINDS[kind] for id_, kind in session.execute(wanted) if id_ is not None}


def imported_json(session: Session, referral: Referral) -> dict[str, Any]:
    """Give where a case came from, as its snapshots carry it; nothing for a case that was written here."""
    found = find_import(session, referral)
    if found is None:
        return {}
    return {"imported": {"kind": found.kind.value, "sha256": found.sha256, "words": said_of(found)}}


def said_of(found: CaseImport) -> str:
    """Say what the file was, and what it says of its sender: “packet P-2026-0007, by Dr A, Clinic, 22 May 2026”."""
    source: Mapping[str, str] = found.found["source"]
    by = source.get("by", "")
    parts = (source.get("number"), by and f"by {by}", source.get("organisation"), _day(source.get("at", "")))
    return " ".join((KINDS[found.kind], ", ".join(filter(None, parts)))).strip()


def _day(moment: str) -> str:
    try:
        return say_date(date.fromisoformat(moment[:10]))
    except ValueError:
        return ""
