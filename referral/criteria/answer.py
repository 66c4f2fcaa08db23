"""What comes back when a test is asked of a case: one of three truths, why, and on which facts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, NamedTuple


class Truth(IntEnum):
    """Kleene's three values. *Cannot say* is an answer, never a failure."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    def __invert__(self) -> "Truth":
        """The opposite; the opposite of unknown is unknown."""
        return _OPPOSITE[self]


NO, UNKNOWN, YES = Truth
"""The three by name: asked for ten thousand times an assessment, and a name costs a third of ``Truth.YES``."""
_OPPOSITE = {NO: YES, UNKNOWN: UNKNOWN, YES: NO}


def truth_of(flag: bool | None) -> Truth:
    """Take a flag that may be not known."""
    return UNKNOWN if flag is None else YES if flag else NO


def truth_between(surely: bool, may: bool) -> Truth:
    """*Yes* if it holds in every possible case, *no* if it may in none."""
    return YES if surely else UNKNOWN if may else NO


def every(truths: Iterable[Truth]) -> Truth:
    """Kleene's *and*: no if one is no, else unknown if one is unknown."""
    found = YES
    for truth in truths:
        if truth is NO:
            return NO
        if truth is UNKNOWN:
            found = UNKNOWN
    return found


def some(truths: Iterable[Truth]) -> Truth:
    """Kleene's *or*: yes if one is yes, else unknown if one is unknown."""
    found = NO
    for truth in truths:
        if truth is YES:
            return YES
        if truth is UNKNOWN:
            found = UNKNOWN
    return found


def number_of(truths: Sequence[Truth], least: int) -> Truth:
    """Whether at least ``least`` of them hold."""
    sure = sum(truth is YES for truth in truths)
    may = sum(truth is not NO for truth in truths)
    return truth_between(sure >= least, may >= least)


class Reason(Enum):
    """The contract's reason codes; in this order the most telling one speaks for a composite."""

    OK = "ok"
    OUT_OF_RANGE = "value_out_of_range"
    MISSING = "missing"
    IMPRECISE_DATE = "imprecise_date"
    INCOMPLETE_LIST = "incomplete_list"
    NO_STUDY = "no_study"
    STALE = "stale"
    JUDGEMENT_NEEDED = "judgement_needed"
    NOT_OPERATIONAL = "source_not_operational"


class Fact(NamedTuple):
    """One fact that an answer rests on: its path in the record, its value, the date of its entry as recorded.

    An entry of a list is placed by its date, so the date belongs to the fact: the onset of a relapse, the day of a
    score or a study, the start of a course.
    """

    path: str
    value: Any = None
    date: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as the assessment carries it."""
        return {"path": self.path, "value": self.value, "date": self.date}


def _nothing() -> tuple[()]:
    return ()


@dataclass(slots=True, eq=False)
class Answer:
    """The answer of one test. Its words, its facts and what is missing are worked out only when somebody reads them.

    ``facts`` are enough to come to the same answer again: a record that holds them and nothing else gives it, and so
    does every record between that one and the whole. ``missing`` names the record paths that are not known and could
    change the answer, whatever it is now.
    """

    truth: Truth
    reason: Reason
    tell: Callable[[], str]
    name_facts: Callable[[], Iterable[Fact]] = _nothing
    name_missing: Callable[[], Iterable[str]] = _nothing
    _facts: tuple[Fact, ...] | None = None
    _missing: tuple[str, ...] | None = None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that it rests on, each once."""
        if self._facts is None:
            self._facts = tuple({fact.path: fact for fact in self.name_facts()}.values())
        return self._facts

    @property
    def missing(self) -> tuple[str, ...]:
        """The paths that are not known and could change it, each once."""
        if self._missing is None:
            self._missing = tuple(dict.fromkeys(self.name_missing()))
        return self._missing


def settled(
    truth: Truth,
    reason: Reason,
    tell: Callable[[], str],
    facts: Callable[[], Iterable[Fact]] = _nothing,
    missing: Callable[[], Iterable[str]] = _nothing,
) -> Answer:
    """Make an answer; the reason given is the one for *cannot say*."""
    return Answer(truth, _SETTLED.get(truth, reason), tell, facts, missing)


_SETTLED = {YES: Reason.OK, NO: Reason.OUT_OF_RANGE}


_HOLDS = {YES: "holds", NO: "does not hold", UNKNOWN: "cannot say"}


def holds(truth: Truth) -> str:
    """The word for a part of a test."""
    return _HOLDS[truth]
