"""Reading JSON and YAML values into facts: one reader a kind, every fault noted with its path, none guessed away."""

import json
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from decimal import Decimal
from typing import Any

from referral.facts.values import (
    EARLIEST_YEAR,
    LARGEST_NUMBER,
    LATEST_YEAR,
    LONGEST_LIST,
    LONGEST_TEXT,
    Count,
    Fault,
    PartialDate,
    is_edss,
)


class Reading:
    """One pass over one record, gathering faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, given: object, allowed: str) -> None:
        """Note what is wrong."""
        shown = json.dumps(given, default=_as_given, ensure_ascii=False)
        self.faults.append(Fault(path, shown if len(shown) <= 80 else shown[:77] + "...", allowed))


def _as_given(value: object) -> object:
    return float(value) if isinstance(value, Decimal) and value.is_finite() else str(value)


Reader = Callable[[Reading, str, Any], Any]


def a_choice(*allowed: str) -> Reader:
    """Read one of the codes."""
    words = ", ".join(allowed)

    def read(reading: Reading, path: str, given: Any) -> str | None:
        if isinstance(given, str) and given in allowed:
            return given
        reading.fault(path, given, f"one of {words}")
        return None

    return read


def a_date(reading: Reading, path: str, given: Any) -> PartialDate | None:
    """Read a day, a month or a year."""
    try:
        if isinstance(given, str):
            return PartialDate.parse(given)
    except ValueError:
        pass
    reading.fault(
        path, given,
        f'a day, month or year that exists, as text: "2016-05-17", "2016-05" or "2016" '
        f"({EARLIEST_YEAR} to {LATEST_YEAR})",
    )  # fmt: skip
    return None


def a_flag(reading: Reading, path: str, given: Any) -> bool | None:
    """Read true or false."""
    if isinstance(given, bool):
        return given
    reading.fault(path, given, "true or false; leave it out if not known")
    return None


def a_whole(least: int = 0, most: int = LARGEST_NUMBER) -> Reader:
    """Read a whole number within bounds."""

    def read(reading: Reading, path: str, given: Any) -> int | None:
        number = _as_decimal(given)
        if number is not None and number == number.to_integral_value() and least <= number <= most:
            return int(number)
        reading.fault(path, given, f"a whole number from {least} to {most}")
        return None

    return read


def _as_decimal(given: Any) -> Decimal | None:
    """Give the exact decimal, or ``None`` for what is no finite number. Booleans are no numbers."""
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        return None
    number = Decimal(repr(given)) if isinstance(given, float) else Decimal(given)
    return number if number.is_finite() else None


def a_number(reading: Reading, path: str, given: Any) -> Decimal | None:
    """Read an exact number."""
    number = _as_decimal(given)
    if number is not None and abs(number) <= LARGEST_NUMBER:
        return number
    reading.fault(path, given, f"a number between -{LARGEST_NUMBER} and {LARGEST_NUMBER}")
    return None


def an_edss(reading: Reading, path: str, given: Any) -> Decimal | None:
    """Read one of the twenty EDSS scores."""
    number = _as_decimal(given)
    if number is not None and is_edss(number):
        return number
    reading.fault(path, given, "an EDSS of 0, 1.0, 1.5, 2.0 and so on by halves up to 9.5, or 10")
    return None


def a_count(reading: Reading, path: str, given: Any) -> Count | None:
    """Read a count: exact, or with its ends."""
    allowed = 'a whole number, or {"min": 3}, or {"min": 3, "max": 5}'
    whole = a_whole(0, 10_000)
    if isinstance(given, Mapping) and "min" in given and set(given) <= {"min", "max"}:
        inner = Reading()
        least = whole(inner, path, given["min"])
        most = None if given.get("max") is None else whole(inner, path, given["max"])
        if not inner.faults and least is not None:
            ends = (least, least if most is None else most)
            return Count(min(ends), None if most is None else max(ends))
    elif not isinstance(given, Mapping):
        inner = Reading()
        exact = whole(inner, path, given)
        if exact is not None:
            return Count(exact, exact)
    reading.fault(path, given, allowed)
    return None


def a_text(most: int = LONGEST_TEXT) -> Reader:
    """Read text up to a length."""

    def read(reading: Reading, path: str, given: Any) -> str | None:
        if isinstance(given, str) and given.strip() and len(given) <= most:
            return given
        reading.fault(path, given, f"text of 1 to {most} characters")
        return None

    return read


def a_list(item: Reader) -> Reader:
    """Read a list of entries of one kind."""

    def read(reading: Reading, path: str, given: Any) -> tuple[Any, ...] | None:
        if not isinstance(given, list | tuple):
            reading.fault(path, given, "a list")
            return None
        if len(given) > LONGEST_LIST:
            reading.fault(path, f"{len(given)} entries", f"at most {LONGEST_LIST} entries")
            return None
        return tuple(item(reading, f"{path}[{index}]", entry) for index, entry in enumerate(given))

    return read


def a_mapping(item: Reader) -> Reader:
    """Read names with values of one kind."""

    def read(reading: Reading, path: str, given: Any) -> dict[str, Any] | None:
        if not isinstance(given, Mapping) or len(given) > LONGEST_LIST:
            reading.fault(path, given, f"names with values, at most {LONGEST_LIST}")
            return None
        known = {str(name): value for name, value in given.items() if value is not None}
        return {name: item(reading, f"{path}.{name}", value) for name, value in known.items()}

    return read


def a_part(kind: type[Any]) -> Reader:
    """Read a part of the record: names with values."""

    def read(reading: Reading, path: str, given: Any) -> Any:
        if not isinstance(given, Mapping):
            reading.fault(path or "record", given, "names with values")
            return None
        return _read_part(kind, reading, path, given)

    return read


def _read_part(kind: type[Any], reading: Reading, path: str, given: Mapping[str, Any]) -> Any:
    known = {part.name: part for part in fields(kind)}
    for name in given:
        if name not in known:
            reading.fault(join(path, str(name)), given[name], f"one of the names {', '.join(known)}")
    values: dict[str, Any] = {}
    whole = True
    for name, part in known.items():
        if given.get(name) is not None:
            values[name] = part.metadata["read"](reading, join(path, name), given[name])
        elif part.metadata["required"]:
            reading.fault(join(path, name), None, "a value: the entry means nothing without it")
        whole = whole and not (part.metadata["required"] and values.get(name) is None)
    return kind(**{name: value for name, value in values.items() if value is not None}) if whole else None


def join(path: str, name: str) -> str:
    """Put a name behind a path."""
    return f"{path}.{name}" if path else name


def fact(read: Reader, *, required: bool = False, default: Any = None) -> Any:
    """Declare a fact by its reader."""
    metadata = {"read": read, "required": required}
    return field(metadata=metadata) if required else field(default=default, metadata=metadata)


def section(kind: type[Any]) -> Any:
    """Declare a part of the record that is empty where nothing is known."""
    return field(default_factory=kind, metadata={"read": a_part(kind), "required": False})
