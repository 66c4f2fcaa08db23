"""Sessions kept on the server: opened, found, renewed, ended. Of a token the database keeps a digest only."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral import clock
from referral.models import Proof, User, UserSession

LONGEST_SESSION = timedelta(hours=12)
LONGEST_PAUSE = timedelta(minutes=30)
LONGEST_WAIT = timedelta(minutes=5)
"""How long a right password waits for the second proof."""


@dataclass(frozen=True)
class Whence:
    """Where a session was begun: the address as we know it, and the family of the browser."""

    address: str | None = None
    browser: str | None = None


def digest(secret: str) -> str:
    """Give what is kept of a secret that is random enough to need no slow hash."""
    return sha256(secret.encode()).hexdigest()


def new_challenge() -> str:
    """Give what a security key is to sign: 256 bits, as a browser takes them."""
    return secrets.token_urlsafe(32)


def open_session(
    session: Session,
    user: User,
    proved_by: Proof = Proof.PASSWORD,
    whence: Whence | None = None,
    *,
    waits: bool = False,
) -> User:
    """Start a session; the person then carries its token, of which the database keeps a digest only.

    One that ``waits`` for the second proof opens no page, and is over after five minutes.
    """
    user.token, whence = secrets.token_urlsafe(32), whence or Whence()
    now = clock.now()
    session.add(
        UserSession(
            token_sha256=digest(user.token),
            user_id=user.id,
            proved_at=now,
            proved_by=proved_by,
            waits_until=now + LONGEST_WAIT if waits else None,
            challenge=new_challenge() if waits else None,
            address=whence.address,
            browser=whence.browser,
        )
    )
    session.flush()
    return user


def renew_session(session: Session, user: User, proved_by: Proof) -> User:
    """Go on under a new token after a fresh proof; the longest life of the session counts on from its beginning."""
    before = session.get_one(UserSession, digest(user.get_id()), populate_existing=True)
    before.ended_at = clock.now()
    by = before.proved_by if proved_by is Proof.PASSWORD and before.proved_by else proved_by
    open_session(session, user, by, Whence(before.address, before.browser))
    session.get_one(UserSession, digest(user.get_id())).started_at = before.started_at
    session.flush()
    return user


def find_session(session: Session, token: str) -> UserSession | None:
    """Find the session of a token if it still holds: not ended, not too old, not idle, the account in use."""
    found = _find(session, token)
    return found if found is not None and found.waits_until is None else None


def find_waiting(session: Session, token: str) -> UserSession | None:
    """Find the session of a token that waits for the second proof, if it may still wait."""
    found = _find(session, token)
    waits = found is not None and found.waits_until is not None and clock.now() <= found.waits_until
    return found if waits else None


def _find(session: Session, token: str) -> UserSession | None:
    found = session.get(UserSession, digest(token), populate_existing=True)
    if (
        found is None
        or found.ended_at is not None
        or not found.user.active
        or clock.now() > lasts_until(found)
    ):
        return None
    found.user.token = token
    return found


def lasts_until(found: UserSession) -> datetime:
    """Give when a session ends if nobody does anything any more."""
    return min(found.started_at + LONGEST_SESSION, found.seen_at + LONGEST_PAUSE)


def live_sessions(session: Session, user: User) -> list[UserSession]:
    """List where a person is signed in now, the last used first."""
    now = clock.now()
    wanted = select(UserSession).where(
        UserSession.user_id == user.id,
        UserSession.ended_at.is_(None),
        UserSession.waits_until.is_(None),
        UserSession.started_at > now - LONGEST_SESSION,
        UserSession.seen_at > now - LONGEST_PAUSE,
    )
    return list(session.scalars(wanted.order_by(UserSession.seen_at.desc(), UserSession.started_at)))


def end_sessions(session: Session, user: User, token: str | None = None, *, but: str | None = None) -> int:
    """End one session of a person, or all of them, or all ``but`` the one of that token; tell how many."""
    live = select(UserSession).where(UserSession.user_id == user.id, UserSession.ended_at.is_(None))
    if token is not None:
        live = live.where(UserSession.token_sha256 == digest(token))
    if but is not None:
        live = live.where(UserSession.token_sha256 != digest(but))
    ended = session.scalars(live).all()
    for found in ended:
        found.ended_at = clock.now()
    session.flush()
    return len(ended)


def give_challenge(session: Session, kept: UserSession) -> str:
    """Give a session a new challenge for a security key; the one before is void."""
    kept.challenge = new_challenge()
    session.flush()
    return kept.challenge


def take_challenge(session: Session, kept: UserSession) -> str | None:
    """Use up the challenge of a session: of two answers at once, one has it."""
    asked = kept.challenge
    if asked is None:
        return None
    used = update(UserSession).where(
        UserSession.token_sha256 == kept.token_sha256, UserSession.challenge == asked
    )
    mine = session.execute(used.values(challenge=None).returning(UserSession.token_sha256)).all()
    return asked if mine else None
