"""What a person proves with that they are who they say, beside the password."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Word, one_of
from referral.models.base import STRICT, Base
from referral.models.people import User


class FactorKind(StrEnum):
    """What kind of second proof it is."""

    APP = "app"
    KEY = "key"

    @property
    def words(self) -> str:
        """Say it in words."""
        return "authenticator app" if self is FactorKind.APP else "security key or passkey"


class SecondFactor(Base):
    """An authenticator app, of which we keep the sealed secret, or a security key, of which we keep the public half.

    An app counts from ``confirmed_at`` on, when its first code was right; until then it is being set up.
    ``last_step`` is the half minute of the last code that was taken: no code is taken twice.
    """

    __tablename__ = "second_factor"
    __table_args__ = (
        one_of("kind", FactorKind),
        CheckConstraint(
            "(kind = 'app') = (secret IS NOT NULL)"
            " AND (kind = 'key') = (credential_id IS NOT NULL)"
            " AND (kind = 'key') = (public_key IS NOT NULL)",
            name="has_what_its_kind_needs",
        ),
        CheckConstraint("sign_count >= 0", name="sign_count_counts"),
        STRICT,
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    kind: Mapped[FactorKind] = mapped_column(Word(FactorKind))
    name: Mapped[str]  # which one it is, in its owner's words
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int | None]
    credential_id: Mapped[str | None] = mapped_column(unique=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)

    user: Mapped[User] = relationship()


class RecoveryCode(Base):
    """One of ten codes on paper, for a lost telephone: each works once. Of a code only a slow hash is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (STRICT,)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    code_hash: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime | None]
