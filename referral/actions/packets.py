"""Making the packet of what was signed, once, and handing it out: byte for byte the same ever after.

Signing never waits for the printer, and the printer never holds the database: a packet is made between two
transactions. Whoever comes first makes a missing one: who has signed, who reads, or time. Of two at once, one stands.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased, defer, joinedload

from referral import audit, clock, database
from referral.auth import scope
from referral.errors import NotFoundError
from referral.models import Packet, PacketTrouble, Referral, ReferralVersion, User
from referral.packet import PacketError
from referral.packet.make import House, Made, make_packet
from referral.packet.seal import SHORT
from referral.packet.signing import SigningKey, kept_key
from referral.packet.summary import make_summary

log = logging.getLogger(__name__)

AT_ONCE = 20
LET_OTHERS = timedelta(minutes=1)  # who has signed is making it
MOST_TRIES = 6  # by the clock: after 2, 4, 8 ... minutes; whoever asks for it tries at once


class NotMadeError(NotFoundError):
    """There is no packet of this version yet; it can be made."""

    def __init__(self, version_id: UUID) -> None:
        """Keep of which version."""
        super().__init__("The packet of this case is not made yet.")
        self.version_id = version_id


def this_house() -> House:
    """Give the address and the key of this installation."""
    told = current_app.config
    key = _key(Path(told["PACKET_KEY"]), told["PACKET_KEY_PASSWORD"], urlsplit(told["HOUSE_URL"]).netloc)
    return House(told["HOUSE_URL"].rstrip("/"), key)


@cache
def _key(path: Path, password: str, name: str) -> SigningKey:
    return kept_key(path, password, name)


# Making


def make_missing(
    session: Session, version_id: UUID, house: House, *, actor: User | None, at: datetime | None = None
) -> bool:
    """Make the packet of a signed version, unless there is one, in transactions of its own.

    Nothing may be waiting in the session: it is committed. Tells whether this call has made it.

    Raises:
        PacketError: it could not be printed; how often, is kept, for :func:`due_packets`.

    """
    snapshot = _to_make(session, version_id)
    if snapshot is None:
        return False
    try:
        made, summary = make_packet(snapshot, house), make_summary(snapshot)
    except PacketError:
        _keep_trouble(session, version_id, at or clock.now())
        raise
    version = _hold(session, version_id)
    kept = version.packet is None
    if kept:
        _keep(session, version, made, summary, actor=actor, at=at)
    session.commit()
    return kept


def issue_packet(
    session: Session,
    version: ReferralVersion,
    *,
    actor: User,
    house: House | None = None,
    at: datetime | None = None,
) -> Packet:
    """Make and keep the packet within the caller's transaction, which holds the database meanwhile: for a set-up.

    One that was made already is given as it is.
    """
    if version.packet:
        return version.packet
    made, summary = make_packet(version.snapshot, house or this_house()), make_summary(version.snapshot)
    return _keep(session, version, made, summary, actor=actor, at=at)


def _to_make(session: Session, version_id: UUID) -> Mapping[str, Any] | None:
    """Read what is to be printed, if nobody has printed it; the database is let go."""
    wanted = select(ReferralVersion.snapshot).where(ReferralVersion.id == version_id)
    with database.looking(session):
        there = session.scalar(select(Packet.id).where(Packet.version_id == version_id))
        return None if there else session.scalars(wanted).one()


def _hold(session: Session, version_id: UUID) -> ReferralVersion:
    """Give the version again, while nobody else can keep a packet of it."""
    wanted = select(ReferralVersion).where(ReferralVersion.id == version_id)
    version = session.scalars(wanted).one()
    session.scalars(database.held(select(Referral).where(Referral.id == version.referral_id), Referral)).one()
    return session.scalars(wanted.execution_options(populate_existing=True)).one()


def _keep(
    session: Session,
    version: ReferralVersion,
    made: Made,
    summary: bytes,
    *,
    actor: User | None,
    at: datetime | None,
) -> Packet:
    packet = Packet(
        version=version,
        pdf=made.pdf,
        summary=summary,
        sha256=sha256(made.pdf).hexdigest(),
        seal=made.seal,
        issued_by_id=actor.id if actor else version.signed_by_id,
        issued_at=at or clock.now(),
    )
    session.add(packet)
    trouble = session.get(PacketTrouble, version.id)
    if trouble:
        session.delete(trouble)
    audit.record(
        session, actor, "packet_issued", version.referral, at=at, version=version.version, packet=packet.sha256
    )  # fmt: skip
    return packet


def _keep_trouble(session: Session, version_id: UUID, at: datetime) -> None:
    _hold(session, version_id)
    trouble = session.get(PacketTrouble, version_id)
    if trouble is None:
        session.add(PacketTrouble(version_id=version_id, tries=1, tried_at=at))
    else:
        trouble.tries, trouble.tried_at = trouble.tries + 1, at
    session.commit()


# What time does


def due_packets(session: Session, now: datetime) -> int:
    """Make the packets that are missing a minute after the signature, and tell how many. Safe twice at once."""
    again = (_is_tried_again(tries, now) for tries in range(1, MOST_TRIES))
    wanted = (
        select(ReferralVersion.id)
        .outerjoin(Packet, Packet.version_id == ReferralVersion.id)
        .outerjoin(PacketTrouble, PacketTrouble.version_id == ReferralVersion.id)
        .where(Packet.id.is_(None), ReferralVersion.signed_at <= now - LET_OTHERS)
        .where(or_(PacketTrouble.version_id.is_(None), *again))
        .order_by(ReferralVersion.signed_at, ReferralVersion.id)
        .limit(AT_ONCE)
    )
    with database.looking(session):
        due = session.scalars(wanted).all()
    return sum(_made(session, version_id, now) for version_id in due)


def _is_tried_again(tries: int, now: datetime) -> ColumnElement[bool]:
    """After 2, 4, 8 ... minutes. What waits for that keeps no other packet waiting."""
    return (PacketTrouble.tries == tries) & (PacketTrouble.tried_at <= now - timedelta(minutes=2**tries))


def _made(session: Session, version_id: UUID, now: datetime) -> bool:
    try:
        return make_missing(session, version_id, this_house(), actor=None, at=now)
    except PacketError:
        log.exception("The packet of version %s could not be made", version_id)
        return False


# Reading


def read_packet(session: Session, referral: Referral, number: int | None, viewer: User) -> Packet:
    """Hand out the packet of a version, or of the newest, as it was issued, and write down to whom.

    Raises:
        NotMadeError: its packet has not been made.
        NotFoundError: nothing was signed, or no such version.

    """
    wanted = (
        select(ReferralVersion)
        .where(ReferralVersion.referral_id == referral.id)
        .order_by(ReferralVersion.version.desc())
        .limit(1)
        .options(defer(ReferralVersion.snapshot), joinedload(ReferralVersion.packet))
    )
    version = session.scalar(wanted if number is None else wanted.where(ReferralVersion.version == number))
    if version is None:
        raise NotFoundError("There is no packet of this case yet.")
    if version.packet is None:
        raise NotMadeError(version.id)
    audit.note(
        session, viewer, "packet_read", referral, version=version.version, packet=version.packet.sha256
    )
    return version.packet


# Finding by the seal


@dataclass(frozen=True)
class Sealed:
    """A packet that was found by its seal: of which case and version, and which version is the newest now."""

    referral: Referral
    version: int
    newest: int
    issued_at: datetime
    sha256: str

    @property
    def superseded(self) -> bool:
        """Whether a later version was signed."""
        return self.newest > self.version


def find_sealed(session: Session, typed: str, viewer: User | None) -> Sealed | None:
    """Find a packet of this installation by its seal, whole or as printed; only among the cases the viewer may see.

    ``viewer`` is ``None`` for whoever sits at the machine itself. Nothing is found by less than what is printed.
    """
    asked = "".join(typed.split()).lower()
    if len(asked) < SHORT or not set(asked) <= set("0123456789abcdef"):
        return None
    later = aliased(ReferralVersion)
    newest = select(func.max(later.version)).where(later.referral_id == Referral.id).scalar_subquery()
    wanted = (
        select(Referral, ReferralVersion.version, newest, Packet.issued_at, Packet.sha256)
        .join(ReferralVersion, ReferralVersion.referral_id == Referral.id)
        .join(Packet, Packet.version_id == ReferralVersion.id)
        .where(Packet.seal >= asked, Packet.seal < asked + "g")  # what begins so, by the index
        .limit(1)
    )
    if viewer is not None:
        wanted = wanted.where(scope(viewer))
    found = session.execute(wanted).first()
    return Sealed(*found) if found else None
