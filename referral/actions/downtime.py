"""What a committee can work with when the application cannot be reached: the last packets as files, with a list.

A folder for each programme, on a disk that it can open without us: the kept packet of each open case, byte for byte,
an ``index.html`` that names the cases, and nothing else. What is no longer open leaves the folder again.
"""

import os
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, defer

from referral import audit, clock, database
from referral.facts import say_date
from referral.models import Organisation, Packet, Referral, ReferralVersion
from referral.workflow import State

NOT_OPEN = frozenset({State.DRAFT, State.CLOSED, State.WITHDRAWN, State.ENTERED_IN_ERROR})
INDEX = "index.html"


@dataclass(frozen=True)
class Kept:
    """The last packet of one open case, as the list names it."""

    packet_id: UUID
    sha256: str
    number: str
    version: int
    family_name: str
    given_name: str
    born: str
    state: str
    issued_at: datetime

    @property
    def file(self) -> str:
        """Its name on disk, which says nothing of the person."""
        return f"{self.number}-version-{self.version}.pdf"


@dataclass(frozen=True)
class Place:
    """The folder of one programme, and what belongs into it."""

    folder: Path
    programme: str
    kept: tuple[Kept, ...]

    def missing(self) -> list[Kept]:
        """Give what is not there yet, or not as it was issued."""
        return [each for each in self.kept if _digest(self.folder / each.file) != each.sha256]


@dataclass(frozen=True)
class Copied:
    """What a run has done to the folder."""

    packets: int
    written: int
    removed: int


def copy_packets(session: Session, folder: Path) -> Copied:
    """Bring a folder to what the open cases are now, in transactions of its own: nothing may wait in the session.

    That it is done is in the trail before it is. Nobody waits meanwhile: the database is only read while files are
    written. Each file is whole or not there, and the list is written last. What did not change is left alone.

    Raises:
        OSError: the folder cannot be written.

    """
    with database.looking(session):
        places = last_packets(session, folder)
    missing, past = [place.missing() for place in places], _past(folder, places)
    done = Copied(
        packets=sum(len(place.kept) for place in places),
        written=sum(map(len, missing)),
        removed=sum(path.suffix == ".pdf" for path in past),
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if done.written or done.removed:
        audit.record(session, None, "packets_kept_for_downtime", **asdict(done))
        session.commit()
    for place, files in zip(places, missing, strict=True):
        _write(session, place, files)
    for path in past:
        path.rmdir() if path.is_dir() else path.unlink()
    return done


def last_packets(session: Session, folder: Path) -> list[Place]:
    """Give the newest packet that was made of each open case, by programme, in the order of their numbers."""
    found = session.scalars(
        select(Packet)
        .join(Packet.version)
        .join(ReferralVersion.referral)
        .join(Referral.programme)
        .where(Referral.state.not_in(NOT_OPEN))
        .order_by(Organisation.name, Organisation.id, Referral.number, ReferralVersion.version.desc())
        .options(
            defer(Packet.pdf),
            contains_eager(Packet.version)
            .contains_eager(ReferralVersion.referral)
            .contains_eager(Referral.programme),
        )
    )
    newest = [next(packets) for _, packets in groupby(found, lambda packet: packet.version.referral_id)]
    return [
        Place(folder / f"programme-{programme.id.hex[:8]}", programme.name, tuple(map(_kept, packets)))
        for programme, packets in groupby(newest, lambda packet: packet.version.referral.programme)
        if programme is not None
    ]


def _kept(packet: Packet) -> Kept:
    version = packet.version
    identity = version.snapshot["identity"]
    return Kept(
        packet_id=packet.id,
        sha256=packet.sha256,
        number=version.referral.number,
        version=version.version,
        family_name=identity.get("family_name") or "",
        given_name=identity.get("given_name") or "",
        born=say_date(identity["birth_date"]) if identity.get("birth_date") else "Not known",
        state=version.referral.state.words,
        issued_at=packet.issued_at,
    )


def _write(session: Session, place: Place, files: list[Kept]) -> None:
    """Write what is missing in one folder, then its list."""
    place.folder.mkdir(mode=0o700, exist_ok=True)
    for each in files:
        with database.looking(session):
            pdf = session.scalars(select(Packet.pdf).where(Packet.id == each.packet_id)).one()
        _put(place.folder / each.file, pdf)
    _put(place.folder / INDEX, _index(place, clock.now()))


def _past(folder: Path, places: list[Place]) -> list[Path]:
    """Give what is to leave the folder: files before the folder that they are in."""
    stays = {place.folder / name for place in places for name in (INDEX, *(each.file for each in place.kept))}
    stays |= {place.folder for place in places}
    there = [path for place in folder.glob("programme-*") for path in (*place.iterdir(), place)]
    return [path for path in there if path not in stays]


def _index(place: Place, at: datetime) -> bytes:
    page = current_app.jinja_env.get_template("downtime/index.html")  # nobody is signed in here
    return page.render(programme=place.programme, cases=place.kept, at=at).encode()


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _put(path: Path, content: bytes) -> None:
    """Write a file whole, readable by its owner alone."""
    half = path.with_name(path.name + ".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
