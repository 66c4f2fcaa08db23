"""Codes by which other systems know what we record. Only those that were compared with their source are given out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from referral.reference.files import read_file

HERE = Path(__file__).parent

Coding = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Coded:
    """A concept or a fact: our word for it, the codes that may be sent, where its answer stands, in which unit.

    ``answers`` holds codes of answers by our own name for the answer; ``dated`` is the path of its day where
    that is kept beside it.
    """

    words: str
    codings: tuple[Coding, ...] = ()
    section: str = ""
    unit: str = ""
    dated: str = ""
    answers: Mapping[str, tuple[Coding, ...]] = field(default_factory=dict)


@cache
def _plain() -> dict[str, Any]:
    plain: dict[str, Any] = read_file(HERE / "codes.yaml")
    return plain


@cache
def concepts() -> dict[str, Coded]:
    """Give the concepts by name."""
    return {name: _coded(row) for name, row in _plain()["concepts"].items()}


@cache
def coded_facts() -> dict[str, Coded]:
    """Give the facts that stand alone, by their path in the case record."""
    return {path: _coded(row) for path, row in _plain()["facts"].items()}


@cache
def parts_of(entry: str) -> dict[str, str]:
    """Give the parts of an entry of a list (*functional_systems*, *edss*, *relapse*, *mri*) in words, by name."""
    return dict(_plain()["parts"][entry])


def answer_words(code: str) -> str:
    """Say an answer of the case record in words."""
    return str(_plain()["answers"].get(code, code.replace("_", " ")))


def local(kind: str) -> str:
    """Give the name of a list of our own, as an address that leads nowhere."""
    return f"{_plain()['local']}/{kind}"


def _coded(row: Mapping[str, Any]) -> Coded:
    return Coded(
        words=row["words"],
        codings=_codings(row.get("codes", {})),
        section=row.get("section", ""),
        unit=row.get("unit", ""),
        dated=row.get("dated", ""),
        answers={name: _codings(codes) for name, codes in row.get("answers", {}).items()},
    )


def _codings(codes: Mapping[str, Any]) -> tuple[Coding, ...]:
    """Give the codings whose system and whose code were both compared with the source."""
    systems = _plain()["systems"]
    found = []
    for system, given in codes.items():
        row = given if isinstance(given, Mapping) else {"code": given}
        if systems[system]["verified"] and row.get("verified", True):
            found.append({"system": systems[system]["uri"], "code": row["code"]})
    return tuple(found)
