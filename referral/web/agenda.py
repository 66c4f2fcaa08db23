"""Putting cases on an agenda and taking them off: several at once from the meeting, one at a time from the case."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import audit
from referral.actions import agenda as actions
from referral.actions import meetings as calling
from referral.actions.moves import ReasonMissingError
from referral.actions.referrals import get_referral, read_referral
from referral.auth import requires
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.facts import say_date
from referral.models import Referral
from referral.web import meetings
from referral.web.session import resumable
from referral.workflow import Role, check_move

agenda = Blueprint("agenda", __name__)
agenda.add_app_template_filter(say_date, "written")


# From the meeting


@agenda.get("/meetings/<uuid:meeting_id>/cases")
@requires(Role.COORDINATOR, Role.CHAIR)
def choose(meeting_id: UUID) -> ResponseReturnValue:
    """List the ready cases, to be chosen from."""
    return draw_choice(meeting_id)


def draw_choice(
    meeting_id: UUID, chosen: list[Referral] | None = None, ticked: list[str] | None = None, problem: str = ""
) -> str:
    """Draw the ready cases, or those that were chosen with how many and which."""
    meeting = calling.get_meeting(db.session(), meeting_id, g.person)
    cases = actions.ready_cases(db.session(), g.person)
    words = meetings.meeting_words(meeting)
    audit.note(db.session(), g.person, "meeting_read", meeting=str(meeting.id), cases=len(chosen or cases))
    db.session.commit()
    return render_template(
        "meetings/choose.html", **words, cases=cases, chosen=chosen, ticked=ticked or [], problem=problem
    )


@agenda.post("/meetings/<uuid:meeting_id>/cases")
@requires(Role.COORDINATOR, Role.CHAIR)
def put_on(meeting_id: UUID) -> ResponseReturnValue:
    """Show how many were chosen and which; once confirmed, put all of them on the agenda, or none."""
    ticked = request.form.getlist("case")
    if not 0 < len(ticked) <= actions.MOST_AT_ONCE:
        problem = f"Choose at least one case, and at most {actions.MOST_AT_ONCE}."
        return draw_choice(meeting_id, ticked=ticked, problem=problem), 422
    try:
        ids = [UUID(text) for text in ticked]
    except ValueError:
        raise NotFoundError("This case does not exist, or it is not for you.") from None
    if request.form.get("confirmed") != "yes":
        return draw_choice(meeting_id, [get_referral(db.session(), each, g.person) for each in ids], ticked)
    cases = actions.hold_cases(db.session(), ids, g.person)
    meeting = calling.get_meeting(db.session(), meeting_id, g.person, to_change=True)
    try:
        actions.put_on(db.session(), meeting, cases, actor=g.person)
    except ConflictError as refused:
        db.session.rollback()
        return draw_choice(meeting_id, ticked=ticked, problem=str(refused)), 409
    db.session.commit()
    flash(f"Put on the agenda: {len(cases)}.")
    return redirect(url_for("meetings.show", meeting_id=meeting_id), code=303)


@agenda.post("/meetings/<uuid:meeting_id>/order")
@requires(Role.COORDINATOR, Role.CHAIR)
def order(meeting_id: UUID) -> ResponseReturnValue:
    """Move one case up or down, or put all back into their order."""
    meeting = calling.get_meeting(db.session(), meeting_id, g.person, to_change=True)
    item, way = request.form.get("item", ""), request.form.get("way", "")
    if way == "sort":
        actions.sort_agenda(db.session(), meeting, actor=g.person)
    elif item.isascii() and item.isdigit() and len(item) < 12 and way in ("up", "down"):
        actions.shift(db.session(), meeting, int(item), up=way == "up", actor=g.person)
    else:
        raise NotFoundError("This case is not on this agenda, or no longer.")
    db.session.commit()
    return redirect(f"{url_for('meetings.show', meeting_id=meeting_id)}#agenda", code=303)


# From the case


def draw_one(
    referral_id: UUID, deed: str, typed: "MultiDict[str, str] | None" = None, problem: str = ""
) -> str:
    """Draw the page that asks for the meeting, and for the reason where the case is not ready."""
    referral = read_referral(db.session(), referral_id, g.person)
    move = check_move(deed, g.person.role, referral.state)
    coming = calling.coming(db.session(), g.person)
    db.session.commit()
    return render_template(
        "meetings/put_on.html",
        referral=referral,
        move=move,
        coming=coming,
        typed=typed or MultiDict[str, str](),
        problem=problem,
        endpoint="agenda.list_one" if deed == "list" else "agenda.list_unready",
    )


def put_one_on(referral_id: UUID, deed: str) -> ResponseReturnValue:
    """Put one case on the chosen agenda."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    check_move(deed, g.person.role, referral.state)
    try:
        chosen = UUID(request.form.get("meeting", ""))
    except ValueError:
        db.session.rollback()
        return draw_one(referral_id, deed, request.form, "Choose the meeting."), 422
    meeting = calling.get_meeting(db.session(), chosen, g.person, to_change=True)
    try:
        if deed == "list":
            actions.put_on(db.session(), meeting, [referral], actor=g.person)
        else:
            reason = request.form.get("reason", "")
            actions.put_on_unready(db.session(), meeting, referral, reason, actor=g.person)
    except ReasonMissingError as refused:
        db.session.rollback()
        return draw_one(referral_id, deed, request.form, str(refused)), 422
    db.session.commit()
    flash(f"Referral {referral.number} is on the agenda.")
    return redirect(url_for("meetings.show", meeting_id=chosen), code=303)


@agenda.get("/referrals/<uuid:referral_id>/agenda")
@requires(*Role)  # the table of moves decides, once the case is found
def ask_list(referral_id: UUID) -> ResponseReturnValue:
    """Ask which meeting a ready case is for."""
    return draw_one(referral_id, "list")


@agenda.post("/referrals/<uuid:referral_id>/agenda")
@requires(*Role)  # as above
def list_one(referral_id: UUID) -> ResponseReturnValue:
    """Put a ready case on an agenda."""
    return put_one_on(referral_id, "list")


@agenda.get("/referrals/<uuid:referral_id>/agenda/unready")
@requires(*Role)  # as above
def ask_list_unready(referral_id: UUID) -> ResponseReturnValue:
    """Ask which meeting a case is for that is not ready, and why."""
    return draw_one(referral_id, "list_unready")


def resume_unready(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with a reason that was typed before the session had ended."""
    return draw_one(referral_id, "list_unready", carried)


@agenda.post("/referrals/<uuid:referral_id>/agenda/unready")
@requires(*Role)  # as above
@resumable(resume_unready)
def list_unready(referral_id: UUID) -> ResponseReturnValue:
    """Put a case that is not ready on an agenda, on the chair's word."""
    return put_one_on(referral_id, "list_unready")


@agenda.get("/referrals/<uuid:referral_id>/agenda/removal")
@requires(*Role)  # as above
def ask_unlist(referral_id: UUID) -> ResponseReturnValue:
    """Ask once more before a case is taken off its agenda."""
    referral = read_referral(db.session(), referral_id, g.person)
    move = check_move("unlist", g.person.role, referral.state)
    db.session.commit()
    return render_template("meetings/take_off.html", referral=referral, move=move)


@agenda.post("/referrals/<uuid:referral_id>/agenda/removal")
@requires(*Role)  # as above
def unlist(referral_id: UUID) -> ResponseReturnValue:
    """Take a case off its agenda; it is ready again."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    actions.take_off(db.session(), referral, actor=g.person)
    db.session.commit()
    flash(f"Referral {referral.number} is off the agenda, and ready again.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)
