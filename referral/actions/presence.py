"""Who has a case open at this moment, so that two colleagues do not do the same work."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from referral import database
from referral.models import Looking, Referral, User

GONE_AFTER = timedelta(minutes=2)


def look(session: Session, referral: Referral, viewer: User, now: datetime) -> None:
    """Note that the viewer has the case on the screen. It is no deed: nothing of it is in the trail."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    seen = dialect.insert(Looking).values(referral_id=referral.id, user_id=viewer.id, seen_at=now)
    again = seen.on_conflict_do_update(index_elements=["referral_id", "user_id"], set_={"seen_at": now})
    database.after_reading(session, lambda: session.execute(again))


def who_else(session: Session, referral: Referral, viewer: User, now: datetime) -> list[str]:
    """Name the viewer's colleagues who have had the case on their screen within the last two minutes."""
    return list(
        session.scalars(
            select(User.name)
            .join(Looking, Looking.user_id == User.id)
            .where(
                Looking.referral_id == referral.id,
                Looking.seen_at > now - GONE_AFTER,
                User.id != viewer.id,
                User.organisation_id == viewer.organisation_id,
            )
            .order_by(User.name)
        )
    )
