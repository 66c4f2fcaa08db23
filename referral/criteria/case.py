"""One case as the criteria see it: the record, the day of the question, and what follows from both.

Folding of relapses, the latest EDSS, the courses on the calendar: worked out once a case, by the contract of
the case record, sections 2, 3 and 5.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from referral.criteria.answer import NO, UNKNOWN, YES, Answer, Truth, truth_between, truth_of
from referral.criteria.days import (
    DAWN,
    Days,
    OpenDays,
    Span,
    add_months,
    first_day_beyond,
)
from referral.facts import CaseRecord, Course, EdssScore, PartialDate, Relapse
from referral.reference import HERE, Drug, drugs, drugs_named
from referral.reference.files import read_file


class Rules(NamedTuple):
    """Figures of the record's own rules, which no edition sets (``reference/rules.yaml``).

    Onsets fewer than ``fold_days`` apart are one relapse. A measurement or score older than ``stale_months`` says
    nothing of today. From ``edss_step_changes_at`` on, half a point of the EDSS weighs as a whole one below.
    """

    fold_days: int
    stale_months: int
    edss_step_changes_at: Decimal


@cache
def rules() -> Rules:
    """Read the figures."""
    return Rules(**{name: rule["value"] for name, rule in read_file(HERE / "rules.yaml").items()})


ANCHORS = {
    "symptom_onset": "first symptom",
    "diagnosed_on": "diagnosis",
    "first_treated_on": "first treatment",
}
SEVERITY_ORDER = ("mild", "moderate", "severe")
RECOVERY_ORDER = ("complete", "incomplete", "none")
T = TypeVar("T")


@dataclass(frozen=True)
class FoldedRelapse:
    """A relapse as it counts: one entry, or several whose onsets lie fewer than 30 days apart."""

    onset: PartialDate
    first: int
    last: int
    paths: tuple[str, ...]
    members: tuple[Relapse, ...]

    @property
    def path(self) -> str:
        """The path of the entry that began first."""
        return self.paths[0]

    def flag(self, name: str) -> Truth:
        """A flag that any of them has, the relapse has."""
        flags = [getattr(member, name) for member in self.members]
        return YES if True in flags else UNKNOWN if None in flags else NO

    @cached_property
    def severities(self) -> frozenset[str]:
        """The severities that are possible: the worst recorded, or worse where one is not known."""
        return _worst(SEVERITY_ORDER, [member.severity for member in self.members])

    @cached_property
    def recoveries(self) -> frozenset[str]:
        """The recoveries that are possible. *Ongoing* is not yet an answer."""
        return _worst(RECOVERY_ORDER, [member.recovery for member in self.members])

    @cached_property
    def systems(self) -> frozenset[str]:
        """All systems recorded."""
        return frozenset(system for member in self.members for system in member.systems)

    @property
    def systems_open(self) -> bool:
        """Whether further systems may have been involved: an empty list says nothing."""
        return not all(member.systems for member in self.members)

    def step(self, least: Decimal, least_from_5_5: Decimal) -> Truth:
        """Whether the EDSS rose by the step from before to peak; any score before goes with any peak."""
        truths = {
            _rises(member.edss_before, other.edss_peak, least, least_from_5_5)
            for member in self.members
            for other in self.members
        }
        return truths.pop() if len(truths) == 1 else UNKNOWN


def _worst(order: tuple[str, ...], given: list[str | None]) -> frozenset[str]:
    known = [order.index(value) for value in given if value in order]
    worst = max(known, default=0)
    return frozenset(order[worst:]) if len(known) < len(given) else frozenset((order[worst],))


def step_asked(before: Decimal, least: Decimal, least_from_5_5: Decimal) -> Decimal:
    """The step that is asked for at this EDSS: above 5.5 half a point weighs as one below (Kurtzke's scale)."""
    return least_from_5_5 if before >= rules().edss_step_changes_at else least


def _rises(before: Decimal | None, peak: Decimal | None, least: Decimal, least_from_5_5: Decimal) -> Truth:
    if before is None or peak is None:
        return UNKNOWN
    return truth_of(peak - before >= step_asked(before, least, least_from_5_5))


class PlacedCourse(NamedTuple):
    """A course on the calendar: the days on which it may have begun and ended, start and stop narrowing each other."""

    path: str
    course: Course
    drugs: frozenset[str]
    start: tuple[date, date]
    end: tuple[date, date]

    def within(self, keys: frozenset[str]) -> Truth:
        """Whether its drug belongs to the class. A drug that the table does not have may be of any."""
        if not self.drugs:
            return UNKNOWN
        return truth_between(self.drugs <= keys, not self.drugs.isdisjoint(keys))

    @property
    def substance(self) -> str:
        """What is counted: the substance, whatever its route."""
        named = drugs_named(self.course.drug)
        return named[0].substance if named else self.course.drug.strip().casefold()

    @property
    def name(self) -> str:
        """The drug as one says it."""
        named = drugs_named(self.course.drug)
        return named[0].inn if len(named) == 1 else self.course.drug

    def meets(self, first: int, last: int) -> bool:
        """Whether it may have run on some day from ``first`` to ``last``."""
        return self.start[0].toordinal() <= last and first <= self.end[1].toordinal()

    def exposed(self, months: int) -> Truth:
        """Whether it lasted ``months`` months. 0 asks for nothing."""
        if months == 0:
            return YES
        surely = add_months(self.start[1], months) <= self.end[0]
        return truth_between(surely, add_months(self.start[0], months) <= self.end[1])

    def days(self, months: int) -> OpenDays:
        """The days that lie in the course, at least ``months`` months after its start."""
        surely = (add_months(self.start[1], months).toordinal(), self.end[0].toordinal())
        may = (add_months(self.start[0], months).toordinal(), self.end[1].toordinal())
        return OpenDays(Days.between(*surely), Days.between(*may))


SECTIONS = tuple(CaseRecord.__dataclass_fields__)
_OF_SECTION = {
    "relapses": ("relapses",),
    "edss": ("scores", "latest_scores", "latest_score_fresh"),
    "treatments": ("courses", "_on_treatment"),
}
"""What is worked out of one section of the record alone."""


class Asked(Protocol):
    """Whatever can be asked of a case."""

    def ask(self, case: "Case") -> Answer:
        """Answer."""

    def turns(self, case: "Case") -> Iterable[date]:
        """Days on which the answer may change if nothing but time passes."""


@dataclass(frozen=True)
class Case:
    """A record and the day on which the question is asked.

    ``known_on`` is the day on which the record was made up: no date in it lies later. It differs from ``as_of``
    only when one looks ahead in time with nothing new recorded.
    """

    record: CaseRecord
    as_of: date
    known_on: date

    @classmethod
    def on(cls, record: CaseRecord, as_of: date) -> "Case":
        """Ask of this record today's question."""
        return cls(record, as_of, as_of)

    def answer(self, test: Asked) -> Answer:
        """Ask a test, once."""
        key = id(test)
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self._beside(test) or test.ask(self)
        return found

    @cached_property
    def _beside(self) -> Callable[[Asked], Answer | None]:
        """The answer of the case that this one was made beside, where the two cannot differ."""
        return lambda test: None

    @cached_property
    def _answers(self) -> dict[int, Answer]:
        return {}

    def turns(self, test: Asked) -> frozenset[date]:
        """The days after this one on which the answer may change if nothing but time passes, worked out once."""
        key = id(test)
        if key not in self._turns:
            self._turns[key] = frozenset(day for day in test.turns(self) if day > self.as_of)
        return self._turns[key]

    @cached_property
    def _turns(self) -> dict[int, frozenset[date]]:
        return {}

    def once(self, what: Hashable, work: Callable[[], T]) -> T:
        """Work something out once for all the tests that rest on it."""
        found = self._worked_out.get(what)
        if found is None:
            found = self._worked_out[what] = work()
        return cast(T, found)

    @cached_property
    def _worked_out(self) -> dict[Hashable, object]:
        return {}

    def later(self, as_of: date) -> "Case":
        """The same record, asked about on a later day; what has not turned since is not worked out again."""
        if as_of not in self._later:
            case = self._later[as_of] = Case(self.record, as_of, self.known_on)
            for name in ("relapses", "scores", "latest_scores"):
                case.__dict__[name] = getattr(self, name)
            case.__dict__["_beside"] = lambda test: (
                None if any(day <= as_of for day in self.turns(test)) else self.answer(test)
            )
        return self._later[as_of]

    def holding(self, record: CaseRecord, reads: Callable[[Any], Collection[str]]) -> "Case":
        """Another record of the same day; what the sections that are the same gave is not worked out again.

        ``reads`` names the sections that a test reads.
        """
        case = Case(record, self.as_of, self.known_on)
        changed = {name for name in SECTIONS if getattr(record, name) is not getattr(self.record, name)}
        for section in _OF_SECTION.keys() - changed:
            for name in _OF_SECTION[section]:
                case.__dict__[name] = getattr(self, name)
        case.__dict__["_beside"] = lambda test: self.answer(test) if changed.isdisjoint(reads(test)) else None
        return case

    @cached_property
    def _later(self) -> dict[date, "Case"]:
        return {}

    def span(self, day: PartialDate) -> tuple[date, date]:
        """The first and last day that a recorded date may be."""
        return day.first, min(day.last, self.known_on)

    def ordinals(self, day: PartialDate) -> tuple[int, int]:
        """The same as ordinals."""
        first, last = self.span(day)
        return first.toordinal(), last.toordinal()

    def fresh(self, first: date, last: date) -> Truth:
        """Whether something dated so is at most twelve months old."""
        since = add_months(self.as_of, -rules().stale_months)
        return truth_between(first >= since, last >= since)

    def turns_stale(self, dated: PartialDate | None) -> Iterator[date]:
        """Days on which something dated so becomes older than twelve months."""
        for day in set(self.span(dated)) if dated else ():
            yield first_day_beyond(day, rules().stale_months)

    def anchor(self, name: str) -> PartialDate | None:
        """The date from which a duration is counted."""
        day: PartialDate | None = getattr(self.record.diagnosis, name)
        return day

    @cached_property
    def relapses(self) -> tuple[FoldedRelapse, ...]:
        """The relapses as they count: without pseudo-relapses, those near each other folded."""
        listed = enumerate(self.record.relapses.events or ())
        real = [(f"relapses.events[{place}]", event) for place, event in listed if not event.pseudo]
        folded: list[FoldedRelapse] = []
        for path, event in sorted(
            (pair for pair in real if pair[1].onset.exact), key=lambda pair: pair[1].onset.first
        ):
            day = event.onset.first.toordinal()
            before = folded[-1] if folded else None
            if before and day - before.first < rules().fold_days:
                folded[-1] = replace(before, paths=(*before.paths, path), members=(*before.members, event))
            else:
                folded.append(FoldedRelapse(event.onset, day, day, (path,), (event,)))
        folded += [
            FoldedRelapse(event.onset, *self.ordinals(event.onset), (path,), (event,))
            for path, event in real
            if not event.onset.exact
        ]
        return tuple(sorted(folded, key=lambda relapse: (relapse.first, relapse.last)))

    @cached_property
    def scores(self) -> tuple[tuple[int, EdssScore, date, date], ...]:
        """Every EDSS with its place in the list and the days on which it may have been taken."""
        return tuple((index, score, *self.span(score.date)) for index, score in enumerate(self.record.edss))

    @cached_property
    def latest_scores(self) -> tuple[tuple[int, EdssScore, date, date], ...]:
        """The scores that may be the latest one: several where dates are partial or days are shared."""
        newest = max((first for _, _, first, _ in self.scores), default=date.min)
        return tuple(entry for entry in self.scores if entry[3] >= newest)

    @cached_property
    def latest_score_fresh(self) -> Truth:
        """Whether the latest EDSS is at most twelve months old."""
        firsts = [first for _, _, first, _ in self.scores]
        return self.fresh(max(firsts), max(last for *_, last in self.scores)) if firsts else UNKNOWN

    @cached_property
    def courses(self) -> tuple[PlacedCourse, ...]:
        """The courses on the calendar."""
        listed = enumerate(self.record.treatments.courses or ())
        return tuple(self._place(f"treatments.courses[{index}]", course) for index, course in listed)

    def _place(self, path: str, course: Course) -> PlacedCourse:
        start = self.span(course.start) if course.start else (date.fromordinal(DAWN), self.known_on)
        if course.stop and course.ongoing:  # said to go on, yet stopped: it ended between the two
            end = (course.stop.first, self.known_on)
        elif course.stop:
            end = self.span(course.stop)
        elif course.ongoing:
            end = (self.as_of, self.as_of)
        else:
            end = (start[0], self.known_on)
        start, end = (start[0], min(start[1], end[1])), (max(start[0], end[0]), end[1])
        keys = frozenset(drug.key for drug in drugs_named(course.drug))
        return PlacedCourse(path, course, keys, start, end)

    @property
    def treatments_complete(self) -> bool:
        """Whether every course is listed."""
        return self.record.treatments.complete is True

    def on_treatment(self, keys: frozenset[str], months: int) -> OpenDays:
        """The days inside a course of the class, at least ``months`` months after its start."""
        asked = (keys, months)
        if asked not in self._on_treatment:
            self._on_treatment[asked] = self._find_on_treatment(keys, months)
        return self._on_treatment[asked]

    @cached_property
    def _on_treatment(self) -> dict[tuple[frozenset[str], int], OpenDays]:
        return {}

    def _find_on_treatment(self, keys: frozenset[str], months: int) -> OpenDays:
        surely: list[Span] = []
        may = [] if self.treatments_complete else list(self._days_unlisted.spans)
        for course in self.courses:
            member = course.within(keys)
            if member is not NO:
                days = course.days(months)
                may += days.may.spans
                surely += days.surely.spans if member is YES else ()
        return OpenDays(Days.joined(surely), Days.joined(may))

    def off_treatment(self) -> OpenDays:
        """The days outside the courses of every drug whose class is not *none*."""
        treated = self.on_treatment(keys_of_class("any"), 0)
        return OpenDays(~treated.may, ~treated.surely)

    @cached_property
    def _days_unlisted(self) -> Days:
        """Days on which a course that is not listed may have run: those not surely inside a listed one."""
        treated = keys_of_class("any")
        listed = [course.days(0).surely for course in self.courses if course.within(treated) is YES]
        return ~Days.joined([span for days in listed for span in days.spans])


@cache
def keys_of_class(name: str) -> frozenset[str]:
    """The drugs of a class: ``any`` (all that are treatments of MS) or ``high_efficacy``."""
    return frozenset(drug.key for drug in drugs() if _of_class(drug, name))


def _of_class(drug: Drug, name: str) -> bool:
    return drug.efficacy == "high" if name == "high_efficacy" else drug.efficacy != "none"


def in_unit(number: Decimal | int, unit: str) -> str:
    """Say a number with its unit, given as of many: ``2 years``, ``1 year``, ``45 %``."""
    return f"{number} {unit.removesuffix('s') if number == 1 else unit}"


def in_words(number: int) -> str:
    """Say a small whole number in words."""
    words = "no one two three four five six seven eight nine ten".split()  # noqa: SIM905 - easier to read so
    return words[number] if number < len(words) else str(number)
