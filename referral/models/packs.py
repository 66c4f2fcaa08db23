"""The committee pack of a meeting: what was asked for, how far it is, and the file that came out."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Json, Sealed
from referral.models.base import STRICT, Base
from referral.models.people import User

UNDER_WAY = "made_at IS NULL AND given_up_at IS NULL"


class Pack(Base):
    """One pack of one meeting. Rows are added; one that is made never changes, since minutes may cite it.

    ``agenda`` is what stood on the agenda when it was asked for, in order: ``[{"referral": id, "number": text,
    "version": int, "late": bool}]``. ``manifest`` is what went in, with the digest of each packet. Of one meeting only
    one is under way at a time.
    """

    __tablename__ = "pack"
    __table_args__ = (
        CheckConstraint("done >= 0 AND tries >= 0", name="counts"),
        CheckConstraint("made_at IS NULL OR given_up_at IS NULL", name="made_or_given_up"),
        CheckConstraint(
            "(made_at IS NULL) = (pdf IS NULL) AND (made_at IS NULL) = (sha256 IS NULL)"
            " AND (made_at IS NULL) = (size IS NULL) AND (made_at IS NULL) = (pages IS NULL)"
            " AND (made_at IS NULL) = (manifest IS NULL)",
            name="made_with_its_file",
        ),
        Index(
            "ix_pack_under_way",
            "meeting_id",
            unique=True,
            sqlite_where=text(UNDER_WAY),
            postgresql_where=text(UNDER_WAY),
        ),
        Index(None, "meeting_id", "ordered_at"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("meeting.id"))
    agenda: Mapped[list[dict[str, Any]]] = mapped_column(Json())
    ordered_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    ordered_at: Mapped[datetime] = mapped_column(default=clock.now)
    done: Mapped[int] = mapped_column(default=0)  # cases whose packet is at hand
    tries: Mapped[int] = mapped_column(default=0)
    worked_at: Mapped[datetime | None]  # when somebody was last at work on it
    given_up_at: Mapped[datetime | None]
    made_at: Mapped[datetime | None]
    # No page needs it.
    pdf: Mapped[bytes | None] = mapped_column(Sealed("pack.pdf", LargeBinary()), deferred=True)
    sha256: Mapped[str | None]
    size: Mapped[int | None]  # bytes
    pages: Mapped[int | None]
    manifest: Mapped[dict[str, Any] | None] = mapped_column(Json())

    ordered_by: Mapped[User] = relationship()
