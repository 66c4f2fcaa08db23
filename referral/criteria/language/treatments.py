"""Treatments: failed, given, and how long ago the last dose was."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

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
    truth_of,
)
from referral.criteria.case import Case, PlacedCourse, in_unit, in_words
from referral.criteria.days import add_months, first_day_back_at
from referral.criteria.language.base import DrugClass, Mistake, Spec, Test, Vocabulary, a_word
from referral.criteria.language.on_treatment import course_facts, list_facts, open_ends
from referral.facts import Course

OUTCOMES = {
    "failed_efficacy": "failed for lack of effect",
    "intolerance": "stopped for intolerance",
    "safety": "stopped for safety",
    "contraindicated": "contraindicated",
    "pregnancy": "stopped for pregnancy",
    "patient_choice": "stopped by choice",
    "effective": "effective",
    "planned_end": "ended as planned",
    "other": "other outcome",
    None: "outcome not recorded",
}


def _failed(course: Course) -> Truth:
    """Only lack of effect is failure; an outcome not recorded may be one."""
    return truth_of(None if course.outcome is None else course.outcome == "failed_efficacy")


def _given(course: Course) -> Truth:
    return YES


def _dates(placed: PlacedCourse) -> str:
    course = placed.course
    start = course.start.words if course.start else "start not recorded"
    if course.stop:
        return f"{start} to {course.stop.words}"
    return f"since {start}" if course.ongoing else f"{start}, end not recorded"


@dataclass(frozen=True)
class _Drugs(Test):
    """The number of different drugs of a class, whatever their route, with an exposure."""

    drug_class: DrugClass
    at_least: int
    exposure: int

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read class, number and exposure."""
        spec = Spec(cls.word, given)
        drug_class, number = vocabulary.keys(spec.need("class")), spec.whole("at_least")
        test = cls(drug_class, number or 0, spec.whole("min_exposure_months", 0) or 0)
        spec.done()
        if test.at_least < 1:
            raise Mistake(f"{cls.word}: at_least is 1 or more")
        return test

    def outcome(self) -> Callable[[Course], Truth]:
        """What the outcome must be."""
        raise NotImplementedError

    def verb(self) -> str:
        """How one says it."""
        raise NotImplementedError

    def ask(self, case: Case) -> Answer:
        """Count the drugs as an interval; without a complete list there is no upper end."""
        sure: set[str] = set()
        may: set[str] = set()
        shown: list[PlacedCourse] = []
        missing: list[str] = []
        imprecise = False
        counts = self.outcome()
        for placed in case.courses:
            member = placed.within(self.drug_class.keys)
            if member is NO:
                continue
            shown.append(placed)
            right, long_enough = counts(placed.course), placed.exposed(self.exposure)
            truth = min(member, right, long_enough)
            if truth is NO:
                continue
            may.add(placed.substance)
            if truth is YES:
                sure.add(placed.substance)
                continue
            if right is UNKNOWN:
                missing.append(f"{placed.path}.outcome")
            if member is UNKNOWN:
                missing.append(f"{placed.path}.drug")
            if long_enough is UNKNOWN:
                imprecise = True
                missing += [f"{placed.path}.{name}" for name in open_ends(placed.course)]
        whole = case.treatments_complete
        truth = truth_between(len(sure) >= self.at_least, not whole or len(may) >= self.at_least)
        if may == sure:
            reason = Reason.INCOMPLETE_LIST
        else:
            reason = Reason.IMPRECISE_DATE if imprecise and len(missing) else Reason.MISSING
        return settled(
            truth, reason,
            lambda: self._tell(len(sure), len(may - sure), shown, whole),
            lambda: self._facts(case, shown, enough=truth is YES),
            lambda: missing if whole else (*missing, "treatments.complete"),
        )  # fmt: skip

    def _facts(self, case: Case, shown: list[PlacedCourse], *, enough: bool) -> Iterator[Fact]:
        """The courses of the class; and, where it is not enough of them, whether every course is listed."""
        for placed in shown:
            yield from course_facts(placed, "outcome")
        if not enough:
            yield from list_facts(case)

    def turns(self, case: Case) -> Iterator[date]:
        """When a course that goes on reaches the exposure."""
        for placed in case.courses:
            if placed.course.ongoing and self.exposure:
                yield from (add_months(day, self.exposure) for day in set(placed.start))

    def _tell(self, sure: int, more: int, shown: list[PlacedCourse], whole: bool) -> str:
        exposure = f" after {in_unit(self.exposure, 'months')} or more" if self.exposure else ""
        number = self.drug_class.number(sure)
        said = f"{number[:1].upper()}{number[1:]} listed as {self.verb()}{exposure}"
        said += f", and {in_words(more)} that may count" if more else ""
        listed = "; ".join(
            f"{placed.name}, {_dates(placed)}, {OUTCOMES[placed.course.outcome]}" for placed in shown
        )
        said += f" ({listed})" if listed else ""
        return said if whole else f"{said}; the list of treatments is not known to be complete"

    def asks(self) -> str:
        """Say the number."""
        verb = "is" if self.at_least == 1 else "are"
        return f"{self.drug_class.at_least(self.at_least)} {verb} asked for"

    def asks_not(self) -> str:
        """Say that there must be fewer."""
        return f"fewer than {self.drug_class.number(self.at_least)} are asked for"


@a_word("failed_treatments", "treatment")
@dataclass(frozen=True)
class FailedTreatments(_Drugs):
    """Different drugs that failed for lack of effect. Intolerance, safety and the rest are no failures."""

    def outcome(self) -> Callable[[Course], Truth]:
        """Lack of effect."""
        return _failed

    def verb(self) -> str:
        """How one says it."""
        return "failed for lack of effect"

    def asks_not(self) -> str:
        """Say that there must be fewer."""
        if self.at_least == 1:
            return "no such failure is asked for"
        return _Drugs.asks_not(self)


@a_word("treated_with", "treatment")
@dataclass(frozen=True)
class TreatedWith(_Drugs):
    """Different drugs given, whatever the outcome."""

    def outcome(self) -> Callable[[Course], Truth]:
        """Any."""
        return _given

    def verb(self) -> str:
        """How one says it."""
        return "given"

    def asks_not(self) -> str:
        """Say that there must be fewer."""
        if self.at_least == 1:
            return "none given so far is asked for"
        return _Drugs.asks_not(self)


@a_word("treatment_free_months", "treatment")
@dataclass(frozen=True)
class TreatmentFreeMonths(Test):
    """Months since the last dose (else the stop) of the class. Going on: no; never given and list whole: yes."""

    drug_class: DrugClass
    months: int

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read class and months."""
        spec = Spec("treatment_free_months", given)
        test = cls(vocabulary.keys(spec.need("class")), spec.whole("min") or 0)
        spec.done()
        if not test.months:
            raise Mistake("treatment_free_months: min is a number of months")
        return test

    def ask(self, case: Case) -> Answer:
        """Every course of the class must lie far enough back."""
        shown = [placed for placed in case.courses if placed.within(self.drug_class.keys) is not NO]
        truths, missing = [], []
        for placed in shown:
            free = self._free(case, placed)
            member = placed.within(self.drug_class.keys)
            truths.append(UNKNOWN if member is UNKNOWN and free is not YES else free)
            if truths[-1] is UNKNOWN:
                missing += [f"{placed.path}.drug"] if member is UNKNOWN else []
                missing += [f"{placed.path}.{name}" for name in self._open_ends(placed.course)]
        whole = case.treatments_complete
        truth = every([*truths, YES if whole else UNKNOWN])
        unknown = Reason.IMPRECISE_DATE if missing else Reason.INCOMPLETE_LIST
        return settled(
            truth, unknown, lambda: self._tell(shown, whole),
            lambda: self._facts(case, shown, no=truth is NO),
            lambda: missing if whole else (*missing, "treatments.complete"),
        )  # fmt: skip

    def _facts(self, case: Case, shown: list[PlacedCourse], *, no: bool) -> Iterator[Fact]:
        """The courses of the class; and, where none of them says no, whether every course is listed."""
        for placed in shown:
            yield from course_facts(placed, "last_dose")
        if not no:
            yield from list_facts(case)

    def _free(self, case: Case, placed: PlacedCourse) -> Truth:
        """Whether the last dose lies far enough back; counted from both ends, which must agree."""
        if placed.course.ongoing and not placed.course.stop:
            return NO
        first_day, last_day = self._last_dose(case, placed)
        surely = all(self._far(last_day, case.as_of))
        return truth_between(surely, any(self._far(first_day, case.as_of)))

    def _last_dose(self, case: Case, placed: PlacedCourse) -> tuple[date, date]:
        """The first and last day on which it may have been given; else the course ended, or began."""
        course = placed.course
        first, last = placed.end if course.stop else placed.start
        if course.last_dose:
            first, last = case.span(course.last_dose)
        # A last dose without a stop: another may have followed.
        return first, last if course.stop and not course.ongoing else case.known_on

    def turns(self, case: Case) -> Iterator[date]:
        """When the last dose lies far enough back, counted from either end."""
        for placed in case.courses:
            for day in {*self._last_dose(case, placed), case.known_on}:
                yield add_months(day, self.months)
                yield first_day_back_at(day, self.months)

    def _far(self, day: date, as_of: date) -> tuple[bool, bool]:
        return add_months(day, self.months) <= as_of, day <= add_months(as_of, -self.months)

    def _open_ends(self, course: Course) -> list[str]:
        if not course.stop:
            return ["stop"]
        last = course.last_dose or course.stop
        return [] if last.exact and not course.ongoing else ["last_dose"]

    def _tell(self, shown: list[PlacedCourse], whole: bool) -> str:
        listed = "; ".join(f"{placed.name}, {self._ended(placed.course)}" for placed in shown)
        none = self.drug_class.number(0)
        said = listed or f"{none[:1].upper()}{none[1:]} listed"
        return said if whole else f"{said}; the list of treatments is not known to be complete"

    def _ended(self, course: Course) -> str:
        if course.ongoing and not course.stop:
            return "still given"
        if course.last_dose:
            note = "" if course.stop else ", end of treatment not recorded"
            return f"last dose {course.last_dose.words}{note}"
        return f"stopped {course.stop.words}" if course.stop else "end not recorded"

    def asks(self) -> str:
        """Say the months."""
        verb = "is" if self.months == 1 else "are"
        return f"{in_unit(self.months, 'months')} without {self.drug_class.words} {verb} asked for"
