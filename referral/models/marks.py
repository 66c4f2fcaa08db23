"""What time has done with a case already, so that it is not done twice."""

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
