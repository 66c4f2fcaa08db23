"""One answer for a case of which less is known than a date: all the records that it may be, merged.

Who knows "34 years old, diagnosed six years ago" knows no date. So every edition is asked of records that hold the
ends of what was said, and only what all of them answer alike is an answer (Kleene); the rest cannot be said, since
it depends on the exact date.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from referral.criteria.answer import UNKNOWN, Reason
from referral.criteria.case import Case
from referral.criteria.edition import DECIDING, Edition
from referral.criteria.evaluate import EditionResult, Finding, Result, Verdict, draw_verdict, evaluate
from referral.facts import CaseRecord


def ask_all(
    records: Sequence[CaseRecord], editions: Iterable[Edition], as_of: date
) -> tuple[EditionResult, ...]:
    """Ask each edition of every record that the case may be, and keep what they agree on."""
    cases = [Case.on(record, as_of) for record in records]
    return tuple(merged([evaluate(edition, case) for case in cases]) for edition in editions)


def merged(results: Sequence[EditionResult]) -> EditionResult:
    """Merge the results of one edition, criterion by criterion, and draw the verdict from what is left."""
    first = results[0]
    findings = tuple(_agreed(found) for found in zip(*(result.findings for result in results), strict=True))
    return replace(first, verdict=draw_verdict(first.edition, findings), findings=findings)


def _agreed(found: Sequence[Finding]) -> Finding:
    """One finding where all are equal; else *cannot say*, for want of the exact date."""
    first = found[0]
    if len({finding.result for finding in found}) == 1:
        return first
    answer = replace(first.answer, truth=UNKNOWN, reason=Reason.IMPRECISE_DATE)
    return first._replace(result=Result.CANNOT_SAY, answer=answer)


def deciding(result: EditionResult) -> tuple[Finding, ...]:
    """Give the findings on which a verdict of *not met* or *cannot say* rests; none for the others.

    Routes that have failed say nothing more of what cannot be said.
    """
    if result.verdict not in (Verdict.NOT_MET, Verdict.CANNOT_SAY):
        return ()
    asked = [finding for finding in result.findings if finding.criterion.kind in DECIDING]
    failed = {finding.criterion.route for finding in asked if finding.result is Result.NOT_MET}
    wanted = Result(result.verdict.value)
    return tuple(
        finding
        for finding in asked
        if finding.result is wanted and (wanted is Result.NOT_MET or finding.criterion.route not in failed)
    )
