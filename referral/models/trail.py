"""What was done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.models.base import STRICT, Base
from referral.models.people import User


class AuditEntry(Base):
    """One deed. Written once by ``audit.record``; the database refuses to change or remove it."""

    __tablename__ = "audit_entry"
    __table_args__ = (STRICT | {"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    deed: Mapped[str]
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)

    actor: Mapped[User | None] = relationship()
