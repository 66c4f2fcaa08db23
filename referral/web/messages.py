"""Writing a message on a case, and who else has the case open."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from referral import clock
from referral.actions import messages as actions
from referral.actions import presence
from referral.actions import referrals as cases
from referral.actions.versions import read_signed
from referral.auth import RECEIVERS, REFERRERS, requires
from referral.extensions import db
from referral.facts import CaseRecord
from referral.models import Audience, Referral, ReferralVersion
from referral.packet import contents
from referral.web.session import asked_by_itself, resumable
from referral.workflow import Role, check_move

messages = Blueprint("messages", __name__)

INSIDE = REFERRERS | RECEIVERS


def audience_words(referral: Referral) -> dict[str, str]:
    """Say of each audience who reads it."""
    clinic, programme = referral.organisation.name, referral.programme.name if referral.programme else ""
    return {
        Audience.BOTH.value: f"{clinic} and {programme}",
        Audience.PROGRAMME.value: f"{programme} only",
        Audience.CLINIC.value: f"{clinic} only",
    }


def said(session: Session, referral: Referral, version: ReferralVersion) -> dict[str, Any]:
    """Give what the page of a case shows of the conversation, and of who has it open."""
    now = clock.now()
    if g.person.role in INSIDE:
        presence.look(session, referral, g.person, now)
    found = actions.messages_of(session, referral, g.person) if g.person.role in INSIDE else []
    pointed = any(message.fact for message in found)
    return {
        "conversation": found,
        "audiences": audience_words(referral),
        "facts": actions.facts_of(read_signed(version.snapshot).record) if pointed else {},
        "others": presence.who_else(session, referral, g.person, now),
    }


@messages.get("/referrals/<uuid:referral_id>/message")
@requires(*Role)  # whom it is not for does not find it; the table of moves decides
def write_page(referral_id: UUID) -> ResponseReturnValue:
    """Show an empty message."""
    return draw(referral_id, MultiDict({"fact": request.args.get("fact", "")}))


def draw(referral_id: UUID, typed: "MultiDict[str, str]", problem: str = "") -> str:
    """Draw the message as typed so far, with who will see it."""
    referral = cases.read_referral(db.session(), referral_id, g.person)
    check_move("write_message", g.person.role, referral.state)
    version = cases.newest_version(db.session(), referral)
    if version is None:
        abort(404)
    words = audience_words(referral)
    page = render_template(
        "messages/write.html",
        referral=referral,
        contents=contents(version.snapshot),
        audiences=[(audience.value, words[audience.value]) for audience in actions.audiences_of(g.person)],
        facts=actions.facts_of(_record(version)),
        conversation=actions.messages_of(db.session(), referral, g.person),
        words=words,
        typed=typed,
        problem=problem,
    )
    db.session.commit()
    return page


def _record(version: ReferralVersion) -> CaseRecord:
    return read_signed(version.snapshot).record


def resume(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show a message again that was written before the session had ended."""
    return draw(referral_id, carried)


@messages.post("/referrals/<uuid:referral_id>/message")
@requires(*Role)  # as above
@resumable(resume)
def write(referral_id: UUID) -> ResponseReturnValue:
    """Keep the message, and tell whom it is for."""
    form = request.form
    referral = cases.get_referral(db.session(), referral_id, g.person, to_change=True)
    version = cases.newest_version(db.session(), referral)
    if version is None:
        abort(404)
    text, audience, fact = (form.get(name, "") for name in ("text", "audience", "fact"))
    try:
        actions.write(db.session(), referral, _record(version), text, audience, fact, actor=g.person)
    except actions.NotWrittenError as refused:
        db.session.rollback()
        return draw(referral_id, MultiDict(form), str(refused)), 422
    db.session.commit()
    flash(f"Your message is written. It is visible to {audience_words(referral)[audience]}.")
    return redirect(url_for("referrals.show", referral_id=referral_id, _anchor="conversation"), code=303)


def resume_presence(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the case: nothing was typed."""
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


@messages.post("/referrals/<uuid:referral_id>/presence")
@requires(*INSIDE)
@resumable(resume_presence)
@asked_by_itself
def look(referral_id: UUID) -> ResponseReturnValue:
    """Say who else has the case open, and that the viewer still has."""
    referral = cases.get_referral(db.session(), referral_id, g.person)
    now = clock.now()
    presence.look(db.session(), referral, g.person, now)
    others = presence.who_else(db.session(), referral, g.person, now)
    page = render_template("messages/_others.html", referral=referral, others=others)
    db.session.commit()
    return page
