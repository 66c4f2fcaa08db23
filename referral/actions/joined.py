"""What is joined behind packets: the clinical files as each version names them, as long as there is room for them."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.attachments import Store
from referral.attachments.store import FileLostError
from referral.facts import say_date
from referral.models import Attachment, Packet, ReferralVersion
from referral.packet import words
from referral.packet.front import Joined
from referral.reference.documents import document_kinds

log = logging.getLogger(__name__)

MOST_FILES = 96 * 1024 * 1024  # bytes of clinical files in one paper
FULL = "the pack holds no more; it is on the case"
GONE = "what was stored of it is missing"
NO_PACKET = "its packet could not be printed; it is tried again by itself, and a new pack can be made then"


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

    def __init__(self, most: int = MOST_FILES) -> None:
        """Begin with room for so many bytes."""
        self.left = most
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
