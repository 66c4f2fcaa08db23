"""Moving a case on: the buttons come from the table of moves and from nowhere else."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral.actions import moves as actions
from referral.actions.acceptance import is_accepted
from referral.actions.care import begin_workup
from referral.actions.committee import interests_in, tied
from referral.actions.referrals import get_referral, history, read_referral
from referral.auth import requires
from referral.errors import MoveRefusedError, NotFoundError
from referral.extensions import db
from referral.models import Referral
from referral.web.errors import error_page
from referral.web.proof import confirmed
from referral.web.session import resumable
from referral.web.trail import acts
from referral.workflow import COMMITTEE, SENT, Move, Role, State, check_move, find_move, moves_for, next_move

moves = Blueprint("moves", __name__)

PAGES = {
    "submit": "referrals.review",
    "list": "agenda.ask_list",
    "list_unready": "agenda.ask_list_unready",
    "unlist": "agenda.ask_unlist",
    "declare_interest": "interests.ask",
    "give_opinion": "opinions.ask",
    "ask": "questions.ask_page",
    "answer": "questions.answer_page",
    "bring_facts": "new_facts.show",
    "assign": "inbox.assign_one",
    "write_message": "messages.write_page",
    **dict.fromkeys(
        ("draft_decision", "accept", "decline", "advise", "defer", "ask_for_more"), "decisions.show"
    ),
    "write_letter": "letters.index",
    "plan_workup": "care.plan",
    "record_transplant": "care.transplant",
    "record_follow_up": "care.follow_up",
    "correct_transplant": "corrections.transplant",
    "correct_follow_up": "corrections.visits",
}
"""The page of each deed that has one of its own, by endpoint; each takes ``referral_id``."""

OPEN_TO_THE_TIED = frozenset({"write_message", "declare_interest", "list", "list_unready", "unlist"})
"""What a member of the committee may still do with a case that they stand aside from."""

MORE = {"begin_workup": begin_workup}
"""The plain deeds that do more than move."""


@moves.app_context_processor
def words() -> dict[str, Any]:
    """Give the pages of cases what they say of moves."""
    return {"waits": SENT, "next_move": next_move, "move_page": PAGES.get}


def offered(referral: Referral) -> tuple[Move, ...]:
    """Give what this person may do with a case now.

    A work-up is begun only of a case that was accepted; who has a tie neither judges nor decides.
    """
    found = moves_for(g.person.role, referral.state)
    if g.person.role in COMMITTEE and g.person.id in tied(
        interests_in(db.session(), [referral.id])[referral.id]
    ):
        found = tuple(move for move in found if move.deed in OPEN_TO_THE_TIED)
    if referral.state is State.DECIDED and not is_accepted(db.session(), referral):
        return tuple(move for move in found if move.deed != "begin_workup")
    return found


def find_plain(deed: str) -> Move:
    """Find a deed that a button does; any other is not found here."""
    try:
        move = find_move(deed)
    except KeyError:
        abort(404)
    return move if move.plain else abort(404)


def is_grave(deed: str, **_: object) -> bool:
    """Tell whether the table asks for a fresh proof before this deed."""
    return find_plain(deed).grave


@moves.get("/referrals/<uuid:referral_id>/moves/<deed>")
@requires(*Role)  # whom it is not for does not find it
def ask_reason(referral_id: UUID, deed: str) -> ResponseReturnValue:
    """Ask for the reason of a move that needs one."""
    if not find_plain(deed).needs_reason:
        abort(404)
    return draw_reason(referral_id, deed)


def draw_reason(referral_id: UUID, deed: str, reason: str = "", problem: str = "") -> str:
    """Draw the page that asks for a reason."""
    referral = read_referral(db.session(), referral_id, g.person)
    move = check_move(deed, g.person.role, referral.state)
    db.session.commit()
    return render_template(
        "referrals/reason.html", referral=referral, move=move, reason=reason, problem=problem
    )


def resume_reason(carried: "MultiDict[str, str]", referral_id: UUID, deed: str) -> ResponseReturnValue:
    """Show a reason again that was typed before the session had ended; a bare button is pressed again."""
    if not find_plain(deed).needs_reason:
        flash("Nothing was changed. Please press the button again.")
        return redirect(url_for("referrals.show", referral_id=referral_id), code=303)
    return draw_reason(referral_id, deed, carried.get("reason", ""))


@moves.post("/referrals/<uuid:referral_id>/moves/<deed>")
@requires(*Role)  # the table of moves decides, once the case is found
@confirmed(is_grave)
@resumable(resume_reason)
def move_on(referral_id: UUID, deed: str) -> ResponseReturnValue:
    """Take a case one move further."""
    find_plain(deed)
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    reason = request.form.get("reason", "")
    try:
        if deed in MORE:
            MORE[deed](db.session(), referral, actor=g.person)
        else:
            actions.move(db.session(), referral, deed, actor=g.person, reason=reason)
    except actions.ReasonMissingError as refused:
        db.session.rollback()
        return draw_reason(referral_id, deed, reason, str(refused)), 422
    db.session.commit()
    flash(f"Referral {referral.number} is now {referral.state.words}.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


@moves.app_errorhandler(MoveRefusedError)
def refuse(refused: MoveRefusedError) -> ResponseReturnValue:
    """Say why the table refuses a deed, and who did what last: mostly somebody else was first."""
    db.session.rollback()
    referral_id = (request.view_args or {}).get("referral_id")
    if referral_id is None or "HX-Request" in request.headers:
        return error_page(409, str(refused))
    try:
        referral = get_referral(db.session(), referral_id, g.person)
    except NotFoundError:
        return error_page(404)
    told = acts(history(db.session(), referral)[0], g.person)
    page = render_template(
        "referrals/meanwhile.html", referral=referral, refused=refused, last=told[0] if told else None
    )
    return page, 409
