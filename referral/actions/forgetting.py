"""What proves who somebody is, forgotten once it opens nothing and counts for nothing. The trail keeps who came in."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from referral import database
from referral.models import SignInAttempt, SignOnAttempt, UserSession

KEPT = timedelta(days=1)
"""Longer than a session lasts (twelve hours), than a try counts and than somebody may be at the hospital's sign-on."""


def due_sign_ins(session: Session, now: datetime) -> int:
    """Forget sessions, tries at the door and ways to the hospital's sign-on that began a day ago; tell of how many."""
    before, forgotten = now - KEPT, 0
    for kind, began in (
        (UserSession, UserSession.started_at),
        (SignInAttempt, SignInAttempt.at),
        (SignOnAttempt, SignOnAttempt.made_at),
    ):
        with database.looking(session):
            old = session.scalar(select(began).where(began < before).limit(1))
        if old:
            forgotten += session.execute(delete(kind).where(began < before)).rowcount  # type: ignore[attr-defined]  # of a delete
    return forgotten
