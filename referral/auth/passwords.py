"""Passwords: how they are stored, and how one is checked."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral.models import User

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128

# Argon2id at the least memory that OWASP names: 17 ms a guess.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Give what is stored of a password."""
    return _hasher.hash(password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex())


def find_user_by_password(session: Session, email: str, password: str) -> User | None:
    """Find the person in use of this account; the wrong ones and the unknown ones take equally long."""
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    right = is_password(user.password_hash if user else _nobodys_hash(), password)
    return user if right and user is not None and user.active else None


def renew_hash(session: Session, user: User, password: str) -> None:
    """Store the right password anew where it was hashed at other costs than today's; not over one chosen meanwhile."""
    if _hasher.check_needs_rehash(user.password_hash):
        as_checked = (User.id == user.id) & (User.password_hash == user.password_hash)
        session.execute(update(User).where(as_checked).values(password_hash=hash_password(password)))


def is_password(kept: str, password: str) -> bool:
    """Tell whether this is what was hashed."""
    try:
        return _hasher.verify(kept, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
