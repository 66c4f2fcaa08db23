"""A day inside a course of a class of drugs, or outside every treatment; and the courses that say so."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from referral.criteria.answer import Fact
from referral.criteria.case import Case, PlacedCourse, in_unit
from referral.criteria.days import OpenDays
from referral.criteria.language.base import DrugClass, Mistake, Spec, Vocabulary, Window
from referral.facts import Course, PartialDate


class OnTreatment(NamedTuple):
    """A condition on a day: inside a course of the class, or (no class) outside every treatment."""

    drug_class: DrugClass | None
    months: int

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

    def facts(self, case: Case, spans: Iterable[tuple[int, int]]) -> Iterator[Fact]:
        """The courses that may have run on some of these days, and whether every course is listed."""
        asked = list(spans)
        for placed in case.courses:
            if any(placed.meets(*span) for span in asked):
                yield from course_facts(placed)
        if asked:
            yield from list_facts(case)

    def missing(self, case: Case, span: tuple[int, int]) -> Iterator[str]:
        """The paths that leave it open whether these days meet it."""
        for placed in case.courses:
            if not placed.meets(*span):
                continue
            if not placed.drugs:
                yield f"{placed.path}.drug"
            yield from (f"{placed.path}.{name}" for name in open_ends(placed.course))
        if not case.treatments_complete:
            yield "treatments.complete"

    def words(self) -> str:
        """Say it."""
        if self.drug_class is None:
            return "outside every treatment"
        since = f" for {in_unit(self.months, 'months')} or more" if self.months else ""
        return f"on {self.drug_class.given}{since}"


def days_asked(case: Case, window: Window, treatment: OnTreatment | None) -> OpenDays:
    """The days of the window that meet the condition."""
    if treatment is None:
        return window.on(case)
    return case.once((window, treatment), lambda: window.on(case) & treatment.days(case))


def turns_asked(
    case: Case, window: Window, treatment: OnTreatment | None, dates: Iterable[PartialDate]
) -> Iterator[date]:
    """Days on which something dated so leaves the window: by its own ends, or by those of a course between them."""
    for dated in dates:
        yield from window.left_by(set(case.span(dated)))
        yield from window.left_by(date.fromordinal(edge) for edge in edges_within(case, treatment, dated))


def edges_within(case: Case, treatment: OnTreatment | None, dated: PartialDate) -> set[int]:
    """The ends of courses between the first and the last day of a date known in part."""
    if treatment is None or dated.exact:
        return set()
    first, last = case.ordinals(dated)
    edges = (edge for days in treatment.days(case) for span in days.spans for edge in span)
    return {edge for edge in edges if first <= edge <= last}


def course_facts(placed: PlacedCourse, *more: str) -> Iterator[Fact]:
    """Name what places a course on the calendar (drug, start, stop, whether it goes on), and ``more`` of it."""
    course = placed.course
    yield Fact(f"{placed.path}.drug", course.drug, course.start.text if course.start else None)
    for name in ("stop", "ongoing", *more):
        value = getattr(course, name)
        if isinstance(value, PartialDate):
            yield Fact(f"{placed.path}.{name}", value.text, value.text)
        elif value:
            yield Fact(f"{placed.path}.{name}", value)


def list_facts(case: Case) -> Iterator[Fact]:
    """That every course is listed, where it is so."""
    if case.treatments_complete:
        yield Fact("treatments.complete", True)


def open_ends(course: Course) -> list[str]:
    """The ends of a course that are not known to the day."""
    ends = {"start": course.start, "stop": course.stop}
    return [
        name
        for name, day in ends.items()
        if not (name == "stop" and course.ongoing and day is None) and (day is None or not day.exact)
    ]
