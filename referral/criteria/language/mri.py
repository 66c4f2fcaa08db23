"""MRI: findings of one study, the rate of new lesions, and a relapse with a study at a distance."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from referral.criteria.answer import Answer, Fact, Reason, Truth, settled, some
from referral.criteria.case import Case, in_words
from referral.criteria.days import OpenDays
from referral.criteria.language.base import Bounds, Mistake, Spec, Test, Vocabulary, Window, a_word, any_of
from referral.criteria.language.relapses import OnTreatment, open_courses
from referral.facts import Count, MriStudy

FINDINGS = {
    "gd_lesions": "enhancing lesion",
    "new_t2": "new T2 lesion",
    "new_or_enlarging_t2": "new or enlarging T2 lesion",
    "t2_lesions": "T2 lesion",
    "cord_or_brainstem_lesions": "lesion of cord or brainstem",
}
DAYS_A_MONTH = Fraction(487, 16)
"""A month of the lesion rate: 30.4375 days, a twelfth of 365.25."""


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


@dataclass(frozen=True, slots=True)
class StudyFilter:
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

    def holds(self, study: MriStudy, finding: str) -> tuple[Truth, tuple[str, ...]]:
        """Whether the study meets what does not depend on its day, and which facts are open."""
        truths, missing = [], []
        if self.diameter and finding == "gd_lesions":
            size = study.gd_max_diameter_mm
            truths.append(Truth.UNKNOWN if size is None else self.diameter.hold(size, size))
            missing += ["gd_max_diameter_mm"] if size is None else []
        if self.steroid_days is not None:
            since = study.days_since_steroids
            truths.append(Truth.of(None if since is None else since >= self.steroid_days))
            missing += ["days_since_steroids"] if since is None else []
        truth = min(truths, key=lambda part: part.value, default=Truth.YES)
        return truth, tuple(missing) if truth is Truth.UNKNOWN else ()

    def words(self) -> str:
        """Say the conditions."""
        parts = [f"of {self.diameter.words('mm')}"] if self.diameter else []
        if self.steroid_days is not None:
            parts.append(f"{self.steroid_days} days or more after steroids")
        if self.treatment:
            parts.append(self.treatment.words())
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Study:
    """One study asked about one finding: does it speak, does it bring the finding."""

    index: int
    study: MriStudy
    first: int
    last: int
    count: Count | None
    speaks: bool
    brings: Truth
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """All studies asked about one finding in one window."""

    name: str
    at_least: int
    studies: tuple[Study, ...]

    @property
    def truth(self) -> Truth:
        """Met by one study that brings it; not met only where a study of the window speaks and none may."""
        found = some(study.brings for study in self.studies)
        return Truth.UNKNOWN if found is Truth.NO and not self.speaks else found

    @property
    def speaks(self) -> bool:
        """Whether a study that surely lies in the window has the count: then the list is taken as whole."""
        return any(study.speaks for study in self.studies)


def ask_finding(
    case: Case, window: Window, wanted: StudyFilter, finding: str, at_least: int
) -> tuple[Finding, OpenDays]:
    """Ask every study of the window about one finding."""
    in_window = window.on(case)
    days = in_window & wanted.treatment.days(case) if wanted.treatment else in_window
    studies = []
    for index, study in enumerate(case.record.mri):
        first, last = case.ordinals(study.date)
        if not in_window.may.meets(first, last):
            continue
        count = count_of(study, finding)
        if count is None:
            studies.append(
                Study(index, study, first, last, None, False, Truth.NO, _count_facts(index, study, finding))
            )
            continue
        on_day = Truth.between(days.surely.covers(first, last), days.may.meets(first, last))
        enough = Truth.between(count.least >= at_least, count.most is None or count.most >= at_least)
        filtered, open_facts = wanted.holds(study, finding)
        brings = min((on_day, enough, filtered), key=lambda truth: truth.value)
        missing = [f"mri[{index}].{name}" for name in open_facts]
        if brings is Truth.UNKNOWN and on_day is Truth.UNKNOWN:
            missing += [] if study.date.exact else [f"mri[{index}].date"]
            missing += open_courses(case) if wanted.treatment else ()
        if brings is Truth.UNKNOWN and enough is Truth.UNKNOWN:
            missing += _count_facts(index, study, finding)
        speaks = in_window.surely.covers(first, last)
        studies.append(Study(index, study, first, last, count, speaks, brings, tuple(missing)))
    return Finding(finding, at_least, tuple(studies)), days


def _count_facts(index: int, study: MriStudy, finding: str) -> tuple[str, ...]:
    """The paths that would give the count."""
    if finding == "gd_lesions" and study.contrast is False:
        return ()
    names = ("new_t2", "enlarging_t2") if finding == "new_or_enlarging_t2" else (finding,)
    counts: dict[str, Any] = {name: getattr(study, name) for name in names}
    return tuple(
        f"mri[{index}].{name}"
        for name, value in counts.items()
        if value is None or (isinstance(value, Count) and value.most != value.least)
    )


def finding_facts(found: Iterable[Finding]) -> list[Fact]:
    """Give the counts that the studies report, as facts."""
    facts = []
    for finding in found:
        names = ("new_t2", "enlarging_t2") if finding.name == "new_or_enlarging_t2" else (finding.name,)
        for study in finding.studies:
            for name in names:
                value = getattr(study.study, name)
                if study.count is not None and value is not None:
                    plain = value if isinstance(value, bool) else value.words
                    facts.append(Fact(f"mri[{study.index}].{name}", plain, study.study.date.text))
    return facts


def finding_missing(found: Iterable[Finding]) -> tuple[str, ...]:
    """Give the paths that could change a finding: a further study, or what a listed one leaves open."""
    paths = dict.fromkeys(path for finding in found for study in finding.studies for path in study.missing)
    return ("mri", *paths)


def finding_reason(found: Iterable[Finding]) -> Reason:
    """The reason of what is open: no study at all, or facts of a study."""
    open_studies = [study for finding in found for study in finding.studies if study.brings is Truth.UNKNOWN]
    if not open_studies:
        return Reason.NO_STUDY
    missing = [path for study in open_studies for path in study.missing]
    return Reason.IMPRECISE_DATE if all(path.endswith("].date") for path in missing) else Reason.MISSING


def lesions(number: int, name: str) -> str:
    """Say a number of lesions."""
    noun = FINDINGS[name]
    plural = noun.replace("lesion of", "lesions of") if "lesion of" in noun else f"{noun}s"
    return f"{in_words(number)} {noun if number == 1 else plural}"


def _say_study(study: Study, name: str) -> str:
    said = "nothing said" if study.count is None else study.count.words
    if study.count is None and name == "gd_lesions" and study.study.contrast is False:
        said = "no contrast given"
    extra = []
    if name == "gd_lesions" and study.count and study.study.gd_max_diameter_mm is not None:
        extra.append(f"largest {study.study.gd_max_diameter_mm} mm")
    return f"{study.study.date.words}: {', '.join([said, *extra])}"


def say_finding(found: Finding, window: str) -> str:
    """Say what the studies of the window show."""
    plural = lesions(2, found.name).removeprefix("two ")
    if not found.studies:
        return f"No MRI study is listed {window}"
    studies = "; ".join(_say_study(study, found.name) for study in found.studies)
    return f"MRI {window}, {plural} ({studies})"


def turns_of_studies(case: Case, window: Window) -> Iterator[date]:
    """Give the days on which a study leaves the window."""
    return window.turns(case, (study.date for study in case.record.mri))


@a_word("mri", "activity")
@dataclass(frozen=True, slots=True)
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
        found = [
            ask_finding(case, self.window, self.wanted, name, self.at_least)[0] for name in self.findings
        ]
        truth = some(finding.truth for finding in found)
        telling = [finding for finding in found if finding.truth is truth]
        return settled(
            truth, finding_reason(telling),
            lambda: "; ".join(dict.fromkeys(say_finding(f, self.window.words(case)) for f in found)),
            finding_facts(telling), (*self.window.missing(case), *finding_missing(found)),
        )  # fmt: skip

    def turns(self, case: Case) -> Iterator[date]:
        """When studies leave the window."""
        return turns_of_studies(case, self.window)

    def asks(self) -> str:
        """Say the finding."""
        filters = self.wanted.words()
        named = any_of([lesions(self.at_least, name) for name in self.findings])
        return f"at least {named}{' ' + filters if filters else ''} in one study is asked for"


@a_word("mri_t2_rate", "activity")
@dataclass(frozen=True, slots=True)
class MriT2Rate(Test):
    """New T2 lesions a month between two scans that lie an interval apart; months of 30.4375 days."""

    rate: Decimal
    interval: Bounds
    window: Window

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read rate, interval and window."""
        spec = Spec("mri_t2_rate", given)
        rate, interval = spec.number("min_per_month"), spec.part("interval_months")
        if rate is None or interval is None:
            raise Mistake("mri_t2_rate: min_per_month and interval_months are needed")
        test = cls(rate, interval.bounds(), spec.window())
        interval.done()
        spec.done()
        return test

    def _right_interval(self, days: int) -> bool:
        months = Fraction(days) / DAYS_A_MONTH
        return (
            (self.interval.least is None or months >= Fraction(self.interval.least))
            and (self.interval.above is None or months > Fraction(self.interval.above))
            and (self.interval.most is None or months <= Fraction(self.interval.most))
            and (self.interval.below is None or months < Fraction(self.interval.below))
        )

    def ask(self, case: Case) -> Answer:
        """Ask every study of the window whose comparison lies, or may lie, the interval before it."""
        days = self.window.on(case)
        brings, speaks, shown, missing = [Truth.NO], False, [], []
        for index, study in enumerate(case.record.mri):
            first, last = case.ordinals(study.date)
            if study.new_t2 is None:
                missing.append(f"mri[{index}].new_t2")
            if study.new_t2 is None or not days.may.meets(first, last):
                continue
            gaps = self._gaps(case, study, first, last)
            right = [self._right_interval(gap) for gap in gaps]
            if not any(right):
                continue
            in_window = days.surely.covers(first, last)
            all_right = study.compared_with is not None and all(right)
            shown.append((index, study))
            brings.append(self._brings(study.new_t2, gaps, right, in_window and all_right))
            speaks = speaks or (in_window and all_right)
            if study.compared_with is None or not study.compared_with.exact:
                missing.append(f"mri[{index}].compared_with")
            if not study.date.exact:
                missing.append(f"mri[{index}].date")
        truth = some(brings)
        if truth is Truth.NO and not speaks:
            truth = Truth.UNKNOWN
        reason = Reason.MISSING if some(brings) is Truth.UNKNOWN else Reason.NO_STUDY
        facts = [
            Fact(f"mri[{index}].new_t2", study.new_t2.words if study.new_t2 else None, study.date.text)
            for index, study in shown
        ]
        return settled(truth, reason, lambda: self._tell(case, shown), facts, ("mri", *missing))

    def _gaps(self, case: Case, study: MriStudy, first: int, last: int) -> range:
        """The days that may lie between the two scans; any of the interval where the earlier one is not known."""
        if study.compared_with is None:
            ends = [end for end in (self.interval.most, self.interval.below) if end is not None]
            furthest = int(Fraction(min(ends)) * DAYS_A_MONTH) if ends else last
            return range(furthest + 1)
        earlier_first, earlier_last = case.ordinals(study.compared_with)
        return range(max(0, first - earlier_last), max(0, last - earlier_first) + 1)

    def _brings(self, new: Count, gaps: range, right: list[bool], sure: bool) -> Truth:
        asked = Fraction(self.rate)
        shortest = next((gap for gap, ok in zip(gaps, right, strict=True) if ok and gap), 1)
        may = new.most is None or Fraction(new.most) * DAYS_A_MONTH / shortest >= asked
        surely = sure and Fraction(new.least) * DAYS_A_MONTH / max(gaps[-1], 1) >= asked
        return Truth.between(surely, may)

    def _tell(self, case: Case, shown: list[tuple[int, MriStudy]]) -> str:
        if not shown:
            interval = self.interval.words("months")
            return f"No MRI study compared over {interval} is listed {self.window.words(case)}"
        said = [
            f"{study.date.words}: {study.new_t2.words if study.new_t2 else '?'} new T2 lesions against "
            f"{study.compared_with.words if study.compared_with else 'a scan whose date is not recorded'}"
            for _, study in shown
        ]
        return f"MRI {self.window.words(case)} ({'; '.join(said)})"

    def turns(self, case: Case) -> Iterator[date]:
        """When studies leave the window."""
        return turns_of_studies(case, self.window)

    def asks(self) -> str:
        """Say the rate."""
        return (
            f"{self.rate} new T2 lesions a month or more over {self.interval.words('months')} are asked for"
        )
