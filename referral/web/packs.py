"""The committee pack on the page of its meeting: asked for, made while one looks on, handed out."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral import database
from referral.actions import meetings as meeting_actions
from referral.actions import packs as actions
from referral.auth import RECEIVERS, requires
from referral.extensions import db
from referral.models import Meeting
from referral.packet import PacketError
from referral.web.meetings import told_if_refused
from referral.web.session import asked_by_itself

packs = Blueprint("packs", __name__)

NOT_NOW = "The pack could not be made now. It is tried again by itself in a few minutes."


def pack_words(meeting: Meeting, *, start: bool = False) -> dict[str, Any]:
    """Give what the page of a meeting says of its packs; ``start``: the page is to have it made."""
    return {
        "meeting": meeting,
        "stage": meeting_actions.stage_of(meeting),
        "packs": actions.packs_of(db.session(), meeting),
        "start": start,
    }


def draw_part(meeting_id: UUID, *, start: bool = False) -> str:
    """Draw the part of the page that tells of the packs."""
    db.session.commit()
    database.begin_reading(db.session())
    meeting = meeting_actions.get_meeting(db.session(), meeting_id, g.person)
    part = render_template("meetings/_pack.html", **pack_words(meeting, start=start))
    db.session.commit()
    return part


@packs.get("/meetings/<uuid:meeting_id>/pack")
@requires(*RECEIVERS)
@asked_by_itself
def progress(meeting_id: UUID) -> ResponseReturnValue:
    """Tell how far the pack is: a part of the page of its meeting, asked again while one is made."""
    return draw_part(meeting_id)


@packs.post("/meetings/<uuid:meeting_id>/pack")
@requires(*RECEIVERS)
@told_if_refused
def make(meeting_id: UUID) -> ResponseReturnValue:
    """Make a pack. A page that can look on asks for it first, and has it made in a second request."""
    looks_on = "HX-Request" in request.headers
    meeting = meeting_actions.get_meeting(db.session(), meeting_id, g.person, to_change=True)
    pack_id = actions.order(db.session(), meeting, g.person).id
    db.session.commit()
    if looks_on and "start" not in request.form:
        return draw_part(meeting_id, start=True)
    try:
        actions.work(db.session(), pack_id)
    except PacketError:
        flash(NOT_NOW)
    if looks_on:
        return draw_part(meeting_id)
    return redirect(url_for("meetings.show", meeting_id=meeting_id, _anchor="pack"), code=303)


@packs.get("/meetings/<uuid:meeting_id>/packs/<uuid:pack_id>.pdf")
@requires(*RECEIVERS)
def read(meeting_id: UUID, pack_id: UUID) -> ResponseReturnValue:
    """Hand out a pack as it was made. It bears a name that names nobody."""
    meeting = meeting_actions.get_meeting(db.session(), meeting_id, g.person)
    pack = actions.read_pack(db.session(), meeting, pack_id, g.person)
    response = Response(pack.pdf, mimetype="application/pdf")
    name = f"committee-pack-{meeting.starts_at:%Y-%m-%d}-{(pack.sha256 or '')[:12]}.pdf"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    db.session.commit()
    return response
