"""Reading YAML and JSON as they are meant: exact decimals, dates as text, ``on``, ``yes`` and ``no`` as words."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

LARGEST_FILE = 10_000_000
"""Bytes; a case record of one person is a thousand times smaller."""
DEEPEST = 32


class Unreadable(ValueError):
    """A file that cannot be read as YAML or JSON; the message says where and why."""


class _Loader(yaml.CSafeLoader):
    """YAML without surprises. A name stands once."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own way to replace its table

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse a name that stands twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise Unreadable(f"line {key.start_mark.line + 1}: {key.value!r} stands twice")
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


for kind, pattern, first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", "-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?[0-9]+\.[0-9]+", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"^(?:{pattern})$"), list(first))


def _decimal(loader: Any, node: Any) -> Decimal:
    return Decimal(loader.construct_scalar(node))


def _integer(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    if len(text) > 20:
        raise Unreadable(f"line {node.start_mark.line + 1}: a number of {len(text)} digits")
    return int(text)


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


def read_yaml(text: str) -> Any:
    """Read YAML. Raises :class:`Unreadable`."""
    try:
        if (
            "&" in text
            and "*" in text
            and any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, _Loader))
        ):
            raise Unreadable("an alias (*name) is not allowed: a small file could stand for an endless one")
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except Unreadable:
        raise
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(" ".join(str(error).split())) from error


def read_json(text: str) -> Any:
    """Read JSON with exact decimals; NaN, infinities and names that stand twice are refused."""
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once, parse_int=_whole
        )
    except (RecursionError, ValueError) as error:
        raise Unreadable(str(error) or "nested too deep") from error


def _no_constant(name: str) -> Any:
    raise Unreadable(f"{name} is no number")


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
