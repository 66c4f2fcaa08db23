"""What is joined behind packets: the clinical files as each version names them, as long as there is room for them.

A committee pack is kept; the packet of one case with its files is joined whenever somebody asks for it, and not kept.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit, clock, database
from referral.actions.packets import NotMadeError
from referral.actions.referrals import get_referral, newest_version
from referral.attachments import Store
from referral.attachments.store import FileLostError
from referral.errors import NotFoundError
from referral.facts import say_date
from referral.models import Attachment, Packet, Referral, ReferralVersion, User
from referral.packet import words
from referral.packet.front import Case, Joined, Sitting, make_pack
from referral.reference.documents import document_kinds

log = logging.getLogger(__name__)

MOST_FILES = 96 * 1024 * 1024  # bytes of clinical files in one paper
FULL = "there is no room left for it here; it is on the case"
GONE = "what was stored of it is missing"
NO_PACKET = "its packet could not be printed; it is tried again by itself, and a new pack can be made then"


# One case


@dataclass(frozen=True, kw_only=True)
class WithFiles:
    """The packet of one version with its files behind, as one paper."""

    referral: Referral
    version: int
    pdf: bytes


def join_packet(session: Session, referral_id: UUID, viewer: User) -> WithFiles:
    """Join the packet of what was signed last with its files, and write down that they were read; the caller commits.

    The database is let go while files are read and joined. So whether the case is for the viewer is asked before, and
    again when the paper is handed out.

    Raises:
        NotMadeError: its packet has not been made.
        NotFoundError: nothing was signed, or the case is not for the viewer.
        PacketError: the papers could not be joined, or not now.
        TooMuchError: the viewer has opened too many cases within the hour.

    """
    database.begin_reading(session)
    referral = get_referral(session, referral_id, viewer)
    audit.refuse_too_many(session, viewer, referral, clock.now())  # not only after the work
    version = newest_version(session, referral)
    if version is None:
        raise NotFoundError("There is no packet of this case yet.")
    if version.packet is None:
        raise NotMadeError(version.id)
    rows, packet = attached(session, [version]), kept_packet(version.packet)
    session.commit()
    files = Room().take_all(version.snapshot, rows)
    case = Case(
        snapshot=version.snapshot, number=referral.number, version=version.version, files=files, **packet
    )
    made = make_pack(_alone(case), [case])
    referral = get_referral(session, referral_id, viewer)
    audit.note(
        session,
        viewer,
        "packet_with_files_read",
        referral,
        version=case.version,
        packet=case.sha256,
        files=[file.sha256 for file in files if file.content],
    )
    return WithFiles(referral=referral, version=case.version, pdf=made.pdf)


def _alone(case: Case) -> Sitting:
    """Say of which case the paper is; it is dated now, since it is not kept."""
    now = clock.now()
    return Sitting(
        title=f"Packet with its files, referral {case.number}",
        organisation=case.snapshot["programme"]["name"],
        written=now.isoformat(timespec="seconds"),
        written_words=say_moment(now),
    )


# Every paper


def kept_packet(packet: Packet | None) -> dict[str, Any]:
    """Give a packet as a case of a paper carries it, or say that there is none."""
    if packet is None:
        return {"why": NO_PACKET}
    return {"pdf": packet.pdf, "sha256": packet.sha256, "seal": packet.seal or ""}


def attached(session: Session, versions: Iterable[ReferralVersion]) -> dict[str, Attachment]:
    """Find what the installation knows of the files that versions name."""
    told = [each for version in versions for each in version.snapshot.get("attachments") or ()]
    wanted = select(Attachment).where(Attachment.id.in_([UUID(each["id"]) for each in told]))
    return {str(each.id): each for each in session.scalars(wanted)}


class Room:
    """What room is left for clinical files, and the files that fit. The database need not be held."""

    def __init__(self) -> None:
        """Begin with room for :data:`MOST_FILES`."""
        self.left = MOST_FILES
        self.store = Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"])

    def take_all(self, snapshot: Mapping[str, Any], rows: Mapping[str, Attachment]) -> tuple[Joined, ...]:
        """Read the files that a version names, in its order."""
        return tuple(self.take(told, rows) for told in snapshot.get("attachments") or ())

    def take(self, told: Mapping[str, Any], rows: Mapping[str, Attachment]) -> Joined:
        """Read a file as a version names it, or say why it is not joined."""
        row, content, why = rows.get(told["id"]), b"", GONE
        if row is not None and row.size > self.left:
            why = FULL
        elif row is not None:
            try:
                content = self.store.content(row.stored_as, told["sha256"])
                self.left -= row.size
            except FileLostError:
                log.exception("A file of a pack is missing")
        return Joined(
            label=told["label"],
            kind=document_kinds().get(told["kind"], words.plain(told["kind"])),
            dated=say_date(told["dated"]) if told.get("dated") else None,
            pages=told["pages"],
            sha256=told["sha256"],
            picture=row is not None and row.media_type.startswith("image/"),
            content=content,
            why="" if content else why,
        )


def say_moment(at: datetime) -> str:
    """Say when it was, by the clock of the house."""
    there = clock.local(at)
    return f"{say_date(there.date())}, {there:%H:%M}"
