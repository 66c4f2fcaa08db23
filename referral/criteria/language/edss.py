"""The EDSS: the latest score, its rise, one functional system."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from referral.criteria.answer import NO, UNKNOWN, YES, Answer, Fact, Reason, Truth, settled
from referral.criteria.case import Case, step_asked
from referral.criteria.language.base import (
    Bounds,
    Mistake,
    Spec,
    Test,
    Vocabulary,
    Window,
    a_word,
    is_one_of,
)
from referral.facts import EdssScore, FunctionalSystems
from referral.reference.names import SYSTEMS

Entry = tuple[int, EdssScore, date, date]


def _fact(entry: Entry, name: str = "score") -> Fact:
    index, score, _, _ = entry
    value = getattr(score, name)
    return Fact(f"edss[{index}].{name}", float(value) if name == "score" else value, score.date.text)


def _say(entry: Entry) -> str:
    _, score, _, _ = entry
    taken = ", taken during a relapse" if score.during_relapse else ""
    return f"EDSS {score.score:.1f} ({score.date.words}{taken})"


def _open_dates(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    return tuple(f"edss[{index}].date" for index, score, _, _ in entries if not score.date.exact)


def _unusable(case: Case) -> Answer | None:
    """The answer where no score is there, or the latest one is or may be older than twelve months."""
    if not case.scores:
        return Answer(UNKNOWN, Reason.MISSING, lambda: "EDSS: not recorded", name_missing=lambda: ("edss",))
    if case.latest_score_fresh is YES:
        return None
    latest = case.latest_scores
    stale = case.latest_score_fresh is NO
    age = "is older than 12 months" if stale else "may be older than 12 months"
    return Answer(
        UNKNOWN,
        Reason.STALE if stale else Reason.IMPRECISE_DATE,
        lambda: f"{' or '.join(map(_say, latest))} {age}",
        lambda: map(_fact, latest),
        lambda: ("edss", *_open_dates(latest)),
    )


def _turns(case: Case) -> Iterator[date]:
    for score in case.record.edss:
        yield from case.turns_stale(score.date)


def _agreed(latest: tuple[Entry, ...], truths: list[Truth]) -> Truth:
    """All scores that may be the latest must agree."""
    return truths[0] if len(set(truths)) == 1 else UNKNOWN


@a_word("edss", "disability")
@dataclass(frozen=True)
class Edss(Test):
    """The latest EDSS, not stale. ``unless_during_relapse``: out of range, it may be the relapse's doing."""

    bounds: Bounds
    unless_during_relapse: bool

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read bounds and exception."""
        spec = Spec("edss", given)
        test = cls(spec.bounds(), bool(spec.take("unless_during_relapse", False)))
        spec.done()
        if not test.bounds:
            raise Mistake("edss: a bound is missing")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare every score that may be the latest."""
        unusable = _unusable(case)
        if unusable:
            return unusable
        latest = case.latest_scores
        truths = [self._holds(score) for _, score, _, _ in latest]
        truth = _agreed(latest, truths)
        judged = truth is UNKNOWN and UNKNOWN in truths

        def tell() -> str:
            said = " or ".join(map(_say, latest))
            return f"{said}; whether a relapse explains it, a person has to judge" if judged else said

        return settled(
            truth, Reason.JUDGEMENT_NEEDED if judged else Reason.IMPRECISE_DATE, tell,
            lambda: self._facts(latest), lambda: self._missing(latest, judged=judged),
        )  # fmt: skip

    def _facts(self, latest: tuple[Entry, ...]) -> Iterator[Fact]:
        for entry in latest:
            yield _fact(entry)
            if self.unless_during_relapse and entry[1].during_relapse is not None:
                yield _fact(entry, "during_relapse")

    def _missing(self, latest: tuple[Entry, ...], *, judged: bool) -> Iterator[str]:
        if len(latest) > 1:
            yield from _open_dates(latest)
        if judged:
            for index, score, _, _ in latest:
                if score.during_relapse is None:
                    yield f"edss[{index}].during_relapse"

    def turns(self, case: Case) -> Iterator[date]:
        """When the scores become stale."""
        return _turns(case)

    def _holds(self, score: EdssScore) -> Truth:
        within = self.bounds.hold(score.score, score.score)
        excused = self.unless_during_relapse and score.during_relapse is not False
        return UNKNOWN if within is NO and excused else within

    def asks(self) -> str:
        """Say the range."""
        excused = " unless taken in a relapse" if self.unless_during_relapse else ""
        return f"{self.bounds.words()} is asked for{excused}"


@a_word("edss_rise", "disability")
@dataclass(frozen=True)
class EdssRise(Test):
    """The latest EDSS minus an earlier one of the window."""

    least: Decimal | None
    above: Decimal | None
    least_from_5_5: Decimal | None
    window: Window

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read the step and the window."""
        spec = Spec("edss_rise", given)
        test = cls(spec.number("min"), spec.number("above"), spec.number("min_from_5_5"), spec.window())
        spec.done()
        if (test.least is None) == (test.above is None):
            raise Mistake("edss_rise: give min or above, one of them")
        return test

    def ask(self, case: Case) -> Answer:
        """Ask whether some earlier score of the window lies the step below; two scores must be there for a no."""
        unusable = _unusable(case)
        if unusable:
            return unusable
        latest = case.latest_scores
        days = self.window.on(case)
        truths, pairs = [], []
        for entry in latest:
            earlier = [other for other in case.scores if other[0] != entry[0] and other[2] <= entry[3]]
            earlier = [
                other for other in earlier if days.may.meets(other[2].toordinal(), other[3].toordinal())
            ]
            pairs += [(other, entry) for other in earlier]
            truths.append(self._rose(entry, earlier, case))
        truth = _agreed(latest, truths)
        shown = pairs if truth is not YES else [pair for pair in pairs if self._step(*pair)]
        entries = list(dict.fromkeys([entry for pair in shown for entry in pair] or latest))
        imprecise = bool(_open_dates(tuple(entries)))

        def tell() -> str:
            if not pairs:
                return f"{' or '.join(map(_say, latest))}, and no earlier one {self.window.words(case)}"
            return ", then ".join(map(_say, sorted(entries, key=lambda entry: (entry[2], entry[0]))))

        reason = Reason.IMPRECISE_DATE if pairs and imprecise else Reason.MISSING
        return settled(
            truth, reason, tell,
            lambda: (*self.window.facts(case), *map(_fact, (*latest, *entries))),
            lambda: ("edss", *_open_dates(tuple(entries))),
        )  # fmt: skip

    def turns(self, case: Case) -> Iterator[date]:
        """When scores become stale or leave the window."""
        yield from _turns(case)
        yield from self.window.turns(case, (score.date for score in case.record.edss))

    def _rose(self, entry: Entry, earlier: list[Entry], case: Case) -> Truth:
        sure = [other for other in earlier if self._surely_earlier(other, entry, case)]
        if any(self._step(other, entry) for other in sure):
            return YES
        if any(self._step(other, entry) for other in earlier) or not self._two_in_order(case):
            return UNKNOWN
        return NO

    def _two_in_order(self, case: Case) -> bool:
        """Whether the window has two scores of which one is surely the earlier: fewer say nothing of a rise."""
        days = self.window.on(case).surely
        ends = [last for *_, first, last in case.scores if days.covers(first.toordinal(), last.toordinal())]
        return bool(ends) and min(ends) < max(first for *_, first, _ in case.scores)

    def _surely_earlier(self, other: Entry, entry: Entry, case: Case) -> bool:
        within = self.window.on(case).surely.covers(other[2].toordinal(), other[3].toordinal())
        return within and other[3] < entry[2]

    def _step(self, other: Entry, entry: Entry) -> bool:
        before, after = other[1].score, entry[1].score
        if self.above is not None:
            return after - before > self.above
        least = self.least or Decimal(0)
        return after - before >= step_asked(before, least, self.least_from_5_5 or least)

    def asks(self) -> str:
        """Say the step."""
        if self.above is not None:
            step = "any rise" if self.above == 0 else f"a rise of more than {self.above}"
        else:
            step = f"a rise of {self.least} or more"
        high = f" ({self.least_from_5_5} from 5.5 on)" if self.least_from_5_5 is not None else ""
        when = self.window.asks()
        return f"{step}{high}{when and ' '}{when} is asked for"


@a_word("functional_system", "disability")
@dataclass(frozen=True)
class FunctionalSystem(Test):
    """The raw grade of one functional system, recorded with the latest EDSS."""

    system: str
    bounds: Bounds

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read the system and its bounds."""
        spec = Spec("functional_system", given)
        test = cls(spec.need("system"), spec.bounds())
        spec.done()
        if not is_one_of(test.system, FunctionalSystems.__dataclass_fields__) or not test.bounds:
            raise Mistake("functional_system: a system of the record and a bound are asked for")
        return test

    def ask(self, case: Case) -> Answer:
        """Compare the grade of every score that may be the latest."""
        unusable = _unusable(case)
        if unusable:
            return unusable
        latest = case.latest_scores
        grades = [getattr(score.functional_systems, self.system) for _, score, _, _ in latest]
        truths = [UNKNOWN if grade is None else self.bounds.hold(grade, grade) for grade in grades]
        truth = _agreed(latest, truths)
        named = [
            (f"edss[{entry[0]}].functional_systems.{self.system}", grade, entry)
            for entry, grade in zip(latest, grades, strict=True)
        ]
        unknown = [path for path, grade, _ in named if grade is None]

        def tell() -> str:
            said = [
                f"{'not recorded' if grade is None else grade} with {_say(entry)}"
                for entry, grade in zip(latest, grades, strict=True)
            ]
            return f"Grade of the {SYSTEMS.get(self.system, self.system)} system: {' or '.join(said)}"

        def facts() -> Iterator[Fact]:
            yield from map(_fact, latest)
            for path, grade, (_, score, _, _) in named:
                if grade is not None:
                    yield Fact(path, grade, score.date.text)

        return settled(
            truth, Reason.MISSING if unknown else Reason.IMPRECISE_DATE, tell,
            facts, lambda: (*unknown, *(() if len(latest) == 1 else _open_dates(latest))),
        )  # fmt: skip

    def turns(self, case: Case) -> Iterator[date]:
        """When the scores become stale."""
        return _turns(case)

    def asks(self) -> str:
        """Say the grade."""
        return f"{self.bounds.words()} is asked for"
