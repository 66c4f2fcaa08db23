"""What keeps a case from being deleted, and who asked that it be deleted before its time."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Line, Sealed
from referral.models.base import STRICT, Base
from referral.models.people import User

IN_FORCE = "lifted_at IS NULL"


class LegalHold(Base):
    """Somebody's word that nothing is deleted: of one case, or, without one, of all that went to a programme.

    Rows stay as long as the case does; lifting dates the row. While one is in force the database itself refuses to
    mark the case as deleted.
    """

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint("because <> ''", name="has_a_reason"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by_id IS NULL)", name="lifted_by_somebody"),
        Index(
            "ix_legal_hold_of_case",
            "referral_id",
            unique=True,
            sqlite_where=text(f"{IN_FORCE} AND referral_id IS NOT NULL"),
            postgresql_where=text(f"{IN_FORCE} AND referral_id IS NOT NULL"),
        ),
        Index(
            "ix_legal_hold_of_programme",
            "programme_id",
            unique=True,
            sqlite_where=text(f"{IN_FORCE} AND referral_id IS NULL"),
            postgresql_where=text(f"{IN_FORCE} AND referral_id IS NULL"),
        ),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    programme_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    because: Mapped[str] = mapped_column(Sealed("legal_hold.because", Line()))
    since: Mapped[datetime] = mapped_column(default=clock.now)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)

    by: Mapped[User] = relationship(foreign_keys=[by_id])
    lifted_by: Mapped[User | None] = relationship(foreign_keys=[lifted_by_id])


class ErasureRequest(Base):
    """One asked that a case be deleted before its time, because the patient wants it; another has to confirm it.

    Once it is confirmed the row goes with the case; once it is refused or taken back it goes alone. Who asked,
    confirmed or refused stays in the trail.
    """

    __tablename__ = "erasure_request"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_a_reason"), STRICT)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Sealed("erasure_request.reason", Line()))
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)

    asked_by: Mapped[User] = relationship()
