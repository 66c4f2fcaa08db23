"""MRI: what the studies of a window show, one study by one study."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
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
    some,
    truth_between,
    truth_of,
)
from referral.criteria.case import Case, in_unit, in_words
from referral.criteria.days import OpenDays
from referral.criteria.language.base import Bounds, Mistake, Spec, Test, Vocabulary, Window, a_word, any_of
from referral.criteria.language.on_treatment import OnTreatment, days_asked, turns_asked
from referral.facts import Count, MriStudy, PartialDate

FINDINGS = {
    "gd_lesions": "enhancing lesion",
    "new_t2": "new T2 lesion",
    "new_or_enlarging_t2": "new or enlarging T2 lesion",
    "t2_lesions": "T2 lesion",
    "cord_or_brainstem_lesions": "lesion of cord or brainstem",
}


def count_of(study: MriStudy, finding: str) -> Count | None:
    """The number that a study gives for a finding; ``None`` where it says nothing of it."""
    if finding == "gd_lesions":
        return None if study.contrast is False else study.gd_lesions
    if finding == "cord_or_brainstem_lesions":
        flag = study.cord_or_brainstem_lesions
        return None if flag is None else Count(int(flag), int(flag))
    if finding == "new_or_enlarging_t2":
        known = [count for count in (study.new_t2, study.enlarging_t2) if count]
        if not known:
            return None
        least = sum(count.least for count in known)
        if len(known) == 1 or any(count.most is None for count in known):
            return Count(least, None)
        return Count(least, sum(count.most or 0 for count in known))
    value: Count | None = getattr(study, finding)
    return value


class StudyFilter(NamedTuple):
    """What a study must be to bring a finding."""

    diameter: Bounds
    steroid_days: int | None = None
    treatment: OnTreatment | None = None

    @classmethod
    def read(cls, spec: Spec, vocabulary: Vocabulary) -> Self:
        """Read the filters."""
        diameter = spec.part("diameter_mm")
        bounds = diameter.bounds() if diameter else Bounds()
        if diameter:
            diameter.done()
        steroid_days = spec.whole("min_days_since_steroids")
        return cls(bounds, steroid_days, OnTreatment.read(spec, vocabulary))

    def holds(self, study: MriStudy, finding: str) -> Truth:
        """Whether the study meets what does not depend on its day."""
        return every(truth for truth, _ in self._asked(study, finding))

    def reads(self, study: MriStudy, finding: str) -> list[str]:
        """The facts of the study that it reads."""
        return [name for _, name in self._asked(study, finding)]

    def _asked(self, study: MriStudy, finding: str) -> Iterator[tuple[Truth, str]]:
        """Give the answer of every condition with the fact that it reads."""
        if finding == "gd_lesions" and self.diameter:
            size = study.gd_max_diameter_mm
            held = UNKNOWN if size is None else self.diameter.hold(size, size)
            yield held, "gd_max_diameter_mm"
        if self.steroid_days is not None:
            since = study.days_since_steroids
            held = truth_of(None if since is None else since >= self.steroid_days)
            yield held, "days_since_steroids"

    def words(self) -> str:
        """Say the conditions."""
        parts = [f"of {self.diameter.words('mm')}"] if self.diameter else []
        if self.steroid_days is not None:
            parts.append(f"{in_unit(self.steroid_days, 'days')} or more after steroids")
        if self.treatment:
            parts.append(self.treatment.words())
        return ", ".join(parts)


def studies_in(case: Case, window: Window) -> tuple[tuple[int, MriStudy, int, int], ...]:
    """The studies that may lie in the window: place in the list, study, first and last possible day."""
    return case.once(("studies", window), lambda: tuple(_in_window(case, window)))


def _in_window(case: Case, window: Window) -> Iterator[tuple[int, MriStudy, int, int]]:
    days = window.on(case).may
    for index, study in enumerate(case.record.mri):
        first, last = case.ordinals(study.date)
        if days.meets(first, last):
            yield index, study, first, last


class Study(NamedTuple):
    """One study asked about one finding: does it speak, does it bring the finding."""

    place: int
    study: MriStudy
    first: int
    last: int
    number: Count | None
    speaks: bool
    brings: Truth


class Finding(NamedTuple):
    """All studies asked about one finding in one window."""

    asked: "FindingAsked"
    studies: tuple[Study, ...]

    @property
    def name(self) -> str:
        """What is looked for."""
        return self.asked.name

    @property
    def truth(self) -> Truth:
        """Met by one study that brings it; not met only where a study of the window speaks and none may."""
        found = some(study.brings for study in self.studies)
        return UNKNOWN if found is NO and not self.speaks else found

    @property
    def speaks(self) -> bool:
        """Whether a study that surely lies in the window has the count: then the list is taken as whole."""
        return any(study.speaks for study in self.studies)


class FindingAsked(NamedTuple):
    """A finding that is looked for: in the studies of a window, so many at least, by a filter."""

    name: str
    at_least: int
    window: Window
    wanted: StudyFilter

    def days(self, case: Case) -> OpenDays:
        """The days of the window that meet the filter."""
        return days_asked(case, self.window, self.wanted.treatment)

    def find(self, case: Case) -> Finding:
        """Ask every study of the window."""
        in_window, days = self.window.on(case), self.days(case)
        studies = []
        for index, study, first, last in studies_in(case, self.window):
            count = count_of(study, self.name)
            if count is None:
                studies.append(Study(index, study, first, last, None, False, NO))
                continue
            brings = truth_between(days.surely.covers(first, last), days.may.meets(first, last))
            if brings is not NO:
                brings = every((brings, self._enough(count), self.wanted.holds(study, self.name)))
            speaks = in_window.surely.covers(first, last)
            studies.append(Study(index, study, first, last, count, speaks, brings))
        return Finding(self, tuple(studies))

    def _enough(self, count: Count) -> Truth:
        return truth_between(count.least >= self.at_least, count.most is None or count.most >= self.at_least)

    def missing_of(self, case: Case, asked: Study) -> Iterator[str]:
        """The paths that leave it open whether the study speaks, or brings the finding."""
        study, path = asked.study, f"mri[{asked.place}]"
        if asked.number is None:
            yield from (f"{path}.{name}" for name in _open_counts(study, self.name))
        elif asked.brings is UNKNOWN:
            for name in self.wanted.reads(study, self.name):
                if getattr(study, name) is None:
                    yield f"{path}.{name}"
            if not self.days(case).surely.covers(asked.first, asked.last):
                if not study.date.exact:
                    yield f"{path}.date"
                if self.wanted.treatment:
                    yield from self.wanted.treatment.missing(case, (asked.first, asked.last))
            if self._enough(asked.number) is UNKNOWN:
                yield from (f"{path}.{name}" for name in _open_counts(study, self.name))

    def facts(self, case: Case, finding: Finding) -> Iterator[Fact]:
        """What the studies of the window report of it, with all that the filter reads."""
        speaking = [asked for asked in finding.studies if asked.number is not None]
        for asked in speaking:
            for name in (*_counts(self.name), *self.wanted.reads(asked.study, self.name)):
                yield from study_fact(asked.place, asked.study, name)
        if self.wanted.treatment:
            yield from self.wanted.treatment.facts(case, [(asked.first, asked.last) for asked in speaking])


def _counts(finding: str) -> tuple[str, ...]:
    """The facts of a study that give the number of a finding."""
    return ("new_t2", "enlarging_t2") if finding == "new_or_enlarging_t2" else (finding,)


def _open_counts(study: MriStudy, finding: str) -> Iterator[str]:
    """The facts that would give the number."""
    if finding == "gd_lesions" and study.contrast is False:
        return
    for name in _counts(finding):
        value = getattr(study, name)
        if value is None or (isinstance(value, Count) and value.most != value.least):
            yield name


def study_fact(index: int, study: MriStudy, name: str) -> Iterator[Fact]:
    """One fact of a study, where it is known."""
    value = getattr(study, name)
    if isinstance(value, Count | PartialDate):
        value = value.words if isinstance(value, Count) else value.text
    if value is not None:
        plain = float(value) if isinstance(value, Decimal) else value
        yield Fact(f"mri[{index}].{name}", plain, study.date.text)


def finding_facts(case: Case, found: Iterable[Finding]) -> Iterator[Fact]:
    """Give what the studies report, as facts."""
    for finding in found:
        yield from finding.asked.window.facts(case)
        yield from finding.asked.facts(case, finding)


def finding_missing(case: Case, found: Iterable[Finding]) -> Iterator[str]:
    """Give the paths that could change a finding: a further study, or what a listed one leaves open."""
    yield "mri"
    for finding in found:
        for study in finding.studies:
            yield from finding.asked.missing_of(case, study)


def finding_reason(case: Case, found: Iterable[Finding]) -> Reason:
    """The reason of what is open: no study at all, or facts of a study."""
    open_studies = [
        (finding.asked, study) for finding in found for study in finding.studies if study.brings is UNKNOWN
    ]
    if not open_studies:
        return Reason.NO_STUDY
    missing = (path for asked, study in open_studies for path in asked.missing_of(case, study))
    return Reason.IMPRECISE_DATE if all(path.endswith("].date") for path in missing) else Reason.MISSING


def find_each(
    case: Case, names: tuple[str, ...], at_least: int, window: Window, wanted: StudyFilter
) -> list[Finding]:
    """Look for each of the findings."""
    return [FindingAsked(name, at_least, window, wanted).find(case) for name in names]


def lesions(number: int, name: str) -> str:
    """Say a number of lesions."""
    noun = FINDINGS[name]
    plural = noun.replace("lesion of", "lesions of") if "lesion of" in noun else f"{noun}s"
    return f"{in_words(number)} {noun if number == 1 else plural}"


def _say_study(study: Study, name: str) -> str:
    said = "nothing said" if study.number is None else study.number.words
    if study.number is None and name == "gd_lesions" and study.study.contrast is False:
        said = "no contrast given"
    extra = []
    if name == "gd_lesions" and study.number and study.study.gd_max_diameter_mm is not None:
        extra.append(f"largest {study.study.gd_max_diameter_mm} mm")
    return f"{study.study.date.words}: {', '.join([said, *extra])}"


def say_finding(found: Finding, window: str) -> str:
    """Say what the studies of the window show."""
    plural = lesions(2, found.name).removeprefix("two ")
    if not found.studies:
        return f"No MRI study is listed {window}"
    studies = "; ".join(_say_study(study, found.name) for study in found.studies)
    return f"MRI {window}, {plural} ({studies})"


def turns_of_studies(case: Case, window: Window, treatment: OnTreatment | None = None) -> Iterator[date]:
    """Give the days on which a study leaves the window."""
    return turns_asked(case, window, treatment, (study.date for study in case.record.mri))


@a_word("mri", "activity")
@dataclass(frozen=True)
class Mri(Test):
    """One study of the window has at least so many of one of the findings; nothing is added up."""

    findings: tuple[str, ...]
    at_least: int
    window: Window
    wanted: StudyFilter

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read findings, number, window and filters."""
        spec = Spec("mri", given)
        findings = spec.some("findings", tuple(FINDINGS), needed=True)
        ordered = tuple(name for name in FINDINGS if name in findings)
        test = cls(ordered, spec.whole("at_least") or 0, spec.window(), StudyFilter.read(spec, vocabulary))
        spec.done()
        if test.at_least < 1:
            raise Mistake("mri: at_least is 1 or more")
        return test

    def ask(self, case: Case) -> Answer:
        """Ask each finding by itself; one is enough."""
        found = find_each(case, self.findings, self.at_least, self.window, self.wanted)
        truth = some(finding.truth for finding in found)
        telling = [finding for finding in found if finding.truth is truth]
        return settled(
            truth, finding_reason(case, telling) if truth is UNKNOWN else Reason.OK,
            lambda: "; ".join(dict.fromkeys(say_finding(f, self.window.words(case)) for f in found)),
            lambda: finding_facts(case, telling if truth is YES else found),
            lambda: (*self.window.missing(case), *finding_missing(case, found)),
        )  # fmt: skip

    def turns(self, case: Case) -> Iterator[date]:
        """When studies leave the window."""
        return turns_of_studies(case, self.window, self.wanted.treatment)

    def asks(self) -> str:
        """Say the finding."""
        filters = self.wanted.words()
        named = any_of([lesions(self.at_least, name) for name in self.findings])
        verb = "is" if self.at_least == 1 else "are"
        return f"at least {named}{' ' + filters if filters else ''} in one study {verb} asked for"
