"""Asking the clinic, and answering: the pages of a question."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from referral import clock
from referral.actions import questions as actions
from referral.actions import referrals as cases
from referral.actions import submission
from referral.actions.moves import last_deed
from referral.actions.rules import rules_for
from referral.actions.versions import changes_between
from referral.auth import REFERRERS, requires
from referral.errors import MoveRefusedError
from referral.extensions import db
from referral.facts import digest
from referral.models import Referral, ReferralVersion
from referral.packet import contents
from referral.web.asked import asked_now
from referral.web.packets import hand_out, issue
from referral.web.proof import confirmed
from referral.web.referrals import read_draft
from referral.web.session import resumable
from referral.workflow import Role, check_move, find_move, moves_for

questions = Blueprint("questions", __name__)

SIGNED_AT = {"answer": "questions.answer", "bring_facts": "new_facts.bring"}
"""Where a case is signed anew, by deed."""


# Asking


@questions.get("/referrals/<uuid:referral_id>/ask")
@requires(*Role)  # whom it is not for does not find it; the table of moves decides
def ask_page(referral_id: UUID) -> ResponseReturnValue:
    """Show what the case lacks, to be asked for in one act."""
    return draw_ask(referral_id)


def draw_ask(
    referral_id: UUID, chosen: Collection[str] = (), text: str = "", problem: str = "", *, late: bool = False
) -> str:
    """Draw the page; ``problem`` says why nothing was asked. ``late``: somebody else has moved the case on."""
    referral = cases.read_referral(db.session(), referral_id, g.person)
    if not late:
        check_move("ask", g.person.role, referral.state)
    version = cases.newest_version(db.session(), referral)
    if version is None or referral.programme_id is None:
        abort(404)
    offered = actions.askable(db.session(), referral, version)
    page = render_template(
        "questions/ask.html",
        referral=referral,
        contents=contents(version.snapshot),
        version=version,
        groups=[(why, [each for each in offered if each.why == why]) for why in ("evidence", "decides")],
        rules=rules_for(db.session(), referral.programme_id),
        chosen=chosen,
        text=text,
        problem=problem,
        late=late,
        last=last_deed(db.session(), referral) if late else None,
    )
    db.session.commit()
    return page


def resume_ask(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with what was ticked and written before the session had ended."""
    return draw_ask(referral_id, carried.getlist("item"), carried.get("text", ""))


@questions.post("/referrals/<uuid:referral_id>/ask")
@requires(*Role)  # as above
@resumable(resume_ask)
def ask(referral_id: UUID) -> ResponseReturnValue:
    """Ask, and park the case."""
    chosen, text = request.form.getlist("item"), request.form.get("text", "")
    referral = cases.get_referral(db.session(), referral_id, g.person, to_change=True)
    try:
        actions.ask(db.session(), referral, chosen, text, actor=g.person)
    except actions.NotAskedError as refused:
        db.session.rollback()
        return draw_ask(referral_id, chosen, text, str(refused)), 422
    except MoveRefusedError as refused:
        db.session.rollback()
        if g.person.role is not Role.COORDINATOR:
            raise
        return draw_ask(referral_id, chosen, text, str(refused), late=True), 409
    db.session.commit()
    flash(f"The clinic is asked. Referral {referral.number} is parked until it answers.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


# Answering


@questions.get("/referrals/<uuid:referral_id>/answer")
@requires(*Role)  # as above
def answer_page(referral_id: UUID) -> ResponseReturnValue:
    """Show what is asked, what was changed since the case was signed, and what would be signed now."""
    return draw_answer(cases.read_referral(db.session(), referral_id, g.person))


def draw_answer(
    referral: Referral,
    typed: "MultiDict[str, str] | None" = None,
    refused: submission.NotSentError | None = None,
    problem: str = "",
    *,
    deed: str = "answer",
    **shown: Any,
) -> str:
    """Draw the page on which a case is signed anew, with what stands in the way of signing."""
    version = cases.newest_version(db.session(), referral)
    if g.person.role not in REFERRERS or version is None:
        abort(404)
    if referral.state not in find_move(deed).sources:
        check_move(deed, Role.NEUROLOGIST, referral.state)
    draft = read_draft(referral)
    assessment = cases.assess_draft(db.session(), draft, clock.today())
    snapshot = cases.make_snapshot(db.session(), referral, draft, assessment)
    page = render_template(
        "questions/answer.html",
        deed=deed,
        endpoint=SIGNED_AT[deed],
        referral=referral,
        version=version,
        question=asked_now(db.session(), referral, g.person, draft),
        changes=changes_between(version.snapshot, snapshot),
        contents=contents(snapshot, shaded=request.args.get("windows", "")),
        draft=draft,
        questions=(),
        seen=digest(snapshot),
        not_met=submission.not_met(snapshot),
        obstacles=submission.obstacles(db.session(), referral, draft, g.person),
        signs=deed in {move.deed for move in moves_for(g.person.role, referral.state)},
        typed=typed or {},
        refused=refused,
        problem=problem,
        **shown,
    )
    db.session.commit()
    return page


def resume_answer(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with what was written before the session had ended."""
    return draw_answer(cases.read_referral(db.session(), referral_id, g.person), carried)


@questions.post("/referrals/<uuid:referral_id>/answer")
@requires(*Role)  # as above
@confirmed()
@resumable(resume_answer)
def answer(referral_id: UUID) -> ResponseReturnValue:
    """Sign the case anew, and send the answer."""

    def sign(referral: Referral, signature: submission.Signature) -> ReferralVersion:
        text, draft = request.form.get("text", ""), read_draft(referral)
        return actions.answer(db.session(), referral, draft, signature, text, actor=g.person, at=clock.now())

    return sign_anew(referral_id, sign, draw_answer, "Your answer is sent.")


def sign_anew(
    referral_id: UUID,
    sign: Callable[[Referral, submission.Signature], ReferralVersion],
    draw: Callable[..., str],
    words: str,
) -> ResponseReturnValue:
    """Sign a case as its next version and make the packet of it, or draw the page again with what stands in the way."""
    form = request.form
    referral = cases.get_referral(db.session(), referral_id, g.person, to_change=True)
    signature = submission.Signature(
        seen=form.get("seen", ""), declared=form.get("declared") == "yes", reason=form.get("reason", "")
    )
    refused: dict[str, Any] = {}
    try:
        version = sign(referral, signature)
    except submission.NotSentError as error:
        refused = {"refused": error}
    except actions.NotAnsweredError as error:
        refused = {"problem": str(error)}
    if refused:
        db.session.rollback()
        again = cases.read_referral(db.session(), referral_id, g.person)
        status = 409 if "refused" in refused and refused["refused"].changed else 422
        return draw(again, form, **refused), status
    db.session.commit()
    issue(version)
    flash(f"{words} What you signed is version {version.version}.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


# Earlier versions


@questions.get("/referrals/<uuid:referral_id>/versions/<int(max=99999):number>/packet.pdf")
@requires(*Role)  # as above
def earlier_packet(referral_id: UUID, number: int) -> ResponseReturnValue:
    """Hand out the packet of any version, byte for byte as it was issued."""
    return hand_out(referral_id, number)
