"""What a programme asks every referral for: its people read the list, its coordinator and chair keep it."""

from itertools import groupby

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral.actions import evidence as actions
from referral.auth import requires
from referral.errors import ConflictError
from referral.extensions import db
from referral.reference.workup import UNCHECKED
from referral.web.session import resumable
from referral.workflow import Role

evidence = Blueprint("evidence", __name__)


@evidence.get("/evidence")
@requires(*Role)  # for whom there is no such page does not find it
def index() -> ResponseReturnValue:
    """List everything that may be asked for, with what this programme asks for."""
    return draw()


def draw(typed: "MultiDict[str, str] | None" = None, refused: ConflictError | None = None) -> str:
    """Draw the list: as it is kept, or with ticks that were not taken."""
    actions.check_reader(g.person)
    asked = actions.asked_by(db.session(), g.person.organisation_id)
    headings = groupby(actions.catalogue().values(), key=lambda choice: choice.heading)
    page = render_template(
        "evidence/index.html",
        groups=[(heading, list(choices)) for heading, choices in headings],
        asked=asked,
        ticked=asked if typed is None else typed.getlist("item"),
        seen=actions.mark_of(asked),
        unsaved=typed is not None,
        keeps=g.person.role in actions.KEEPERS,
        unchecked=UNCHECKED,
        refused=refused,
    )
    db.session.commit()
    return page


def resume_list(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Show the list again with ticks that were set before the session had ended."""
    return draw(carried)


@evidence.post("/evidence")
@requires(*Role)  # the action decides: the coordinator and the chair, for their own programme
@resumable(resume_list)
def change() -> ResponseReturnValue:
    """Make what is ticked the programme's list."""
    seen = request.form.get("seen", "")
    try:
        changed = actions.change(db.session(), g.person, request.form.getlist("item"), seen=seen)
    except ConflictError as refused:
        db.session.rollback()
        return draw(request.form, refused), 409
    db.session.commit()
    flash("The list is changed. Referrals show it from now on." if changed else "The list is as it was.")
    return redirect(url_for("evidence.index"), code=303)
