"""What was asked of the referring clinic and answered, and what was said about a case."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Json, Line, Sealed, Word, one_of
from referral.models.base import STRICT, Base
from referral.models.people import User


class Audience(StrEnum):
    """To whom a message is visible."""

    BOTH = "both"
    PROGRAMME = "programme"
    CLINIC = "clinic"


class Question(Base):
    """What the programme asks of the clinic in one act; the case is parked until it is answered.

    ``items`` is a list of ``{"path": record path or work-up item, "words": what is asked}``. ``answered_version`` is
    the version of the case that the answer made.
    """

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (closed_by_id IS NULL)", name="closed_by_somebody"),
        Index(
            "ix_question_open",
            "referral_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(None, "referral_id"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    items: Mapped[dict[str, Any]] = mapped_column(Sealed("question.items", Json()))
    text: Mapped[str] = mapped_column(Sealed("question.text", Line()))
    remind_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    answer: Mapped[str | None] = mapped_column(Sealed("question.answer", Line()))
    answered_version: Mapped[int | None]

    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    closed_by: Mapped[User | None] = relationship(foreign_keys=[closed_by_id])


class Message(Base):
    """One thing said about a case, to whom it is visible, and the fact that it points at, if any."""

    __tablename__ = "message"
    __table_args__ = (one_of("audience", Audience), Index(None, "referral_id", "at"), STRICT)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    audience: Mapped[Audience] = mapped_column(Word(Audience))
    text: Mapped[str] = mapped_column(Sealed("message.text", Line()))
    fact: Mapped[str | None]  # a path of the case record

    author: Mapped[User] = relationship()
