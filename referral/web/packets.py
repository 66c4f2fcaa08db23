"""The packet of a case: made once what it holds is signed, handed out as it was issued, checked anywhere."""

import logging
from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import Blueprint, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import audit
from referral.actions import packets
from referral.actions.joined import join_packet
from referral.actions.packets import NotMadeError
from referral.actions.referrals import get_referral
from referral.attachments import FileRefusedError, scan
from referral.auth import requires
from referral.caged import BusyError
from referral.extensions import db
from referral.models import ReferralVersion
from referral.packet import PacketError
from referral.packet.checking import LARGEST, Checked, check_packet
from referral.packet.signing import fingerprint
from referral.web.errors import error_page, record_refusal
from referral.web.session import resumable, takes_files
from referral.workflow import Role

log = logging.getLogger(__name__)

checks = Blueprint("checks", __name__)

MEBIBYTE = 1024 * 1024
NOT_CARRIED = "Your session had ended. A file cannot be carried through signing in: please choose it again."
NOTHING_GIVEN = "Choose a file, or type the seal that is printed on each page."

NOT_YET = (
    "The packet is not made yet. {} The case is signed and sent all the same, and nothing is lost. "
    "It is tried again by itself; ask again in a few minutes."
)
NOT_JOINED = (
    "The packet could not be joined with its files. {} Nothing is lost: the packet alone, and each of its files, are on"
    " the page of the case. Ask again in a few minutes."
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
    return _made_first(partial(_kept, referral_id, version_number))


def hand_out_with_files(referral_id: UUID) -> ResponseReturnValue:
    """Hand out the newest packet with the clinical files behind it, joined now and not kept."""
    try:
        return _made_first(partial(_joined, referral_id))
    except PacketError as jam:
        db.session.rollback()
        log.exception("A packet could not be joined with its files")
        return error_page(503, NOT_JOINED.format(jam))


def _made_first(answer: Callable[[], Response]) -> ResponseReturnValue:
    """Answer with a packet; who comes before it is made has it made."""
    try:
        return answer()
    except NotMadeError as missing:
        db.session.rollback()
        try:
            packets.make_missing(db.session(), missing.version_id, packets.this_house(), actor=g.person)
        except PacketError as jam:
            log.exception("The packet of version %s could not be made", missing.version_id)
            return error_page(503, NOT_YET.format(jam))
    return answer()


def _kept(referral_id: UUID, version_number: int | None) -> Response:
    referral = get_referral(db.session(), referral_id, g.person)
    found = packets.read_packet(db.session(), referral, version_number, g.person)
    response = _to_save(found.pdf, f"{referral.number}-v{found.version.version}.pdf")
    db.session.commit()
    return response


def _joined(referral_id: UUID) -> Response:
    found = join_packet(db.session(), referral_id, g.person)
    response = _to_save(found.pdf, f"{found.referral.number}-v{found.version}-with-files.pdf")
    db.session.commit()
    return response


def _to_save(pdf: bytes, name: str) -> Response:
    response = Response(pdf, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


# Checking


@checks.get("/check")
@requires(*Role)
def ask() -> ResponseReturnValue:
    """Ask for a packet, or for the seal that is printed on it."""
    return draw_check()


@checks.get("/check/<seal>")
@requires(*Role)
def find(seal: str) -> ResponseReturnValue:
    """Tell what is known here of a printed seal: where a code on paper leads to."""
    return draw_check(seal=seal)


def resume_check(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Ask for the file again."""
    return draw_check(seal=carried.get("seal", ""), notice=NOT_CARRIED)


@checks.post("/check")
@requires(*Role)
@takes_files(LARGEST + MEBIBYTE)
@resumable(resume_check)
def check() -> ResponseReturnValue:
    """Check a file or a seal. The database is left alone until the file has been read; it is not kept."""
    seal, file = request.form.get("seal", "").strip(), request.files.get("file")
    if file is None or not file.filename:
        return draw_check(seal=seal) if seal else (draw_check(notice=NOTHING_GIVEN), 422)
    try:
        content = file.stream.read(LARGEST + 1)
        scan(current_app.config["FILE_SCANNER"], content)
        checked = check_packet(content)
    except FileRefusedError as refused:
        record_refusal("file_refused")
        return draw_check(notice=str(refused)), 422
    except BusyError as busy:
        return draw_check(notice=str(busy)), 503
    return draw_check(seal=checked.seal, checked=checked)


def draw_check(*, seal: str = "", checked: Checked | None = None, notice: str = "") -> str:
    """Draw the page, with what was found of a file or of a seal; of a case only what this person may see."""
    found = packets.find_sealed(db.session(), seal, g.person) if seal else None
    if seal or checked:
        audit.note(
            db.session(),
            g.person,
            "packet_checked",
            found.referral if found else None,
            seal=seal[:64] if found else "",
            state=checked.state if checked else "seal only",
        )
    page = render_template(
        "packets/check.html",
        seal=seal,
        checked=checked,
        found=found,
        notice=notice,
        same=bool(checked and found and checked.sha256 == found.sha256),
        own=bool(checked and checked.fingerprint and checked.fingerprint == _own_key()),
        largest=LARGEST // MEBIBYTE,
    )
    db.session.commit()
    return page


def _own_key() -> str:
    return fingerprint(packets.this_house().key.certificates[0])
