"""Which editions a programme has adopted: its people read the list, its lead clinician adopts and withdraws."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral.actions import adoptions as actions
from referral.auth import requires
from referral.errors import ConflictError, PonsError
from referral.extensions import db
from referral.packet import words
from referral.web.session import resumable
from referral.workflow import Role

adoptions = Blueprint("adoptions", __name__)


@adoptions.get("/library/adopted")
@requires(*Role)  # for whom there is no such page does not find it
def index() -> ResponseReturnValue:
    """List every edition of the library with where it stands with this programme."""
    return draw()


def draw(edition_id: str = "", note: str = "", refused: PonsError | None = None) -> str:
    """Draw the list; one edition is open where something typed for it was not taken."""
    actions.check_reader(g.person)
    standings = actions.standings(db.session(), g.person.organisation_id)
    groups = (
        ("earlier", "Adopted in an earlier wording: to be read anew", [s for s in standings if s.earlier]),
        ("adopted", "Adopted", [s for s in standings if s.adopted]),
        ("open", "Not reviewed here", [s for s in standings if s.adoption is None]),
    )
    page = render_template(
        "adoptions/index.html",
        groups=[group for group in groups if group[2]],
        total=len(standings),
        any_adopted=any(each.adopted for each in standings),
        adopts=g.person.role is Role.CHAIR,
        open_id=edition_id,
        note=note,
        refused=refused,
        statuses=words.STATUSES,
    )
    db.session.commit()
    return page


def resume_adoption(carried: "MultiDict[str, str]", edition_id: str) -> ResponseReturnValue:
    """Show the list again with a note that was typed before the session had ended."""
    return draw(edition_id, carried.get("note", ""))


@adoptions.post("/library/adopted/<edition_id>")
@requires(*Role)  # the action decides: the lead clinician, for the own programme
@resumable(resume_adoption)
def adopt(edition_id: str) -> ResponseReturnValue:
    """Adopt an edition in the wording that was on the page."""
    note = request.form.get("note", "")
    try:
        actions.adopt(
            db.session(),
            g.person,
            edition_id,
            seen=request.form.get("seen", ""),
            confirmed=request.form.get("confirmed") == "yes",
            note=note,
        )
    except (actions.NotAdoptedError, ConflictError) as refused:
        db.session.rollback()
        status = 409 if isinstance(refused, ConflictError) else 422
        return draw(edition_id, note, refused), status
    db.session.commit()
    flash("The edition is adopted. It holds for cases signed from now on.")
    return redirect(f"{url_for('adoptions.index')}#{edition_id}", code=303)


def resume_withdrawal(carried: "MultiDict[str, str]", edition_id: str) -> ResponseReturnValue:
    """Ask for the button again: nothing was typed."""
    flash("Nothing was changed. Please press the button again.")
    return redirect(url_for("adoptions.index"), code=303)


@adoptions.post("/library/adopted/<edition_id>/withdrawal")
@requires(*Role)  # as above
@resumable(resume_withdrawal)
def withdraw(edition_id: str) -> ResponseReturnValue:
    """Withdraw an adoption."""
    try:
        actions.withdraw(db.session(), g.person, edition_id)
    except ConflictError as refused:
        db.session.rollback()
        return draw(edition_id, refused=refused), 409
    db.session.commit()
    flash("The adoption is withdrawn. What was signed stays as it is.")
    return redirect(f"{url_for('adoptions.index')}#{edition_id}", code=303)
