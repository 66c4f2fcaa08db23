"""The packet of a case: made once what it holds is signed, and handed out as it was issued."""

import logging
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from referral.actions import packets
from referral.actions.packets import NotMadeError
from referral.actions.referrals import get_referral
from referral.extensions import db
from referral.models import ReferralVersion
from referral.packet import PacketError
from referral.web.errors import error_page

log = logging.getLogger(__name__)

NOT_YET = (
    "The packet is not made yet. {} The case is signed and sent all the same, and nothing is lost. "
    "It is tried again by itself; ask again in a few minutes."
)


def issue(version: ReferralVersion) -> None:
    """Make the packet of what was just signed. If that fails the case stays sent, and time tries again."""
    try:
        packets.make_missing(db.session(), version.id, packets.this_house(), actor=g.person)
    except Exception:  # whatever the printer fails with: who has just sent a case is told that it is sent
        db.session.rollback()
        log.exception("The packet of a version could not be made")


def hand_out(referral_id: UUID, version_number: int | None = None) -> ResponseReturnValue:
    """Hand out the packet of a version, or of the newest; who comes before it is made has it made.

    It bears a name that names nobody.
    """
    try:
        return _kept(referral_id, version_number)
    except NotMadeError as missing:
        db.session.rollback()
        try:
            packets.make_missing(db.session(), missing.version_id, packets.this_house(), actor=g.person)
        except PacketError as jam:
            log.exception("The packet of version %s could not be made", missing.version_id)
            return error_page(503, NOT_YET.format(jam))
    return _kept(referral_id, version_number)


def _kept(referral_id: UUID, version_number: int | None) -> Response:
    referral = get_referral(db.session(), referral_id, g.person)
    found = packets.read_packet(db.session(), referral, version_number, g.person)
    response = Response(found.pdf, mimetype="application/pdf")
    name = f"{referral.number}-v{found.version.version}.pdf"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    db.session.commit()
    return response
