"""Records for the tests of the core: a few facts, everything else not known."""

from datetime import date
from pathlib import Path
from typing import Any

from referral.criteria.answer import Answer
from referral.criteria.case import Case
from referral.criteria.language import read_test
from referral.criteria.load import shared_vocabulary
from referral.facts import CaseRecord, read_record
from referral.reference.files import read_yaml

CASES = Path(__file__).parent.parent / "cases"
AS_OF = date(2026, 11, 21)


def make_record(as_of: date = AS_OF, **facts: Any) -> CaseRecord:
    """Make a record of these facts and no others."""
    return read_record({"record": "1", **facts}, as_of)


def ask(test: str, as_of: date = AS_OF, **facts: Any) -> str:
    """Ask a test, written as in YAML, of a record: yes, no or unknown."""
    found: Answer = answer(test, as_of, **facts)
    return found.truth.name.lower()


def answer(test: str, as_of: date = AS_OF, **facts: Any) -> Answer:
    """Ask a test and give the whole answer."""
    return read_test(read_yaml(test), shared_vocabulary()).ask(Case.on(make_record(as_of, **facts), as_of))


def relapses(*onsets: Any, since: str | None = "2015-01-01") -> dict[str, Any]:
    """Give a relapse list from onsets or whole entries."""
    events = [onset if isinstance(onset, dict) else {"onset": onset} for onset in onsets]
    return {"relapses": {"events": events} | ({"complete_since": since} if since else {})}


def courses(*listed: dict[str, Any], complete: bool | None = True) -> dict[str, Any]:
    """Give a list of treatments."""
    return {"treatments": {"courses": list(listed)} | ({} if complete is None else {"complete": complete})}
