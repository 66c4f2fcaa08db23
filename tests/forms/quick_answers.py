"""Answers of a quick check, and what the editions say of them."""

from datetime import date

from forms.quick_check import QuickCheck
from referral.criteria import library
from referral.criteria.evaluate import EditionResult, Result
from referral.criteria.quick import ask_all

AS_OF = date(2026, 11, 22)
EXAMPLE: dict[str, str | list[str]] = {
    "age": "34", "phenotype": "RRMS", "since_diagnosis": "6", "since_onset": "7", "relapses": "2", "mri": "yes",
    "gd_lesions": "1", "new_t2": "3", "edss": "3.5", "failed": ["natalizumab", "ocrelizumab"], "all_named": "yes",
}  # fmt: skip


def typed(**answers: str | list[str]) -> QuickCheck:
    return QuickCheck({name: [text] if isinstance(text, str) else text for name, text in answers.items()})


def asked_on(as_of: date, **answers: str | list[str]) -> dict[str, EditionResult]:
    results = ask_all(typed(**answers).records(as_of), library().values(), as_of)
    return {result.edition.id: result for result in results}


def asked(**answers: str | list[str]) -> dict[str, EditionResult]:
    return asked_on(AS_OF, **answers)


def results_of(result: EditionResult) -> dict[str, Result]:
    return {finding.criterion.id: finding.result for finding in result.findings}
