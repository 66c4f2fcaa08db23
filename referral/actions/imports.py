"""Deeds on cases that come from elsewhere as a file: taken in, confirmed against the person, or thrown away.

What was read is kept apart from the cases until somebody has named its person once more; then it becomes a draft
that says where it came from. Nothing is signed by it, and the sender's verdicts are kept as theirs alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from forms.imports import fill
from referral import audit, clock, database
from referral.actions import drafts, duplicates
from referral.actions.decisions import initials_of, plain_letters
from referral.actions.mail import notify
from referral.auth import REFERRERS, scope
from referral.columns import ring_of
from referral.errors import ConflictError, ForbiddenError, NotFoundError, PonsError
from referral.facts import CaseRecord, read_record
from referral.models import CaseImport, ImportKind, Organisation, OrganisationKind, PersonKey, Referral, User
from referral.packet.opening import Opened
from referral.workflow import Role, State

MAY_TAKE_IN = (Role.NEUROLOGIST, Role.DELEGATE, Role.COORDINATOR)
KEPT_FOR = timedelta(hours=24)
"""How long a file waits for its person to be confirmed; then what was read of it is forgotten."""
MOST_WAITING = 20


class NotTakenInError(PonsError):
    """A file that was read and is not taken in. The text says why and what to do."""


class NotConfirmedError(ConflictError):
    """A case whose person was not named as the file names them. ``wrong``: by field, what to do."""

    def __init__(self, wrong: Sequence[tuple[str, str]]) -> None:
        """Keep what is wrong with each field."""
        super().__init__(" ".join(message for _, message in wrong))
        self.wrong = dict(wrong)


@dataclass(frozen=True)
class Named:
    """The person once more, as whoever takes the case in names them, and who is to sign it."""

    initials: str
    sex: str
    birth_year: str
    confirmed: bool
    referrer_id: UUID | None = None


# Taking in


def take_in(session: Session, actor: User, opened: Opened, today: date) -> CaseImport:
    """Keep what was read of a file, until its person is confirmed or a day is over.

    Raises:
        ForbiddenError: this role takes in no cases.
        NotTakenInError: too many of this person's files wait already.

    """
    if actor.role not in MAY_TAKE_IN:
        raise ForbiddenError("Only the referring clinic or a coordinator takes in a case.")
    due_unconfirmed(session, clock.now())
    waiting = select(func.count()).where(CaseImport.by_id == actor.id, CaseImport.referral_id.is_(None))
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise NotTakenInError(
            f"{MOST_WAITING} files of yours wait for their person to be confirmed. Confirm some, or throw them away."
        )
    filled = fill(opened.record, opened.identity, opened.beside, opened.question, today)
    left = [*opened.left, *(("the case", each.path, each.given, each.allowed) for each in filled.left)]
    found = CaseImport(
        kind=ImportKind(opened.kind),
        sha256=opened.sha256,
        found={
            "record": opened.record.to_json(),
            "as_of": today.isoformat(),
            "exact": opened.exact,
            "typed": filled.typed,
            "identity": filled.identity,
            "source": dict(opened.source),
            "verdicts": opened.verdicts,
            "seal": dict(opened.seal) if opened.seal else None,
            "left": [dict(zip(("where", "what", "given", "why"), each, strict=True)) for each in left],
        },
        by_id=actor.id,
    )
    session.add(found)
    session.flush()
    audit.record(
        session, actor, "case_file_opened", import_id=str(found.id), kind=opened.kind, sha256=opened.sha256
    )
    return found


def due_unconfirmed(session: Session, now: datetime) -> int:
    """Forget what was read of files whose person nobody confirmed within a day; tell of how many."""
    old = (CaseImport.referral_id.is_(None), CaseImport.at < now - KEPT_FOR)
    with database.looking(session):
        if session.scalar(select(CaseImport.id).where(*old).limit(1)) is None:
            return 0
    count: int = session.execute(delete(CaseImport).where(*old)).rowcount  # type: ignore[attr-defined]  # of a delete
    if count:
        audit.record(session, None, "case_files_forgotten", files=count)
    return count


# Reading


def get_import(session: Session, actor: User, import_id: UUID, *, to_change: bool = False) -> CaseImport:
    """Fetch what was read of a file: for whoever took it in, and nobody else.

    Raises:
        NotFoundError: there is none, or it is not theirs, or it was forgotten.

    """
    wanted = select(CaseImport).where(CaseImport.id == import_id, CaseImport.by_id == actor.id)
    if to_change:
        wanted = database.held(wanted, CaseImport)
    found = session.scalar(wanted) if actor.role in MAY_TAKE_IN else None
    if found is None:
        raise NotFoundError(
            "This file is not here, or it is not for you. Unconfirmed files are kept for a day."
        )
    return found


def imports_of(session: Session, actor: User, most: int = 50) -> list[CaseImport]:
    """List what this person took in, the latest first."""
    wanted = select(CaseImport).where(CaseImport.by_id == actor.id).order_by(CaseImport.at.desc()).limit(most)
    return list(
        session.scalars(wanted.options(joinedload(CaseImport.referral).joinedload(Referral.referrer)))
    )


def record_of(found: CaseImport) -> CaseRecord:
    """Give the case record that was read."""
    return read_record(found.found["record"], date.fromisoformat(found.found["as_of"]))


def find_alike(session: Session, actor: User, found: CaseImport) -> list[Referral]:
    """Find the cases that seem to be about the person of a file, or came from the same file; of the viewer's own."""
    keys = duplicates.as_kept(ring_of(session), duplicates.keys_of(found.found["identity"]))
    by_person = select(PersonKey.referral_id).where(PersonKey.key.in_(keys))
    same_file = select(CaseImport.referral_id).where(
        CaseImport.sha256 == found.sha256, CaseImport.referral_id.is_not(None)
    )
    wanted = select(Referral).where(
        scope(actor),
        Referral.state != State.ENTERED_IN_ERROR,
        Referral.id.in_(by_person) | Referral.id.in_(same_file),
    )
    if found.referral_id is not None:
        wanted = wanted.where(Referral.id != found.referral_id)
    return list(session.scalars(wanted.order_by(Referral.number)))


def signatories(session: Session, actor: User) -> list[User]:
    """List who may sign what this person takes in: oneself, one's neurologist, or any neurologist of a clinic."""
    if actor.role is Role.NEUROLOGIST:
        return [actor]
    if actor.role is Role.DELEGATE:
        return [actor.works_for] if actor.works_for and actor.works_for.active else []
    wanted = (
        select(User)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.role == Role.NEUROLOGIST, User.active, Organisation.kind == OrganisationKind.CLINIC)
        .order_by(func.lower(Organisation.name), func.lower(User.name))
    )
    return list(session.scalars(wanted.options(joinedload(User.organisation))))


# Confirming


def confirm(session: Session, actor: User, found: CaseImport, named: Named) -> Referral:
    """Make a draft of a file whose person has been named once more. A second click gives the same draft.

    Raises:
        NotConfirmedError: the person was named otherwise than in the file, or nobody was chosen who signs.

    """
    if found.referral is not None:
        return found.referral
    able = {person.id: person for person in signatories(session, actor)}
    chosen = named.referrer_id if actor.role is Role.COORDINATOR else next(iter(able), None)
    wrong = misnamed(named, found.found["identity"])
    if chosen not in able:
        wrong.append(("referrer", "Choose the neurologist who checks the case and signs it."))
    if wrong or chosen is None:
        raise NotConfirmedError(wrong)
    referral = drafts.new_draft(session, able[chosen])
    referral.typed = dict(found.found["typed"])
    if actor.role is Role.COORDINATOR:
        request = {**referral.typed.get("request", {}), "programme_id": [str(actor.organisation_id)]}
        referral.typed = {**referral.typed, "request": request}
    duplicates.remember(session, referral, drafts.name_for_lists(referral))
    found.referral, found.confirmed_at = referral, clock.now()
    session.flush()
    audit.record(
        session, actor, "case_taken_in", referral,
        kind=found.kind.value, sha256=found.sha256, import_id=str(found.id),
    )  # fmt: skip
    if actor.role not in REFERRERS:
        notify(session, able[chosen], f"taken in {found.id}", "A case from elsewhere waits for you", referral)
    return referral


def misnamed(named: Named, identity: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Tell where the person was not named as the file names them. What the file does not hold is not asked."""
    wrong = []
    if (initials := initials_of(identity)) and plain_letters(named.initials) != initials:
        wrong.append(
            ("initials", "These are not the initials of the person in the file. Is it the right person?")
        )
    if identity.get("sex") and named.sex != identity["sex"]:
        wrong.append(("sex", "This is not the sex that the file gives. Is it the right person?"))
    if identity.get("birth_date") and named.birth_year.strip() != identity["birth_date"][:4]:
        wrong.append(
            ("birth_year", "This is not the year of birth of the person in the file. Is it the right person?")
        )
    if not named.confirmed:
        wrong.append(("confirmed", "Confirm that you have compared the file with the person."))
    return wrong


def discard(session: Session, actor: User, found: CaseImport) -> None:
    """Forget what was read of a file that has not become a draft.

    Raises:
        ConflictError: it has become one.

    """
    if found.referral_id is not None:
        raise ConflictError("This file has become a draft already. Withdraw the draft instead.")
    audit.record(session, actor, "case_file_discarded", import_id=str(found.id), sha256=found.sha256)
    session.delete(found)
    session.flush()
