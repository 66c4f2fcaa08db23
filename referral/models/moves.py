"""Where a case stood and how long, whose it is, who has it open: what the inbox and the two clocks read."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import one_of
from referral.models.base import STRICT, Base
from referral.models.people import User
from referral.workflow import State


class Stay(Base):
    """One stay of a case in one state, from the deed that brought it there to the one that took it on.

    The two clocks are sums of these: all since it was sent, and those in which the programme had the next move.
    """

    __tablename__ = "stay"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="ends_after_it_began"),
        Index(
            "ix_stay_current",
            "referral_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "referral_id", "began_at"),
        Index("ix_stay_by_state", "state", "ended_at", "began_at", "referral_id"),
        STRICT,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    state: Mapped[State]
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]


class Looking(Base):
    """Somebody has a case open: when it was last seen on their screen."""

    __tablename__ = "looking"
    __table_args__ = (STRICT,)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship()


class SavedView(Base):
    """A set of filters of the inbox that somebody keeps under a name."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "name"), STRICT)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str]
    filters: Mapped[dict[str, Any]]
