"""What the limits of every word share: the day of the question, the days around a day, the numbers around one."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import singledispatch
from typing import Any

from referral.criteria.days import add_months
from referral.criteria.language import Test
from referral.criteria.language.base import Bounds, Window

AS_OF = date(2026, 6, 15)
"""The day on which the worked cases are asked."""
Facts = Mapping[str, Any]
Edge = tuple[str, str, Facts]
"""The limit, the case at it or beside it, and its facts."""


@singledispatch
def edges(leaf: Test) -> Iterator[Edge]:
    """Give the limits of one leaf, each with the facts at it and beside it."""
    yield from ()


def days_around(limit: str, edge: date, facts: Callable[[str], Facts]) -> Iterator[Edge]:
    """Give the day before, the day and the day after."""
    for name, step in (("a day earlier", -1), ("on the day", 0), ("a day later", 1)):
        yield limit, name, facts((edge + timedelta(days=step)).isoformat())


def numbers_around(
    limit: str, at: Decimal | int, step: Decimal | int, facts: Callable[[Any], Facts]
) -> Iterator[Edge]:
    """Give the number below, the number and the number above."""
    for name, value in (("below", at - step), ("at", at), ("above", at + step)):
        if value >= 0:
            yield limit, f"{name}: {value}", facts(plain(value))


def plain(value: Decimal | int) -> int | Decimal:
    """Write a number as a record holds it."""
    return int(value) if value == int(value) else Decimal(value)


def ends(bounds: Bounds) -> Iterator[tuple[str, Decimal]]:
    """Give every end of a range, by the name it has in YAML."""
    for name, end in (
        ("min", bounds.least),
        ("above", bounds.above),
        ("max", bounds.most),
        ("below", bounds.below),
    ):
        if end is not None:
            yield name, end


def window_start(window: Window) -> date | None:
    """Give the first day of a window that is counted back from the question."""
    if window.months is not None:
        return add_months(AS_OF, -window.months)
    return AS_OF - timedelta(days=window.days) if window.days is not None else None
