"""The pages on which the day of a transplant or a visit is corrected: with the reason, and what it replaces."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms.care import CorrectFollowUpForm, CorrectTransplantForm
from referral import clock
from referral.actions import care
from referral.actions import corrections as actions
from referral.actions.moves import ReasonMissingError
from referral.actions.referrals import get_referral, read_referral
from referral.auth import requires
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.facts import say_date
from referral.models import FollowUp, Referral, Transplant
from referral.reference.follow_up import say_visit
from referral.web.session import resumable
from referral.workflow import Role, check_move

corrections = Blueprint("corrections", __name__)


def draw(template: str, referral: Referral, form: Any, **shown: Any) -> str:
    """Draw a page on which something is corrected."""
    page = render_template(
        template,
        referral=referral,
        form=form,
        problems=form.problems() if form else [],
        say_date=say_date,
        say_visit=say_visit,
        **shown,
    )
    db.session.commit()
    return page


# The transplant


@corrections.get("/referrals/<uuid:referral_id>/transplant/correction")
@requires(*Role)  # whom it is not for does not find it
def transplant(referral_id: UUID) -> ResponseReturnValue:
    """Show what is recorded of the transplant, to be corrected."""
    return draw_transplant(referral_id)


def draw_transplant(
    referral_id: UUID,
    form: CorrectTransplantForm | None = None,
    *,
    unsaved: bool = False,
    refused: ConflictError | None = None,
) -> str:
    """Draw the page of the transplant: as recorded, or as typed and not taken."""
    referral = read_referral(db.session(), referral_id, g.person)
    check_move("correct_transplant", g.person.role, referral.state)
    now = actions.transplant_json(_transplant(referral))
    form = form or CorrectTransplantForm.showing(now)
    return draw(
        "care/correct_transplant.html",
        referral,
        form,
        now=now,
        seen=actions.mark_of(now),
        unsaved=unsaved,
        refused=refused,
    )


def _transplant(referral: Referral) -> Transplant:
    found = care.find_transplant(db.session(), referral)
    if found is None:
        raise NotFoundError("No transplant is recorded of this case.")
    return found


def resume_transplant(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with what was typed before the session had ended."""
    form = CorrectTransplantForm(CorrectTransplantForm.keep(carried))
    return draw_transplant(referral_id, form, unsaved=True)


@corrections.post("/referrals/<uuid:referral_id>/transplant/correction")
@requires(*Role)  # the table of moves decides, once the case is found
@resumable(resume_transplant)
def correct_transplant(referral_id: UUID) -> ResponseReturnValue:
    """Correct the transplant; what was recorded is kept beside it."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    check_move("correct_transplant", g.person.role, referral.state)
    form = CorrectTransplantForm(CorrectTransplantForm.keep(request.form))
    said = form.read_transplant(clock.today())
    if form.problems():
        return draw_transplant(referral_id, form), 422
    try:
        changed = actions.correct_transplant(
            db.session(), referral, said, said.get("reason", ""), seen=_seen(), actor=g.person
        )
    except ReasonMissingError as refused:
        db.session.rollback()
        form.reason.fault(str(refused))
        return draw_transplant(referral_id, form), 422
    except ConflictError as refused:
        db.session.rollback()
        return draw_transplant(referral_id, form, refused=refused), 409
    return done(referral_id, changed=changed)


def _seen() -> str:
    return request.form.get("seen", "")


def done(referral_id: UUID, *, changed: bool) -> ResponseReturnValue:
    """Keep the correction and go back to the case, where its care stands."""
    db.session.commit()
    flash("It is corrected. What was recorded before is kept." if changed else "Nothing was changed.")
    return redirect(f"{url_for('referrals.show', referral_id=referral_id)}#care", code=303)


# A visit


@corrections.get("/referrals/<uuid:referral_id>/follow-up/correction")
@requires(*Role)  # whom it is not for does not find it
def visits(referral_id: UUID) -> ResponseReturnValue:
    """Ask which of the recorded visits is to be corrected."""
    referral = read_referral(db.session(), referral_id, g.person)
    check_move("correct_follow_up", g.person.role, referral.state)
    recorded = [each for each in care.follow_ups_of(db.session(), referral) if each.recorded_at]
    return draw("care/correct_which.html", referral, None, visits=recorded)


@corrections.get("/referrals/<uuid:referral_id>/follow-up/<visit>/correction")
@requires(*Role)  # whom it is not for does not find it
def visit(referral_id: UUID, visit: str) -> ResponseReturnValue:
    """Show what is recorded of a visit, to be corrected."""
    return draw_visit(referral_id, visit)


def draw_visit(
    referral_id: UUID,
    visit: str,
    form: CorrectFollowUpForm | None = None,
    *,
    unsaved: bool = False,
    refused: ConflictError | None = None,
) -> str:
    """Draw the page of a visit: as recorded, or as typed and not taken."""
    referral = read_referral(db.session(), referral_id, g.person)
    check_move("correct_follow_up", g.person.role, referral.state)
    found = _recorded(referral, visit)
    form = form or CorrectFollowUpForm.showing(found.facts)
    return draw(
        "care/correct_visit.html",
        referral,
        form,
        visit=found,
        seen=actions.mark_of(found.facts),
        unsaved=unsaved,
        refused=refused,
    )


def _recorded(referral: Referral, visit: str) -> FollowUp:
    found = care.find_visit(db.session(), referral, visit)
    if found is None or found.recorded_at is None:
        raise NotFoundError("This visit has not been recorded.")
    return found


def resume_visit(carried: "MultiDict[str, str]", referral_id: UUID, visit: str) -> ResponseReturnValue:
    """Show the page again with what was typed before the session had ended."""
    form = CorrectFollowUpForm(CorrectFollowUpForm.keep(carried))
    return draw_visit(referral_id, visit, form, unsaved=True)


@corrections.post("/referrals/<uuid:referral_id>/follow-up/<visit>/correction")
@requires(*Role)  # the table of moves decides, once the case is found
@resumable(resume_visit)
def correct_follow_up(referral_id: UUID, visit: str) -> ResponseReturnValue:
    """Correct a visit; what was recorded is kept beside it."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    check_move("correct_follow_up", g.person.role, referral.state)
    _recorded(referral, visit)
    day_0 = date.fromisoformat(_transplant(referral).given_on)
    form = CorrectFollowUpForm(CorrectFollowUpForm.keep(request.form))
    said = form.read_visit(day_0, clock.today())
    if form.problems():
        return draw_visit(referral_id, visit, form), 422
    reason = said.pop("reason", "")
    try:
        changed = actions.correct_follow_up(
            db.session(), referral, visit, said, reason, seen=_seen(), actor=g.person
        )
    except ReasonMissingError as refused:
        db.session.rollback()
        form.reason.fault(str(refused))
        return draw_visit(referral_id, visit, form), 422
    except ConflictError as refused:
        db.session.rollback()
        return draw_visit(referral_id, visit, form, refused=refused), 409
    return done(referral_id, changed=changed)
