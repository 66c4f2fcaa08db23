"""Which editions a programme goes by."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.models.base import STRICT, Base
from referral.models.people import User


class Adoption(Base):
    """A programme's lead clinician has read an edition against its source: who, when, in which wording.

    Rows stay. Withdrawing dates the row; adopting anew, or in a new wording, is a new row.
    """

    __tablename__ = "adoption"
    __table_args__ = (
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name="withdrawn_by_somebody"),
        Index(
            "ix_adoption_current",
            "programme_id",
            "edition_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    edition_id: Mapped[str]
    edition_sha256: Mapped[str]
    adopted_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    adopted_at: Mapped[datetime] = mapped_column(default=clock.now)
    note: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)

    adopted_by: Mapped[User] = relationship(foreign_keys=[adopted_by_id], lazy="joined")
