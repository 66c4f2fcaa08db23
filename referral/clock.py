"""The one place that reads a clock."""

from datetime import UTC, date, datetime, time


def now() -> datetime:
    """Give this moment, aware and in UTC: what is stored."""
    return datetime.now(UTC)


def today() -> date:
    """Give the day on the wall of the house, by the zone of the machine (``TZ``): what clinicians mean."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """Turn a stored moment into the time on the wall of the house: what is shown."""
    return moment.astimezone()


def midnight(day: date) -> datetime:
    """Give the moment at which a day begins on the wall of the house."""
    return datetime.combine(day, time.min).astimezone()
