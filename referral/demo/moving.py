"""Moving a told course to today, so that what is about to happen in it stays about to happen."""

import re
from datetime import date
from typing import Any

_PARTIAL_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")


def move_date(text: str, told_on: date, today: date) -> str:
    """Move a day by the days between two days, a month by the months, a year by the years.

    What was said to the month or the year stays so, and stays as far from ``today`` as it was from ``told_on``.
    """
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 3:
        return (date(*parts) + (today - told_on)).isoformat()
    if len(parts) == 1:
        return str(parts[0] + today.year - told_on.year)
    months = (parts[0] + today.year - told_on.year) * 12 + parts[1] - 1 + today.month - told_on.month
    return f"{months // 12}-{months % 12 + 1:02}"


def move_dates(plain: Any, told_on: date, today: date) -> Any:
    """Give plain data with every date in it moved; all else is left alone."""
    if isinstance(plain, dict):
        return {name: move_dates(value, told_on, today) for name, value in plain.items()}
    if isinstance(plain, list):
        return [move_dates(value, told_on, today) for value in plain]
    if isinstance(plain, str) and _PARTIAL_DATE.fullmatch(plain):
        return move_date(plain, told_on, today)
    return plain
