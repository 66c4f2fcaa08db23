"""A new referral with the text of one that is over: copying it, and what is left to confirm."""

from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import audit
from referral.actions import copies as actions
from referral.actions import drafts, referrals
from referral.auth import requires
from referral.extensions import db
from referral.packet.changed import changed_part
from referral.web.session import resumable
from referral.workflow import Role

copies = Blueprint("copies", __name__)


def resume(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Ask for the button again: nothing was typed."""
    flash("Nothing was changed. Please press the button again.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


@copies.post("/referrals/<uuid:referral_id>/copy")
@requires(*Role)  # whom it is not for does not find it
@resumable(resume)
def copy(referral_id: UUID) -> ResponseReturnValue:
    """Open a new draft with the text of this case."""
    referral = referrals.get_referral(db.session(), referral_id, g.person)
    new = actions.copy_as_new(db.session(), referral, actor=g.person)
    db.session.commit()
    return redirect(url_for("copies.show", referral_id=new.id), code=303)


@copies.get("/referrals/<uuid:referral_id>/copied")
@requires(*Role)  # as above: a draft is for those who may edit it
def show(referral_id: UUID) -> ResponseReturnValue:
    """Show what was left blank in a copy, and what has changed in it since."""
    referral = drafts.get_draft(db.session(), g.person, referral_id)
    if referral.copied_from is None:
        abort(404)
    page = render_template(
        "copies/show.html",
        referral=referral,
        contents={"changed": changed_part({"changed": actions.changed_json(referral)})},
        left_blank=actions.LEFT_BLANK,
    )
    audit.note(db.session(), g.person, "case_read", referral, state=referral.state)
    db.session.commit()
    return page
