"""Everything about one patient in one file, to be handed over to them: the right of access.

It is made from the tables as they are: each that has rows of a case is either given out, or named with the reason why
not. Each side gives out what it may see itself; the operator's command gives out both. Who works here appears as in
the list of who has seen a record: name, role and organisation. Nothing of another case is in it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import ColumnElement, LargeBinary, Table, and_, select, true
from sqlalchemy.orm import Session

from referral import audit, clock, database
from referral.actions.attachments import attachments_of
from referral.actions.auditing import PROGRAMMES_OWN, seen_by
from referral.actions.committee import interests_in, tied
from referral.actions.deletion import CASE, rows_of
from referral.attachments import FileLostError, Store
from referral.auth import REFERRERS
from referral.models import (
    Audience,
    Base,
    Decision,
    Letter,
    Message,
    Opinion,
    Organisation,
    Packet,
    Referral,
    ReferralVersion,
    User,
)
from referral.packet.spreadsheet import csv_lines

IN_MEMORY = (
    16 * 1024 * 1024
)  # bytes; what is more lies in a file without a name, which ends with its last reader


class Side(StrEnum):
    """Who hands it over: each side what it may see itself, the operator all of it."""

    CLINIC = "clinic"
    PROGRAMME = "programme"
    BOTH = "both"

    @classmethod
    def of(cls, viewer: User) -> "Side":
        """Tell whose side a person is on."""
        return cls.CLINIC if viewer.role in REFERRERS else cls.PROGRAMME


EVERYBODY = frozenset(Side)
PROGRAMME = frozenset({Side.PROGRAMME, Side.BOTH})
CLINIC = frozenset({Side.CLINIC, Side.BOTH})
GIVEN: Mapping[str, frozenset[Side]] = {
    "referral": EVERYBODY,
    "referral_version": EVERYBODY,
    "packet": EVERYBODY,
    "attachment": EVERYBODY,
    "question": EVERYBODY,
    "message": EVERYBODY,
    "decision": EVERYBODY,
    "letter": EVERYBODY,
    "workup_step": EVERYBODY,
    "transplant": EVERYBODY,
    "follow_up": EVERYBODY,
    "correction": EVERYBODY,
    "stay": EVERYBODY,
    "standing_verdict": EVERYBODY,
    "case_import": CLINIC,
    "hand_over": CLINIC,
    "opinion": PROGRAMME,
    "interest": PROGRAMME,
    "agenda_item": PROGRAMME,
    "emergency_access": PROGRAMME,
}
"""Tables whose rows are given out, and by whom."""
WITHHELD: Mapping[str, str] = {
    "audit_entry": "Given as the list of who has seen the record, and who did what with it.",
    "same_person": "It says that another case is, or is not, about the same person: that case is given by itself.",
    "person_key": "The identifiers again, folded, for finding them.",
    "search_word": "The name again, folded, for finding it.",
    "mail": "Notices to staff: that something happened with a number, and nothing of a person.",
    "looking": "Who has the page open at this minute.",
    "time_mark": "What the clock has looked after already.",
    "packet_trouble": "How often a packet was tried to be printed.",
    "legal_hold": "Of a dispute, in which there may be another party.",
    "erasure_request": "What the patient has asked is with the patient.",
}
"""Tables that have rows of a case and are not given out, and why."""
CLINICS_OWN = frozenset({"typed", "saves", "draft_version"})
"""Columns of a case that only its clinic sees: what is typed and not signed."""
READ_ME = """Everything about one patient: referral {number}

What is kept of this referral in this system{whose}.

case.json          the record as it was signed last, or as the draft stands; the states and their days
rows/              the rows of the database, a file a table
packets/           the packets as they were issued, a file a version
letters/           the letters as they were printed
attachments/       the clinical files; rows/attachment.json says which is which
access-list.csv    who has read the record, who has done something with it, how often and when

Read it before you hand it over: what somebody wrote in their own words may name another person, and that is not
for a program to find. Hand it to the patient alone, and not by plain e-mail.
"""


def export_person(
    session: Session, referral: Referral, store: Store, side: Side, *, actor: User | None
) -> IO[bytes]:
    """Make the file, and write down who has made it; it stands at its beginning, to be read.

    Reading and packing it keeps nobody from writing. What is open in the session ends before and after.

    Raises:
        FileLostError: one of the clinical files is not there as it was stored: the export would not be whole.
        TooMuchError: the actor has opened too many cases within the hour.

    """
    with ExitStack() as unread:  # ends the file, unless it is whole and the caller's
        file = unread.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY))
        names = _pack(file, session, referral, store, side, actor)
        audit.record(session, actor, "person_exported", referral, side=side.value, files=names)
        file.seek(0)
        unread.pop_all()
    return file


def _pack(
    file: IO[bytes], session: Session, referral: Referral, store: Store, side: Side, actor: User | None
) -> int:
    """Write everything into the file, and tell how many files that are."""
    with ZipFile(file, "w", ZIP_DEFLATED) as out:
        with database.looking(session):
            if actor is not None:
                audit.refuse_too_many(session, actor, referral, clock.now())
            for name, content in _contents(session, referral, side, actor):
                out.writestr(name, content)
            clinical = attachments_of(session, referral)
        for each in clinical:  # hundreds of megabytes, while no transaction is open
            ending = each.media_type.rpartition("/")[2]
            out.writestr(f"attachments/{each.id}.{ending}", store.content(each.stored_as, each.sha256))
        return len(out.namelist())


def _contents(
    session: Session, referral: Referral, side: Side, actor: User | None
) -> Iterator[tuple[str, bytes]]:
    whose = {
        Side.CLINIC: ", as far as the referring clinic sees it: ask the programme for its part",
        Side.PROGRAMME: ", as far as the programme sees it: ask the referring clinic for its part. Opinions that are"
        " still sealed are not in it, and none at all for somebody who has declared a tie to the case",
        Side.BOTH: "",
    }[side]
    yield "README.txt", READ_ME.format(number=referral.number, whose=whose).encode()
    versions = session.scalars(
        select(ReferralVersion)
        .where(ReferralVersion.referral_id == referral.id)
        .order_by(ReferralVersion.version)
    ).all()
    yield "case.json", _json(_case(session, referral, versions[-1] if versions else None, side))
    aside = actor is not None and actor.id in tied(interests_in(session, [referral.id])[referral.id])
    for table in Base.metadata.sorted_tables:
        if side in GIVEN.get(table.name, ()) and not (aside and table.name == "opinion"):
            yield f"rows/{table.name}.json", _json(list(_rows(session, table, referral, side)))
    packets = (
        select(ReferralVersion.version, Packet.pdf)
        .join(Packet)
        .where(ReferralVersion.referral_id == referral.id)
    )
    for version, pdf in session.execute(packets.order_by(ReferralVersion.version)):
        yield f"packets/version-{version}.pdf", pdf
    letters = select(Letter.pdf).where(_of_side("letter", side), Letter.referral_id == referral.id)
    for number, letter in enumerate(session.scalars(letters.order_by(Letter.written_at, Letter.id)), 1):
        if letter is not None:
            yield f"letters/letter-{number}.pdf", letter
    yield "access-list.csv", b"".join(csv_lines(_access(session, referral, side)))


def _case(session: Session, referral: Referral, newest: ReferralVersion | None, side: Side) -> dict[str, Any]:
    stays = Base.metadata.tables["stay"]
    told = session.execute(
        select(stays.c.state, stays.c.began_at, stays.c.ended_at)
        .where(stays.c.referral_id == referral.id)
        .order_by(stays.c.id)
    )
    return {
        "number": referral.number,
        "state": referral.state,
        "states": [dict(row._mapping) for row in told],
        "signed": newest.snapshot if newest else None,
        "typed": referral.typed if side is not Side.PROGRAMME else None,
    }


def _of_side(table: str, side: Side) -> ColumnElement[bool]:
    """Give the filter for the rows of a table that a side may see."""
    if side is Side.BOTH:
        return true()
    clinic = side is Side.CLINIC
    if table == "message":
        return Message.audience.in_((Audience.BOTH, Audience.CLINIC if clinic else Audience.PROGRAMME))
    if table == "decision" and clinic:
        return Decision.signed_at.is_not(None)
    if table == "letter" and clinic:
        return Letter.released_at.is_not(None)
    if table == "opinion":
        return Opinion.opened_at.is_not(None)
    return true()


def _rows(session: Session, table: Table, referral: Referral, side: Side) -> Iterator[dict[str, Any]]:
    """Give the rows as plain data: staff by name and role, other cases left out, files beside."""
    columns = [
        column
        for column in table.columns
        if not isinstance(column.type, LargeBinary)
        and not (table.name == CASE and side is Side.PROGRAMME and column.name in CLINICS_OWN)
        and not (table.name == CASE and any(key.column.table is table for key in column.foreign_keys))
    ]
    wanted = select(*columns).where(and_(rows_of(table, referral.id), _of_side(table.name, side)))
    for row in session.execute(wanted.order_by(*table.primary_key.columns)):
        told = {column.name: _say(session, column, row[place]) for place, column in enumerate(columns)}
        if table.name == "decision" and side is Side.CLINIC:  # who stood aside is for the programme to read
            told["took_part"] = {"people": told["took_part"].get("people", [])}
        yield told


def _say(session: Session, column: Any, value: Any) -> Any:
    names = {key.column.table.name for key in column.foreign_keys}
    if value is None or not isinstance(value, UUID):
        return value
    if "user" in names:
        who = session.get_one(User, value)
        return f"{who.name}, {who.role.words}, {who.organisation.name}"
    if "organisation" in names:
        return session.get_one(Organisation, value).name
    return value


def _access(session: Session, referral: Referral, side: Side) -> Iterator[tuple[object, ...]]:
    yield "who", "role", "organisation", "what", "times", "first", "last"
    for reads in (True, False):
        for seen in seen_by(session, referral.id, reads=reads):
            if side is Side.CLINIC and seen.deed in PROGRAMMES_OWN:
                continue
            who = (
                (seen.who.name, seen.who.role.words, seen.who.organisation.name)
                if seen.who
                else ("the system", "", "")
            )
            what = seen.deed.replace("_", " ")
            yield (*who, what, seen.times, seen.first.isoformat(), seen.last.isoformat())


def _json(plain: Any) -> bytes:
    return json.dumps(plain, ensure_ascii=False, indent=2, sort_keys=True, default=str).encode()


__all__ = ["GIVEN", "WITHHELD", "FileLostError", "Side", "export_person"]
