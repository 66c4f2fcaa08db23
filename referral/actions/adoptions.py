"""Adoption: a programme's lead clinician has read an edition against its source, and says so with a name.

What a programme has adopted is what its cases are put against. Nothing here touches what was signed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.auth import RECEIVERS
from referral.criteria import Edition, first_shown, library
from referral.errors import ConflictError, ForbiddenError, NotFoundError, PonsError
from referral.models import Adoption, OrganisationKind, User
from referral.workflow import Role

LONGEST_NOTE = 1000


class NotAdoptedError(PonsError):
    """An adoption that lacks something. ``field`` names the field of the form."""

    def __init__(self, field: str, message: str) -> None:
        """Keep which field it is."""
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Standing:
    """Where an edition stands with a programme: not reviewed, adopted, or adopted in an earlier wording."""

    edition: Edition
    adoption: Adoption | None

    @property
    def adopted(self) -> bool:
        """Whether it is adopted as it now reads."""
        return self.adoption is not None and self.adoption.edition_sha256 == self.edition.sha256

    @property
    def earlier(self) -> bool:
        """Whether it was adopted in another wording, so that it needs to be read again."""
        return self.adoption is not None and not self.adopted


def standings(session: Session, programme_id: UUID | None) -> tuple[Standing, ...]:
    """Give every edition of the library with where it stands with a programme, in the library's order."""
    current = select(Adoption).where(Adoption.programme_id == programme_id, Adoption.withdrawn_at.is_(None))
    found = {each.edition_id: each for each in session.scalars(current)} if programme_id else {}
    return tuple(Standing(edition, found.get(edition.id)) for edition in library().values())


def editions_for(session: Session, programme_id: UUID | None) -> tuple[Edition, ...]:
    """Give what a case for this programme is put against: what it has adopted as it now reads.

    Where it has adopted none, or no programme is chosen, these are the editions first shown.
    """
    adopted = (each.edition for each in standings(session, programme_id) if each.adopted)
    return tuple(adopted) or first_shown()


def adopted_json(session: Session, programme_id: UUID | None) -> dict[str, dict[str, Any]]:
    """Give who adopted what, by edition, as a snapshot carries it."""
    return {
        each.edition.id: {
            "by": each.adoption.adopted_by.name,
            "on": clock.local(each.adoption.adopted_at).date().isoformat(),
            "note": each.adoption.note or None,
        }
        for each in standings(session, programme_id)
        if each.adoption and each.adopted
    }


def check_reader(viewer: User) -> None:
    """Let a programme's own people read what it has adopted; for others there is no such page."""
    if viewer.role not in RECEIVERS or viewer.organisation.kind is not OrganisationKind.PROGRAMME:
        raise NotFoundError("This page does not exist, or it is not for you.")


def adopt(
    session: Session,
    actor: User,
    edition_id: str,
    *,
    seen: str,
    confirmed: bool,
    note: str = "",
    at: datetime | None = None,
) -> Adoption:
    """Adopt an edition for the actor's own programme, in the wording that was read: ``seen`` is its digest.

    A second click adopts nothing twice.

    Raises:
        NotAdoptedError: nobody says that it was read, or the note is too long.
        ConflictError: it reads differently by now, or is adopted already.

    """
    edition, note, at = _for_chair(actor, edition_id), note.strip(), at or clock.now()
    if seen != edition.sha256:
        raise ConflictError("This edition has changed since you opened the page. Read it as it is now.")
    if not confirmed:
        raise NotAdoptedError("confirmed", "Say that you have read it against its source.")
    if len(note) > LONGEST_NOTE:
        raise NotAdoptedError("note", f"Shorten the note: at most {LONGEST_NOTE:,} characters.")
    earlier = find_adoption(session, actor.organisation_id, edition_id)
    if earlier and earlier.edition_sha256 == seen:
        if (earlier.adopted_by_id, earlier.note) == (actor.id, note):
            return earlier
        raise ConflictError("This edition is adopted already. Withdraw it first, to adopt it anew.")
    if earlier:
        _end(session, earlier, actor, at)
    adoption = Adoption(
        programme_id=actor.organisation_id,
        edition_id=edition_id,
        edition_sha256=seen,
        adopted_by=actor,
        adopted_at=at,
        note=note,
    )
    session.add(adoption)
    _write_down(session, adoption, actor, "edition_adopted", at)
    return adoption


def withdraw(session: Session, actor: User, edition_id: str) -> Adoption:
    """Withdraw an adoption of the actor's own programme, in whatever wording it was adopted.

    Raises:
        ConflictError: it is not adopted, or no longer.

    """
    _for_chair(actor, edition_id)
    adoption = find_adoption(session, actor.organisation_id, edition_id)
    if adoption is None:
        raise ConflictError("This edition is not adopted here, or no longer. Nothing was changed.")
    _end(session, adoption, actor, clock.now())
    return adoption


def find_adoption(session: Session, programme_id: UUID, edition_id: str) -> Adoption | None:
    """Find the adoption that stands now."""
    return session.scalar(
        select(Adoption).where(
            Adoption.programme_id == programme_id,
            Adoption.edition_id == edition_id,
            Adoption.withdrawn_at.is_(None),
        )
    )


def _for_chair(actor: User, edition_id: str) -> Edition:
    check_reader(actor)
    if actor.role is not Role.CHAIR:
        raise ForbiddenError("The programme's lead clinician adopts editions and withdraws them.")
    if edition_id not in library():
        raise NotFoundError("There is no such edition in the library.")
    return library()[edition_id]


def _end(session: Session, adoption: Adoption, actor: User, at: datetime) -> None:
    """Date the end of an adoption, before another may take its place."""
    adoption.withdrawn_at, adoption.withdrawn_by_id = at, actor.id
    _write_down(session, adoption, actor, "adoption_withdrawn", at)


def _write_down(session: Session, adoption: Adoption, actor: User, deed: str, at: datetime) -> None:
    session.flush()
    audit.record(
        session, actor, deed, at=at, edition=adoption.edition_id, digest=adoption.edition_sha256,
        programme=str(adoption.programme_id),
    )  # fmt: skip
