"""Calendar months, and sets of days: what "in the last 12 months" means to the day.

Meaning: the contract of the case record, sections 2, 3 and 5. Days are ordinals (``date.toordinal``), so that a
set of days is a few pairs of whole numbers.
"""

from calendar import isleap
from datetime import date, timedelta
from typing import NamedTuple, Self

DAWN, DUSK = 1, date.max.toordinal()
Span = tuple[int, int]
"""First and last day, as ordinals; both are in."""

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def days_in_month(year: int, month: int) -> int:
    """How many days the month has, which is 1 to 12."""
    return 29 if month == 2 and isleap(year) else _LENGTHS[month - 1]


def add_months(day: date, months: int) -> date:
    """Go ``months`` calendar months on (or back); the month's last day is the end of the way."""
    if months == 0:
        return day
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def add_years(day: date, years: int) -> date:
    """Go ``years`` years on; 29 February becomes 28 February where there is none."""
    return add_months(day, 12 * years)


def first_day_back_at(day: date, months: int) -> date:
    """The first day from which ``months`` months back reaches ``day`` or later: when ``day`` is the window's edge."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= days_in_month(year, month + 1):
        return date(year, month + 1, day.day)
    return add_months(date(year, month + 1, 1), 1)


def first_day_beyond(day: date, months: int) -> date:
    """The first day on which ``day`` lies more than ``months`` months back: it has left the window."""
    return first_day_back_at(day + timedelta(days=1), months)


def birthday(birth: date, age: int) -> date:
    """The day on which a person completes these years; 1 March for 29 February in other years."""
    year = birth.year + age
    if (birth.month, birth.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return birth.replace(year=year)


def age_in_years(birth: date, on: date) -> int:
    """Completed years; whoever is born on 29 February has the birthday on 1 March in other years."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


class Days(NamedTuple):
    """A set of days as pairs of first and last ordinals, in order, none touching."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def between(cls, first: int, last: int) -> Self:
        """The days from ``first`` to ``last``, both in; none if they lie the wrong way round."""
        return cls(((first, last),) if first <= last else ())

    @classmethod
    def joined(cls, spans: list[Span]) -> Self:
        """The days that lie in any of the spans."""
        merged: list[Span] = []
        for first, last in sorted(span for span in spans if span[0] <= span[1]):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    def __and__(self, other: Self) -> Self:
        """The days in both."""
        return type(self)(
            tuple(
                (max(a, c), min(b, d))
                for a, b in self.spans
                for c, d in other.spans
                if max(a, c) <= min(b, d)
            )
        )

    def __or__(self, other: Self) -> Self:
        """The days in either."""
        return self.joined([*self.spans, *other.spans])

    def __invert__(self) -> Self:
        """All other days."""
        edges = [DAWN - 1, *(edge for span in self.spans for edge in span), DUSK + 1]
        gaps = zip(edges[::2], edges[1::2], strict=True)
        return type(self)(tuple((a + 1, b - 1) for a, b in gaps if a + 1 <= b - 1))

    def covers(self, first: int, last: int) -> bool:
        """Whether every day from ``first`` to ``last`` is in."""
        for a, b in self.spans:  # noqa: SIM110 - the innermost question of all, several times as fast so
            if a <= first and last <= b:
                return True
        return False

    def meets(self, first: int, last: int) -> bool:
        """Whether some day from ``first`` to ``last`` is in."""
        for a, b in self.spans:  # noqa: SIM110 - as above
            if a <= last and first <= b:
                return True
        return False

    def cut(self, first: int, last: int) -> Span:
        """The first and last of these days that are in; unchanged where none is."""
        spans = [(max(first, a), min(last, b)) for a, b in self.spans if max(first, a) <= min(last, b)]
        return (spans[0][0], spans[-1][1]) if spans else (first, last)

    def __bool__(self) -> bool:
        """Whether there is any day."""
        return bool(self.spans)


ALL_DAYS = Days.between(DAWN, DUSK)
NO_DAYS = Days()


class OpenDays(NamedTuple):
    """A condition on a day where dates are known in part: days that ``surely`` meet it, days that ``may``."""

    surely: Days
    may: Days

    def __and__(self, other: "OpenDays") -> "OpenDays":
        """Both conditions on the same day."""
        return OpenDays(self.surely & other.surely, self.may & other.may)
