"""What a programme asks every referral for, and what of it a case has.

A programme ticks from one catalogue: the key facts of each section, the items of the work-up, kinds of document.
What it asks for never keeps a case from being sent and changes no verdict.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import SECTIONS, Section
from referral import audit, clock
from referral.auth import RECEIVERS
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.facts import digest, say_date
from referral.models import EvidenceItem, OrganisationKind, User
from referral.reference.documents import OTHER, document_kinds
from referral.reference.workup import STATUSES, WorkupItem, workup
from referral.workflow import Role

WORKUP = "workup"
DOCUMENT = "document"
ALWAYS_ASKED = ("person", "request")  # without these nothing is sent at all
KEEPERS = frozenset({Role.COORDINATOR, Role.CHAIR})
SETTLED = ("done", "not_needed")


@dataclass(frozen=True)
class Choice:
    """One thing that may be asked for. ``field_id`` is where it is typed."""

    item: str
    words: str
    heading: str
    section: str
    field_id: str
    verified: bool = True


@cache
def catalogue() -> Mapping[str, Choice]:
    """Give everything that may be asked for, by item, in the order of the form."""
    found = [choice for section in SECTIONS for choice in _choices(section)]
    found += [
        Choice(f"{DOCUMENT}.{kind}", words, "Documents", DOCUMENT, "")
        for kind, words in document_kinds().items()
        if kind != OTHER
    ]
    return {choice.item: choice for choice in found}


def _choices(section: type[Section]) -> Iterator[Choice]:
    if section.key in ALWAYS_ASKED:
        return
    if section.key == WORKUP:
        yield from (_choice_of_workup(section, each) for each in workup().values())
        return
    form = section()
    facts = {fact.name: fact for fact in form.facts()}
    for name in section.asked:
        field = form[name] if name in form else facts[name]
        item = f"{section.key}.{field.short_name}"
        yield Choice(item, field.label.text or section.title, section.title, section.key, field.id)


def _choice_of_workup(section: type[Section], item: WorkupItem) -> Choice:
    return Choice(
        item=f"{WORKUP}.{item.id}",
        words=item.words,
        heading=f"{section.title}: {item.group}",
        section=WORKUP,
        field_id=f"beside-{item.id}-status",
        verified=item.verified,
    )


def check_reader(viewer: User) -> None:
    """Let a programme's own people read what it asks for; for others there is no such page."""
    if viewer.role not in RECEIVERS or viewer.organisation.kind is not OrganisationKind.PROGRAMME:
        raise NotFoundError("This page does not exist, or it is not for you.")


def asked_by(session: Session, programme_id: UUID | None) -> dict[str, EvidenceItem]:
    """Give what a programme asks for, by item, in the order of the catalogue."""
    if programme_id is None:
        return {}
    wanted = select(EvidenceItem).where(EvidenceItem.programme_id == programme_id)
    found = {each.item: each for each in session.scalars(wanted)}
    return {item: found[item] for item in catalogue() if item in found}


def mark_of(asked: Collection[str]) -> str:
    """Give the digest of a list: what a page was opened with."""
    return digest(sorted(asked))


def change(
    session: Session, actor: User, wanted: Collection[str], *, seen: str, at: datetime | None = None
) -> bool:
    """Make this the list of the actor's own programme; tell whether that changed anything.

    Raises:
        ForbiddenError: only the coordinator and the chair keep the list.
        ConflictError: somebody else has changed it since the page was opened.

    """
    check_reader(actor)
    if actor.role not in KEEPERS:
        raise ForbiddenError("The coordinator and the chair say what the programme asks for.")
    asked = asked_by(session, actor.organisation_id)
    wanted = {item for item in wanted if item in catalogue()}
    if wanted == asked.keys():
        return False
    if seen != mark_of(asked):
        raise ConflictError("The list was changed by somebody else since you opened this page.")
    added, removed = sorted(wanted - asked.keys()), sorted(asked.keys() - wanted)
    for item in removed:
        session.delete(asked[item])
    session.add_all(
        EvidenceItem(
            programme_id=actor.organisation_id, item=item, asked_since=at or clock.now(), asked_by_id=actor.id
        )
        for item in added
    )
    session.flush()
    programme = str(actor.organisation_id)
    audit.record(
        session, actor, "evidence_list_changed", at=at, programme=programme, added=added, removed=removed
    )
    return True


def asked_json(
    session: Session, programme_id: UUID | None, forms: Mapping[str, Section], documents: Collection[str]
) -> list[dict[str, Any]]:
    """Give what the programme asks for and what the case says to each, as a snapshot carries it.

    ``there`` is true for a fact that is known, an item that is done or not needed, and a kind of document of which
    the case has one; ``says`` is in words.
    """
    return [
        {
            "item": choice.item,
            "words": choice.words,
            "verified": choice.verified,
            **_answer(choice, forms, documents),
        }
        for choice in (catalogue()[item] for item in asked_by(session, programme_id))
    ]


def _answer(choice: Choice, forms: Mapping[str, Section], documents: Collection[str]) -> dict[str, Any]:
    if choice.section == DOCUMENT:
        there = choice.item.partition(".")[2] in documents
        return {"there": there, "says": "Attached" if there else "Not attached"}
    there = is_there(choice, forms)
    if choice.section != WORKUP:
        return {"there": there, "says": "Recorded" if there else "Not recorded"}
    known = _of_workup(choice, forms)
    status = known.get("status", "")
    says = " ".join(
        filter(None, (STATUSES.get(status, "Not known"), say_date(known["on"]) if "on" in known else ""))
    )
    return {"there": there, "says": says}


def is_there(choice: Choice, forms: Mapping[str, Section]) -> bool:
    """Tell whether a fact is known, or an item of the work-up done or not needed. A document is no field."""
    if choice.section == WORKUP:
        return _of_workup(choice, forms).get("status") in SETTLED
    return any(
        fact.fact is not None
        for fact in forms[choice.section].facts()
        if fact.name == choice.field_id or fact.name.startswith(f"{choice.field_id}-")
    )


def _of_workup(choice: Choice, forms: Mapping[str, Section]) -> Mapping[str, Any]:
    known: Mapping[str, Any] = forms[WORKUP].read_beside().get(choice.item.partition(".")[2], {})
    return known
