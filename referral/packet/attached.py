"""The files that stand on a case, as the packet lists them: which, of when, and how to tell that it is the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from referral.facts import CaseRecord, say_date
from referral.packet import words
from referral.packet.provable import words_of
from referral.reference.documents import document_kinds

SHOWN_OF_DIGEST = 12


@dataclass(frozen=True, kw_only=True)
class Attached:
    """One line of the list. ``digest`` is how the file's own digest begins; ``proves`` names facts of the case."""

    number: int
    kind: str
    label: str
    dated: str | None
    pages: int
    digest: str
    proves: tuple[str, ...]


def attached(files: Iterable[Mapping[str, Any]], record: CaseRecord) -> tuple[Attached, ...]:
    """Arrange the files of a snapshot, numbered from 1."""
    return tuple(
        Attached(
            number=number,
            kind=document_kinds().get(each["kind"], words.plain(each["kind"])),
            label=each["label"],
            dated=say_date(each["dated"]) if each.get("dated") else None,
            pages=each["pages"],
            digest=each["sha256"][:SHOWN_OF_DIGEST],
            proves=words_of(each.get("proves") or (), record),
        )
        for number, each in enumerate(files, start=1)
    )
