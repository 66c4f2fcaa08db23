"""The way to the hospital's own sign-on and back, for installations that have one."""

import logging
import secrets

from flask import Blueprint, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from referral import audit
from referral.actions import sign_on
from referral.actions.factors import has_factor
from referral.auth import public
from referral.auth.hospital import Hospital, Named, SignOnError, address_to_ask, address_to_leave, ask_who
from referral.extensions import db
from referral.models import Proof, User
from referral.web.session import BY_HOSPITAL, find_view, show_second_step, show_sign_in, start_session

log = logging.getLogger(__name__)
hospital = Blueprint("hospital", __name__)

BROWSER, NEXT = "sign_on", "sign_on_next"
NOT_HERE = (
    "The hospital’s sign-on did not lead to an account that is in use here. "
    "Sign in with your password, or ask your administrator."
)
NOT_DONE = (
    "Signing in through the hospital did not work. Please try once more, or sign in with your password."
)
ABOUT_THE_PERSON = frozenset({"nobody", "not_in_use", "another_subject", "no_verified_address"})


def provider() -> Hospital:
    """Give the provider of this installation; without one there is no such page."""
    found: Hospital | None = current_app.config["HOSPITAL"]
    return found if found is not None else abort(404)


def address_back() -> str:
    """Give our own address to which the provider sends people back; it is registered there, word for word."""
    return str(current_app.config["HOUSE_URL"]).rstrip("/") + url_for("hospital.back")


@hospital.get("/sign-in/hospital")
@public
def ask() -> ResponseReturnValue:
    """Send the browser to the hospital's sign-on."""
    found = provider()
    browser = session[BROWSER] = secrets.token_urlsafe(32)
    session[NEXT] = request.args.get("next", "")[:200]
    db.session.commit()  # the reading; now we write
    asked = sign_on.begin(db.session(), browser)
    db.session.commit()
    try:
        return redirect(address_to_ask(found, asked, address_back()))
    except SignOnError as failed:
        return refuse(failed)


@hospital.get("/sign-in/hospital/back")
@public
def back() -> ResponseReturnValue:
    """Take whom the hospital's sign-on names, and start a session as the password would."""
    found = provider()
    browser, wanted = session.pop(BROWSER, ""), session.pop(NEXT, "")
    db.session.commit()  # the reading; now we write
    try:
        asked = sign_on.take(db.session(), request.args.get("state", ""), browser)
        db.session.commit()  # used up, whatever happens now, and nobody waits while we ask
        if "code" not in request.args:
            raise SignOnError("refused")
        named = ask_who(found, request.args["code"], asked, address_back(), request.args.get("iss"))
        person = sign_on.find_person(db.session(), named)
    except SignOnError as failed:
        return refuse(failed)
    except IntegrityError:
        return refuse(SignOnError("another_subject"))  # two at once: the other was first
    return let_in(person, named, wanted)


def let_in(person: User, named: Named, wanted: str) -> ResponseReturnValue:
    """Start the session; a second step that this house wants is still to be shown where the hospital has not."""
    waits = not named.two_proofs and has_factor(db.session(), person)
    start_session(person, Proof.HOSPITAL if named.two_proofs else Proof.PASSWORD, waits=waits)
    audit.record(db.session(), person, "hospital_said_who")
    session[BY_HOSPITAL] = True
    db.session.commit()
    if waits:
        return show_second_step()
    view = find_view(wanted, "GET")
    return redirect(url_for(view[0], **view[1]) if view else url_for("pages.home"))  # type: ignore[arg-type]  # the URL's own arguments


def refuse(failed: SignOnError) -> ResponseReturnValue:
    """Write down why in a word of ours, and say no more than what to do."""
    db.session.rollback()
    audit.record(
        db.session(), None, "hospital_sign_on_failed", reason=failed.reason, address=request.remote_addr or ""
    )
    db.session.commit()
    if g.person is not None:
        return redirect(url_for("pages.home"))
    return show_sign_in(problem=NOT_HERE if failed.reason in ABOUT_THE_PERSON else NOT_DONE), 401


@hospital.get("/sign-in/hospital/out")
@public
def leave() -> ResponseReturnValue:
    """Lead on to where the hospital's own session is ended, if its sign-on has such a page."""
    there = address_to_leave(
        provider(), str(current_app.config["HOUSE_URL"]).rstrip("/") + url_for("door.sign_in")
    )
    return redirect(there or url_for("door.sign_in"))
