"""The two clocks of a case: all the time since it was sent, and that in which the programme had the next move.

Both are sums of stays. A message, a note or a new owner moves no case, and so resets neither.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from referral.models import Stay
from referral.workflow import OPEN, PARKED, SENT, State

OURS = SENT | {State.LISTED}
"""The programme has the next move."""
NONE = timedelta()


@dataclass(frozen=True)
class Pause:
    """A time in which the case waited for somebody else, or for a day; ``ended_at`` is ``None`` while it does."""

    state: State
    began_at: datetime
    ended_at: datetime | None
    days: int


@dataclass(frozen=True)
class Clocks:
    """How long a case has taken since it was sent: in all, and with the programme; and the pauses in between."""

    total: timedelta
    ours: timedelta
    pauses: tuple[Pause, ...]


def clocks_of(session: Session, referral_ids: Collection[UUID], now: datetime) -> dict[UUID, Clocks]:
    """Give both clocks of each case that was ever sent. They stand still once nothing more is to be done."""
    stays: dict[UUID, list[_Stay]] = {}
    for referral_id, *stay in session.execute(_stays(), {"cases": referral_ids}):
        stays.setdefault(referral_id, []).append(_Stay(*stay))
    return {referral_id: _clocks(found, now) for referral_id, found in stays.items()}


class _Stay(NamedTuple):
    """What the clocks read of a stay."""

    state: State
    began_at: datetime
    ended_at: datetime | None


@cache
def _stays() -> Select[*tuple[Any, ...]]:
    return (
        select(Stay.referral_id, Stay.state, Stay.began_at, Stay.ended_at)
        .where(Stay.referral_id.in_(bindparam("cases", expanding=True)))
        .order_by(Stay.began_at, Stay.id)
    )


def _clocks(stays: list[_Stay], now: datetime) -> Clocks:
    return Clocks(
        sum((_length(stay, now) for stay in stays if stay.state in OPEN), NONE),
        sum((_length(stay, now) for stay in stays if stay.state in OURS), NONE),
        tuple(
            Pause(stay.state, stay.began_at, stay.ended_at, _length(stay, now).days)
            for stay in stays
            if stay.state in PARKED
        ),
    )


def _length(stay: _Stay, now: datetime) -> timedelta:
    return max((stay.ended_at or now) - stay.began_at, NONE)
