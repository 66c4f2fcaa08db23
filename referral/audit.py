"""The trail of deeds, and its one writer."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from referral import clock
from referral.models import AuditEntry, Referral, User


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
