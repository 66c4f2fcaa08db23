"""Joining tests, by Kleene: all, any, not, at_least; and the limb that nobody can test."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from referral.criteria.answer import (
    NO,
    UNKNOWN,
    YES,
    Answer,
    Fact,
    Reason,
    Truth,
    every,
    holds,
    number_of,
    settled,
    some,
)
from referral.criteria.case import Case, in_words
from referral.criteria.language.base import Mistake, Spec, Test, Vocabulary, a_word, read_test


def _read_parts(word: str, given: Any, shared: Vocabulary) -> tuple[Test, ...]:
    if not isinstance(given, list) or len(given) < 1:
        raise Mistake(f"{word}: a list of tests is expected, not {given!r}")
    return tuple(read_test(part, shared) for part in given)


class _Joined(NamedTuple):
    """The answers of several tests, put together to ``truth``."""

    truth: Truth
    tests: tuple[Test, ...]
    case: Case
    word: str
    rule: str

    @property
    def answers(self) -> list[Answer]:
        """The answer of every part; those after the one that settled it are asked only for the words and the facts."""
        return [self.case.answer(test) for test in self.tests]

    def tell(self) -> str:
        """Say the parts; where one of them settles it, the others are not worth the reader's time."""
        pairs = list(zip(self.tests, self.answers, strict=True))
        decisive = {"or": YES, "and": NO}.get(self.word)
        if self.truth is decisive:
            pairs = [(test, answer) for test, answer in pairs if answer.truth is self.truth]
            pairs = pairs[:1] if self.word == "or" else pairs
        if len(pairs) == 1 and not pairs[0][0].joins:
            return f"{pairs[0][1].tell()}; {pairs[0][0].asks()}"
        return f" {self.word} ".join(clause(test, answer) for test, answer in pairs) + f"; {self.rule}"

    def facts(self) -> Iterator[Fact]:
        """The facts of the parts that carry the result; *cannot say* is carried by all of them.

        (A part that is settled leaves the result to the others.)
        """
        for answer in self.answers:
            if answer.truth is self.truth or self.truth is UNKNOWN:
                yield from answer.facts

    def missing(self) -> Iterator[str]:
        """What is missing for any part."""
        for answer in self.answers:
            yield from answer.missing


def joined(truth: Truth, tests: tuple[Test, ...], case: Case, word: str, rule: str) -> Answer:
    """Put answers together."""
    whole = _Joined(truth, tests, case, word, rule)
    reason = _reason(whole.answers) if truth is UNKNOWN else Reason.OK
    return settled(truth, reason, whole.tell, whole.facts, whole.missing)


def _reason(answers: Iterable[Answer]) -> Reason:
    """The reason of the first open part: what one would chase first."""
    return next((answer.reason for answer in answers if answer.truth is UNKNOWN), Reason.OK)


def clause(test: Test, answer: Answer) -> str:
    """Say one part: what the record says, what is asked for, whether it holds."""
    said = answer.tell() if test.joins else f"{answer.tell()}; {test.asks()}"
    return f"({said}: {holds(answer.truth)})"


@a_word("all", "")
@dataclass(frozen=True)
class All(Test):
    """Every part holds."""

    tests: tuple[Test, ...]

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read a list of tests."""
        return cls(_read_parts("all", given, vocabulary))

    def ask(self, case: Case) -> Answer:
        """Ask the parts, up to the first that does not hold."""
        truth = every(case.answer(test).truth for test in self.tests)
        return joined(truth, self.tests, case, "and", "all are needed")

    def asks(self) -> str:
        """Say the parts."""
        return " and ".join(test.asks() for test in self.tests)

    def parts(self) -> tuple[Test, ...]:
        """The tests joined."""
        return self.tests


@a_word("any", "")
@dataclass(frozen=True)
class AnyOf(Test):
    """One part holds, or more."""

    tests: tuple[Test, ...]

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read a list of tests."""
        return cls(_read_parts("any", given, vocabulary))

    def ask(self, case: Case) -> Answer:
        """Ask the parts, up to the first that holds."""
        truth = some(case.answer(test).truth for test in self.tests)
        return joined(truth, self.tests, case, "or", "one is enough")

    def asks(self) -> str:
        """Say the parts."""
        return " or ".join(test.asks() for test in self.tests)

    def parts(self) -> tuple[Test, ...]:
        """The tests joined."""
        return self.tests


@a_word("at_least", "")
@dataclass(frozen=True)
class AtLeast(Test):
    """At least ``number`` parts hold."""

    number: int
    tests: tuple[Test, ...]

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read ``n`` and the list ``of`` tests."""
        spec = Spec("at_least", given)
        number, tests = spec.whole("n"), _read_parts("at_least", spec.need("of"), vocabulary)
        spec.done()
        if not number or number > len(tests):
            raise Mistake(f"at_least: n lies between 1 and {len(tests)}, the number of tests")
        return cls(number, tests)

    def ask(self, case: Case) -> Answer:
        """Ask every part."""
        truth = number_of([case.answer(test).truth for test in self.tests], self.number)
        return joined(truth, self.tests, case, "also", f"{in_words(self.number)} or more are needed")

    def asks(self) -> str:
        """Say the parts."""
        return f"at least {in_words(self.number)} of: " + ", ".join(test.asks() for test in self.tests)

    def parts(self) -> tuple[Test, ...]:
        """The tests joined."""
        return self.tests


@a_word("not", "")
@dataclass(frozen=True)
class Not(Test):
    """The part does not hold."""

    test: Test

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read the test that must not hold."""
        return cls(read_test(given, vocabulary))

    def ask(self, case: Case) -> Answer:
        """Turn the part's answer round."""
        answer = case.answer(self.test)

        def tell() -> str:
            return f"{clause(self.test, answer)}; the opposite is needed" if self.joins else answer.tell()

        return settled(~answer.truth, answer.reason, tell, lambda: answer.facts, lambda: answer.missing)

    def asks(self) -> str:
        """Say what must not be."""
        return self.test.asks_not()

    @property
    def joins(self) -> bool:
        """A single fact turned round reads like a single fact."""
        return self.test.joins

    def parts(self) -> tuple[Test, ...]:
        """The one part."""
        return (self.test,)


@a_word("untested", "setting")
@dataclass(frozen=True)
class Untested(Test):
    """What the source states and nobody can test from the record; the reason is on record."""

    tested = False
    why: str

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read why it is not tested."""
        if not isinstance(given, str) or not given.strip():
            raise Mistake("untested: say why")
        return cls(given)

    def ask(self, case: Case) -> Answer:
        """Nobody can say."""
        return Answer(UNKNOWN, Reason.NOT_OPERATIONAL, lambda: f"not tested here ({self.why})")

    def asks(self) -> str:
        """Say that a person has to look."""
        return "a person has to look"
