"""When another case of the clinic seems to be about the same person: which it is, and what the clinic says."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import audit
from referral.actions import drafts
from referral.actions import duplicates as actions
from referral.auth import requires
from referral.extensions import db
from referral.models import SamePersonAnswer
from referral.web.session import resumable
from referral.workflow import Role

duplicates = Blueprint("duplicates", __name__)

ANSWERS = {
    SamePersonAnswer.ANOTHER_PERSON: "This is another person",
    SamePersonAnswer.ON_PURPOSE: "The same person: a new referral, on purpose",
}


@duplicates.get("/referrals/<uuid:referral_id>/same-person")
@requires(*Role)  # whom it is not for does not find it
def show(referral_id: UUID) -> ResponseReturnValue:
    """Show the other cases of what seems to be the same person, and ask about each."""
    return draw(referral_id, {})


def draw(referral_id: UUID, chosen: dict[str, str]) -> str:
    """Draw the page; ``chosen`` is what was ticked and not yet taken, by case."""
    referral = drafts.get_draft(db.session(), g.person, referral_id)
    alike = actions.find_alike(db.session(), referral, g.person)
    audit.note(db.session(), g.person, "case_read", referral, state=referral.state)
    db.session.commit()
    return render_template(
        "duplicates/show.html", referral=referral, alike=alike, answers=ANSWERS, chosen=chosen
    )


def resume(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with what was chosen before the session had ended."""
    return draw(referral_id, carried.to_dict())


@duplicates.post("/referrals/<uuid:referral_id>/same-person")
@requires(*Role)  # as above
@resumable(resume)
def answer(referral_id: UUID) -> ResponseReturnValue:
    """Take what the clinic says of each."""
    referral = drafts.get_draft(db.session(), g.person, referral_id, to_change=True)
    for alike in actions.find_alike(db.session(), referral, g.person):
        said = request.form.get(str(alike.id), "")
        if said in set(SamePersonAnswer):
            actions.answer(db.session(), referral, alike.id, SamePersonAnswer(said), actor=g.person)
    db.session.commit()
    flash("Your answer is recorded. Nothing was merged.")
    return redirect(url_for("drafts.edit_section", referral_id=referral_id, section="person"), code=303)
