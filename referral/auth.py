"""Who you are and what you may see: passwords, sessions kept on the server, roles, the scope of a person."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import Session

from referral import clock, database
from referral.models import Referral, SignInAttempt, User, UserSession
from referral.workflow import Role, State

LONGEST_SESSION = timedelta(hours=12)
LONGEST_PAUSE = timedelta(minutes=30)
GUESSES = 10
GUESSES_WITHIN = timedelta(minutes=15)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128

View = TypeVar("View", bound=Callable[..., object])
EVERYBODY: frozenset[Role] = frozenset()  # what a public view says; a view that says nothing has no such mark
REFERRERS = frozenset({Role.NEUROLOGIST, Role.DELEGATE})
RECEIVERS = frozenset({Role.COORDINATOR, Role.COMMITTEE_MEMBER, Role.CHAIR})

# Argon2id at the least memory that OWASP names: 17 ms a guess.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def public(view: View) -> View:
    """Let everybody open the view, signed in or not."""
    view.roles = EVERYBODY  # type: ignore[attr-defined]  # a mark on the function
    return view


def requires(*roles: Role) -> Callable[[View], View]:
    """Let people with one of these roles open the view; ``@requires(*Role)`` lets whoever is signed in."""
    if not roles:
        raise TypeError("name the roles: @requires(*Role) for everybody who is signed in, @public for all")

    def mark(view: View) -> View:
        view.roles = frozenset(roles)  # type: ignore[attr-defined]  # a mark on the function
        return view

    return mark


def roles_of(view: object) -> frozenset[Role] | None:
    """Tell who may open a view: ``EVERYBODY``, some roles, or ``None`` where it does not say."""
    return getattr(view, "roles", None)


def scope(user: User) -> ColumnElement[bool]:
    """Give the filter for the referrals that a person may see. For everybody else they do not exist."""
    if user.role in REFERRERS:
        return Referral.organisation_id == user.organisation_id
    if user.role in RECEIVERS:
        return (
            (Referral.programme_id == user.organisation_id)
            & (Referral.state != State.DRAFT)
            & Referral.submitted_at.is_not(None)
        )
    return false()


def hash_password(password: str) -> str:
    """Give what is stored of a password."""
    return _hasher.hash(password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex())


def find_user_by_password(session: Session, email: str, password: str) -> User | None:
    """Find the person in use of this account; the wrong ones and the unknown ones take equally long."""
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    try:
        _hasher.verify(user.password_hash if user else _nobodys_hash(), password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return None
    return user if user is not None and user.active else None


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def begin_attempt(session: Session, email: str, address: str) -> SignInAttempt | None:
    """Write down a try before it is checked, so that guesses at the same moment count too.

    Returns ``None``, and writes nothing, after ten wrong ones for the account or from the address within
    the last quarter of an hour. Nobody is locked out for longer than that.
    """
    account = _digest(email.strip().lower())
    database.one_at_a_time(session, f"tries of {account}")
    database.one_at_a_time(session, f"tries from {address}")
    wrong = (
        select(func.count())
        .select_from(SignInAttempt)
        .where(SignInAttempt.at > clock.now() - GUESSES_WITHIN, ~SignInAttempt.succeeded)
    )
    for mine in (SignInAttempt.email_sha256 == account, SignInAttempt.address == address):
        if (session.scalar(wrong.where(mine)) or 0) >= GUESSES:
            return None
    attempt = SignInAttempt(email_sha256=account, address=address)
    session.add(attempt)
    session.flush()
    return attempt


def open_session(session: Session, user: User) -> User:
    """Start a session; the person then carries its token, of which the database keeps a digest only."""
    user.token = secrets.token_urlsafe(32)
    session.add(UserSession(token_sha256=_digest(user.token), user_id=user.id))
    session.flush()
    return user


def find_session(session: Session, token: str) -> UserSession | None:
    """Find the session of a token if it still holds: not ended, not too old, not idle, the account in use."""
    now = clock.now()
    found = session.get(UserSession, _digest(token), populate_existing=True)
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
        live = live.where(UserSession.token_sha256 == _digest(token))
    for found in session.scalars(live):
        found.ended_at = clock.now()
    session.flush()
