"""Sessions kept on the server: opened, found, ended. Of a token the database keeps a digest only."""

import secrets
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.models import User, UserSession

LONGEST_SESSION = timedelta(hours=12)
LONGEST_PAUSE = timedelta(minutes=30)


def digest(secret: str) -> str:
    """Give what is kept of a secret that is random enough to need no slow hash."""
    return sha256(secret.encode()).hexdigest()


def open_session(session: Session, user: User) -> User:
    """Start a session; the person then carries its token, of which the database keeps a digest only."""
    user.token = secrets.token_urlsafe(32)
    session.add(UserSession(token_sha256=digest(user.token), user_id=user.id))
    session.flush()
    return user


def find_session(session: Session, token: str) -> UserSession | None:
    """Find the session of a token if it still holds: not ended, not too old, not idle, the account in use."""
    now = clock.now()
    found = session.get(UserSession, digest(token), populate_existing=True)
    if found is None or found.ended_at is not None or not found.user.active:
        return None
    if now - found.started_at > LONGEST_SESSION or now - found.seen_at > LONGEST_PAUSE:
        return None
    found.user.token = token
    return found


def end_sessions(session: Session, user: User, token: str | None = None) -> None:
    """End one session of a person, or all of them."""
    live = select(UserSession).where(UserSession.user_id == user.id, UserSession.ended_at.is_(None))
    if token is not None:
        live = live.where(UserSession.token_sha256 == digest(token))
    for found in session.scalars(live):
        found.ended_at = clock.now()
    session.flush()
