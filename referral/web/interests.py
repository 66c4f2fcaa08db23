"""Declaring what ties a member to a case."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral.actions import interests as actions
from referral.actions.committee import current_meeting
from referral.actions.opinions import panel
from referral.actions.referrals import get_referral, read_referral
from referral.auth import requires
from referral.extensions import db
from referral.models import Tie
from referral.web.session import resumable
from referral.workflow import Role, check_move

interests = Blueprint("interests", __name__)

TIES = {
    Tie.NONE: "Nothing ties me to this case",
    Tie.OWN_PATIENT: "The person is or was my own patient",
    Tie.CONFLICT: "Another conflict of interest",
}


@interests.app_context_processor
def words() -> dict[str, object]:
    """Give the pages of cases the words of ties."""
    return {"tie_words": {Tie.NONE: "no tie", Tie.OWN_PATIENT: "own patient", Tie.CONFLICT: "conflict"}}


@interests.get("/referrals/<uuid:referral_id>/interest")
@requires(*Role)  # the table of moves decides, once the case is found
def ask(referral_id: UUID) -> ResponseReturnValue:
    """Ask what ties the member to the case."""
    return draw(referral_id)


def draw(
    referral_id: UUID,
    typed: "MultiDict[str, str] | None" = None,
    refused: actions.NotDeclaredError | None = None,
) -> str:
    """Draw the declaration: as it stands, or as it was typed."""
    referral = read_referral(db.session(), referral_id, g.person)
    move = check_move("declare_interest", g.person.role, referral.state)
    mine = panel(db.session(), referral, current_meeting(db.session(), referral), g.person).mine
    stands = mine.interest if mine else None
    db.session.commit()
    if typed is None:
        typed = MultiDict({"tie": stands.tie.value, "words": stands.text} if stands else {})
    return render_template(
        "opinions/interest.html",
        referral=referral,
        move=move,
        stands=stands,
        typed=typed,
        ties=TIES,
        refused=refused,
    )


def resume(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the declaration again that was typed before the session had ended."""
    return draw(referral_id, carried)


@interests.post("/referrals/<uuid:referral_id>/interest")
@requires(*Role)  # as above
@resumable(resume)
def declare(referral_id: UUID) -> ResponseReturnValue:
    """Keep the declaration; who has a tie stands aside."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    try:
        tie = actions.read_tie(request.form.get("tie", ""))
        actions.declare(db.session(), referral, tie, request.form.get("words", ""), actor=g.person)
    except actions.NotDeclaredError as refused:
        db.session.rollback()
        return draw(referral_id, request.form, refused), 422
    db.session.commit()
    flash("Declared. You stand aside from this case." if tie is not Tie.NONE else "Declared: no tie.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)
