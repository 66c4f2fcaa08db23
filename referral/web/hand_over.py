"""Handing a draft over to its neurologist, and taking it back."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral.actions import drafts
from referral.actions import hand_over as actions
from referral.auth import requires
from referral.extensions import db
from referral.web.session import resumable
from referral.workflow import Role

handing = Blueprint("handing", __name__)


def resume(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Ask for the button again: nothing was typed."""
    flash("Nothing was changed. Please press the button again.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


@handing.post("/referrals/<uuid:referral_id>/hand-over")
@requires(*Role)  # whom it is not for does not find it
@resumable(resume)
def hand_over(referral_id: UUID) -> ResponseReturnValue:
    """Say that the draft is ready to be signed."""
    referral = drafts.get_draft(db.session(), g.person, referral_id, to_change=True)
    actions.hand_over(db.session(), referral, actor=g.person)
    db.session.commit()
    flash(f"Referral {referral.number} now stands on top of the list of {referral.referrer.name}.")
    return redirect(url_for("referrals.index"), code=303)


@handing.post("/referrals/<uuid:referral_id>/hand-over/end")
@requires(*Role)  # as above
@resumable(resume)
def take_back(referral_id: UUID) -> ResponseReturnValue:
    """Take the mark off again."""
    referral = drafts.get_draft(db.session(), g.person, referral_id, to_change=True)
    actions.take_back(db.session(), referral, actor=g.person)
    db.session.commit()
    flash(f"Referral {referral.number} is a draft in the making again.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)
