"""The pages after an acceptance: the plan of the work-up, the transplant, the visits that follow."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms.care import FollowUpForm, PlanForm, TransplantForm
from forms.fields import edss_in_words
from referral import clock, database
from referral.actions import care as actions
from referral.actions.corrections import corrections_of
from referral.actions.referrals import get_referral, read_referral
from referral.auth import requires
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.facts import say_date
from referral.models import FollowUp, Referral
from referral.reference.follow_up import follow_up_source, say_visit
from referral.reference.workup import UNCHECKED, workup
from referral.web.session import resumable
from referral.workflow import ACCEPTED, Role, check_move

care = Blueprint("care", __name__)

BLANK_LINES = 2


@care.app_context_processor
def words() -> dict[str, Any]:
    """Give the page of a case what it says of the care after an acceptance, when it asks for it."""
    return {"care_of": care_of}


def care_of(referral: Referral) -> dict[str, Any] | None:
    """Give the work-up, the transplant and the visits of a case; ``None`` before there is any of it."""
    if referral.state not in ACCEPTED:
        return None
    ours = not db.session().in_transaction()  # the page is drawn after its commit: nobody waits for a reader
    if ours:
        database.begin_reading(db.session())
    people = actions.people_for(db.session(), referral)
    found = {
        "steps": [
            (step, people.get(str(step.owner_id), "")) for step in actions.steps_of(db.session(), referral)
        ],
        "washouts": actions.washouts_of(db.session(), referral),
        "transplant": actions.find_transplant(db.session(), referral),
        "visits": actions.follow_ups_of(db.session(), referral),
        "corrections": corrections_of(db.session(), referral),
        "today": clock.today(),
        "say_date": say_date,
        "say_visit": say_visit,
        "say_edss": lambda score: edss_in_words(Decimal(str(score))),
        "source": follow_up_source(),
    }
    if ours:
        db.session.commit()
    return found


def back(referral_id: UUID) -> ResponseReturnValue:
    """Go back to the case, where its care stands."""
    return redirect(f"{url_for('referrals.show', referral_id=referral_id)}#care", code=303)


# The work-up


@care.get("/referrals/<uuid:referral_id>/work-up")
@requires(*Role)  # whom it is not for does not find it
def plan(referral_id: UUID) -> ResponseReturnValue:
    """Show the work-up as a list to fill in."""
    return draw_plan(referral_id)


def draw_plan(
    referral_id: UUID,
    form: PlanForm | None = None,
    *,
    refused: ConflictError | None = None,
    unsaved: bool = False,
    seen: str | None = None,
) -> str:
    """Draw the work-up: as it is kept, or as typed and not taken, then with what another has saved meanwhile."""
    referral = read_referral(db.session(), referral_id, g.person)
    check_move("plan_workup", g.person.role, referral.state)
    steps = actions.steps_of(db.session(), referral)
    form = form or PlanForm.showing({"steps": [actions.step_json(step) for step in steps]})
    problems = form.problems()
    for _ in range(BLANK_LINES):
        form.steps.offer_blank()
    people = actions.people_for(db.session(), referral)
    for row in form.steps.entries:
        row.form.owner.choices = people
    page = render_template(
        "care/plan.html",
        referral=referral,
        form=form,
        problems=problems,
        refused=refused,
        unsaved=unsaved,
        seen=actions.mark_of(steps) if seen is None else seen,
        steps=steps,
        people=people,
        words={step.item: step.words for step in steps},
        unchecked={f"workup.{each.id}": UNCHECKED for each in workup().values() if not each.verified},
        washouts=actions.washouts_of(db.session(), referral),
        programme=referral.programme.name if referral.programme else "",
        say_date=say_date,
    )
    db.session.commit()
    return page


def resume_plan(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the work-up again with what was typed before the session had ended."""
    return draw_plan(
        referral_id, PlanForm(PlanForm.keep(carried)), unsaved=True, seen=carried.get("seen", "")
    )


@care.post("/referrals/<uuid:referral_id>/work-up")
@requires(*Role)  # the table of moves decides, once the case is found
@resumable(resume_plan)
def plan_workup(referral_id: UUID) -> ResponseReturnValue:
    """Write the plan down."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    form = PlanForm(PlanForm.keep(request.form))
    lines = form.read_steps(actions.people_for(db.session(), referral), clock.today())
    if form.problems():
        return draw_plan(referral_id, form), 422
    seen = request.form.get("seen", "")
    try:
        changed = actions.plan_workup(db.session(), referral, lines, actor=g.person, seen=seen)
    except ConflictError as refused:
        db.session.rollback()
        return draw_plan(referral_id, form, refused=refused), 409
    db.session.commit()
    flash("The work-up is saved." if changed else "The work-up is as it was.")
    return redirect(url_for("care.plan", referral_id=referral_id), code=303)


# The transplant


@care.get("/referrals/<uuid:referral_id>/transplant")
@requires(*Role)  # whom it is not for does not find it
def transplant(referral_id: UUID) -> ResponseReturnValue:
    """Ask for day 0."""
    return draw_transplant(referral_id, TransplantForm())


def draw_transplant(referral_id: UUID, form: TransplantForm, *, unsaved: bool = False) -> str:
    """Draw the page of the transplant, with what is still open in the work-up: nothing of it blocks."""
    referral = read_referral(db.session(), referral_id, g.person)
    check_move("record_transplant", g.person.role, referral.state)
    page = render_template(
        "care/transplant.html",
        referral=referral,
        form=form,
        problems=form.problems(),
        unsaved=unsaved,
        open_steps=[step for step in actions.steps_of(db.session(), referral) if step.done_on is None],
        washouts=actions.washouts_of(db.session(), referral),
        programme=referral.programme.name if referral.programme else "",
        say_date=say_date,
    )
    db.session.commit()
    return page


def resume_transplant(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with what was typed before the session had ended."""
    return draw_transplant(referral_id, TransplantForm(TransplantForm.keep(carried)), unsaved=True)


@care.post("/referrals/<uuid:referral_id>/transplant")
@requires(*Role)  # the table of moves decides, once the case is found
@resumable(resume_transplant)
def record_transplant(referral_id: UUID) -> ResponseReturnValue:
    """Record day 0."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    check_move("record_transplant", g.person.role, referral.state)
    form = TransplantForm(TransplantForm.keep(request.form))
    given = form.read_transplant(clock.today())
    if form.problems():
        return draw_transplant(referral_id, form), 422
    actions.record_transplant(
        db.session(),
        referral,
        given_on=date.fromisoformat(given["given_on"]),
        note=given.get("note", ""),
        actor=g.person,
    )
    db.session.commit()
    flash("The transplant is recorded, and the visits are in the diary.")
    return back(referral_id)


# The visits


@care.get("/referrals/<uuid:referral_id>/follow-up")
@requires(*Role)  # whom it is not for does not find it
def follow_up(referral_id: UUID) -> ResponseReturnValue:
    """Show the form of the first visit that is not recorded."""
    return draw_visit(referral_id, None, FollowUpForm())


@care.get("/referrals/<uuid:referral_id>/follow-up/<visit>")
@requires(*Role)  # whom it is not for does not find it
def follow_up_visit(referral_id: UUID, visit: str) -> ResponseReturnValue:
    """Show the form of one visit."""
    return draw_visit(referral_id, visit, FollowUpForm())


def draw_visit(referral_id: UUID, visit: str | None, form: FollowUpForm, *, unsaved: bool = False) -> str:
    """Draw the form of a visit, with the schedule beside it."""
    referral = read_referral(db.session(), referral_id, g.person)
    check_move("record_follow_up", g.person.role, referral.state)
    listed = actions.follow_ups_of(db.session(), referral)
    page = render_template(
        "care/follow_up.html",
        referral=referral,
        visit=find_visit(listed, visit),
        visits=listed,
        form=form,
        problems=form.problems(),
        unsaved=unsaved,
        transplant=actions.find_transplant(db.session(), referral),
        today=clock.today(),
        say_date=say_date,
        say_visit=say_visit,
    )
    db.session.commit()
    return page


def find_visit(listed: list[FollowUp], visit: str | None) -> FollowUp | None:
    """Find a visit that is not recorded yet: this one, or the first."""
    still_open = [each for each in listed if each.recorded_at is None]
    if visit is None:
        return still_open[0] if still_open else None
    for each in still_open:
        if each.visit == visit:
            return each
    if any(each.visit == visit for each in listed):
        raise ConflictError("This visit has been recorded already. Nothing was changed.")
    raise NotFoundError("There is no such visit in the schedule of this case.")


def resume_visit(carried: "MultiDict[str, str]", referral_id: UUID, visit: str) -> ResponseReturnValue:
    """Show the form again with what was typed before the session had ended."""
    return draw_visit(referral_id, visit, FollowUpForm(FollowUpForm.keep(carried)), unsaved=True)


@care.post("/referrals/<uuid:referral_id>/follow-up/<visit>")
@requires(*Role)  # the table of moves decides, once the case is found
@resumable(resume_visit)
def record_follow_up(referral_id: UUID, visit: str) -> ResponseReturnValue:
    """Record a visit."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    check_move("record_follow_up", g.person.role, referral.state)
    find_visit(actions.follow_ups_of(db.session(), referral), visit)
    day_0 = actions.find_transplant(db.session(), referral)
    form = FollowUpForm(FollowUpForm.keep(request.form))
    given = form.read_visit(date.fromisoformat(day_0.given_on) if day_0 else date.min, clock.today())
    if form.problems():
        return draw_visit(referral_id, visit, form), 422
    actions.record_follow_up(db.session(), referral, visit, given, actor=g.person)
    db.session.commit()
    flash(f"The visit is recorded: {say_visit(visit)}.")
    return back(referral_id)
