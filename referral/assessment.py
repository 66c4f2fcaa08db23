"""A case record put to protocol editions on one day: the assessment.

Shape and meaning: the contract of the case record and the schema of the assessment. It shows what published
text asks for and what the record holds; the multidisciplinary team decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from referral.criteria.case import Case
from referral.criteria.edition import Edition
from referral.criteria.evaluate import EditionResult, evaluate
from referral.facts import CaseRecord

if TYPE_CHECKING:
    from referral.criteria.calendar import Change
    from referral.criteria.decides import Paths


@dataclass(frozen=True, slots=True)
class Answered:
    """What came out for one edition, which facts would settle it, and when it changes with nothing but time."""

    result: EditionResult
    decides: "tuple[Paths, ...]"
    changes: "tuple[Change, ...]"

    def to_json(self) -> dict[str, Any]:
        """Give it as the assessment carries it."""
        return self.result.to_json() | {
            "decides": [list(chosen) for chosen in self.decides],
            "changes": [change.to_json() for change in self.changes],
        }


@dataclass(frozen=True)
class Assessment:
    """What came out for each edition, for one record, as asked on one day."""

    as_of: date
    record: CaseRecord
    answers: tuple[Answered, ...]

    @property
    def results(self) -> tuple[EditionResult, ...]:
        """The result of each edition, in the order asked."""
        return tuple(answered.result for answered in self.answers)

    def to_json(self) -> dict[str, Any]:
        """Give it as ``assessment.schema.json`` has it."""
        return {
            "assessment": "1",
            "as_of": self.as_of.isoformat(),
            "record_sha256": self.record.sha256,
            "protocols": [answered.to_json() for answered in self.answers],
        }


def assess(record: CaseRecord, editions: Iterable[Edition], as_of: date, *, ahead: bool = True) -> Assessment:
    """Put the record to each edition, in the order given.

    Without ``ahead`` it is only asked what holds now: not what would settle it, nor when it changes.
    """
    case = Case.on(record, as_of)
    results = [evaluate(edition, case) for edition in editions]
    if not ahead:
        return Assessment(as_of, record, tuple(Answered(result, (), ()) for result in results))
    from referral.criteria.calendar import changes  # a quarter of the engine, and not everybody looks ahead
    from referral.criteria.decides import Deciding, rank

    deciding = Deciding(case, results)
    sets = rank([deciding.sets(result) for result in results])
    return Assessment(
        as_of,
        record,
        tuple(
            Answered(result, chosen, changes(result, case))
            for result, chosen in zip(results, sets, strict=True)
        ),
    )
