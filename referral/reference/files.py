"""Reading YAML and JSON as they are meant: exact decimals, dates as text, ``on``, ``yes`` and ``no`` as words."""

import json
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

LARGEST_FILE = 10_000_000
"""Bytes; a case record of one person is a thousand times smaller."""
DEEPEST = 32


class Unreadable(ValueError):
    """A file that cannot be read as YAML or JSON; the message says where and why."""


def read_yaml(text: str) -> Any:
    """Read YAML. Raises :class:`Unreadable`."""
    from referral.reference.yaml_files import read_yaml  # not before it is needed: the engine starts in less

    return read_yaml(text)


def read_json(text: str) -> Any:
    """Read JSON with exact decimals; NaN, infinities and names that stand twice are refused."""
    try:
        return json.loads(
            text, parse_float=_exact, parse_constant=_no_constant, object_pairs_hook=_once, parse_int=_whole
        )
    except (RecursionError, ValueError) as error:
        raise Unreadable(str(error) or "nested too deep") from error


def _no_constant(name: str) -> Any:
    raise Unreadable(f"{name} is no number")


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Unreadable("a number out of all bounds") from None


def _whole(text: str) -> int:
    if len(text) > 20:
        raise Unreadable(f"a number of {len(text)} digits")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a name stands twice in one object")
    return found


def read_file(path: Path) -> Any:
    """Read a YAML or JSON file by its ending. Raises :class:`Unreadable`."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Unreadable(f"the file has more than {LARGEST_FILE} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
    return read_json(text) if path.suffix == ".json" else read_yaml(text)


def read_case_file(path: Path) -> tuple[Any, date | None]:
    """Read a case record, or a case with ``as_of`` and ``record``; give the plain record and the day, if any."""
    given = read_file(path)
    if not isinstance(given, dict):
        raise Unreadable("a case record is expected: names with values")
    if "case" not in given and "as_of" not in given and not isinstance(given.get("record"), dict):
        return given, None
    day = given.get("as_of")
    try:
        return given.get("record"), None if day is None else date.fromisoformat(str(day))
    except ValueError as error:
        raise Unreadable(f"as_of: {day!r} is no date; write 2026-11-21") from error
