"""What was done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.models.base import STRICT, Base
from referral.models.people import User


class AuditEntry(Base):
    """One deed. Written once by ``audit.record``; the database refuses to change or remove it.

    ``digest`` seals the deed and all before it (see :mod:`referral.audit`); entries older than that have none.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "at", "id"),
        Index(None, "actor_id", "at", "id"),
        Index(None, "referral_id", "at", "id"),
        Index(None, "deed", "at", "id"),
        STRICT | {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    deed: Mapped[str]
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    digest: Mapped[str | None]

    actor: Mapped[User | None] = relationship()
