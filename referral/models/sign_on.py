"""Signing in through the hospital's own sign-on: whose account belongs to which subject, and what is under way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.models.base import STRICT, Base
from referral.models.people import User


class SignOnSubject(Base):
    """By which name the hospital's sign-on knows a person: bound at the first time, and never to another account."""

    __tablename__ = "sign_on_subject"
    __table_args__ = (UniqueConstraint("issuer", "subject"), STRICT)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    bound_at: Mapped[datetime] = mapped_column(default=clock.now)

    user: Mapped[User] = relationship()


class SignOnAttempt(Base):
    """One way to the hospital's sign-on and back: it is used up by whoever comes back with it, once."""

    __tablename__ = "sign_on_attempt"
    __table_args__ = (CheckConstraint("used_at >= made_at", name="used_after_made"), STRICT)

    state_sha256: Mapped[str] = mapped_column(primary_key=True)
    browser_sha256: Mapped[str]
    nonce: Mapped[str]
    verifier: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    used_at: Mapped[datetime | None]
