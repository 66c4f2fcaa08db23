"""What stands beside the case record: what is asked, by section; and the mimics. Shared by form and paper."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from referral.reference.files import read_file

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing asked: the kind of its answer, what it is called, and the answers to choose from.

    ``kind`` is *choice*, *ticks*, *flag*, *date*, *number*, *text*, *long* or *table*. A table asks its
    ``columns`` of each of its ``rows``; a row without the column ``needed`` says nothing.
    """

    kind: str
    name: str
    hint: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    row: str = ""
    noun: str = ""
    needed: str = ""
    rows: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, "Question"] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Mimic:
    """A disease that resembles MS. Where ``verified`` is false, nobody has compared the notes with a paper."""

    name: str
    test: str
    red_flags: str
    verified: bool
    icd11: str = ""


@cache
def mimics() -> dict[str, Mimic]:
    """Give every mimic of the table by its id."""
    return {key: Mimic(**row) for key, row in read_file(HERE / "mimics.yaml")["mimics"].items()}


@cache
def mimics_source() -> tuple[str, str]:
    """Give the source of the table, and the red flags that were compared with it."""
    plain = read_file(HERE / "mimics.yaml")
    return plain["source"], plain["verified_flags"]


@cache
def questions() -> dict[str, dict[str, Question]]:
    """Give what is asked beside the record, by section and name, in the order of the form."""
    plain = read_file(HERE / "beside.yaml")
    plain["mimics"]["considered"]["rows"] = {key: mimic.name for key, mimic in mimics().items()}
    return {
        section: {name: _question(asked) for name, asked in part.items()} for section, part in plain.items()
    }


def _question(plain: Mapping[str, Any]) -> Question:
    columns = {name: _question(column) for name, column in plain.get("columns", {}).items()}
    return Question(**{**plain, "columns": columns})
