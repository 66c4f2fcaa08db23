"""What was done last and when: by time with a case, so that it is not done twice; by the house with itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from referral.models.base import STRICT, Base


class TimeMark(Base):
    """The last occasion on which the clock looked after one topic of a case: a day, or the stay it was about."""

    __tablename__ = "time_mark"
    __table_args__ = (STRICT,)

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    occasion: Mapped[str]


class HouseMark(Base):
    """When the house last did one thing for itself (``tick``, ``backup``, ``rehearsal``); ``shut`` while it only reads.

    ``detail`` holds counts, digests and moments, nothing about a person.
    """

    __tablename__ = "house_mark"
    __table_args__ = (STRICT,)

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
