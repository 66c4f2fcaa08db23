"""The trail of deeds, and its one writer."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.models import AuditEntry, Referral, User

ONE_SITTING = timedelta(minutes=15)


def record(
    session: Session,
    actor: User | None,
    deed: str,
    referral: Referral | None = None,
    *,
    at: datetime | None = None,
    **detail: Any,
) -> AuditEntry:
    """Write down a deed, in the past tense (``case_read``), in the transaction of the deed itself.

    ``detail`` takes ids, numbers and names of fields; never what somebody typed or a person's name.
    ``at`` is given only where one moment is written in two places, such as a signature.
    """
    entry = AuditEntry(
        at=at or clock.now(),
        actor_id=actor.id if actor else None,
        deed=deed,
        referral_id=referral.id if referral else None,
        detail=detail,
    )
    session.add(entry)
    session.flush()
    return entry


def was_just_read(session: Session, reader: User, referral: Referral) -> bool:
    """Whether the trail says already that this person reads this case in these minutes.

    For the pages on which a case is written: who writes it opens twenty of them in one sitting, and one entry
    says so. A page that shows a whole case writes an entry each time.
    """
    seen = select(AuditEntry.id).where(
        AuditEntry.referral_id == referral.id,
        AuditEntry.actor_id == reader.id,
        AuditEntry.deed == "case_read",
        AuditEntry.at > clock.now() - ONE_SITTING,
    )
    return session.scalar(seen.limit(1)) is not None
