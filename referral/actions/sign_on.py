"""Whose account the hospital's sign-on leads to: one that is there, in use, and nobody else's. None is made by it."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral import audit, clock, database
from referral.auth.hospital import Asked, Named, SignOnError, new_question
from referral.auth.sessions import digest
from referral.models import SignOnAttempt, SignOnSubject, User

HOLDS = timedelta(minutes=10)
"""How long somebody may be at the provider."""


def begin(session: Session, browser: str, at: datetime | None = None) -> Asked:
    """Begin a sign-on for one browser, which carries the secret ``browser``."""
    asked, at = new_question(), at or clock.now()
    session.add(
        SignOnAttempt(
            state_sha256=digest(asked.state),
            browser_sha256=digest(browser),
            nonce=asked.nonce,
            verifier=asked.verifier,
            made_at=at,
        )
    )
    session.flush()
    return asked


def take(session: Session, state: str, browser: str, at: datetime | None = None) -> Asked:
    """Use a sign-on up that this browser has begun: once, and within ten minutes.

    Raises:
        SignOnError: there is none that holds.

    """
    at = at or clock.now()
    mine = (
        (SignOnAttempt.state_sha256 == digest(state))
        & (SignOnAttempt.browser_sha256 == digest(browser))
        & SignOnAttempt.used_at.is_(None)
        & (SignOnAttempt.made_at > at - HOLDS)
    )
    taken = session.execute(
        update(SignOnAttempt)
        .where(mine)
        .values(used_at=at)
        .returning(SignOnAttempt.nonce, SignOnAttempt.verifier)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        raise SignOnError("state")
    return Asked(state, taken.nonce, taken.verifier)


def find_person(session: Session, named: Named, at: datetime | None = None) -> User:
    """Find the account of whom the provider names: by its subject, or, the first time, by the verified address.

    The first time binds the two: from then on the address does not matter, and the account follows no other subject.

    Raises:
        SignOnError: no account in use is theirs.

    """
    database.one_at_a_time(session, f"sign-on of {digest(named.subject)}")
    known = select(SignOnSubject.user_id).where(
        SignOnSubject.issuer == named.issuer, SignOnSubject.subject == named.subject
    )
    bound = session.scalar(known)
    if bound is None:
        return _bind(session, named, at or clock.now())
    return _in_use(session.get_one(User, bound, populate_existing=True))


def _bind(session: Session, named: Named, at: datetime) -> User:
    if named.email is None:
        raise SignOnError("no_verified_address")
    person = session.scalar(database.held(select(User).where(User.email == named.email), User))
    if person is None:
        raise SignOnError("nobody")
    if session.get(SignOnSubject, person.id) is not None:
        raise SignOnError("another_subject")
    _in_use(person)
    session.add(SignOnSubject(user_id=person.id, issuer=named.issuer, subject=named.subject, bound_at=at))
    session.flush()
    audit.record(session, person, "hospital_account_bound", at=at)
    return person


def _in_use(person: User) -> User:
    if not person.active:
        raise SignOnError("not_in_use")
    return person
