"""Who has read a case from outside in an emergency, why, until when, and what the review of it said."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Line, Sealed, Word, one_of
from referral.models.base import STRICT, Base
from referral.models.cases import Referral
from referral.models.people import User


class EmergencyReason(StrEnum):
    """Why somebody reads a case that is not theirs."""

    TREATING_NOW = "treating_now"
    COVERING = "covering"
    SAFETY = "safety"
    OTHER = "other"

    @property
    def words(self) -> str:
        """Say it in words."""
        return REASONS[self]


class EmergencyOutcome(StrEnum):
    """What the review of an emergency access found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"

    @property
    def words(self) -> str:
        """Say it in words."""
        return OUTCOMES[self]


REASONS = {
    EmergencyReason.TREATING_NOW: "The person is being treated here now",
    EmergencyReason.COVERING: "I stand in for a colleague who cannot be reached",
    EmergencyReason.SAFETY: "A danger to the person has to be averted",
    EmergencyReason.OTHER: "Another reason, as written below",
}
OUTCOMES = {
    EmergencyOutcome.JUSTIFIED: "There was reason for it",
    EmergencyOutcome.NOT_JUSTIFIED: "There was no reason for it",
}


class EmergencyAccess(Base):
    """One opening of a case by somebody from outside: read-only, for an hour at most, reviewed by somebody else."""

    __tablename__ = "emergency_access"
    __table_args__ = (
        one_of("reason", EmergencyReason),
        CheckConstraint("outcome IN ('justified', 'not_justified')", name="outcome_known"),
        CheckConstraint("until > opened_at", name="holds_for_a_while"),
        CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by_id IS NULL) AND (reviewed_at IS NULL) = (outcome IS NULL)",
            name="reviewed_by_somebody",
        ),
        CheckConstraint("reviewed_by_id <> user_id", name="nobody_reviews_their_own"),
        Index(None, "user_id", "until"),
        Index(None, "referral_id"),
        Index(None, "reviewed_by_id"),
        Index(None, "opened_at", "id"),
        Index(
            "ix_emergency_access_to_review",
            "opened_at",
            sqlite_where=text("reviewed_at IS NULL"),
            postgresql_where=text("reviewed_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[EmergencyReason] = mapped_column(Word(EmergencyReason))
    why: Mapped[str] = mapped_column(Sealed("emergency_access.why", Line()))
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    outcome: Mapped[EmergencyOutcome | None] = mapped_column(Word(EmergencyOutcome))
    finding: Mapped[str | None] = mapped_column(Sealed("emergency_access.finding", Line()))

    referral: Mapped[Referral] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    reviewed_by: Mapped[User | None] = relationship(foreign_keys=[reviewed_by_id])
