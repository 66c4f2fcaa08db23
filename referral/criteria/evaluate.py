"""Asking an edition of a case: results per criterion, in sentences, and the verdict.

Meaning: the contract of the case record, section 4. Results are turned so that *met* always favours going on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from referral.criteria.answer import Answer, Fact, Reason, Truth, every, settled, some
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


RESULTS = {Truth.YES: Result.MET, Truth.NO: Result.NOT_MET, Truth.UNKNOWN: Result.CANNOT_SAY}
WORDS = {
    Result.MET: "met",
    Result.NOT_MET: "not met",
    Result.CANNOT_SAY: "cannot say",
    Result.NOT_TESTED: "not tested",
    Result.NOT_APPLICABLE: "does not apply",
}


@dataclass(frozen=True, slots=True)
class Finding:
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
    def counts_as(self) -> Truth:
        """What it weighs in the verdict: what is not tested or does not apply stands in nobody's way."""
        if self.result is Result.NOT_MET:
            return Truth.NO
        return Truth.UNKNOWN if self.result is Result.CANNOT_SAY else Truth.YES

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
        if self.applies and self.applies.truth is Truth.UNKNOWN:
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


_EXCLUDES = {
    Result.MET: "is not there",
    Result.NOT_MET: "is there",
    Result.CANNOT_SAY: "is neither shown nor ruled out",
}


def find(criterion: Criterion, case: Case) -> Finding:
    """Ask one criterion of one case."""
    applies = case.answer(criterion.applies_if) if criterion.applies_if else None
    if applies and applies.truth is Truth.NO:
        answer = Answer(applies.truth, Reason.OK, applies.tell, applies.facts, applies.missing)
        return Finding(criterion, Result.NOT_APPLICABLE, answer, applies)
    answer = case.answer(criterion.test)
    if not criterion.tested:
        return Finding(criterion, Result.NOT_TESTED, answer, applies)
    exclusion = criterion.kind == "exclusion"
    if not applies:
        truth = ~answer.truth if exclusion else answer.truth
        turned = (
            settled(truth, answer.reason, answer.tell, answer.facts, answer.missing) if exclusion else answer
        )
        return Finding(criterion, RESULTS[truth], turned)
    truth = some((~applies.truth, answer.truth))
    if exclusion:
        truth = ~every((applies.truth, answer.truth))
    reason = answer.reason if answer.truth is Truth.UNKNOWN else applies.reason
    facts = {(fact.path, fact.date): fact for fact in (*applies.facts, *answer.facts)}.values()
    missing = dict.fromkeys((*applies.missing, *answer.missing))
    return Finding(criterion, RESULTS[truth], settled(truth, reason, answer.tell, facts, missing), applies)


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
    common = [finding for finding in deciding if finding.criterion.route is None]
    routes = [[f for f in deciding if f.criterion.route == route] for route in edition.routes]
    on_routes = [_together(route) for route in routes]
    truth = every((_together(common), some(on_routes) if routes else Truth.YES))
    if truth is Truth.NO:
        return Verdict.NOT_MET
    if truth is Truth.UNKNOWN:
        return Verdict.CANNOT_SAY
    held = [
        finding
        for route, truth in zip(routes, on_routes, strict=True)
        if truth is Truth.YES
        for finding in route
    ]
    untested = any(finding.result is Result.NOT_TESTED for finding in (*common, *held))
    return Verdict.TESTED_MET if untested or not edition.list_complete else Verdict.MET


def _together(findings: Iterable[Finding]) -> Truth:
    return every(finding.counts_as for finding in findings)
