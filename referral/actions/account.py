"""What people do with their own account."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit, auth, clock
from referral.actions import invitations
from referral.actions.factors import NOT_YOU
from referral.actions.mail import notify
from referral.errors import NotFoundError
from referral.models import User, UserSession


def change_password(
    session: Session, person: User, password: str, again: str, *, at: datetime | None = None
) -> None:
    """Take a new password from somebody who has just shown that they know the old one.

    Raises:
        NotTakenError: the password cannot be taken.

    """
    at = at or clock.now()
    try:
        invitations.check_password(password, again, person)
    except invitations.NotTakenError as refused:
        field = "new_password" if refused.field == "password" else refused.field
        raise invitations.NotTakenError(field, str(refused)) from None
    person.password_hash = auth.hash_password(password)
    session.flush()
    notify(session, person, f"password {at.isoformat()}", f"Your password was changed. {NOT_YOU}", at=at)
    audit.record(session, person, "password_changed", at=at)


def end_elsewhere(session: Session, person: User, which: str | None) -> int:
    """End one session of a person, by the digest of its token, or (``None``) all but the present one.

    Raises:
        NotFoundError: it is not this person's, or has ended.

    """
    if which is None:
        ended = auth.end_sessions(session, person, but=person.get_id())
    else:
        wanted = select(UserSession).where(
            UserSession.user_id == person.id,
            UserSession.token_sha256 == which,
            UserSession.ended_at.is_(None),
        )
        found = session.scalar(wanted)
        if found is None:
            raise NotFoundError("This session has ended.")
        found.ended_at, ended = clock.now(), 1
        session.flush()
    audit.record(session, person, "sessions_ended", sessions=ended)
    return ended
