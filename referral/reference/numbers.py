"""How the yearly numbers are counted, as data: from which number on they are shown, bands of age, purposes."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from referral.reference.files import read_file


@cache
def _plain() -> Any:
    return read_file(Path(__file__).with_name("numbers.yaml"))


def smallest_shown() -> int:
    """Give the smallest number of people that is shown; smaller ones are not, except none."""
    return int(_plain()["smallest_shown"])


@cache
def age_bands() -> tuple[tuple[int, str], ...]:
    """Give the bands in their order: the age in whole years that ends each, not in it, and its words."""
    return tuple((int(band["below"]), str(band["words"])) for band in _plain()["age_bands"])


def purposes() -> Mapping[str, str]:
    """Give why somebody may take the numbers away, by code."""
    found: Mapping[str, str] = _plain()["purposes"]
    return found
