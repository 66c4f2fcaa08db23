"""Issuing the packet of what was signed, and handing it out: byte for byte the same ever after."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from referral import audit
from referral.errors import NotFoundError
from referral.models import Packet, Referral, ReferralVersion, User
from referral.packet import contents, render_pdf


def issue_packet(
    session: Session, version: ReferralVersion, *, actor: User, at: datetime | None = None
) -> Packet:
    """Make the packet of a signed version and keep it; one that was made already is given as it is."""
    if version.packet:
        return version.packet
    pdf = render_pdf(contents(version.snapshot))
    packet = Packet(version=version, pdf=pdf, sha256=sha256(pdf).hexdigest(), issued_by=actor)
    if at:
        packet.issued_at = at
    session.add(packet)
    audit.record(
        session,
        actor,
        "packet_issued",
        version.referral,
        at=at,
        version=version.version,
        packet=packet.sha256,
    )
    return packet


def read_packet(
    session: Session, referral: Referral, version: ReferralVersion | None, viewer: User
) -> Packet:
    """Hand out the packet as it was issued, and write down to whom.

    Raises:
        NotFoundError: nothing was signed, or its packet has not been made.

    """
    if version is None or version.packet is None:
        raise NotFoundError("There is no packet of this case yet.")
    audit.record(
        session, viewer, "packet_read", referral, version=version.version, packet=version.packet.sha256
    )
    return version.packet
