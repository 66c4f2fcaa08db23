"""Which keys something in this database was sealed with: one that is lost has a name."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from referral import clock
from referral.columns import Line, Sealed
from referral.models.base import STRICT, Base


class DataKey(Base):
    """A key that has sealed something here, and may be needed until ``flask keys rotate`` has sealed all anew.

    ``proof`` is the key's own name, sealed with it: a ring that opens it holds that very key.
    """

    __tablename__ = "data_key"
    __table_args__ = (STRICT,)

    name: Mapped[str] = mapped_column(primary_key=True)
    proof: Mapped[str] = mapped_column(Sealed("data_key.proof", Line()))
    since: Mapped[datetime] = mapped_column(default=clock.now)
