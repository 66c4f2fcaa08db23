"""The screen in the room: case after case in the same order and shape, with what is done and what is left."""

from uuid import UUID

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from referral import audit
from referral.actions import meetings as actions
from referral.actions.referrals import newest_version, read_referral
from referral.auth import RECEIVERS, requires
from referral.errors import NotFoundError
from referral.extensions import db
from referral.packet import contents
from referral.web.meetings import meeting_words
from referral.web.opinions import committee_part

room = Blueprint("room", __name__)


@room.get("/meetings/<uuid:meeting_id>/room")
@requires(*RECEIVERS)
def show(meeting_id: UUID) -> ResponseReturnValue:
    """Show the room: who came, the quorum, what is done and what is left."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person)
    words = meeting_words(meeting)
    audit.note(db.session(), g.person, "meeting_read", meeting=str(meeting.id), cases=len(words["rows"]))
    db.session.commit()
    return render_template("meetings/room.html", **words)


@room.get("/meetings/<uuid:meeting_id>/room/<uuid:referral_id>")
@requires(*RECEIVERS)
def case(meeting_id: UUID, referral_id: UUID) -> ResponseReturnValue:
    """Show one case of the agenda to the room, with the way to the next and the one before."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person)
    words = meeting_words(meeting)
    items = list(dict.fromkeys(item.referral_id for item in meeting.agenda))
    if referral_id not in items:
        raise NotFoundError("This case is not on this agenda.")
    referral = read_referral(db.session(), referral_id, g.person)
    version = newest_version(db.session(), referral)
    if version is None:
        raise NotFoundError("This case was never signed.")
    place = items.index(referral_id)
    part = committee_part(referral)
    listed = next(item for item in reversed(meeting.agenda) if item.referral_id == referral_id)
    shown = contents(version.snapshot, shaded=request.args.get("windows", ""))
    db.session.commit()
    return render_template(
        "meetings/room_case.html",
        **words,
        referral=referral,
        version=version,
        listed=listed,
        contents=shown,
        panel=part["panel"],
        row=next((row for row in words["rows"] if row.item.referral_id == referral_id), None),
        place=place + 1,
        places=len(items),
        before=items[place - 1] if place else None,
        after=items[place + 1] if place + 1 < len(items) else None,
    )
