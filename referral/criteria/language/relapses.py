"""Relapses: how many in a window, with what on treatment, how severe, how well recovered."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

from referral.criteria.answer import Answer, Fact, Reason, Truth, every, settled
from referral.criteria.case import Case, FoldedRelapse, in_words
from referral.criteria.days import OpenDays, first_day_back_at
from referral.criteria.language.base import (
    DrugClass,
    Mistake,
    Spec,
    Test,
    Vocabulary,
    Window,
    a_word,
    any_of,
)
from referral.facts import RECOVERIES, SEVERITIES, SYSTEMS

FLAGS = {
    "steroid_treated": "steroid_treated",
    "disabling": "disabling",
    "confirmed": "confirmed_by_neurologist",
}
FLAG_WORDS = {
    "steroid_treated": "treated with steroids",
    "disabling": "disabling",
    "confirmed_by_neurologist": "confirmed by a neurologist",
}


@dataclass(frozen=True, slots=True)
class OnTreatment:
    """A condition on a day: inside a course of the class, or (no class) outside every treatment."""

    drug_class: DrugClass | None
    months: int = 0

    @classmethod
    def read(cls, spec: Spec, vocabulary: Vocabulary) -> "OnTreatment | None":
        """Read on_treatment and min_exposure_months."""
        given, months = spec.take("on_treatment"), spec.whole("min_exposure_months", 0) or 0
        if given is None:
            if months:
                raise Mistake(f"{spec.word}: min_exposure_months needs on_treatment")
            return None
        return cls(None if given == "none" else vocabulary.keys(given), months)

    def days(self, case: Case) -> OpenDays:
        """The days that meet it."""
        if self.drug_class is None:
            return case.off_treatment()
        return case.on_treatment(self.drug_class.keys, self.months)

    def words(self) -> str:
        """Say it."""
        if self.drug_class is None:
            return "outside every treatment"
        since = f" for {self.months} months or more" if self.months else ""
        return f"on {'' if self.drug_class.named else 'a '}{self.drug_class.words}{since}"


@dataclass(frozen=True, slots=True)
class RelapseFilter:
    """What a relapse must be to count; all conditions hold together."""

    flags: tuple[str, ...] = ()
    severity: frozenset[str] = frozenset()
    recovery: frozenset[str] = frozenset()
    systems: frozenset[str] = frozenset()
    not_only_systems: frozenset[str] = frozenset()
    step: tuple[Decimal, Decimal] | None = None
    treatment: OnTreatment | None = None

    @classmethod
    def read(cls, spec: Spec, vocabulary: Vocabulary) -> Self:
        """Read the filters."""
        flags = []
        for name, fact in FLAGS.items():
            given = spec.take(name)
            if given is not None and given is not True:
                raise Mistake(f"{spec.word}: {name} can only be true")
            flags += [fact] if given else []
        step = spec.part("edss_step")
        steps = None
        if step:
            least, high = step.number("min"), step.number("min_from_5_5")
            step.done()
            if least is None:
                raise Mistake("edss_step: min is missing")
            steps = (least, least if high is None else high)
        return cls(
            tuple(flags),
            spec.some("severity", SEVERITIES),
            spec.some("recovery", RECOVERIES),
            spec.some("systems", SYSTEMS),
            spec.some("not_only_systems", SYSTEMS),
            steps,
            OnTreatment.read(spec, vocabulary),
        )

    def holds(self, relapse: FoldedRelapse) -> tuple[Truth, tuple[str, ...]]:
        """Whether the relapse meets all that does not depend on its day, and which facts are open."""
        asked = list(self._asked(relapse))
        truth = every(truth for truth, _ in asked)
        open_facts = [name for part, name in asked if part is Truth.UNKNOWN]
        return truth, tuple(f"{relapse.path}.{name}" for name in open_facts) if truth is Truth.UNKNOWN else ()

    def _asked(self, relapse: FoldedRelapse) -> Iterator[tuple[Truth, str]]:
        for name in self.flags:
            yield relapse.flag(name), name
        if self.severity:
            yield _among(relapse.severities, self.severity), "severity"
        if self.recovery:
            yield _among(relapse.recoveries, self.recovery), "recovery"
        if self.systems:
            hit = bool(relapse.systems & self.systems)
            yield Truth.between(hit, relapse.systems_open), "systems"
        if self.not_only_systems:
            hit = bool(relapse.systems - self.not_only_systems)
            yield Truth.between(hit, relapse.systems_open), "systems"
        if self.step:
            yield relapse.step(*self.step), "edss_peak"

    def words(self) -> str:
        """Say the conditions."""
        parts = [FLAG_WORDS[name] for name in self.flags]
        if self.severity:
            parts.append(any_of(_in_order(SEVERITIES, self.severity)))
        if self.recovery:
            parts.append(f"recovery {any_of(_in_order(RECOVERIES, self.recovery))}")
        if self.systems:
            parts.append(f"in {any_of(_plain(_in_order(SYSTEMS, self.systems)))} function")
        if self.not_only_systems:
            parts.append(f"not only {any_of(_plain(_in_order(SYSTEMS, self.not_only_systems)))}")
        if self.step:
            parts.append(f"EDSS up by {self.step[0]} or more ({self.step[1]} from 5.5 on)")
        if self.treatment:
            parts.append(self.treatment.words())
        return ", ".join(parts)


def _among(possible: frozenset[str], asked: frozenset[str]) -> Truth:
    return Truth.between(possible <= asked, bool(possible & asked))


def _in_order(order: tuple[str, ...], chosen: frozenset[str]) -> list[str]:
    return [value for value in order if value in chosen]


def _plain(names: list[str]) -> list[str]:
    return [name.replace("_", " ") for name in names]


@dataclass(frozen=True, slots=True)
class Counted:
    """One relapse that surely or possibly counts, with the days on which it may."""

    relapse: FoldedRelapse
    surely: bool
    days: OpenDays
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RelapseCount:
    """How many relapses count: those sure, those possible, and whether there may be more unlisted."""

    counted: tuple[Counted, ...]
    more: bool

    @property
    def least(self) -> int:
        """How many surely count."""
        return sum(entry.surely for entry in self.counted)

    @property
    def most(self) -> int | None:
        """How many may count; ``None`` without a limit."""
        return None if self.more else len(self.counted)


def count_relapses(case: Case, window: Window, wanted: RelapseFilter) -> RelapseCount:
    """Count the relapses of the window that meet the filter, as an interval."""
    days = window.on(case)
    if wanted.treatment:
        days = days & wanted.treatment.days(case)
    counted = []
    for relapse in case.relapses:
        truth, missing = wanted.holds(relapse)
        if truth is Truth.NO or not days.may.meets(relapse.first, relapse.last):
            continue
        on_day = days.surely.covers(relapse.first, relapse.last)
        if not on_day:
            missing = (*missing, *_day_facts(case, relapse, wanted))
        counted.append(Counted(relapse, on_day and truth is Truth.YES, days, missing))
    return RelapseCount(tuple(counted), not complete(case, window))


def _day_facts(case: Case, relapse: FoldedRelapse, wanted: RelapseFilter) -> Iterator[str]:
    """The dates that leave it open whether the relapse lies where it must."""
    if not relapse.onset.exact:
        yield f"{relapse.path}.onset"
    if wanted.treatment:
        yield from open_courses(case)


def open_courses(case: Case) -> Iterator[str]:
    """What is not known of the courses and could move the days on treatment: drugs, dates, whether all are listed."""
    for course in case.courses:
        if not course.drugs:
            yield f"{course.path}.drug"
        for name in ("start", "stop"):
            day = getattr(course.course, name)
            ends = name == "stop" and course.course.ongoing
            if not ends and (day is None or not day.exact):
                yield f"{course.path}.{name}"
    if not case.treatments_complete:
        yield "treatments.complete"


def complete(case: Case, window: Window) -> bool:
    """Whether the relapse list leaves nothing out in the window. No relapse lies before the first symptom."""
    since = case.record.relapses.complete_since
    if since is None:
        return False
    listed_from = case.span(since)[1].toordinal()
    spans = window.on(case).may.spans
    if not spans:
        return True
    onset = case.record.diagnosis.symptom_onset
    first_possible = max(spans[0][0], case.span(onset)[0].toordinal()) if onset else spans[0][0]
    return listed_from <= first_possible


def turns_of_relapses(case: Case, window: Window) -> Iterator[date]:
    """Days on which a relapse leaves the window, or the window no longer reaches back before the list."""
    listed = case.record.relapses
    yield from window.turns(case, (relapse.onset for relapse in listed.events or ()))
    if listed.complete_since and window.months is not None:
        yield first_day_back_at(case.span(listed.complete_since)[1], window.months)
    elif listed.complete_since and window.days is not None:
        yield case.span(listed.complete_since)[1] + timedelta(days=window.days)


@a_word("relapses", "activity")
@dataclass(frozen=True, slots=True)
class Relapses(Test):
    """The number of relapses in a window that meet the filters."""

    at_least: int | None
    at_most: int | None
    window: Window
    wanted: RelapseFilter = field(default_factory=RelapseFilter)

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read number, window and filters."""
        spec = Spec("relapses", given)
        test = cls(
            spec.whole("at_least"), spec.whole("at_most"), spec.window(), RelapseFilter.read(spec, vocabulary)
        )
        spec.done()
        if (test.at_least is None) == (test.at_most is None):
            raise Mistake("relapses: give at_least or at_most, one of them")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare the interval of the count with the number asked for."""
        count = count_relapses(case, self.window, self.wanted)
        if self.at_least is not None:
            truth = Truth.between(
                count.least >= self.at_least, count.most is None or count.most >= self.at_least
            )
        else:
            most = self.at_most or 0
            truth = Truth.between(count.most is not None and count.most <= most, count.least <= most)
        return settled(
            truth,
            self._reason(case, count),
            lambda: self._tell(case, count),
            relapse_facts(count),
            self._missing(case, count),
        )

    def turns(self, case: Case) -> Iterator[date]:
        """When relapses leave the window, and when the list becomes complete for it."""
        return turns_of_relapses(case, self.window)

    def _reason(self, case: Case, count: RelapseCount) -> Reason:
        open_entries = [entry for entry in count.counted if not entry.surely]
        if any(not entry.relapse.onset.exact for entry in open_entries):
            return Reason.IMPRECISE_DATE
        if any(entry.missing for entry in open_entries):
            return Reason.MISSING
        if open_entries and self.window.missing(case):
            return Reason.IMPRECISE_DATE if self.window.anchored(case) else Reason.MISSING
        return Reason.INCOMPLETE_LIST

    def _missing(self, case: Case, count: RelapseCount) -> tuple[str, ...]:
        listing = ("relapses.complete_since",) if count.more else ()
        entries = tuple(path for entry in count.counted if not entry.surely for path in entry.missing)
        return (*self.window.missing(case), *listing, *dict.fromkeys(entries))

    def _tell(self, case: Case, count: RelapseCount) -> str:
        said = say_count(count, self.wanted.words(), self.window.words(case))
        since = case.record.relapses.complete_since
        if not count.more:
            return said
        whole = f"complete only since {since.words}" if since else "not known to be complete"
        return f"{said}; the list of relapses is {whole}"

    def asks(self) -> str:
        """Say the number."""
        if self.at_most is not None:
            return "none is allowed" if self.at_most == 0 else f"at most {in_words(self.at_most)} are allowed"
        least = self.at_least or 0
        return f"at least {in_words(least)} {'is' if least == 1 else 'are'} asked for"


def say_count(count: RelapseCount, filters: str, window: str) -> str:
    """Say how many relapses there are, and their days."""
    sure = [entry.relapse.onset.words for entry in count.counted if entry.surely]
    open_ones = [entry.relapse.onset.words for entry in count.counted if not entry.surely]
    what = "relapses listed" if len(sure) > 1 else "relapse listed"
    listed = f" ({', '.join(sure)})" if sure else ""
    said = f"{in_words(len(sure)).capitalize()} {what} {window}{', ' + filters if filters else ''}{listed}"
    if open_ones:
        said += f", and {in_words(len(open_ones))} that may count ({', '.join(open_ones)})"
    return said


def relapse_facts(count: RelapseCount) -> tuple[Fact, ...]:
    """The relapses that count, as facts."""
    return tuple(
        Fact(f"{entry.relapse.path}.onset", entry.relapse.onset.text, entry.relapse.onset.text)
        for entry in count.counted
    )
