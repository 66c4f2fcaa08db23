"""The coded reasons of a decision, as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from referral.reference.files import read_file


@cache
def _plain() -> Mapping[str, Mapping[str, str]]:
    plain: Mapping[str, Mapping[str, str]] = read_file(Path(__file__).with_name("decisions.yaml"))
    return plain


def disagreements() -> Mapping[str, str]:
    """Give why a committee may hold of a criterion something else than the software, by code."""
    return _plain()["disagrees"]


def grounds() -> Mapping[str, str]:
    """Give why a decision may rest on a criterion, by code."""
    return _plain()["grounds"]
