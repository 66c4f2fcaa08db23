"""What came in from elsewhere as a file, before and after it became a draft here."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Json, Sealed, Word, one_of
from referral.models.base import STRICT, Base
from referral.models.cases import Referral
from referral.models.people import User


class ImportKind(StrEnum):
    """What the file was."""

    PACKET = "packet"
    BUNDLE = "bundle"
    RECORD = "record"


class CaseImport(Base):
    """One file that was read, by its digest, and what could be read of it. The file itself is not kept.

    Until its person has been confirmed there is no draft, and the row is taken away after a day.
    """

    __tablename__ = "case_import"
    __table_args__ = (
        one_of("kind", ImportKind),
        CheckConstraint("(referral_id IS NULL) = (confirmed_at IS NULL)", name="confirmed_with_its_draft"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[ImportKind] = mapped_column(Word(ImportKind))
    sha256: Mapped[str]
    # What was read of it, as plain data; the sender's verdicts stand apart.
    found: Mapped[dict[str, Any]] = mapped_column(Sealed("case_import.found", Json()))
    by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"), unique=True)
    confirmed_at: Mapped[datetime | None]

    by: Mapped[User] = relationship()
    referral: Mapped[Referral | None] = relationship()
