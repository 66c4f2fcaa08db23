"""What the packet holds, as plain data in the order in which it is read.

One maker, :func:`contents`, from the frozen snapshot. It arranges, words dates and joins editions with their
results; it works out nothing that the snapshot does not hold. Screen and paper show the same contents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from unicodedata import bidirectional

from referral.criteria import library
from referral.criteria.calendar import YEARS_AHEAD
from referral.facts import CaseRecord, PartialDate, digest, read_record, say_date
from referral.packet import words
from referral.packet.attached import Attached, attached
from referral.packet.beside import refused_part
from referral.packet.changed import Changed, changed_part, since_part
from referral.packet.course import course, course_on_screen
from referral.packet.drawing import Picture
from referral.packet.editions import EditionPart, Grid, edition_parts, grids
from referral.packet.fact_tables import fact_tables
from referral.packet.tables import FactTable
from referral.packet.workup import Workup, workup_part

PURPOSE = (
    "Published criteria and recorded facts, shown to health professionals. "
    "This packet does not rank, predict or advise."
)
DECIDES = "The multidisciplinary team decides."
LONGEST_RUNNING = 44  # characters of a name or identifier that fit the running head


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """A number that names the person, with the kind of number it is."""

    type: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who the case is about; whatever is absent is ``None``."""

    name: str | None
    birth_date: str | None
    sex: str | None
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, kw_only=True)
class Running:
    """What stands on every page."""

    person: str
    referral: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One line of the history."""

    what: str
    by: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The whole packet. ``written`` dates the file; ``draft`` says that nobody has signed it."""

    title: str
    number: str | None
    version: str
    draft: bool
    demonstration: bool
    sha256: str
    written: str
    as_of: str
    purpose: str
    decides: str
    years_ahead: int
    running: Running
    question: str | None
    discussed: str | None
    reason: str | None
    refused: tuple[str, ...]
    person: Person
    referrer: str | None
    referring_organisation: str | None
    programme: str | None
    signed: Deed | None
    grids: tuple[Grid, ...]
    course: Picture
    editions: tuple[EditionPart, ...]
    facts: tuple[FactTable, ...]
    workup: Workup
    changed: Changed | None
    since: Changed | None
    attachments: tuple[Attached, ...]
    history: tuple[Deed, ...]


def contents(snapshot: Mapping[str, Any], *, shaded: str | None = None) -> Contents:
    """Arrange a snapshot. A part that it does not hold is said to be not recorded, never guessed.

    ``shaded`` is for a page: the edition chosen there whose look-back windows are shaded, or an empty text. Paper
    shades those of the first adopted edition.

    Raises:
        RecordError: if the record in it cannot be read.

    """
    referral = snapshot.get("referral") or {}
    as_of = date.fromisoformat(snapshot["as_of"])
    record = read_record(snapshot["record"], as_of)
    person = _person(snapshot.get("identity") or {}, snapshot["record"].get("patient") or {})
    number, version_number = referral.get("number"), referral.get("version")
    draft = version_number is None
    version = "Draft, not signed" if draft else f"Version {version_number}"
    signed = _signed(snapshot.get("signed"))
    referrer = snapshot.get("referrer") or {}
    parts = edition_parts(snapshot["assessment"], snapshot["editions"], record)
    sha256 = digest(snapshot)
    return Contents(
        title=f"{' '.join(filter(None, ('Referral packet', number)))}, {version[0].lower()}{version[1:]}",
        number=number,
        version=version,
        draft=draft,
        demonstration=bool(referral.get("demonstration")),
        sha256=sha256,
        written=(snapshot.get("signed") or {}).get("at") or snapshot["as_of"],
        as_of=say_date(as_of),
        purpose=PURPOSE,
        decides=DECIDES,
        years_ahead=YEARS_AHEAD,
        running=_running(person, number, version),
        question=_text(snapshot.get("question")),
        discussed=_text(snapshot.get("discussed")),
        reason=_text(snapshot.get("reason")),
        refused=refused_part(snapshot),
        person=person,
        referrer=_text(referrer.get("name")),
        referring_organisation=_text(referrer.get("organisation")),
        programme=_text((snapshot.get("programme") or {}).get("name")),
        signed=signed,
        grids=grids(parts),
        course=_course(snapshot, record, as_of, shaded),
        editions=parts,
        facts=fact_tables(record, snapshot.get("beside")),
        workup=workup_part(snapshot),
        changed=changed_part(snapshot),
        since=since_part(snapshot),
        attachments=attached(snapshot.get("attachments") or (), record),
        history=(signed,) if signed else (),
    )


def _course(snapshot: Mapping[str, Any], record: CaseRecord, as_of: date, shaded: str | None) -> Picture:
    if shaded is not None:
        return course_on_screen(record, as_of, library().get(shaded))
    adopted = next((each for each in snapshot["editions"] if each.get("adopted")), None)
    edition = library().get(adopted["id"]) if adopted else None
    # An edition that reads differently by now looks back differently from what was signed: then nothing is shaded.
    as_signed = edition is not None and adopted is not None and edition.sha256 == adopted.get("sha256")
    return course(record, as_of, edition if as_signed else None)


def _text(value: str | None) -> str | None:
    return value if value and value.strip() else None


def _person(identity: Mapping[str, Any], patient: Mapping[str, Any]) -> Person:
    birth_date = identity.get("birth_date") or patient.get("birth_date")
    sex = words.SEXES.get(identity.get("sex") or patient.get("sex") or "")
    return Person(
        name=" ".join(filter(None, (identity.get("given_name"), identity.get("family_name")))) or None,
        birth_date=PartialDate.parse(birth_date).words if birth_date else None,
        sex=None if sex == words.NOT_RECORDED else sex,
        identifiers=tuple(
            Identifier(type=each.get("type") or "Identifier", value=each["value"])
            for each in identity.get("identifiers") or ()
            if each.get("value")
        ),
    )


def _running(person: Person, number: str | None, version: str) -> Running:
    """Put two identifiers on every page; a text too long for the line is cut, and stands whole on page 1."""
    first = person.identifiers[0] if person.identifiers else None
    parts = (
        _apart(_cut(person.name)) if person.name else "Name not recorded",
        f"born {person.birth_date}" if person.birth_date else "date of birth not recorded",
        f"{_apart(_cut(first.type, 20))} {_apart(_cut(first.value, 24))}"
        if first
        else "no identifier recorded",
    )
    return Running(
        person=", ".join(parts),
        referral=f"Referral {_cut(number, 24)}" if number else "Referral without a number",
        version=version,
    )


def _apart(text: str) -> str:
    """Keep what is written from right to left from turning round the numbers beside it."""
    return f"\u2068{text}\u2069" if any(bidirectional(sign) in {"R", "AL"} for sign in text) else text


def _cut(text: str, most: int = LONGEST_RUNNING) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _signed(signed: Mapping[str, Any] | None) -> Deed | None:
    if not signed:
        return None
    return Deed(what="Signed and sent", by=signed["by"], at=words.moment(signed["at"]))
