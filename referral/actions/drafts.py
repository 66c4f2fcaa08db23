"""Deeds on a draft: open it, save one of its sections. A draft always saves, whatever is wrong with it.

Saving a draft is not history; sending it is. So a save leaves no entry in the trail: the draft itself keeps who
saved each section last, and when.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms import SECTIONS, read_case
from referral import audit, auth, clock, database
from referral.actions import duplicates
from referral.errors import ConflictError, ForbiddenError, NotFoundError
from referral.facts import digest
from referral.models import Organisation, OrganisationKind, Referral, User
from referral.workflow import Role, State, find_move

EDITABLE = find_move("edit").sources
SECTION_KEYS = tuple(section.key for section in SECTIONS)


class StaleSectionError(ConflictError):
    """The section has been saved by somebody else, or in another tab, since this form was opened."""


@dataclass(frozen=True)
class Save:
    """Who saved a section last, and when."""

    by: User | None
    at: datetime


def open_draft(session: Session, actor: User) -> Referral:
    """Open an empty draft in the name of the neurologist, or of the one for whom the delegate works."""
    referral = new_draft(session, actor)
    audit.record(session, actor, "draft_opened", referral)
    return referral


def new_draft(session: Session, actor: User) -> Referral:
    """Put an empty draft there. What it is opened with, and so what the trail calls it, is the caller's."""
    referrer = actor if actor.role is Role.NEUROLOGIST else actor.works_for
    if actor.role not in auth.REFERRERS or referrer is None or not referrer.active:
        raise ForbiddenError("Only a neurologist, or a delegate who works for one, can open a referral.")
    referral = Referral(
        number=next_number(session),
        organisation_id=actor.organisation_id,
        referrer_id=referrer.id,
        state=State.DRAFT,
        typed={},
    )
    session.add(referral)
    session.flush()
    return referral


def next_number(session: Session) -> str:
    """Give the next number of this year: P-2026-0007. Who asks next waits until this transaction ends."""
    database.one_at_a_time(session, "numbers of cases")
    year = f"P-{clock.today().year}-"
    used = select(Referral.number).where(Referral.number.startswith(year))
    last = session.scalar(used.order_by(func.length(Referral.number).desc(), Referral.number.desc()).limit(1))
    return f"{year}{int(last.removeprefix(year)) + 1 if last else 1:04}"


def get_draft(session: Session, viewer: User, referral_id: UUID, *, to_change: bool = False) -> Referral:
    """Fetch a case that this person may edit: a draft, one whose programme has asked something, or one put off.

    What was signed stays as it is: until the next version is signed, only the clinic sees what is typed meanwhile.
    ``to_change`` keeps others from changing it until the transaction ends.

    Raises:
        NotFoundError: it does not exist, or it is not theirs to edit.
        ConflictError: it has been sent, and nothing is asked.

    """
    wanted = select(Referral).where(Referral.id == referral_id, auth.scope(viewer))
    if to_change:
        wanted = database.held(wanted, Referral)
    wanted = wanted.execution_options(populate_existing=True)
    referral = session.scalar(wanted) if viewer.role in auth.REFERRERS else None
    if referral is None:
        raise NotFoundError
    if referral.state not in EDITABLE:
        raise ConflictError(
            f"This case is {referral.state.words} and can no longer be edited. Nothing was changed."
        )
    return referral


def fingerprint(referral: Referral, section: str) -> str:
    """Give the digest of what is stored of a section: what a form was opened with."""
    return digest(referral.typed.get(section, {}))


def save_section(
    session: Session, actor: User, referral: Referral, section: str, typed: dict[str, list[str]], opened: str
) -> bool:
    """Store a section as it was typed; tell whether that changed anything.

    ``opened`` is the fingerprint of the section when its form was opened. What other sections hold by now does
    not matter.

    Raises:
        StaleSectionError: the section has changed since, and says something else than what is to be stored.

    """
    if section not in SECTION_KEYS:
        raise NotFoundError
    stored: dict[str, list[str]] = referral.typed.get(section, {})
    if typed == stored:
        return False
    if opened != fingerprint(referral, section):
        raise StaleSectionError("This section has been saved elsewhere since this form was opened.")
    referral.typed = {**referral.typed, section: typed}
    referral.draft_version += 1
    if section == "person" and referral.state is State.DRAFT:  # lists name a sent case as it was signed
        duplicates.remember(session, referral, name_for_lists(referral))
    referral.saves = {**referral.saves, section: {"by": str(actor.id), "at": clock.now().isoformat()}}
    return True


def name_for_lists(referral: Referral) -> dict[str, Any]:
    """Copy who the person is from what was typed to the columns that lists show; give who it is."""
    identity: dict[str, Any] = read_case(referral.typed, clock.today()).identity
    referral.family_name = identity.get("family_name")
    referral.given_name = identity.get("given_name")
    referral.birth_date = identity.get("birth_date")
    return identity


def find_last_save(session: Session, referral: Referral, section: str) -> Save | None:
    """Find who saved a section last, and when; ``None`` where nobody has."""
    save = referral.saves.get(section)
    if save is None:
        return None
    return Save(session.get(User, UUID(save["by"])), datetime.fromisoformat(save["at"]))


def programmes(session: Session) -> dict[str, str]:
    """Give the transplant programmes that a referral may be addressed to: name by id."""
    kept = (
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.PROGRAMME)
        .order_by(func.lower(Organisation.name))
    )
    return {str(programme.id): programme.name for programme in session.scalars(kept)}
