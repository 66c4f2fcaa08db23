"""The dates on which a verdict changes if nothing but time passes.

A test that reads the calendar is constant between its turns: a birthday at a limit, an anniversary, the day on
which something leaves a window or becomes stale. So an edition is asked on those days only.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from referral.criteria.answer import Reason
from referral.criteria.case import Case
from referral.criteria.days import add_years
from referral.criteria.edition import DECIDING, Criterion, Edition
from referral.criteria.evaluate import EditionResult, Finding, Result, Verdict, draw_verdict, find

YEARS_AHEAD = 10
"""How far one looks ahead (contract of the case record, section 4)."""


class Change(NamedTuple):
    """The verdict becomes ``verdict``: on ``first`` at the earliest, from ``last`` on surely.

    The two differ only where a date known in part is behind it. Between them the verdict is *cannot say*, which is a
    change of its own, told before.
    """

    first: date
    last: date
    verdict: Verdict
    criterion: str

    def to_json(self) -> dict[str, Any]:
        """Give it as the assessment carries it."""
        return {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "verdict": self.verdict.value,
            "criterion": self.criterion,
        }


class _Step(NamedTuple):
    """One day on which the verdict is another than the day before."""

    day: date
    verdict: Verdict
    cause: Finding


def changes(result: EditionResult, case: Case) -> tuple[Change, ...]:
    """Look ten years ahead, with nothing new recorded."""
    until = add_years(case.as_of, YEARS_AHEAD)
    return tuple(change for change in _told(_steps(result, case)) if change.first <= until)


def _steps(result: EditionResult, case: Case) -> Iterator[_Step]:
    edition = result.edition
    findings = list(result.findings)
    verdict = result.verdict
    moving = [
        (place, turns)
        for place, finding in enumerate(findings)
        if finding.criterion.kind in DECIDING and (turns := turns_of(finding.criterion, case))
    ]
    for day in sorted({day for _, turns in moving for day in turns}):
        later = case.later(day)
        changed = []
        for place, turns in moving:
            if day not in turns:
                continue
            now = find(findings[place].criterion, later)
            if now.result is not findings[place].result:
                changed.append((place, now))
        if not changed:
            continue
        before = list(findings)
        for place, now in changed:
            findings[place] = now
        after = draw_verdict(edition, findings)
        if after is not verdict:
            yield _Step(day, after, _cause(edition, before, changed, after))
            verdict = after


def turns_of(criterion: Criterion, case: Case) -> frozenset[date]:
    """The days within the look-ahead on which the criterion may turn."""
    tests = (criterion.test, criterion.applies_if) if criterion.applies_if else (criterion.test,)
    until = add_years(
        case.as_of, YEARS_AHEAD + 1
    )  # a date known by its year may end its range after ten years
    return frozenset(day for test in tests for day in case.turns(test) if day <= until)


def _cause(
    edition: Edition, before: Sequence[Finding], changed: Sequence[tuple[int, Finding]], after: Verdict
) -> Finding:
    """The criterion behind a change: the first that alone brings it, else the first that changed."""
    for place, now in changed:
        alone = [*before[:place], now, *before[place + 1 :]]
        if draw_verdict(edition, alone) is after:
            return now
    return changed[0][1]


def _told(steps: Iterable[_Step]) -> Iterator[Change]:
    """Tell every step; the way out of a *cannot say* that a partial date made is a range since the way in."""
    opened: _Step | None = None
    for step in steps:
        same = opened is not None and opened.cause.criterion.id == step.cause.criterion.id
        first = opened.day if opened and same else step.day
        yield Change(first, step.day, step.verdict, step.cause.criterion.id)
        opened = step if _opens(step) else None


def _opens(step: _Step) -> bool:
    imprecise = step.cause.reason is Reason.IMPRECISE_DATE and step.cause.result is Result.CANNOT_SAY
    return step.verdict is Verdict.CANNOT_SAY and imprecise
