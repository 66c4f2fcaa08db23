"""What a programme has settled for itself: its people read the rules, its chair changes them."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms.rules import RulesForm
from referral.actions import rules as actions
from referral.actions.evidence import check_reader
from referral.auth import requires
from referral.errors import ConflictError
from referral.extensions import db
from referral.reference import drugs
from referral.web.proof import confirmed
from referral.web.session import resumable
from referral.workflow import Role

rules = Blueprint("rules", __name__)

BLANK_ROWS = 3


@rules.get("/rules")
@requires(*Role)  # for whom there is no such page does not find it
def index() -> ResponseReturnValue:
    """Show the rules of this programme."""
    return draw()


def draw(
    form: RulesForm | None = None, *, refused: ConflictError | None = None, unsaved: bool = False
) -> str:
    """Draw the rules: as they are kept, or as typed and not taken."""
    check_reader(g.person)
    kept = actions.rules_for(db.session(), g.person.organisation_id)
    form = form or RulesForm.showing(kept.to_json())
    problems = form.problems()
    for _ in range(BLANK_ROWS):
        form.washout.offer_blank()
    page = render_template(
        "rules/index.html",
        form=form,
        problems=problems,
        seen=actions.mark_of(kept),
        unsaved=unsaved,
        refused=refused,
        settles=g.person.role is Role.CHAIR,
        drugs=drugs(),
    )
    db.session.commit()
    return page


def resume_rules(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Show the rules again with what was typed before the session had ended."""
    return draw(RulesForm(RulesForm.keep(carried)), unsaved=True)


@rules.post("/rules")
@requires(*Role)  # the action decides: the chair, for the own programme
@confirmed()
@resumable(resume_rules)
def change() -> ResponseReturnValue:
    """Make what is typed the rules of the programme."""
    check_reader(g.person)
    form = RulesForm(RulesForm.keep(request.form))
    given = form.read_rules()
    if form.problems():
        return draw(form), 422
    try:
        changed = actions.change_rules(
            db.session(), g.person, actions.Rules(**given), seen=request.form.get("seen", "")
        )
    except ConflictError as refused:
        db.session.rollback()
        return draw(form, refused=refused), 409
    db.session.commit()
    flash("The rules are changed." if changed else "The rules are as they were.")
    return redirect(url_for("rules.index"), code=303)
