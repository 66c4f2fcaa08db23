"""Dates as people type them: a day, a month or a year, the day always before the month."""

import re

from referral.facts import EARLIEST_YEAR, LATEST_YEAR, MONTHS, PartialDate

ALLOWED = "a year, a month or a day, such as 2016, May 2016, 2016-05, 17 May 2016 or 17/05/2016 (day first)"

_YEAR = r"(?P<year>[0-9]{4})"
_MONTH = r"(?P<month>[0-9]{1,2})"
_DAY = r"(?P<day>[0-9]{1,2})"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_WAYS = tuple(
    re.compile(way)
    for way in (
        _YEAR,
        rf"{_YEAR}-{_MONTH}",
        rf"{_YEAR}-{_MONTH}-{_DAY}",
        rf"{_MONTH}[/.-]{_YEAR}",
        rf"{_DAY}/{_MONTH}/{_YEAR}",
        rf"{_DAY}\.{_MONTH}\.{_YEAR}",
        rf"{_DAY}-{_MONTH}-{_YEAR}",
        rf"{_NAME}[ -]{_YEAR}",
        rf"{_DAY}[ -]{_NAME}[ -]{_YEAR}",
    )
)


def read_date(text: str) -> str:
    """Give the date as the case record writes it: ``17.5.2016`` is ``2016-05-17``.

    Raises:
        ValueError: with what is wrong, to be said after what was given.

    """
    found = next((match for way in _WAYS if (match := way.fullmatch(text))), None)
    if found is None:
        raise ValueError(f"Allowed: {ALLOWED}.")
    parts = found.groupdict()
    year, day = int(parts["year"]), parts.get("day")
    month = _month(parts["name"]) if parts.get("name") else parts.get("month")
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(f"Allowed: a year from {EARLIEST_YEAR} to today.")
    iso = "-".join([parts["year"], *(f"{int(part):02}" for part in (month, day) if part)])
    try:
        return PartialDate.parse(iso).text
    except ValueError:
        raise ValueError(f"There is no such {'day' if day else 'month'}. Allowed: {ALLOWED}.") from None


def _month(name: str) -> str:
    """Give the number of a month named in full or by its beginning, such as ``Sept``."""
    for number, month in enumerate(MONTHS, start=1):
        if month.casefold().startswith(name.casefold()):
            return str(number)
    raise ValueError(f"There is no month of that name. Allowed: {ALLOWED}.")
