"""After an acceptance: the work-up with its dates, the transplant, and the follow-up; and a programme's own rules."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Json, Line, Sealed
from referral.models.base import STRICT, Base
from referral.models.people import User


class WorkupStep(Base):
    """One thing to be done before a transplant: by whom, by when, done when. Days are ISO dates."""

    __tablename__ = "workup_step"
    __table_args__ = (
        UniqueConstraint("referral_id", "item"),
        Index(
            "ix_workup_step_waiting",
            "due_on",
            "referral_id",
            sqlite_where=text("done_on IS NULL AND due_on IS NOT NULL"),
            postgresql_where=text("done_on IS NULL AND due_on IS NOT NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    item: Mapped[str]
    words: Mapped[str] = mapped_column(Sealed("workup_step.words", Line()))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    due_on: Mapped[str | None]
    done_on: Mapped[str | None]
    note: Mapped[str] = mapped_column(Sealed("workup_step.note", Line()), default="")


class Transplant(Base):
    """The transplant of a case: the day the cells were given back (day 0)."""

    __tablename__ = "transplant"
    __table_args__ = (STRICT,)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    given_on: Mapped[str]
    note: Mapped[str] = mapped_column(Sealed("transplant.note", Line()), default="")
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime] = mapped_column(default=clock.now)


class FollowUp(Base):
    """One visit of the follow-up schedule: due, and once recorded, EDSS, relapses and MRI in a few words."""

    __tablename__ = "follow_up"
    __table_args__ = (
        UniqueConstraint("referral_id", "visit"),
        CheckConstraint("(recorded_at IS NULL) = (recorded_by_id IS NULL)", name="recorded_by_somebody"),
        Index(None, "due_on"),
        Index(
            "ix_follow_up_waiting",
            "due_on",
            "referral_id",
            sqlite_where=text("recorded_at IS NULL"),
            postgresql_where=text("recorded_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    visit: Mapped[str]  # day_100, month_6, month_12, year_2 ...
    due_on: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(Sealed("follow_up.facts", Json()), default=dict)
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime | None]

    recorded_by: Mapped[User | None] = relationship()


class Correction(Base):
    """What stood before a transplant or a visit was corrected: who had recorded it, who corrected it, and why.

    ``topic`` is ``transplant`` or the visit. Rows are added, never changed.
    """

    __tablename__ = "correction"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_a_reason"), STRICT)

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    topic: Mapped[str]
    replaced: Mapped[dict[str, Any]] = mapped_column(Sealed("correction.replaced", Json()))
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Sealed("correction.reason", Line()))
    corrected_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    corrected_at: Mapped[datetime] = mapped_column(default=clock.now)

    recorded_by: Mapped[User] = relationship(foreign_keys=[recorded_by_id])
    corrected_by: Mapped[User] = relationship(foreign_keys=[corrected_by_id])


class ProgrammeRules(Base):
    """What a programme has settled for itself: quorum, reminders, what it shows. One row a programme."""

    __tablename__ = "programme_rules"
    __table_args__ = (
        CheckConstraint("remind_after_days BETWEEN 1 AND 365", name="reminds_within_a_year"),
        CheckConstraint("escalate_after_days BETWEEN 1 AND 365", name="escalates_within_a_year"),
        CheckConstraint("keep_years IS NULL OR keep_years BETWEEN 1 AND 100", name="kept_for_years"),
        CheckConstraint(
            "keep_draft_months IS NULL OR keep_draft_months BETWEEN 1 AND 120", name="drafts_kept_for_months"
        ),
        STRICT,
    )

    programme_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    quorum: Mapped[dict[str, Any]]  # {specialty: how many at least}
    remind_after_days: Mapped[int]
    escalate_after_days: Mapped[int]
    shows_waiting: Mapped[bool]
    keep_years: Mapped[int | None]  # how long an ended case is kept; none: for good
    keep_draft_months: Mapped[int | None]  # how long a draft that was never sent is kept; none: for good
    keep_since: Mapped[
        datetime | None
    ]  # when either was last changed: nothing goes in the first days after that
    washout: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {drug key: days}, the centre's own
