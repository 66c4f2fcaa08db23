"""What is said about a case: written once, never changed, and to whom it is visible is part of it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from referral import clock
from referral.actions.mail import notify, notify_clinic, notify_programme
from referral.actions.moves import move
from referral.auth import REFERRERS
from referral.errors import PonsError
from referral.facts import CaseRecord
from referral.models import Audience, Message, Referral, User
from referral.packet.paths import path_words
from referral.workflow import check_move

LONGEST_MESSAGE = 4000
OF_CLINIC = (Audience.BOTH, Audience.CLINIC)
OF_PROGRAMME = (Audience.BOTH, Audience.PROGRAMME)
SUBJECT = "A message was written"


class NotWrittenError(PonsError):
    """A message that says nothing or too much, is for nobody, or points at no fact of the case."""


def audiences_of(person: User) -> tuple[Audience, ...]:
    """Give whom this person may write to, and whose messages they may read: both sides, or their own alone."""
    return OF_CLINIC if person.role in REFERRERS else OF_PROGRAMME


def facts_of(record: CaseRecord) -> dict[str, str]:
    """Give every fact that a record holds, by path, in words: what a message may point at."""
    return {path: _sentence(path_words(path, record)) for path in _paths(record.to_json())}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _paths(plain: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in plain.items():
        path = f"{before}.{name}" if before else name
        if isinstance(value, Mapping):
            yield from _paths(value, path)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for place, entry in enumerate(value):
                yield from _paths(entry, f"{path}[{place}]")
        elif path != "record":
            yield re.sub(r"\[[0-9]+\]$", "", path)


def messages_of(session: Session, referral: Referral, viewer: User) -> list[Message]:
    """List what the viewer may read of what was said about a case, the oldest first."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.referral_id == referral.id, Message.audience.in_(audiences_of(viewer)))
            .order_by(Message.at, Message.id)
            .options(joinedload(Message.author))
        )
    )


def write(
    session: Session,
    referral: Referral,
    record: CaseRecord,
    text: str,
    audience: str,
    fact: str,
    *,
    actor: User,
    at: datetime | None = None,
) -> Message:
    """Write a message for both sides or one's own; ``fact`` is a path of the record, or empty.

    Raises:
        MoveRefusedError: nothing can be written on this case now, or not by this person.
        NotWrittenError: it says nothing or too much, is for nobody, or points at no fact.

    """
    check_move("write_message", actor.role, referral.state)
    text, at = text.strip(), at or clock.now()
    if not text:
        raise NotWrittenError("Write a message.")
    if len(text) > LONGEST_MESSAGE:
        raise NotWrittenError(f"Shorten the message: at most {LONGEST_MESSAGE:,} characters.")
    if audience not in audiences_of(actor):
        raise NotWrittenError("Choose who shall see it.")
    if fact and fact not in facts_of(record):
        raise NotWrittenError("Choose a fact of this case, or none.")
    message = Message(
        referral_id=referral.id,
        author=actor,
        at=at,
        audience=Audience(audience),
        text=text,
        fact=fact or None,
    )
    session.add(message)
    session.flush()
    move(
        session,
        referral,
        "write_message",
        actor=actor,
        at=at,
        message=str(message.id),
        audience=message.audience,
    )
    _tell(session, referral, message, actor, at)
    return message


def _tell(session: Session, referral: Referral, message: Message, actor: User, at: datetime) -> None:
    """Tell the other side, or one's own where it is for that alone; nobody of what they wrote themselves."""
    occasion, from_clinic = f"message {message.id}", actor.role in REFERRERS
    if message.audience is Audience.BOTH:
        tell = notify_programme if from_clinic else notify_clinic
        tell(session, referral, occasion, SUBJECT, at=at)
        return
    colleague = referral.referrer if from_clinic else referral.owner
    if colleague is not None and colleague.id != actor.id:
        notify(session, colleague, occasion, SUBJECT, referral, at=at)
