"""Letters about a signed decision: written from a template, held for a while so that they can be taken back, released.

Until a letter is released only the programme knows of it. Then the clinic has it, and a notice says so.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer, joinedload

from referral import audit, clock, database
from referral.actions.decisions import find_current
from referral.actions.evidence import KEEPERS, check_reader
from referral.actions.mail import notify_clinic
from referral.actions.moves import move
from referral.auth import RECEIVERS
from referral.errors import ConflictError, ForbiddenError, NotFoundError, PonsError
from referral.facts import say_date
from referral.models import (
    Decision,
    Letter,
    LetterKind,
    LetterTemplate,
    Referral,
    ReferralVersion,
    User,
)
from referral.packet.decided import decided
from referral.packet.letters import Names, default_template, letter_data, print_letter, try_template
from referral.packet.render import PacketError
from referral.packet.sandbox import LONGEST_TEXT, TemplateFault, render_text
from referral.workflow import check_move

log = logging.getLogger(__name__)

HELD_FOR = timedelta(minutes=10)
AT_ONCE = 50


class NotWrittenError(PonsError):
    """A letter that was not taken: it is empty, or too long."""


# Templates


def find_template(session: Session, programme_id: UUID | None, kind: LetterKind) -> LetterTemplate | None:
    """Find the template that a programme has written last for a kind of letter; ``None``: ours is used."""
    return session.scalar(
        select(LetterTemplate)
        .where(LetterTemplate.programme_id == programme_id, LetterTemplate.kind == kind)
        .order_by(LetterTemplate.edited_at.desc(), LetterTemplate.id)
        .limit(1)
    )


def change_template(
    session: Session, actor: User, kind: LetterKind, body: str, *, seen: str, at: datetime | None = None
) -> LetterTemplate:
    """Make this the template of the actor's own programme. The one before is kept.

    Raises:
        ForbiddenError: only the coordinator and the chair write templates.
        ConflictError: somebody else has changed it since the page was opened.
        TemplateFault: it cannot be used.

    """
    check_reader(actor)
    if actor.role not in KEEPERS:
        raise ForbiddenError("The coordinator and the chair write the templates of letters.")
    before = find_template(session, actor.organisation_id, kind)
    if seen != mark_of(before):
        raise ConflictError("The template was changed by somebody else since you opened this page.")
    try_template(body)
    at = at or clock.now()
    at = max(at, before.edited_at + timedelta(microseconds=1)) if before else at
    template = LetterTemplate(
        programme_id=actor.organisation_id, kind=kind, body=body, edited_by_id=actor.id, edited_at=at
    )
    session.add(template)
    session.flush()
    audit.record(session, actor, "letter_template_changed", at=at, template=str(template.id), kind=kind.value)
    return template


def mark_of(template: LetterTemplate | None) -> str:
    """Give the mark of a template: what a page was opened with."""
    return str(template.id) if template else ""


# Writing


def decision_to_tell(session: Session, referral: Referral, actor: User) -> Decision:
    """Give the decision that a letter would be about.

    Raises:
        NotFoundError: nothing stands that could be told, or not for this person.
        MoveRefusedError: no letter is written in this state, or not by this person.

    """
    decision = find_current(session, referral)
    if actor.role not in RECEIVERS or decision is None:
        raise NotFoundError("This page does not exist, or it is not for you.")
    check_move("write_letter", actor.role, referral.state)
    return decision


def compose(session: Session, referral: Referral, decision: Decision, kind: LetterKind) -> tuple[str, str]:
    """Write a letter from the programme's template; also say why ours was used instead, if it had to be."""
    snapshot = _version(session, decision).snapshot
    data = letter_data(
        decided(decision, snapshot), snapshot, names_for(referral, decision, clock.now()),
        replaces=_replaced(session, decision),
    )  # fmt: skip
    template = find_template(session, referral.programme_id, kind)
    if template is not None:
        try:
            return render_text(template.body, data), ""
        except TemplateFault as fault:
            return render_text(default_template(kind.value), data), str(fault)
    return render_text(default_template(kind.value), data), ""


def _replaced(session: Session, decision: Decision) -> str:
    """Say which decision was replaced by this one; nothing where none was."""
    earlier = session.get(Decision, decision.replaces_id) if decision.replaces_id else None
    if earlier is None:
        return ""
    day = f", decided on {say_date(earlier.decided_on)}" if earlier.decided_on else ""
    return f"{earlier.outcome.words}{day}"


def names_for(referral: Referral, decision: Decision, at: datetime) -> Names:
    """Give who writes to whom, and when."""
    signed_at = decision.signed_at or at
    return Names(
        programme=referral.programme.name if referral.programme else "",
        clinic=referral.organisation.name,
        referrer=referral.referrer.name,
        drafted_by=decision.drafted_by.name,
        signed_by=decision.signed_by.name if decision.signed_by else "",
        signed_on=say_date(clock.local(signed_at).date()),
        written_on=say_date(clock.local(at).date()),
    )


def _version(session: Session, decision: Decision) -> ReferralVersion:
    return session.scalars(
        select(ReferralVersion).where(
            ReferralVersion.referral_id == decision.referral_id, ReferralVersion.version == decision.version
        )
    ).one()


def hold_letter(
    session: Session,
    referral: Referral,
    kind: LetterKind,
    body: str,
    *,
    actor: User,
    seen: str,
    at: datetime | None = None,
) -> Letter:
    """Hand a letter in: it is held for ten minutes, in which it can be taken back, and then released by itself.

    ``seen`` is the id of the decision that the letter was written about. The same letter handed in twice is one.

    Raises:
        ConflictError: another decision stands by now, or a letter of this kind is being held already.
        NotWrittenError: it is empty or too long.

    """
    at, body = at or clock.now(), body.replace("\r\n", "\n").strip()
    decision = decision_to_tell(session, referral, actor)
    if str(decision.id) != seen:
        raise ConflictError("Another decision stands by now. Write the letter about that one.")
    if not 0 < len(body) <= LONGEST_TEXT:
        raise NotWrittenError(f"Write the letter, in at most {LONGEST_TEXT:,} characters.")
    held = session.scalar(_held().where(Letter.decision_id == decision.id, Letter.kind == kind))
    if held is not None and held.body == body:
        return held
    if held is not None:
        raise ConflictError(f"A letter of {held.written_by.name} is being held already: take it back first.")
    letter = Letter(
        referral_id=referral.id, decision_id=decision.id, kind=kind, body=body,
        written_by=actor, written_at=at, held_until=at + HELD_FOR,
    )  # fmt: skip
    session.add(letter)
    session.flush()
    move(session, referral, "write_letter", actor=actor, at=at, letter=str(letter.id), kind=kind.value)
    return letter


def _held() -> Select[Letter]:
    return select(Letter).where(Letter.cancelled_at.is_(None), Letter.released_at.is_(None))


def take_back(
    session: Session, referral: Referral, letter_id: UUID, *, actor: User, at: datetime | None = None
) -> Letter:
    """Take a letter back while it is held. One that was taken back already stays so.

    Raises:
        NotFoundError: there is no such letter of this case, or not for this person.
        ConflictError: it has been released.

    """
    wanted = select(Letter).where(Letter.id == letter_id, Letter.referral_id == referral.id)
    letter = session.scalar(database.held(wanted, Letter))
    if letter is None or actor.role not in KEEPERS:
        raise NotFoundError("This letter does not exist, or it is not for you.")
    if letter.released_at is not None:
        raise ConflictError("The letter has gone out: the clinic may have read it. Write another.")
    if letter.cancelled_at is None:
        letter.cancelled_at = at or clock.now()
        audit.record(session, actor, "letter_taken_back", referral, at=at, letter=str(letter.id))
    return letter


def taken_back(session: Session, decision: Decision, kind: LetterKind) -> Letter | None:
    """Find the letter that was taken back last, to go on with its text."""
    return session.scalar(
        select(Letter)
        .where(Letter.decision_id == decision.id, Letter.kind == kind, Letter.cancelled_at.is_not(None))
        .order_by(Letter.cancelled_at.desc())
        .limit(1)
        .options(defer(Letter.pdf))
    )


# Reading


def letters_of(session: Session, referral: Referral, viewer: User) -> list[Letter]:
    """List the letters of a case that the viewer may know of, the latest first; the clinic's are those released."""
    wanted = select(Letter).where(Letter.referral_id == referral.id)
    if viewer.role not in RECEIVERS:
        wanted = wanted.where(Letter.released_at.is_not(None))
    return list(
        session.scalars(
            wanted.order_by(Letter.written_at.desc(), Letter.id).options(
                defer(Letter.pdf), joinedload(Letter.decision), joinedload(Letter.written_by)
            )
        )
    )


def read_letter(session: Session, referral: Referral, letter_id: UUID, viewer: User) -> bytes:
    """Hand out a released letter, and write down to whom.

    Raises:
        NotFoundError: there is none, or it has not been released.

    """
    letter = session.scalar(select(Letter).where(Letter.id == letter_id, Letter.referral_id == referral.id))
    if letter is None or letter.released_at is None or letter.pdf is None:
        raise NotFoundError("This letter does not exist, or it is not for you.")
    audit.note(session, viewer, "letter_read", referral, letter=str(letter.id))
    return letter.pdf


# What time does


def due_letters(session: Session, now: datetime) -> int:
    """Release the letters whose ten minutes are over, a transaction each, and tell how many. Safe twice at once."""
    wanted = (
        select(Letter.id)
        .where(Letter.cancelled_at.is_(None), Letter.released_at.is_(None), Letter.held_until <= now)
        .order_by(Letter.held_until)
        .limit(AT_ONCE)
    )
    with database.looking(session):
        chosen = session.scalars(wanted).all()
    return sum(_release(session, letter_id, now) for letter_id in chosen)


def _release(session: Session, letter_id: UUID, now: datetime) -> bool:
    """Print a letter outside any transaction, then release it, unless somebody has taken it back meanwhile."""
    letter = session.get_one(Letter, letter_id, populate_existing=True)
    decision, referral = letter.decision, session.get_one(Referral, letter.referral_id)
    snapshot = _version(session, decision).snapshot
    said, names = decided(decision, snapshot), names_for(referral, decision, letter.written_at)
    kind, body, demonstration = letter.kind.value, letter.body, referral.demonstration
    session.commit()
    try:
        pdf = print_letter(kind, body, said, snapshot, names, demonstration=demonstration)
    except PacketError:
        log.exception("Letter %s could not be printed", letter_id)
        return False
    held = session.scalar(database.held(select(Referral).where(Referral.id == referral.id), Referral))
    letter = session.get_one(Letter, letter_id, populate_existing=True)
    if held is None or letter.cancelled_at is not None or letter.released_at is not None:
        session.commit()
        return False
    letter.pdf, letter.released_at = pdf, now
    audit.record(session, None, "letter_released", held, at=now, letter=str(letter_id), kind=kind)
    notify_clinic(session, held, f"letter {letter_id}", "A letter has arrived", at=now)
    session.commit()
    return True
