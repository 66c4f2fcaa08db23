"""What a committee's answer is typed into: the outcome, each criterion, words, who took part.

The names of the fields: ``holds.EDITION.CRITERION`` what the committee holds of a criterion instead of what the
software found (empty: it agrees), ``code.`` and ``why.`` the reason, ``ground.`` why the decision rests on it,
``beyond`` that it rests on something else;
``member.ID`` who took part, ``specialty.ID`` with which specialty, ``guest.N`` somebody without an account.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from werkzeug.datastructures import MultiDict

from forms.dates import read_date
from forms.texts import one_line, quoted, visible, what_is_wrong
from referral.facts import say_date
from referral.reference.decisions import disagreements, grounds

GUESTS = 4
MOST_ITEMS = 20
LONGEST_NAME = 200
OUTCOMES = {
    "accepted": "Accepted",
    "declined": "Declined",
    "deferred": "Deferred",
    "more_information_needed": "More information needed",
    "advice_given": "Advice given",
}
SPECIALTIES = {
    "neurology": "Neurology",
    "haematology": "Haematology",
    "nursing": "Nursing",
    "radiology": "Radiology",
    "other": "Other",
}
NONE_OF_THEM: dict[str, Any] = {
    "result": None, "agrees": True, "holds": None, "code": None, "why": "", "ground": "beyond",
}  # fmt: skip
"""Kept under no edition, as the criterion "beyond": the decision rests on something beyond the criteria."""
HOLDS = {"met": "Met", "not_met": "Not met", "cannot_say": "Cannot say"}


class Asked(NamedTuple):
    """One criterion as the committee is asked about it: the software's result stands beside the answer."""

    edition: str
    criterion: str
    result: str


class Wrong(NamedTuple):
    """What is wrong with a field."""

    field_id: str
    message: str


@dataclass(frozen=True)
class Said:
    """What was typed of a decision and could be read."""

    outcome: str
    decided_on: str | None
    text: str
    conditions: str
    comes_back_on: str | None
    comes_back_for: str | None
    reasons: Mapping[str, Mapping[str, Mapping[str, Any]]]
    took_part: tuple[Mapping[str, Any], ...]


class _Reading:
    """The typed fields, and what was found wrong with them on the way."""

    def __init__(self, posted: "MultiDict[str, str]") -> None:
        self.posted, self.wrong = posted, list[Wrong]()

    def line(self, name: str, longest: int = LONGEST_NAME) -> str:
        text = one_line(self.posted.get(name, ""))
        if len(text) > longest:
            self.wrong.append(Wrong(name, f"Shorten it: at most {longest} characters."))
        return text

    def text(self, name: str) -> str:
        text = visible(self.posted.get(name, "").replace("\r\n", "\n"))[0].strip()
        if problem := what_is_wrong(text):
            self.wrong.append(Wrong(name, problem))
        return text

    def choice(self, name: str, allowed: Mapping[str, str] | Sequence[str]) -> str:
        chosen = self.posted.get(name, "")
        return chosen if chosen in allowed else ""

    def day(self, name: str, *, from_day: date | None = None, to_day: date | None = None) -> str | None:
        """Read a whole day that lies within bounds, both days included."""
        typed = one_line(self.posted.get(name, ""))
        if not typed:
            return None
        try:
            day = date.fromisoformat(read_date(typed))
        except ValueError:
            self.wrong.append(Wrong(name, f"{quoted(typed)} was given. Allowed: a day, such as 17 May 2026."))
            return None
        if from_day and day < from_day:
            self.wrong.append(Wrong(name, f"It is before {say_date(from_day)}."))
        elif to_day and day > to_day:
            self.wrong.append(Wrong(name, f"It lies after today, {say_date(to_day)}."))
        else:
            return day.isoformat()
        return None


def read_decision(
    posted: "MultiDict[str, str]",
    asked: Sequence[Asked],
    members: Mapping[str, str],
    facts: Mapping[str, str],
    *,
    signed_on: date,
    today: date,
) -> tuple[Said, tuple[Wrong, ...]]:
    """Read the form. ``members`` are those with an account who may have taken part, by id; ``facts`` what to wait for.

    The day decided lies from the day the case was signed on to today; the day it comes back lies after today.
    """
    reading = _Reading(posted)
    outcome = reading.choice("outcome", OUTCOMES)
    if not outcome:
        reading.wrong.append(Wrong("outcome", "Choose what was decided."))
    comes_back_on = None
    comes_back_for = None
    if outcome == "deferred":
        comes_back_on = reading.day("comes_back_on", from_day=today)
        comes_back_for = reading.choice("comes_back_for", facts) or None
    conditions = ""
    if outcome == "accepted":
        conditions = reading.text("conditions")
    elif outcome == "more_information_needed":
        conditions = "\n".join(read_items(reading.text("items")))
    said = Said(
        outcome=outcome,
        decided_on=reading.day("decided_on", from_day=signed_on, to_day=today),
        text=reading.text("text"),
        conditions=conditions,
        comes_back_on=comes_back_on,
        comes_back_for=comes_back_for,
        reasons=_reasons(reading, asked),
        took_part=tuple(_took_part(reading, members)),
    )
    if len(conditions.splitlines()) > MOST_ITEMS and outcome == "more_information_needed":
        reading.wrong.append(Wrong("items", f"At most {MOST_ITEMS} things at once."))
    return said, tuple(reading.wrong)


def read_items(text: str) -> tuple[str, ...]:
    """Read what is asked: one thing a line."""
    return tuple(line for line in (each.strip(" \t-•*") for each in text.splitlines()) if line)


def _reasons(reading: _Reading, asked: Sequence[Asked]) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for each in asked:
        key = f"{each.edition}.{each.criterion}"
        holds = reading.choice(f"holds.{key}", HOLDS)
        code = reading.choice(f"code.{key}", disagreements())
        why = reading.text(f"why.{key}")
        if (code or why) and not holds:
            reading.wrong.append(Wrong(f"holds.{key}", "Say what the committee holds, or clear the reason."))
        if holds == each.result:
            reading.wrong.append(Wrong(f"holds.{key}", "That is what the software found: leave it agreeing."))
        elif holds and not (code and why):
            missing = "code" if not code else "why"
            reading.wrong.append(
                Wrong(f"{missing}.{key}", "Give the reason for disagreeing, from the list and in words.")
            )
        found.setdefault(each.edition, {})[each.criterion] = {
            "result": each.result,
            "agrees": not holds,
            "holds": holds or None,
            "code": code or None,
            "why": why,
            "ground": reading.choice(f"ground.{key}", grounds()) or None,
        }
    if reading.posted.get("beyond") == "yes":
        found[""] = {"beyond": dict(NONE_OF_THEM)}
    return found


def _took_part(reading: _Reading, members: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for user_id, name in members.items():
        if reading.posted.get(f"member.{user_id}") == "yes":
            specialty = reading.choice(f"specialty.{user_id}", SPECIALTIES)
            if not specialty:
                reading.wrong.append(
                    Wrong(f"specialty.{user_id}", f"Say with which specialty {name} took part.")
                )
            yield {"user": user_id, "name": name, "specialty": specialty}
    for number in range(1, GUESTS + 1):
        if name := reading.line(f"guest.{number}"):
            specialty = reading.choice(f"guest_specialty.{number}", SPECIALTIES)
            if not specialty:
                reading.wrong.append(
                    Wrong(f"guest_specialty.{number}", f"Say with which specialty {name} took part.")
                )
            yield {"user": None, "name": name, "specialty": specialty}


def typed_of(said: Mapping[str, Any]) -> dict[str, str]:
    """Write a decision back into the fields of the form; ``said`` has the names of :class:`Said`."""
    typed = {name: said[name] or "" for name in ("outcome", "text", "comes_back_for")}
    for name in ("decided_on", "comes_back_on"):
        typed[name] = say_date(said[name]) if said[name] else ""
    typed["conditions"] = said["conditions"] if said["outcome"] == "accepted" else ""
    typed["items"] = said["conditions"] if said["outcome"] == "more_information_needed" else ""
    for edition, criteria in said["reasons"].items():
        for criterion, kept in criteria.items():
            if not edition:
                typed["beyond"] = "yes"
                continue
            for name in ("holds", "code", "why", "ground"):
                typed[f"{name}.{edition}.{criterion}"] = kept.get(name) or ""
    guests = 0
    for person in said["took_part"]:
        if person["user"]:
            typed[f"member.{person['user']}"] = "yes"
            typed[f"specialty.{person['user']}"] = person["specialty"]
        else:
            guests += 1
            typed[f"guest.{guests}"] = person["name"]
            typed[f"guest_specialty.{guests}"] = person["specialty"]
    return typed
