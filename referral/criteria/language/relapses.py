"""Relapses: how many in a window, with what on treatment, how severe, how well recovered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
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
    settled,
    truth_between,
)
from referral.criteria.case import Case, FoldedRelapse, in_words
from referral.criteria.days import OpenDays, first_day_back_at
from referral.criteria.language.base import Mistake, Spec, Test, Vocabulary, Window, a_word, any_of
from referral.criteria.language.on_treatment import OnTreatment, days_asked, turns_asked
from referral.facts import RECOVERIES, SEVERITIES, SYSTEMS
from referral.reference.names import SYSTEMS as SYSTEM_NAMES

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


class RelapseFilter(NamedTuple):
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

    def holds(self, relapse: FoldedRelapse) -> Truth:
        """Whether the relapse meets all that does not depend on its day."""
        return every(truth for truth, *_ in self._asked(relapse))

    def missing(self, relapse: FoldedRelapse) -> Iterator[str]:
        """The paths that leave it open whether the relapse meets it."""
        for truth, *names in self._asked(relapse):
            if truth is UNKNOWN:
                yield from (
                    f"{path}.{name}"
                    for path, member in zip(relapse.paths, relapse.members, strict=True)
                    for name in names
                    if getattr(member, name) in NOT_KNOWN
                )

    def facts(self, relapse: FoldedRelapse) -> Iterator[Fact]:
        """The relapse, entry by entry, with all of it that the filter reads."""
        read = [name for _, *names in self._asked(relapse) for name in names]
        for path, member in zip(relapse.paths, relapse.members, strict=True):
            onset = member.onset.text
            yield Fact(f"{path}.onset", onset, onset)
            for name in read:
                value = getattr(member, name)
                if value not in NOT_KNOWN:
                    yield Fact(f"{path}.{name}", _as_plain(value), onset)

    def _asked(self, relapse: FoldedRelapse) -> Iterator[tuple[Truth, *tuple[str, ...]]]:
        """Give the answer of every condition with the facts that it reads."""
        for name in self.flags:
            yield relapse.flag(name), name
        if self.severity:
            yield _among(relapse.severities, self.severity), "severity"
        if self.recovery:
            yield _among(relapse.recoveries, self.recovery), "recovery"
        if self.systems:
            hit = bool(relapse.systems & self.systems)
            yield truth_between(hit, relapse.systems_open), "systems"
        if self.not_only_systems:
            hit = bool(relapse.systems - self.not_only_systems)
            yield truth_between(hit, relapse.systems_open), "systems"
        if self.step:
            yield relapse.step(*self.step), "edss_before", "edss_peak"

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


NOT_KNOWN: tuple[Any, ...] = (None, (), "ongoing")
"""What says nothing of a relapse; a recovery that is going on is not yet an answer."""


def _as_plain(value: Any) -> Any:
    """Give a value of the record as a fact shows it."""
    if isinstance(value, Decimal):
        return float(value)
    return list(value) if isinstance(value, tuple) else value


def _among(possible: frozenset[str], asked: frozenset[str]) -> Truth:
    return truth_between(possible <= asked, bool(possible & asked))


def _in_order(order: tuple[str, ...], chosen: frozenset[str]) -> list[str]:
    return [value for value in order if value in chosen]


def _plain(names: list[str]) -> list[str]:
    return [SYSTEM_NAMES.get(name, name) for name in names]


class Counted(NamedTuple):
    """One relapse that surely or possibly counts."""

    relapse: FoldedRelapse
    surely: bool


class RelapseCount(NamedTuple):
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


@dataclass(frozen=True)
class RelapsesAsked:
    """The relapses that are counted: those of a window that meet a filter."""

    window: Window
    wanted: RelapseFilter

    def days(self, case: Case) -> OpenDays:
        """The days on which a relapse must begin."""
        return days_asked(case, self.window, self.wanted.treatment)

    def count(self, case: Case) -> RelapseCount:
        """Count them, as an interval."""
        days = self.days(case)
        counted = []
        for relapse in case.relapses:
            if days.may.meets(relapse.first, relapse.last):
                truth = self.wanted.holds(relapse)
                if truth is not NO:
                    surely = truth is YES and days.surely.covers(relapse.first, relapse.last)
                    counted.append(Counted(relapse, surely))
        return RelapseCount(tuple(counted), not complete(case, self.window))

    def missing(self, case: Case, count: RelapseCount) -> Iterator[str]:
        """The paths that leave the count open."""
        yield from self.window.missing(case)
        if count.more:
            yield "relapses.complete_since"
        for entry in count.counted:
            if not entry.surely:
                yield from self.missing_of(case, entry.relapse)

    def missing_of(self, case: Case, relapse: FoldedRelapse) -> Iterator[str]:
        """The paths that leave it open whether this relapse counts."""
        if self.wanted.holds(relapse) is UNKNOWN:
            yield from self.wanted.missing(relapse)
        if not self.days(case).surely.covers(relapse.first, relapse.last):
            if not relapse.onset.exact:
                yield f"{relapse.path}.onset"
            if self.wanted.treatment:
                yield from self.wanted.treatment.missing(case, (relapse.first, relapse.last))

    def facts(self, case: Case, count: RelapseCount, *, enough: bool) -> Iterator[Fact]:
        """What the count rests on: the relapses that count, if they are ``enough`` to settle it.

        Else every relapse of the window, with what shows that it does not count, and since when the list is whole.
        """
        yield from self.window.facts(case)
        relapses = [entry.relapse for entry in count.counted]
        if not enough:
            in_window = self.window.on(case).may
            relapses = [each for each in case.relapses if in_window.meets(each.first, each.last)]
        for relapse in relapses:
            yield from self.wanted.facts(relapse)
        if self.wanted.treatment:
            yield from self.wanted.treatment.facts(case, [(each.first, each.last) for each in relapses])
        if not enough:
            yield from _list_facts(case)


def _list_facts(case: Case) -> Iterator[Fact]:
    """Since when the list is whole; none lie before the first symptom."""
    since, onset = case.record.relapses.complete_since, case.record.diagnosis.symptom_onset
    if since:
        yield Fact("relapses.complete_since", since.text, since.text)
    if since and onset and onset.last >= since.first:
        yield Fact("diagnosis.symptom_onset", onset.text, onset.text)


def complete(case: Case, window: Window) -> bool:
    """Whether the relapse list leaves nothing out in the window. No relapse lies before the first symptom."""
    since = case.record.relapses.complete_since
    if since is None:
        return False
    listed_from = case.span(since)[1].toordinal()
    begins = window.on(case).may.spans[0][0]
    onset = case.record.diagnosis.symptom_onset
    return listed_from <= (max(begins, case.span(onset)[0].toordinal()) if onset else begins)


def turns_of_relapses(case: Case, window: Window, treatment: OnTreatment | None) -> Iterator[date]:
    """Days on which a relapse leaves the window, or the window no longer reaches back before the list."""
    listed = case.record.relapses
    yield from turns_asked(case, window, treatment, (relapse.onset for relapse in listed.events or ()))
    if listed.complete_since and window.months is not None:
        yield first_day_back_at(case.span(listed.complete_since)[1], window.months)
    elif listed.complete_since and window.days is not None:
        yield case.span(listed.complete_since)[1] + timedelta(days=window.days)


@a_word("relapses", "activity")
@dataclass(frozen=True)
class Relapses(Test):
    """The number of relapses in a window that meet the filters."""

    at_least: int | None
    at_most: int | None
    asked: RelapsesAsked

    @property
    def window(self) -> Window:
        """The window in time."""
        return self.asked.window

    @property
    def wanted(self) -> RelapseFilter:
        """What a relapse must be to count."""
        return self.asked.wanted

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read number, window and filters."""
        spec = Spec("relapses", given)
        asked = RelapsesAsked(spec.window(), RelapseFilter.read(spec, vocabulary))
        test = cls(spec.whole("at_least"), spec.whole("at_most"), asked)
        spec.done()
        if (test.at_least is None) == (test.at_most is None):
            raise Mistake("relapses: give at_least or at_most, one of them")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare the interval of the count with the number asked for."""
        count = case.once(self.asked, lambda: self.asked.count(case))
        if self.at_least is not None:
            truth = truth_between(
                count.least >= self.at_least, count.most is None or count.most >= self.at_least
            )
        else:
            most = self.at_most or 0
            truth = truth_between(count.most is not None and count.most <= most, count.least <= most)
        enough = truth is (YES if self.at_least is not None else NO)
        return settled(
            truth, self._reason(case, count) if truth is UNKNOWN else Reason.OK,
            lambda: self._tell(case, count),
            lambda: self.asked.facts(case, count, enough=enough),
            lambda: self.asked.missing(case, count),
        )  # fmt: skip

    def turns(self, case: Case) -> Iterator[date]:
        """When relapses leave the window, and when the list becomes complete for it."""
        return turns_of_relapses(case, self.window, self.wanted.treatment)

    def _reason(self, case: Case, count: RelapseCount) -> Reason:
        open_ones = [entry.relapse for entry in count.counted if not entry.surely]
        if any(not relapse.onset.exact for relapse in open_ones):
            return Reason.IMPRECISE_DATE
        if any(
            self.wanted.holds(relapse) is UNKNOWN or any(self.asked.missing_of(case, relapse))
            for relapse in open_ones
        ):
            return Reason.MISSING
        if open_ones and self.window.missing(case):
            return Reason.IMPRECISE_DATE if self.window.anchored(case) else Reason.MISSING
        return Reason.INCOMPLETE_LIST

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
