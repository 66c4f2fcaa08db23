"""A decision in words, as plain data: the same on the case page, on the page where it is signed, and in a letter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from referral.facts import CaseRecord, read_record, say_date
from referral.packet import words
from referral.packet.editions import EditionPart, edition_parts
from referral.packet.paths import WHOLE, path_words
from referral.reference.decisions import disagreements, grounds

DECIDED = "The multidisciplinary team decided"
BEYOND = "something beyond the criteria of the editions, told in words"
SPECIALTIES = {
    "neurology": "neurology",
    "haematology": "haematology",
    "nursing": "nursing",
    "radiology": "radiology",
    "other": "other specialty",
}


class Recorded(Protocol):
    """What is read of a decision that was recorded."""

    @property
    def outcome(self) -> Any: ...  # noqa: D102 - as the table has it - the columns of the table
    @property
    def reasons(self) -> Mapping[str, Any]: ...  # noqa: D102 - as the table has it
    @property
    def editions(self) -> Mapping[str, Any]: ...  # noqa: D102 - as the table has it
    @property
    def took_part(self) -> Mapping[str, Any]: ...  # noqa: D102 - as the table has it
    @property
    def text(self) -> str: ...  # noqa: D102 - as the table has it
    @property
    def conditions(self) -> str: ...  # noqa: D102 - as the table has it
    @property
    def decided_on(self) -> str | None: ...  # noqa: D102 - as the table has it
    @property
    def comes_back_on(self) -> str | None: ...  # noqa: D102 - as the table has it
    @property
    def comes_back_for(self) -> str | None: ...  # noqa: D102 - as the table has it


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What the committee said of one criterion; what the software found stands beside it.

    ``holds`` is the committee's own result where it disagrees, ``ground`` why the decision rests on it.
    """

    edition: str
    statement: str
    sentence: str
    result: str
    result_words: str
    holds: str
    holds_words: str
    because: str
    why: str
    ground: str


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A decision in words. Whatever does not belong to its outcome is empty."""

    outcome: str
    headline: str
    decided_on: str
    text: str
    conditions: str
    asked: tuple[str, ...]
    comes_back: str
    rests_on: tuple[Reason, ...]
    beyond: bool
    disagrees: tuple[Reason, ...]
    took_part: tuple[str, ...]
    stood_aside: tuple[str, ...]
    """Who had a tie, and which: for the programme only."""
    without_quorum: str
    editions: tuple[str, ...]
    untested: tuple[str, ...]


def decided(decision: Recorded, snapshot: Mapping[str, Any]) -> Decided:
    """Put a decision into words, with the snapshot of the version that it was taken on."""
    parts = edition_parts(snapshot["assessment"], snapshot["editions"], _record(snapshot))
    used = [part for part in parts if part.id in decision.editions]
    reasons = list(_reasons(decision.reasons, used))
    outcome = decision.outcome.value
    return Decided(
        outcome=outcome,
        headline=f"{DECIDED}: {decision.outcome.words}",
        decided_on=say_date(decision.decided_on) if decision.decided_on else "",
        text=decision.text,
        conditions=decision.conditions if outcome == "accepted" else "",
        asked=tuple(decision.conditions.splitlines()) if outcome == "more_information_needed" else (),
        comes_back=_comes_back(decision, snapshot),
        rests_on=tuple(reason for reason in reasons if reason.ground),
        beyond="" in decision.reasons,
        disagrees=tuple(reason for reason in reasons if reason.holds),
        took_part=tuple(_people(decision.took_part)),
        stood_aside=tuple(
            f"{each['name']}, {each['tie'].replace('_', ' ')}"
            for each in decision.took_part.get("aside") or ()
        ),
        without_quorum=_without_quorum(decision.took_part.get("without_quorum")),
        editions=tuple(f"{part.title} (definition {part.digest})" for part in used),
        untested=tuple(dict.fromkeys(text for part in used for text in part.untested)),
    )


def _record(snapshot: Mapping[str, Any]) -> CaseRecord:
    return read_record(snapshot["record"], date.fromisoformat(snapshot["as_of"]))


def waits_for(snapshot: Mapping[str, Any]) -> dict[str, str]:
    """List the facts that a deferral may wait for: what would settle an edition first, then the usual ones."""
    record = _record(snapshot)
    deciding = dict.fromkeys(
        path
        for found in snapshot["assessment"]["protocols"]
        for paths in found.get("decides") or ()
        for path in paths
    )
    usual = ("relapses.events", "mri", "edss", "treatments.courses", "ambulation")
    return {path: path_words(path, record) for path in (*deciding, *usual)}


def _comes_back(decision: Recorded, snapshot: Mapping[str, Any]) -> str:
    when = []
    if decision.comes_back_on:
        when.append(f"on {say_date(decision.comes_back_on)}")
    if path := decision.comes_back_for:
        record = _record(snapshot)
        when.append(f"as soon as this is known: {WHOLE.get(path) or path_words(path, record)}")
    return ", or ".join(when)


def _reasons(reasons: Mapping[str, Any], used: list[EditionPart]) -> Iterator[Reason]:
    for part in used:
        said = reasons.get(part.id) or {}
        for criterion in part.criteria:
            kept = said.get(criterion.id)
            if kept:
                holds, result = kept.get("holds") or "", kept["result"]
                yield Reason(
                    edition=part.title,
                    statement=criterion.statement,
                    sentence=criterion.sentence,
                    result=result,
                    result_words=words.RESULTS[result],
                    holds=holds,
                    holds_words=words.RESULTS[holds] if holds else "",
                    because=disagreements().get(kept.get("code") or "", ""),
                    why=kept.get("why") or "",
                    ground=grounds().get(kept.get("ground") or "", ""),
                )


def _without_quorum(waived: Mapping[str, Any] | None) -> str:
    """Say which specialty was lacking and that the chair went on; empty where the quorum was met.

    Who was missing and why the chair went on stays with the meeting, for the programme alone.
    """
    return f"{', '.join(waived['lacking'])}; {waived['by']}, chair, went on without it" if waived else ""


def _people(took_part: Mapping[str, Any]) -> Iterator[str]:
    for person in took_part.get("people") or ():
        specialty = SPECIALTIES.get(person["specialty"], "")
        yield f"{person['name']} ({specialty})" if specialty else person["name"]
