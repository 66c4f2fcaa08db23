"""What every word of the language shares: how it is read, its bounds, its window in time."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from referral.criteria.answer import Answer, Fact, Truth, truth_between
from referral.criteria.case import ANCHORS, Case, in_unit, in_words, keys_of_class
from referral.criteria.days import DAWN, NO_DAYS, Days, OpenDays, add_months, first_day_beyond
from referral.facts import PartialDate, say_date
from referral.reference import drugs


class Mistake(ValueError):
    """Something in an edition that cannot be read; the message names what to mend."""


def is_one_of(given: Any, known: Container[str]) -> bool:
    """Tell whether what an edition gives is one of the known words; a list or a mapping is none."""
    return isinstance(given, str) and given in known


class Test(ABC):
    """One node of a criterion's test."""

    word: ClassVar[str]
    group: ClassVar[str]
    tested: ClassVar[bool] = True
    """Whether the software can test it at all."""
    __test__ = False

    @classmethod
    @abstractmethod
    def read(cls, given: Any, vocabulary: "Vocabulary") -> Self:
        """Read the node from YAML. Raises :class:`Mistake`."""

    @abstractmethod
    def ask(self, case: Case) -> Answer:
        """Ask it of one case."""

    @abstractmethod
    def asks(self) -> str:
        """Say in words what is asked for."""

    def asks_not(self) -> str:
        """Say in words what is asked for where the test must not hold."""
        return f"the opposite of this: {self.asks()}"

    def turns(self, case: Case) -> Iterator[date]:
        """Days on which the answer may change if nothing but time passes; too many do no harm, too few would."""
        for part in self.parts():
            yield from case.turns(part)

    def parts(self) -> "tuple[Test, ...]":
        """The nodes below."""
        return ()

    @property
    def joins(self) -> bool:
        """Whether it joins several tests, so that its words carry what each of them asks for."""
        return bool(self.parts())

    def leaves(self) -> "Iterator[Test]":
        """Every leaf of the tree, this one if it is one."""
        if not self.parts():
            yield self
        for part in self.parts():
            yield from part.leaves()


_WORDS: dict[str, type[Test]] = {}
T = TypeVar("T", bound=Test)


def a_word(word: str, group: str) -> Callable[[type[T]], type[T]]:
    """Enter a class into the vocabulary under its word."""

    def enter(kind: type[T]) -> type[T]:
        kind.word, kind.group = word, group
        _WORDS[word] = kind
        return kind

    return enter


def vocabulary() -> Mapping[str, type[Test]]:
    """Every word of the language with its class."""
    return dict(_WORDS)


class Vocabulary(NamedTuple):
    """Names that editions share: what each judgement means and which group it belongs to; groups of drugs, in words."""

    judgements: Mapping[str, tuple[str, str]]
    drug_groups: Mapping[str, tuple[str, ...]]
    group_words: Mapping[str, tuple[str, str]]

    def keys(self, given: Any) -> "DrugClass":
        """Read a class of drugs: ``any``, ``high_efficacy`` or a list of drugs and groups."""
        if given in ("any", "high_efficacy"):
            noun = "disease-modifying drug" if given == "any" else "high-efficacy drug"
            return DrugClass(keys_of_class(given), noun, f"{noun}s")
        if not isinstance(given, list) or not given:
            raise Mistake(f"a class of drugs is any, high_efficacy or a list, not {given!r}")
        known = {drug.key: drug.inn for drug in drugs()}
        keys: list[str] = []
        for name in given:
            if not is_one_of(name, known) and not is_one_of(name, self.drug_groups):
                raise Mistake(f"there is no drug or group {name!r}; add it to drugs.csv or to drug_groups")
            keys += self.drug_groups.get(name, (name,))
        if len(given) == 1 and given[0] in self.group_words:
            return DrugClass(frozenset(keys), *self.group_words[given[0]])
        nouns = {name: many for name, (_, many) in self.group_words.items()} | known
        return DrugClass(frozenset(keys), any_of([nouns.get(name, name.replace("_", " ")) for name in given]))


class DrugClass(NamedTuple):
    """A set of drugs by key, and how one says one of them, or ``many`` where its name is a noun that counts."""

    keys: frozenset[str]
    one: str
    many: str | None = None

    @property
    def words(self) -> str:
        """Say the class."""
        return self.many or self.one

    @property
    def given(self) -> str:
        """Say one of the class, as of a person who is on it."""
        article = "an" if self.one[0] in "aeiou" else "a"
        return f"{article} {self.one}" if self.many else self.one

    def number(self, count: int) -> str:
        """Say a number of drugs of the class."""
        if self.many:
            return f"{in_words(count)} {self.one if count == 1 else self.many}"
        if " or " in self.one or count > 1:
            return f"{in_words(count) if count else 'none'} of {self.one}"
        return self.one if count else f"no {self.one}"

    def at_least(self, count: int) -> str:
        """Say the lower end of a number of drugs."""
        number = self.number(count)
        return number if number == self.one else f"at least {number}"


def any_of(names: list[str]) -> str:
    """Join names with *or*."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


class Spec:
    """The settings of one node: each is taken once, and what nobody took is a mistake."""

    def __init__(self, word: str, given: Any) -> None:
        if not isinstance(given, Mapping):
            raise Mistake(f"{word}: settings are expected, not {given!r}")
        self.word, self._left = word, dict(given)

    def take(self, name: str, default: Any = None) -> Any:
        """Take a setting as it stands."""
        return self._left.pop(name, default)

    def need(self, name: str) -> Any:
        """Take a setting that must be there."""
        if name not in self._left:
            raise Mistake(f"{self.word}: {name} is missing")
        return self._left.pop(name)

    def whole(self, name: str, default: int | None = None) -> int | None:
        """Take a whole number from 0 up."""
        given = self._left.pop(name, default)
        if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 0):
            raise Mistake(f"{self.word}: {name} is a whole number, not {given!r}")
        return given

    def number(self, name: str) -> Decimal | None:
        """Take an exact number."""
        given = self._left.pop(name, None)
        if given is None:
            return None
        if isinstance(given, bool) or not isinstance(given, int | Decimal):
            raise Mistake(f"{self.word}: {name} is a number, not {given!r}")
        return Decimal(given)

    def some(self, name: str, allowed: tuple[str, ...], *, needed: bool = False) -> frozenset[str]:
        """Take a list of words out of the allowed ones."""
        given = self._left.pop(name, None)
        if given is None and not needed:
            return frozenset()
        if not isinstance(given, list) or not given or not all(is_one_of(each, allowed) for each in given):
            raise Mistake(f"{self.word}: {name} is a list out of {', '.join(allowed)}, not {given!r}")
        return frozenset(given)

    def bounds(self) -> "Bounds":
        """Take min, above, max and below."""
        return Bounds(*(self.number(name) for name in ("min", "above", "max", "below")))

    def part(self, name: str) -> "Spec | None":
        """Take settings inside the settings."""
        given = self._left.pop(name, None)
        return None if given is None else Spec(f"{self.word}.{name}", given)

    def window(self) -> "Window":
        """Take the window in time."""
        first = self.part("first_months")
        window = Window(
            months=self.whole("within_months"),
            days=self.whole("within_days"),
            since=self.take("since"),
            anchor=first.need("anchor") if first else None,
            anchor_months=first.whole("months") if first else None,
        )
        if first:
            first.done()
        for anchor in (window.since, window.anchor):
            if anchor is not None and not is_one_of(anchor, ANCHORS):
                raise Mistake(f"{self.word}: an anchor is one of {', '.join(ANCHORS)}, not {anchor!r}")
        if sum(part is not None for part in (window.months, window.days, window.since, window.anchor)) > 1:
            raise Mistake(f"{self.word}: only one window in time can be given")
        return window

    def done(self) -> None:
        """Refuse what is left over."""
        if self._left:
            raise Mistake(f"{self.word}: there is no setting {', '.join(map(repr, self._left))}")


class Bounds(NamedTuple):
    """Ends of a range: ``least`` and ``most`` are let in, ``above`` and ``below`` are not."""

    least: Decimal | None = None
    above: Decimal | None = None
    most: Decimal | None = None
    below: Decimal | None = None

    def __bool__(self) -> bool:
        """Whether there is any end."""
        return any(end is not None for end in (self.least, self.above, self.most, self.below))

    def high_enough(self, value: Decimal | int) -> bool:
        """Whether the value reaches the lower end."""
        return (self.least is None or value >= self.least) and (self.above is None or value > self.above)

    def low_enough(self, value: Decimal | int) -> bool:
        """Whether the value keeps to the upper end."""
        return (self.most is None or value <= self.most) and (self.below is None or value < self.below)

    def hold(self, low: Decimal | int, high: Decimal | int) -> Truth:
        """Whether the values from ``low`` to ``high`` keep within: all, none, or cannot say."""
        surely = self.high_enough(low) and self.low_enough(high)
        return truth_between(surely, self.high_enough(high) and self.low_enough(low))

    def times(self, number: int) -> "Bounds":
        """The same range in a finer unit."""
        return Bounds(*(None if end is None else end * number for end in self))

    def ends(self) -> Iterator[int]:
        """Every end as a whole number, and the next one: where a count of years may turn."""
        for end in (self.least, self.above, self.most, self.below):
            if end is not None:
                yield int(end)
                yield int(end) + 1

    def words(self, unit: str = "") -> str:
        """Say the range."""
        if self.least is not None and self.most is not None:
            return f"{self.least} to {in_unit(self.most, unit)}".rstrip()
        ends = (
            (self.least, "{} or more"),
            (self.above, "more than {}"),
            (self.most, "{} or less"),
            (self.below, "less than {}"),
        )
        return " and ".join(form.format(in_unit(end, unit).rstrip()) for end, form in ends if end is not None)


class Window(NamedTuple):
    """A stretch of time before the day of the question, or after an anchor; both ends are in."""

    months: int | None = None
    days: int | None = None
    since: str | None = None
    anchor: str | None = None
    anchor_months: int | None = None

    def on(self, case: Case) -> OpenDays:
        """The days of the window, which are open where its anchor is."""
        return case.once(self, lambda: self._days(case))

    def _days(self, case: Case) -> OpenDays:
        today = case.as_of.toordinal()
        name = self.since or self.anchor
        if name is None:
            days = Days.between(self._start(case), today)
            return OpenDays(days, days)
        anchor = case.anchor(name)
        if anchor is None:
            return OpenDays(NO_DAYS, Days.between(DAWN, today))
        first, last = case.span(anchor)
        ends = (today, today)
        if self.anchor_months is not None:
            early, late = (add_months(day, self.anchor_months).toordinal() for day in (first, last))
            ends = (min(today, early), min(today, late))
        surely = Days.between(last.toordinal(), ends[0])
        return OpenDays(surely, Days.between(first.toordinal(), ends[1]))

    def _start(self, case: Case) -> int:
        if self.months is not None:
            return add_months(case.as_of, -self.months).toordinal()
        return (case.as_of - timedelta(days=self.days)).toordinal() if self.days is not None else DAWN

    def words(self, case: Case) -> str:
        """Say it with its dates."""
        if self.months is not None or self.days is not None:
            start = say_date(case.as_of.fromordinal(self._start(case)))
            return f"between {start} and {say_date(case.as_of)}"
        name = self.since or self.anchor
        if name is None:
            return f"up to {say_date(case.as_of)}"
        anchor = case.anchor(name)
        dated = f"{ANCHORS[name]} ({anchor.words if anchor else 'date not recorded'})"
        return (
            f"since {dated}"
            if self.since
            else f"within {in_unit(self.anchor_months or 0, 'months')} of {dated}"
        )

    def turns(self, case: Case, dates: Iterable[PartialDate]) -> Iterator[date]:
        """Days on which something dated so leaves the window."""
        for dated in dates:
            yield from self.left_by(set(case.span(dated)))

    def left_by(self, days: Iterable[date]) -> Iterator[date]:
        """For each of these days the first on which it no longer lies in the window."""
        for day in days:
            if self.months is not None:
                yield first_day_beyond(day, self.months)
            elif self.days is not None:
                yield day + timedelta(days=self.days + 1)

    def asks(self) -> str:
        """Say it as a rule."""
        if self.months is not None:
            return f"in the last {in_unit(self.months, 'months')}"
        if self.days is not None:
            return f"in the last {in_unit(self.days, 'days')}"
        if self.since:
            return f"since the {ANCHORS[self.since]}"
        if self.anchor:
            return f"in the first {in_unit(self.anchor_months or 0, 'months')} from {ANCHORS[self.anchor]}"
        return ""

    def anchored(self, case: Case) -> PartialDate | None:
        """The anchor's date, if the window has one and it is recorded."""
        name = self.since or self.anchor
        return case.anchor(name) if name else None

    def facts(self, case: Case) -> Iterator[Fact]:
        """The anchor, where it is recorded."""
        anchor = self.anchored(case)
        if anchor:
            yield Fact(f"diagnosis.{self.since or self.anchor}", anchor.text, anchor.text)

    def missing(self, case: Case) -> tuple[str, ...]:
        """The anchor's path where its day is open."""
        name, anchor = self.since or self.anchor, self.anchored(case)
        return () if name is None or (anchor and anchor.exact) else (f"diagnosis.{name}",)


_known: dict[Test, Test] = {}
"""Tests that ask the same are one object, so that a case answers them once for all editions."""


def read_test(given: Any, shared: Vocabulary) -> Test:
    """Read a test from YAML: one word with its settings. Raises :class:`Mistake`."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise Mistake(f"a test is one word with its settings, not {given!r}")
    ((word, settings),) = given.items()
    if word not in _WORDS:
        raise Mistake(f"there is no word {word!r}; the words are {', '.join(sorted(_WORDS))}")
    test = _WORDS[word].read(settings, shared)
    return _known.setdefault(test, test)
