"""The vocabulary of the case record: codes, limits, dates known in part, counts, faults."""

import json
import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Self

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
LONGEST_LIST = 500
LONGEST_TEXT = 4000
LARGEST_NUMBER = 1_000_000
SCORES = (Decimal(0), *(Decimal(half) / 2 for half in range(2, 21)))
"""The twenty scores of the EDSS. There is no 0.5 (Kurtzke JF, Neurology 1983;33:1444-52)."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip

PHENOTYPES = ("CIS", "RRMS", "SPMS", "PPMS", "PRMS", "NMOSD", "MOGAD", "other")
CRITERIA = (
    "McDonald 2001", "McDonald 2005", "McDonald 2010", "McDonald 2017", "McDonald 2024", "Poser", "other",
)  # fmt: skip
SEXES = ("female", "male", "other", "unknown")
SEVERITIES = ("mild", "moderate", "severe")
RECOVERIES = ("complete", "incomplete", "none", "ongoing")
SYSTEMS = (
    "visual", "brainstem", "pyramidal", "cerebellar", "sensory", "bowel_bladder", "cerebral", "spinal_cord",
)  # fmt: skip
REGIONS = ("brain", "cervical_cord", "thoracic_cord", "whole_cord", "optic_nerve", "brainstem")
EDSS_SOURCES = ("examined", "recorded", "patient_reported")
OUTCOMES = (
    "failed_efficacy", "intolerance", "safety", "contraindicated", "pregnancy", "patient_choice", "effective",
    "planned_end", "other",
)  # fmt: skip
AIDS = ("none", "unilateral", "bilateral", "unable")
SEROLOGY = ("negative", "past", "active", "positive", "not_tested")
MALIGNANCY = ("none", "excepted", "past", "active")


class Fault(NamedTuple):
    """What is wrong with one fact: where it stands, what was given, what is allowed."""

    path: str
    given: str
    allowed: str

    def __str__(self) -> str:
        """Say all three in one line."""
        return f"{self.path}: given {self.given}; allowed: {self.allowed}"


class RecordError(ValueError):
    """A record that cannot be taken as it stands; carries every fault found, none guessed away."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults in the order in which they were found."""
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day, a month or a year: the interval from its ``first`` to its ``last`` possible day."""

    text: str
    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2016``, ``2016-05`` or ``2016-05-17``. Raises ``ValueError`` for anything else."""
        if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
            raise ValueError(text)
        parts = [int(part) for part in text.split("-")]
        year = parts[0]
        if not EARLIEST_YEAR <= year <= LATEST_YEAR:
            raise ValueError(text)
        if len(parts) == 1:
            return cls(text, date(year, 1, 1), date(year, 12, 31))
        if len(parts) == 2:
            first = date(year, parts[1], 1)
            return cls(text, first, date(year, parts[1], monthrange(year, parts[1])[1]))
        day = date(*parts)
        return cls(text, day, day)

    @property
    def exact(self) -> bool:
        """Whether the day is known."""
        return self.first == self.last

    @property
    def words(self) -> str:
        """As one says it: ``17 May 2016``, ``May 2016``, ``2016``."""
        return say_date(self.text)

    def __str__(self) -> str:
        """Give the text as recorded."""
        return self.text


def say_date(value: date | str) -> str:
    """Say a day or the text of a partial date in words: ``2016-05`` is ``May 2016``."""
    parts = str(value).split("-")
    words = [parts[0]]
    if len(parts) > 1:
        words.insert(0, MONTHS[int(parts[1]) - 1])
    if len(parts) > 2:
        words.insert(0, str(int(parts[2])))
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things: ``least`` to ``most``; ``most`` is ``None`` where only "at least" is known."""

    least: int
    most: int | None

    @property
    def words(self) -> str:
        """As one says it: ``3``, ``at least 3``, ``3 to 5``."""
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.most == self.least else f"{self.least} to {self.most}"


def is_edss(number: Decimal) -> bool:
    """Whether this is one of the twenty EDSS scores: 0, 1.0, 1.5 ... 9.5, 10, and nothing beside them."""
    return number in SCORES


def canonical(plain: Any) -> bytes:
    """Write plain JSON values in the one form in which they are kept, carried and compared: UTF-8, keys sorted."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(plain: Any) -> str:
    """Give the SHA-256 of plain JSON values in canonical form."""
    import hashlib  # it loads OpenSSL, which who only asks the engine need not wait for

    return hashlib.sha256(canonical(plain)).hexdigest()
