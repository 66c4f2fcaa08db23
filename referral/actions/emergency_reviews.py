"""The review of each emergency: whether there was reason for it, said by name and within three days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session, aliased, defer, joinedload

from referral import audit, clock, database
from referral.actions.mail import notify
from referral.auth import REVIEWERS
from referral.errors import ConflictError, NotFoundError
from referral.models import AuditEntry, EmergencyAccess, EmergencyOutcome, Referral, User
from referral.workflow import Role

REVIEW_WITHIN = timedelta(hours=72)
PAGE = 50


@dataclass(frozen=True)
class Use:
    """One use as a reviewer sees it: the number of the case and nothing else of it, and how often it was read."""

    access: EmergencyAccess
    number: str
    times_read: int
    may_review: bool
    overdue: bool

    @property
    def review_by(self) -> datetime:
        """When the review is due."""
        return self.access.opened_at + REVIEW_WITHIN


@dataclass(frozen=True)
class Uses:
    """What waits for review, whole, the longest waiting first; and a page of what was reviewed, the latest first."""

    waiting: list[Use]
    reviewed: list[Use]
    pages: int


def uses(session: Session, viewer: User, *, page: int = 1) -> Uses:
    """List the uses of the cases that the viewer's programme keeps; an auditor's list has all."""
    done = EmergencyAccess.reviewed_at.is_not(None)
    total = session.scalar(select(func.count(EmergencyAccess.id)).where(_visible(viewer), done)) or 0
    pages = max(1, -(-total // PAGE))
    first = (min(max(page, 1), pages) - 1) * PAGE
    longest = (EmergencyAccess.opened_at, EmergencyAccess.id)
    latest = (EmergencyAccess.opened_at.desc(), EmergencyAccess.id)
    return Uses(
        _told(session, viewer, _rows(viewer).where(~done).order_by(*longest)),
        _told(session, viewer, _rows(viewer).where(done).order_by(*latest).limit(PAGE).offset(first)),
        pages,
    )


def get_use(session: Session, viewer: User, access_id: UUID) -> Use:
    """Fetch one use.

    Raises:
        NotFoundError: there is none, or it is not for this person.

    """
    found = _told(session, viewer, _rows(viewer).where(EmergencyAccess.id == access_id))
    if not found:
        raise NotFoundError("This use does not exist, or it is not for you.")
    return found[0]


def _rows(viewer: User) -> Select[EmergencyAccess, str]:
    return (
        select(EmergencyAccess, Referral.number)
        .join(Referral, Referral.id == EmergencyAccess.referral_id)
        .where(_visible(viewer))
        .options(joinedload(EmergencyAccess.user), joinedload(EmergencyAccess.reviewed_by))
    )


def waiting(session: Session, viewer: User) -> int:
    """Count the uses that wait for a review by the viewer's programme, or, for an auditor, by anybody."""
    counted = select(func.count(EmergencyAccess.id)).where(_visible(viewer))
    return session.scalar(counted.where(EmergencyAccess.reviewed_at.is_(None))) or 0


def _visible(viewer: User) -> ColumnElement[bool]:
    """Give the filter for the uses whose record the viewer's programme keeps; an auditor looks at all."""
    if viewer.role is Role.AUDITOR:
        return true()
    case = aliased(Referral)  # asked for each use, since uses are few and cases many
    kept = select(case.id).where(
        case.id == EmergencyAccess.referral_id, case.programme_id == viewer.organisation_id
    )
    return kept.exists()


def _told(session: Session, viewer: User, rows: Select[EmergencyAccess, str]) -> list[Use]:
    found = session.execute(rows).all()
    read = _readings(session, {access.referral_id for access, _ in found})
    now = clock.now()
    return [
        Use(
            access,
            number,
            read.get(str(access.id), 0),
            may_review=viewer.role in REVIEWERS and access.user_id != viewer.id,
            overdue=access.reviewed_at is None and now - access.opened_at > REVIEW_WITHIN,
        )
        for access, number in found
    ]


def _readings(session: Session, cases: set[UUID]) -> dict[str, int]:
    """Count the readings of each access to these cases."""
    times: dict[str, int] = {}
    wanted = select(AuditEntry.detail).where(
        AuditEntry.referral_id.in_(cases), AuditEntry.deed == "emergency_read"
    )
    for detail in session.scalars(wanted):
        times[detail["access"]] = times.get(detail["access"], 0) + 1
    return times


def review(
    session: Session,
    actor: User,
    access_id: UUID,
    outcome: EmergencyOutcome,
    finding: str,
    at: datetime | None = None,
) -> EmergencyAccess:
    """Say whether there was reason for a use, once, by name.

    Raises:
        NotFoundError: there is none, or it is not for this person to review.
        ConflictError: it has been reviewed.

    """
    wanted = select(EmergencyAccess).where(
        EmergencyAccess.id == access_id, EmergencyAccess.user_id != actor.id, _visible(actor)
    )
    access = session.scalar(database.held(wanted, EmergencyAccess))
    if access is None:
        raise NotFoundError("This use does not exist, or it is not for you to review.")
    if access.reviewed_at is not None:
        raise ConflictError("Somebody has reviewed this use meanwhile. Nothing was changed.")
    access.reviewed_at, access.reviewed_by_id = at or clock.now(), actor.id
    access.outcome, access.finding = outcome, finding or None
    session.flush()
    audit.record(
        session,
        actor,
        "emergency_reviewed",
        access.referral,
        at=at,
        access=str(access.id),
        outcome=outcome.value,
    )
    return access


def due_reviews(session: Session, now: datetime) -> int:
    """Name, once a day, each use that nobody has reviewed in time: to the chair of its programme and the auditors."""
    late = (
        select(EmergencyAccess, Referral)
        .join(Referral, Referral.id == EmergencyAccess.referral_id)
        .where(EmergencyAccess.reviewed_at.is_(None), EmergencyAccess.opened_at <= now - REVIEW_WITHIN)
        .order_by(EmergencyAccess.opened_at)
        .options(defer(Referral.typed))
    )
    done = 0
    with database.looking(session):
        found = session.execute(late).all()
    for access, referral in found:
        session.refresh(access, ["reviewed_at"])
        if access.reviewed_at is not None:
            continue  # meanwhile
        day = (now - access.opened_at - REVIEW_WITHIN).days
        occasion = f"emergency unreviewed {access.id} {day}"
        subject = "The review of an emergency access is overdue"
        told = [
            notify(session, user, occasion, subject, referral, at=now)
            for user in _reviewers(session, referral, access)
        ]
        if any(told):
            audit.record(session, None, "emergency_review_overdue", referral, at=now, access=str(access.id))
            done += 1
        session.commit()
    return done


def _reviewers(session: Session, referral: Referral, access: EmergencyAccess) -> Sequence[User]:
    chair = (User.role == Role.CHAIR) & (User.organisation_id == referral.programme_id)
    may = (chair | (User.role == Role.AUDITOR)) & User.active & (User.id != access.user_id)
    return session.scalars(select(User).where(may)).all()
