"""What a test says of a case, whole: for tests that hold it to the letter."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from referral.criteria.case import Case
from referral.criteria.language import Test
from tests.core.records import AS_OF, make_record

AHEAD = AS_OF + timedelta(days=731)


def told(test: Test, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give the answer with its reason, its words, the facts it names, what is missing and its next turns."""
    case = Case.on(make_record(**facts), AS_OF)
    answer = case.answer(test)
    return {
        "truth": answer.truth.name.lower(),
        "reason": answer.reason.value,
        "says": answer.tell(),
        "rests_on": [[fact.path, fact.value, fact.date] for fact in answer.facts],
        "missing": list(answer.missing),
        "turns": [day.isoformat() for day in near(test, case)],
    }


def near(test: Test, case: Case) -> list[date]:
    """Give the days after the question and within two years on which the answer may turn."""
    return sorted({day for day in test.turns(case) if AS_OF < day <= AHEAD})
