"""MRI: new lesions a month, between two scans that lie an interval apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from referral.criteria.answer import (
    NO,
    UNKNOWN,
    YES,
    Answer,
    Fact,
    Reason,
    Truth,
    settled,
    some,
    truth_between,
)
from referral.criteria.case import Case
from referral.criteria.language.base import Bounds, Mistake, Spec, Test, Vocabulary, Window, a_word
from referral.criteria.language.mri import studies_in, study_fact, turns_of_studies
from referral.facts import Count, MriStudy

MONTH, DAY = 487, 16
"""A month of the lesion rate is 30.4375 days, a twelfth of 365.25: in sixteenths of a day nothing is rounded."""


@a_word("mri_t2_rate", "activity")
@dataclass(frozen=True)
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

    def ask(self, case: Case) -> Answer:
        """Ask every study of the window whose comparison lies, or may lie, the interval before it."""
        days = self.window.on(case)
        brings, speaks = [NO], False
        interval = self.interval.times(MONTH)
        shown: list[tuple[int, MriStudy, Count]] = []
        for index, study, first, last in studies_in(case, self.window):
            if study.new_t2 is None:
                continue
            gaps = self._gaps(case, study, *days.may.cut(first, last))
            right = [interval.hold(gap * DAY, gap * DAY) is YES for gap in gaps]
            if not any(right):
                continue
            sure = days.surely.covers(first, last) and study.compared_with is not None and all(right)
            shown.append((index, study, study.new_t2))
            brings.append(self._brings(study.new_t2, gaps, right, sure))
            speaks = speaks or sure
        truth = some(brings)
        reason = Reason.MISSING if truth is UNKNOWN else Reason.NO_STUDY
        if truth is NO and not speaks:
            truth = UNKNOWN
        return settled(
            truth, reason, lambda: self._tell(case, shown),
            lambda: self._facts(case), lambda: self._missing(case, shown),
        )  # fmt: skip

    def _facts(self, case: Case) -> Iterator[Fact]:
        """The new lesions of every study of the window, and what it was compared with."""
        yield from self.window.facts(case)
        for index, study, _, _ in studies_in(case, self.window):
            if study.new_t2 is not None:
                yield from study_fact(index, study, "new_t2")
                yield from study_fact(index, study, "compared_with")

    def _missing(self, case: Case, shown: list[tuple[int, MriStudy, Count]]) -> Iterator[str]:
        yield "mri"
        yield from (f"mri[{index}].new_t2" for index, s in enumerate(case.record.mri) if s.new_t2 is None)
        for index, study, _ in shown:
            if study.compared_with is None or not study.compared_with.exact:
                yield f"mri[{index}].compared_with"
            if not study.date.exact:
                yield f"mri[{index}].date"

    def _gaps(self, case: Case, study: MriStudy, first: int, last: int) -> range:
        """The days that may lie between the two scans; up to the shortest right one if the earlier is not known."""
        if study.compared_with is None:
            shortest = max(self.interval.least or Decimal(0), self.interval.above or Decimal(0))
            return range(int(shortest * MONTH / DAY) + 2)
        earlier_first, earlier_last = case.ordinals(study.compared_with)
        return range(max(0, first - earlier_last), max(0, last - earlier_first) + 1)

    def _brings(self, new: Count, gaps: range, right: list[bool], sure: bool) -> Truth:
        asked = self.rate * DAY
        shortest = next((gap for gap, ok in zip(gaps, right, strict=True) if ok and gap), 1)
        may = new.most is None or new.most * MONTH >= asked * shortest
        surely = sure and new.least * MONTH >= asked * max(gaps[-1], 1)
        return truth_between(surely, may)

    def _tell(self, case: Case, shown: list[tuple[int, MriStudy, Count]]) -> str:
        if not shown:
            interval = self.interval.words("months")
            return f"No MRI study compared over {interval} is listed {self.window.words(case)}"
        said = [
            f"{study.date.words}: {new.words} new T2 lesion{'' if new == Count(1, 1) else 's'} against "
            f"{study.compared_with.words if study.compared_with else 'a scan whose date is not recorded'}"
            for _, study, new in shown
        ]
        return f"MRI {self.window.words(case)} ({'; '.join(said)})"

    def turns(self, case: Case) -> Iterator[date]:
        """When studies leave the window, or it leaves of a study only days with another interval or rate."""
        yield from turns_of_studies(case, self.window)
        for study in case.record.mri:
            if study.new_t2 is None or study.compared_with is None or study.date.exact:
                continue
            first, last = case.ordinals(study.date)
            earlier = case.ordinals(study.compared_with)[1]
            reached = {earlier + gap for gap in self._gaps_that_turn(study.new_t2)}
            yield from self.window.left_by(date.fromordinal(day) for day in reached if first <= day <= last)

    def _gaps_that_turn(self, new: Count) -> Iterator[int]:
        """The days between two scans about the ends of the interval, and about the one that gives the rate."""
        ends = [end * MONTH for end in self.interval if end is not None]
        if new.most is not None and self.rate:
            ends.append(new.most * MONTH / self.rate)
        for end in ends:
            yield from (int(end / DAY) + beside for beside in (-1, 0, 1))

    def asks(self) -> str:
        """Say the rate."""
        return (
            f"{self.rate} new T2 lesions a month or more over {self.interval.words('months')} are asked for"
        )
