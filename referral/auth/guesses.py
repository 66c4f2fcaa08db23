"""How often somebody may guess: by account and by address, in the database that all processes share."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral import clock, database
from referral.auth.sessions import digest
from referral.models import SignInAttempt

GUESSES = 10
GUESSES_FROM_ADDRESS = 100
"""A hospital comes from one address: what ten of its people mistype on a morning must not shut out the rest."""
GUESSES_WITHIN = timedelta(minutes=15)


def begin_attempt(session: Session, email: str, address: str) -> SignInAttempt | None:
    """Write down a try before it is checked, so that guesses at the same moment count too.

    Returns ``None``, and writes nothing, after ten wrong ones for the account, or a hundred from the address, within
    the last quarter of an hour. Nobody is locked out for longer than that.
    """
    account = digest(email.strip().lower())
    database.one_at_a_time(session, f"tries of {account}")
    database.one_at_a_time(session, f"tries from {address}")
    wrong = (
        select(func.count())
        .select_from(SignInAttempt)
        .where(SignInAttempt.at > clock.now() - GUESSES_WITHIN, ~SignInAttempt.succeeded)
    )
    for mine, most in (
        (SignInAttempt.email_sha256 == account, GUESSES),
        (SignInAttempt.address == address, GUESSES_FROM_ADDRESS),
    ):
        if (session.scalar(wrong.where(mine)) or 0) >= most:
            return None
    attempt = SignInAttempt(email_sha256=account, address=address)
    session.add(attempt)
    session.flush()
    return attempt
