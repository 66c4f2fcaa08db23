"""Whoever reads far more within an hour than work asks for is named to the auditors, by what the trail says."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from referral import audit, database
from referral.actions.mail import notify
from referral.audit import AN_HOUR, OPENED
from referral.models import AuditEntry, User
from referral.workflow import Role

SAID = "unusually_much_read"
USUAL_CASES = 100
"""More different cases than this within an hour are told: a meeting has some twenty, a long day fewer than these."""
USUAL_EXPORTS = 5
"""More patients than this do not ask for everything about them within one hour."""
USUAL_LISTS = 200
"""More pages of lists than this, of fifty names each, are one every eighteen seconds without a pause."""
LISTS = ("inbox_read", "list_read")


def due_much_read(session: Session, now: datetime) -> int:
    """Name to the auditors who has read unusually much within the last hour, once an hour each."""
    with database.looking(session):
        found = _unusual(session, now)
    return sum(_tell(session, *each, now=now) for each in found)


def _unusual(session: Session, now: datetime) -> list[Row[UUID, int, int, int]]:
    """Give who it was, how many different cases they opened, how many exports they made and lists they read."""
    cases = func.count(AuditEntry.referral_id.distinct())
    exports = func.count().filter(AuditEntry.deed == "person_exported")
    lists = func.count().filter(AuditEntry.deed.in_(LISTS))
    counted = (
        select(User.id, cases, exports, lists)
        .join(AuditEntry, AuditEntry.actor_id == User.id)
        .where(
            AuditEntry.at > now - AN_HOUR,
            AuditEntry.at <= now,
            AuditEntry.deed.in_((*OPENED, *LISTS)),
        )
        .group_by(User.id)
        .having(or_(cases > USUAL_CASES, exports > USUAL_EXPORTS, lists > USUAL_LISTS))
    )
    return list(session.execute(counted).all())


def _tell(session: Session, person_id: UUID, cases: int, exports: int, lists: int, *, now: datetime) -> bool:
    """Write it down and tell the auditors, unless the trail says it of this hour already."""
    database.one_at_a_time(session, f"much read by {person_id}")
    said = select(AuditEntry.id).where(
        AuditEntry.actor_id == person_id, AuditEntry.at > now - AN_HOUR, AuditEntry.deed == SAID
    )
    if new := session.scalar(said.limit(1)) is None:
        auditors = select(User).where(User.role == Role.AUDITOR, User.active, User.id != person_id)
        occasion = f"much read by {person_id} until {now.isoformat()}"
        for auditor in session.scalars(auditors):
            notify(session, auditor, occasion, "Somebody has read unusually much", at=now)
        person = session.get_one(User, person_id)
        audit.record(session, person, SAID, at=now, cases=cases, exports=exports, lists=lists)
    session.commit()
    return new
