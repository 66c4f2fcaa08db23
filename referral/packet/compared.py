"""The verdicts of a file's sender beside those that come out here: where they differ, and why. Pure; trusts none."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from referral.assessment import assess
from referral.criteria import Edition, library
from referral.facts import CaseRecord, say_date


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One edition: what the sender's software found, what comes out here today, and why they differ, in words."""

    id: str
    title: str
    theirs: str | None
    ours: str | None
    why: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether both were asked and say different things."""
        return self.theirs is not None and self.ours is not None and self.theirs != self.ours


def compare(
    record: CaseRecord, sent: Mapping[str, Any] | None, asked_here: Collection[str], today: date
) -> tuple[Compared, ...]:
    """Assess the record here and today, against the sender's editions and those asked here; put both side by side.

    ``sent`` is what :mod:`referral.packet.opening` read of the sender's verdicts; ``None`` where there were none.
    """
    known = library()
    theirs: Mapping[str, Mapping[str, Any]] = sent["editions"] if sent else {}
    ids = [id_ for id_ in known if id_ in theirs or id_ in asked_here]
    ours = _verdicts(record, [known[id_] for id_ in ids], today)
    then = date.fromisoformat(sent["as_of"]) if sent else today
    differing = [known[id_] for id_ in ids if id_ in theirs and theirs[id_]["verdict"] != ours[id_]]
    on_their_day = _verdicts(record, differing, then) if then != today else {}
    same_record = sent is None or sent["record_sha256"] == record.sha256
    found = [
        Compared(
            id=id_,
            title=known[id_].title,
            theirs=theirs[id_]["verdict"] if id_ in theirs else None,
            ours=ours[id_],
            why=_why(known[id_], theirs.get(id_), ours[id_], on_their_day.get(id_), then, today, same_record)
            if sent
            else (),
        )
        for id_ in ids
    ]
    unknown = [
        Compared(
            id=id_,
            title=id_,
            theirs=sent_["verdict"],
            ours=None,
            why=("This edition is not in the library here.",),
        )
        for id_, sent_ in theirs.items()
        if id_ not in known
    ]
    return (*found, *unknown)


def _verdicts(record: CaseRecord, editions: Sequence[Edition], as_of: date) -> dict[str, str]:
    assessment = assess(record, editions, as_of, ahead=False)
    return {result.edition.id: result.verdict.value for result in assessment.results}


def _why(
    edition: Edition,
    sent: Mapping[str, Any] | None,
    ours: str,
    on_their_day: str | None,
    then: date,
    today: date,
    same_record: bool,
) -> tuple[str, ...]:
    """Give every reason that there is for a difference; where none explains it, that is said."""
    if sent is None:
        return ("The sender did not ask this edition.",)
    if sent["verdict"] == ours:
        return ()
    reasons = []
    if not same_record:
        reasons.append("The sender’s verdict is about another record than the one in this file.")
    if sent["sha256"] is None:
        reasons.append("The file does not say which version of the edition was asked.")
    elif sent["sha256"] != edition.sha256:
        reasons.append("Another version of the edition stands in the library here.")
    if on_their_day is not None and on_their_day != ours:
        reasons.append(f"The day: assessed on {say_date(then)} there, on {say_date(today)} here.")
    return tuple(reasons) or (
        "The same record, edition and day give another verdict here. Please ask the sender how theirs came about.",
    )
