"""A relapse and an MRI study that lie a distance apart."""

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
    Reason,
    Truth,
    settled,
    some,
    truth_between,
    truth_of,
)
from referral.criteria.case import Case, in_unit
from referral.criteria.days import Days, add_months
from referral.criteria.language.base import Mistake, Spec, Test, Vocabulary, Window, a_word, any_of
from referral.criteria.language.mri import (
    FINDINGS,
    Finding,
    Study,
    StudyFilter,
    find_each,
    finding_facts,
    finding_missing,
    finding_reason,
    lesions,
    say_finding,
    turns_of_studies,
)
from referral.criteria.language.on_treatment import OnTreatment, days_asked, edges_within
from referral.criteria.language.relapses import (
    Counted,
    RelapseCount,
    RelapseFilter,
    RelapsesAsked,
    say_count,
    turns_of_relapses,
)
from referral.facts import PartialDate

END_OF_FEBRUARY = 3
"""By so many days at most do months counted from either end differ."""


class Gap(NamedTuple):
    """How far apart two days lie, in days or in calendar months, in either direction."""

    days: Decimal | None
    months: int | None
    strict: bool

    @classmethod
    def read(cls, spec: Spec) -> Self:
        """Read gap_days or gap_months with min or above; a gap has no upper end."""
        given = {name: spec.part(name) for name in ("gap_days", "gap_months")}
        chosen = [(name, part) for name, part in given.items() if part]
        if len(chosen) != 1:
            raise Mistake("relapse_and_mri: give gap_days or gap_months, one of them")
        name, part = chosen[0]
        bounds = part.bounds()
        part.done()
        least = bounds.least if bounds.least is not None else bounds.above
        if least is None or bounds.most is not None or bounds.below is not None:
            raise Mistake(f"{name}: give min or above, one of them")
        strict = bounds.above is not None
        return cls(least, None, strict) if name == "gap_days" else cls(None, int(least), strict)

    def _wide(self, earlier: date, later: date) -> Truth:
        """Whether the two days lie so far apart; months counted from either end must agree."""
        if self.days is not None:
            apart = (later - earlier).days
            return truth_of(apart > self.days if self.strict else apart >= self.days)
        months = self.months or 0
        forwards, backwards = add_months(earlier, months), add_months(later, -months)
        agree = (
            (forwards < later, earlier < backwards)
            if self.strict
            else (forwards <= later, earlier <= backwards)
        )
        return truth_between(all(agree), any(agree))

    def between(self, first: tuple[int, int], second: tuple[int, int]) -> Truth:
        """Whether two things dated so lie far enough apart."""
        (a1, a2), (b1, b2) = first, second
        surely = self._wide_ordinals(a2, b1) is YES or self._wide_ordinals(b2, a1) is YES
        may = self._wide_ordinals(a1, b2) is not NO or self._wide_ordinals(b1, a2) is not NO
        return truth_between(surely, may)

    def _wide_ordinals(self, earlier: int, later: int) -> Truth:
        if later < earlier:
            return NO
        return self._wide(date.fromordinal(earlier), date.fromordinal(later))

    def about(self, day: date) -> Iterator[date]:
        """The days that lie about the gap from this one: all on which the answer may turn, ends of months included."""
        for sign in (-1, 1):
            if self.days is not None:
                reached, about = day + timedelta(days=sign * int(self.days)), 1
            else:
                reached, about = add_months(day, sign * (self.months or 0)), END_OF_FEBRUARY + 1
            yield from (reached + timedelta(days=beside) for beside in range(-about, about + 1))

    def words(self) -> str:
        """Say the distance."""
        if self.days == 0 and self.strict:
            return "on another day"
        more = "more than " if self.strict else ""
        far = in_unit(self.days, "days") if self.days is not None else in_unit(self.months or 0, "months")
        return f"{more}{far} apart"


@a_word("relapse_and_mri", "activity")
@dataclass(frozen=True)
class RelapseAndMri(Test):
    """A relapse and a study of the window, each by its own filters, that lie a distance apart."""

    window: Window
    gap: Gap
    relapse: RelapseFilter
    findings: tuple[str, ...]
    at_least: int
    study: StudyFilter

    @classmethod
    def read(cls, given: Any, vocabulary: Vocabulary) -> Self:
        """Read window, gap, and what relapse and study must be."""
        spec = Spec("relapse_and_mri", given)
        window, gap = spec.window(), Gap.read(spec)
        relapse, mri = Spec("relapse", spec.need("relapse")), Spec("mri", spec.need("mri"))
        spec.done()
        findings = mri.some("findings", tuple(FINDINGS), needed=True)
        test = cls(
            window, gap, RelapseFilter.read(relapse, vocabulary),
            tuple(name for name in FINDINGS if name in findings), mri.whole("at_least") or 1,
            StudyFilter.read(mri, vocabulary),
        )  # fmt: skip
        relapse.done()
        mri.done()
        return test

    def ask(self, case: Case) -> Answer:
        """Look for a pair; it is a no only where nothing open could make one."""
        asked = RelapsesAsked(self.window, self.relapse)
        count = case.once(asked, lambda: asked.count(case))
        found = find_each(case, self.findings, self.at_least, self.window, self.study)
        truths = [self._truth(case, count, finding) for finding in found]
        truth = some(truths)
        telling = [finding for finding, part in zip(found, truths, strict=True) if part is truth]
        yes = truth is YES

        def tell() -> str:
            window = self.window.words(case)
            studies = "; ".join(dict.fromkeys(say_finding(finding, window) for finding in found))
            return f"{say_count(count, self.relapse.words(), window)}; {studies.replace('No MRI', 'no MRI')}"

        return settled(
            truth, self._reason(case, count, telling) if truth is UNKNOWN else Reason.OK, tell,
            lambda: (
                *asked.facts(case, count, enough=yes), *finding_facts(case, telling if yes else found),
            ),
            lambda: (*asked.missing(case, count), *finding_missing(case, found)),
        )  # fmt: skip

    def _truth(self, case: Case, count: RelapseCount, finding: Finding) -> Truth:
        pairs = [
            (entry, study, self._apart(case, entry, study, finding))
            for entry in count.counted
            for study in finding.studies
            if study.brings is not NO
        ]
        if any(e.surely and s.brings is YES and apart is YES for e, s, apart in pairs):
            return YES
        if finding.truth is NO or count.most == 0:
            return NO
        both_speak = not count.more and finding.speaks
        if both_speak and all(apart is NO for *_, apart in pairs):
            return NO
        return UNKNOWN

    def _apart(self, case: Case, entry: Counted, study: Study, finding: Finding) -> Truth:
        """Judge the distance over the days on which each may lie in its window and courses."""
        onsets = days_asked(case, self.window, self.relapse.treatment)
        return self.gap.between(
            onsets.may.cut(entry.relapse.first, entry.relapse.last),
            finding.asked.days(case).may.cut(study.first, study.last),
        )

    def _reason(self, case: Case, count: RelapseCount, telling: list[Finding]) -> Reason:
        if count.more and count.least == 0:
            return Reason.INCOMPLETE_LIST
        if any(study.brings is UNKNOWN for finding in telling for study in finding.studies):
            return finding_reason(case, telling)
        if any(not entry.surely for entry in count.counted):
            exact = all(entry.relapse.onset.exact for entry in count.counted)
            return Reason.MISSING if exact else Reason.IMPRECISE_DATE
        if not any(finding.speaks for finding in telling):
            return Reason.NO_STUDY
        return Reason.INCOMPLETE_LIST if count.more else Reason.IMPRECISE_DATE

    def turns(self, case: Case) -> Iterator[date]:
        """When relapses or studies leave the window."""
        yield from turns_of_relapses(case, self.window, self.relapse.treatment)
        yield from turns_of_studies(case, self.window, self.study.treatment)
        onsets = [relapse.onset for relapse in case.record.relapses.events or ()]
        studies = [study.date for study in case.record.mri]
        yield from self._turns_of_gap(case, onsets, studies, self.study.treatment)
        yield from self._turns_of_gap(case, studies, onsets, self.relapse.treatment)

    def _turns_of_gap(
        self, case: Case, moving: list[PartialDate], others: list[PartialDate], treatment: OnTreatment | None
    ) -> Iterator[date]:
        """When the window cuts a date known in part to days that lie the gap from an end of the other's."""
        ends = {
            end for other in others for end in (*case.ordinals(other), *edges_within(case, treatment, other))
        }
        reached = {day for end in ends for day in self.gap.about(date.fromordinal(end))}
        cut = Days.joined([case.ordinals(dated) for dated in moving if not dated.exact])
        yield from self.window.left_by(day for day in reached if cut.meets(day.toordinal(), day.toordinal()))

    def asks(self) -> str:
        """Say the pair."""
        relapse = f"a relapse{' ' + self.relapse.words() if self.relapse.words() else ''}"
        study = any_of([lesions(self.at_least, name) for name in self.findings])
        filters = f" {self.study.words()}" if self.study.words() else ""
        return f"{relapse} and, {self.gap.words()}, at least {study}{filters} in one study are asked for"
