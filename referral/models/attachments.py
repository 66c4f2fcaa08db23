"""The files of a case: letters, reports, laboratory sheets."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Json, Line, Sealed
from referral.models.base import STRICT, Base
from referral.models.cases import Referral
from referral.models.people import User


class Attachment(Base):
    """One file of a case as we rebuilt it. The bytes lie in the folder of attachments under ``stored_as``.

    Rows stay. A newer file of the same document is a new row, to which the older one points; a file that
    was taken off a draft is dated and keeps its reason.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("pages >= 1", name="pages_count"),
        CheckConstraint("size >= 1 AND received_size >= 1", name="sizes_count"),
        CheckConstraint(
            "(removed_at IS NULL) = (removed_by_id IS NULL) AND (removed_at IS NULL) = (removed_reason IS NULL)",
            name="removed_by_somebody_for_a_reason",
        ),
        CheckConstraint("replaced_by_id IS NULL OR replaced_by_id <> id", name="replaced_by_another"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    kind: Mapped[str]  # a key of the kinds of document, which are data
    # What people call it; never a path, never a header.
    label: Mapped[str] = mapped_column(Sealed("attachment.label", Line()))
    dated: Mapped[str | None]  # the day, month or year on the document: 2026-03-03, 2026-03, 2026
    proves: Mapped[list[str]] = mapped_column(Json(), default=list)  # paths of the case record
    media_type: Mapped[str]  # of what we keep: application/pdf or image/png
    pages: Mapped[int]
    size: Mapped[int]  # bytes of what we keep
    sha256: Mapped[str]  # of what we keep
    received_size: Mapped[int]  # bytes of what came in, which is not kept
    received_sha256: Mapped[str]
    stored_as: Mapped[str] = mapped_column(unique=True)  # a random name
    uploaded_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    uploaded_at: Mapped[datetime] = mapped_column(default=clock.now)
    replaced_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("attachment.id"), unique=True)
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    removed_reason: Mapped[str | None] = mapped_column(Sealed("attachment.removed_reason", Line()))

    referral: Mapped[Referral] = relationship()
    uploaded_by: Mapped[User] = relationship(foreign_keys=[uploaded_by_id], lazy="joined")
    removed_by: Mapped[User | None] = relationship(foreign_keys=[removed_by_id], lazy="joined")

    @property
    def is_current(self) -> bool:
        """Tell whether it stands on the case now: neither replaced nor removed."""
        return self.replaced_by_id is None and self.removed_at is None
