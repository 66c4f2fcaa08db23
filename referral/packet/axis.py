"""The time axis of the picture: a day in, its place across the page out."""

from dataclasses import dataclass
from datetime import date

from referral.facts import PartialDate, say_date

DAYS_A_MONTH = 30.4


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A step of the time axis; without a label it is only a line."""

    x: float
    label: str


class Axis:
    """The one time axis: a day in, its place across the page out."""

    def __init__(self, first: date, last: date, left: float, right: float) -> None:
        self.first, self.last, self.left, self.right = first, last, left, right
        self._days = (last - first).days

    def x(self, day: date) -> float:
        """Give the place of a day; days outside the axis lie on its ends."""
        day = max(self.first, min(day, self.last))
        return round(self.left + (self.right - self.left) * (day - self.first).days / self._days, 1)

    def span(self, day: PartialDate) -> tuple[float, float]:
        """From where to where a date may lie; the day asked for ends every date."""
        return self.x(day.first), self.x(day.last)

    def ticks(self) -> tuple[Tick, ...]:
        """Months, quarters, years or more: the finest steps whose labels have room."""
        for months in (1, 3, 6, 12, 24, 60, 120):
            room = (self.right - self.left) * months * DAYS_A_MONTH / self._days
            if room >= (34 if months >= 12 else 52):
                break
        return tuple(self._every(months))

    def _every(self, months: int) -> list[Tick]:
        ticks = []
        for year in range(self.first.year, self.last.year + 1):
            if months > 12 and year % (months // 12):
                continue
            for month in range(1, 13, months if months < 12 else 12):
                day = date(year, month, 1)
                if self.first <= day <= self.last:
                    name = str(year) if months >= 12 else say_date(f"{year}-{month:02}")
                    ticks.append(Tick(x=self.x(day), label=name if months >= 12 else _short(name)))
        return ticks


def _short(month_and_year: str) -> str:
    month, year = month_and_year.split()
    return f"{month[:3]} {year}"
