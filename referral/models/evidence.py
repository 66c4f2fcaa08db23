"""What a programme asks for, who may be the same person as whom, and who handed a draft over for signing."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral import clock
from referral.columns import Word, one_of
from referral.models.base import STRICT, Base
from referral.models.people import User


class EvidenceItem(Base):
    """One thing that a programme asks every referral for. What it asked for earlier is in the trail."""

    __tablename__ = "evidence_item"
    __table_args__ = (STRICT,)

    programme_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    asked_since: Mapped[datetime] = mapped_column(default=clock.now)
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)

    asked_by: Mapped[User] = relationship(lazy="joined")


class PersonKey(Base):
    """One way in which the person of a case may be recognised in another: a number, or name and birth date.

    Of the folded text a digest is kept, under each key of the ring. An old key is given up only when every case has
    its digests under the new one (``flask keys rotate``): else people were no longer recognised, without a word.
    """

    __tablename__ = "person_key"
    __table_args__ = (STRICT,)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True, index=True)


class SamePersonAnswer(StrEnum):
    """What the clinic says of two of its cases that seem to be about one person."""

    ANOTHER_PERSON = "another_person"
    ON_PURPOSE = "on_purpose"


class SamePerson(Base):
    """What a clinic answered when a case of its own seemed to be about the person of another."""

    __tablename__ = "same_person"
    __table_args__ = (one_of("answer", SamePersonAnswer), STRICT)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True, index=True)
    answer: Mapped[SamePersonAnswer] = mapped_column(Word(SamePersonAnswer))
    answered_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    answered_at: Mapped[datetime] = mapped_column(default=clock.now)


class HandOver(Base):
    """A draft that is ready for its neurologist to sign, and who says so. Taken back, the row is gone."""

    __tablename__ = "hand_over"
    __table_args__ = (STRICT,)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)

    by: Mapped[User] = relationship(lazy="joined")
