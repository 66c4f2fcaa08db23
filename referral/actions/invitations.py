"""The links with which a person chooses a password: once, for a week. Of a token only its digest is kept."""

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral import audit, auth, clock, database
from referral.errors import NotFoundError, PonsError
from referral.models import Invitation, User

LINK_HOLDS = timedelta(days=7)
WORDS_OF_THE_HOUSE = (
    "123456789", "ahsct", "clinic", "committee", "demonstration", "hospital", "letmein", "neurology", "password",
    "pons", "programme", "qwertyuiop", "referral", "sclerosis", "stemcell", "transplant", "welcome",
)  # fmt: skip
"""What anybody would try here first. It counts for nothing in a password; so do a person's own names."""
BETTER = "Choose another: four words that have nothing to do with one another, or with you, are good."
LEAST_LEFT = 8
"""Characters that a password must have beside such words."""


class NotTakenError(PonsError):
    """Something typed that cannot be taken; ``field`` says where."""

    def __init__(self, field: str, message: str) -> None:
        """Keep the field."""
        super().__init__(message)
        self.field = field


def no_password() -> str:
    """Give a hash that no password opens, and that takes as long to try as any."""
    return auth.hash_password(secrets.token_urlsafe(32))


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def make_link(session: Session, actor: User | None, person: User, at: datetime) -> str:
    """Give the token of a new link for a person; the old ones hold no longer.

    Whoever has the machine makes it as nobody (``None``): the first administrator has nobody else.
    """
    withdraw_links(session, person, at)
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            token_sha256=_digest(token),
            user_id=person.id,
            made_by_id=(actor or person).id,
            made_at=at,
            expires_at=at + LINK_HOLDS,
        )
    )
    session.flush()
    return token


def withdraw_links(session: Session, person: User, at: datetime) -> None:
    """Let no link of a person hold any longer."""
    still_open = (Invitation.user_id == person.id) & Invitation.used_at.is_(None)
    session.execute(
        update(Invitation).where(still_open, Invitation.withdrawn_at.is_(None)).values(withdrawn_at=at)
    )
    session.flush()


def open_links(session: Session, people: tuple[User, ...], now: datetime) -> dict[UUID, datetime]:
    """Tell until when the link of each of these people holds; who has none is left out."""
    held = select(Invitation.user_id, Invitation.expires_at).where(
        Invitation.user_id.in_([person.id for person in people]),
        Invitation.used_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    )
    return dict(session.execute(held).all())


def find_invitation(session: Session, token: str, now: datetime, *, to_use: bool = False) -> Invitation:
    """Find the link of a token.

    Raises:
        NotFoundError: there is none that holds: unknown, used, withdrawn or too old look the same.

    """
    wanted = select(Invitation).where(
        Invitation.token_sha256 == _digest(token),
        Invitation.used_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    )
    if to_use:
        wanted = database.held(wanted, Invitation)
    found = session.scalar(wanted)
    if found is None:
        raise NotFoundError("This link does not hold, or is not whole. Ask your administrator for another.")
    return found


def choose_password(
    session: Session, token: str, password: str, again: str, *, at: datetime | None = None
) -> User:
    """Take the password that a person has chosen; the link is used up, and the account is in use.

    Raises:
        NotFoundError: the link does not hold.
        NotTakenError: the password cannot be taken.

    """
    at = at or clock.now()
    whose = find_invitation(
        session, token, at
    ).user_id  # held first, as by whoever takes the account out of use
    person = session.scalars(database.held(select(User).where(User.id == whose), User)).one()
    invitation = find_invitation(session, token, at, to_use=True)
    check_password(password, again, person)
    person.password_hash = auth.hash_password(password)
    person.active = True
    invitation.used_at = at
    auth.end_sessions(session, person)
    audit.record(session, person, "password_chosen", at=at)
    return person


def check_password(password: str, again: str, person: User) -> None:
    """Refuse a password that cannot be taken, whoever chooses it and wherever.

    Raises:
        NotTakenError: too short, too long, too easy to guess, or not typed twice alike.

    """
    if not auth.SHORTEST_PASSWORD <= len(password) <= auth.LONGEST_PASSWORD:
        raise NotTakenError(
            "password",
            f"Choose a password of {auth.SHORTEST_PASSWORD} to {auth.LONGEST_PASSWORD} characters.",
        )
    left = _beside_words(password, person)
    if len(left) < LEAST_LEFT or len(set(left)) < 4:
        raise NotTakenError("password", f"This password is too easy to guess. {BETTER}")
    if auth.is_frequent(password):
        raise NotTakenError(
            "password", f"This password is on the list of those that are tried first. {BETTER}"
        )
    if password != again:
        raise NotTakenError("again", "The two are not the same.")


def _beside_words(password: str, person: User) -> str:
    """Give what is left of a password without the words that anybody would try for this person."""
    own = re.findall(r"\w{3,}", f"{person.name} {person.email} {person.organisation.name}".casefold())
    left = password.casefold()
    for word in sorted({*WORDS_OF_THE_HOUSE, *own}, key=len, reverse=True):
        left = left.replace(word, "")
    return left
