"""Asking an edition of a case: results per criterion, in sentences, and the verdict.

Meaning: the contract of the case record, section 4. Results are turned so that *met* always favours going on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from referral.criteria.answer import NO, UNKNOWN, YES, Answer, Fact, Reason, Truth, every, settled, some
from referral.criteria.case import Case
from referral.criteria.edition import DECIDING, Criterion, Edition
from referral.criteria.load import multiple_sclerosis


class Result(StrEnum):
    """What comes out for one criterion."""

    MET = "met"
    NOT_MET = "not_met"
    CANNOT_SAY = "cannot_say"
    NOT_TESTED = "not_tested"
    NOT_APPLICABLE = "not_applicable"


class Verdict(StrEnum):
    """What comes out for one edition. The multidisciplinary team decides."""

    MET = "met"
    TESTED_MET = "tested_met"
    CANNOT_SAY = "cannot_say"
    NOT_MET = "not_met"


RESULTS = {YES: Result.MET, NO: Result.NOT_MET, UNKNOWN: Result.CANNOT_SAY}
WORDS = {
    Result.MET: "met",
    Result.NOT_MET: "not met",
    Result.CANNOT_SAY: "cannot say",
    Result.NOT_TESTED: "not tested",
    Result.NOT_APPLICABLE: "does not apply",
}


class Finding(NamedTuple):
    """One criterion asked of one case."""

    criterion: Criterion
    result: Result
    answer: Answer
    applies: Answer | None = None

    @property
    def reason(self) -> Reason:
        """The reason code."""
        return self.answer.reason

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts that it rests on."""
        return self.answer.facts

    @property
    def sentence(self) -> str:
        """One plain sentence: the fact, its date, the rule, the result."""
        words = WORDS[self.result]
        if self.result is Result.NOT_TESTED:
            return f"{self.criterion.statement.rstrip('.')}; {self.answer.tell()}: {words}."
        if self.result is Result.NOT_APPLICABLE and self.applies:
            return f"{self.applies.tell()}; it is asked of others only: {words}."
        test = self.criterion.test
        said = self.answer.tell() if test.joins else f"{self.answer.tell()}; {test.asks()}"
        if self.applies and self.applies.truth is UNKNOWN:
            said = f"{said}; whether it applies is open ({self.applies.tell()})"
        if self.criterion.kind == "exclusion":
            said = f"{said}; what would exclude {_EXCLUDES[self.result]}"
        return f"{said}: {words}."

    def to_json(self) -> dict[str, Any]:
        """Give it as the assessment carries it."""
        return {
            "id": self.criterion.id, "route": self.criterion.route, "kind": self.criterion.kind,
            "result": self.result.value, "reason": self.reason.value, "sentence": self.sentence,
            "facts": [fact.to_json() for fact in self.facts],
        }  # fmt: skip


_COUNTS_AS = {Result.NOT_MET: NO, Result.CANNOT_SAY: UNKNOWN}
"""What a result weighs in the verdict: what is not tested or does not apply stands in nobody's way."""
_EXCLUDES = {
    Result.MET: "is not there",
    Result.NOT_MET: "is there",
    Result.CANNOT_SAY: "is neither shown nor ruled out",
}


def find(criterion: Criterion, case: Case) -> Finding:
    """Ask one criterion of one case."""
    applies = case.answer(criterion.applies_if) if criterion.applies_if else None
    if applies and applies.truth is NO:
        return Finding(criterion, Result.NOT_APPLICABLE, replace(applies, reason=Reason.OK), applies)
    answer = case.answer(criterion.test)
    if not criterion.tested:
        return Finding(criterion, Result.NOT_TESTED, answer, applies)
    exclusion = criterion.kind == "exclusion"
    if not applies:
        turned = _turned_round(answer) if exclusion else answer
        return Finding(criterion, RESULTS[turned.truth], turned)
    truth = some((~applies.truth, answer.truth))
    if exclusion:
        truth = ~every((applies.truth, answer.truth))
    reason = answer.reason if answer.truth is UNKNOWN else applies.reason
    both = settled(
        truth, reason, answer.tell,
        lambda: (*applies.facts, *answer.facts), lambda: (*applies.missing, *answer.missing),
    )  # fmt: skip
    return Finding(criterion, RESULTS[truth], both, applies)


def _turned_round(answer: Answer) -> Answer:
    """What excludes, as what favours going on."""
    return settled(~answer.truth, answer.reason, answer.tell, lambda: answer.facts, lambda: answer.missing)


@dataclass(frozen=True, slots=True)
class EditionResult:
    """One edition asked of one case."""

    edition: Edition
    verdict: Verdict
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as the assessment carries it."""
        edition = self.edition
        return {
            "protocol": edition.id,
            "definition_sha256": edition.sha256,
            "verdict": self.verdict.value,
            "criteria": [finding.to_json() for finding in self.findings],
            "coverage": {
                "tested": edition.tested,
                "stated": len(edition.criteria),
                "list_complete": edition.list_complete,
                "evidence": edition.evidence,
            },
        }


def evaluate(edition: Edition, case: Case) -> EditionResult:
    """Ask every criterion of the edition, the engine's own first, and draw the verdict."""
    findings = tuple(find(criterion, case) for criterion in (multiple_sclerosis(), *edition.criteria))
    return EditionResult(edition, draw_verdict(edition, findings), findings)


def draw_verdict(edition: Edition, findings: Sequence[Finding]) -> Verdict:
    """Draw the verdict: what holds for all, and one of the routes where there are any."""
    deciding = [finding for finding in findings if finding.criterion.kind in DECIDING]
    on_route: dict[str | None, Truth] = {None: YES}
    for finding in deciding:
        counts = _COUNTS_AS.get(finding.result, YES)
        before = on_route.setdefault(finding.criterion.route, counts)
        if counts < before:
            on_route[finding.criterion.route] = counts
    common = on_route.pop(None)
    truth = every((common, some(on_route.values()) if on_route else YES))
    if truth is NO:
        return Verdict.NOT_MET
    if truth is UNKNOWN:
        return Verdict.CANNOT_SAY
    held = {None, *(route for route, held in on_route.items() if held is YES)}
    untested = any(f.result is Result.NOT_TESTED for f in deciding if f.criterion.route in held)
    return Verdict.TESTED_MET if untested or not edition.list_complete else Verdict.MET
