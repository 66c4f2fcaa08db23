"""The second step of signing in, and setting it up: an app, a security key, codes on paper."""

from uuid import UUID

import segno
from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from referral import auth, clock
from referral.actions import factors
from referral.actions.invitations import NotTakenError
from referral.auth import public, requires
from referral.auth.codes import app_address, in_letters
from referral.auth.keys import Site, ask_to_register
from referral.auth.sessions import give_challenge, renew_session, take_challenge
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.models import Proof, SecondFactor
from referral.web.proof import NotProvedError, before_second_step, check, confirmed
from referral.web.session import carried_fields, go_on, show_second_step, show_sign_in, start_session
from referral.workflow import Role

second_step = Blueprint("second_step", __name__)

TOO_LATE = "That took longer than five minutes. Please sign in once more."


# At the door


@second_step.post("/sign-in/second-step")
@public  # it is for who has given the password, and asks for that itself
def prove() -> ResponseReturnValue:
    """Check the second step, start the session, and go on where the person was."""
    if g.waiting is None:
        carried_for = request.form.get("carried_for", "")
        return show_sign_in(problem=TOO_LATE, carried_for=carried_for, carried=carried_fields()), 401
    waiting = g.waiting
    try:
        proved_by = check(
            waiting.user,
            waiting,
            code=request.form.get("proof-code", ""),
            key=request.form.get("proof-key", ""),
        )
    except NotProvedError as wrong:
        give_challenge(db.session(), waiting)
        db.session.commit()
        return show_second_step(str(wrong)), wrong.status
    start_session(waiting.user, proved_by)
    left = factors.codes_left(db.session(), waiting.user)
    db.session.commit()
    if proved_by is Proof.RECOVERY_CODE:
        flash(
            f"A recovery code was used: {left} left. Make new ones, or set up your app anew, on your account."
        )
    return go_on()


# Setting up


@second_step.get("/account/second-step")
@requires(*Role)
@before_second_step
def choose() -> ResponseReturnValue:
    """Offer what a second step can be taken with."""
    return draw_choice()


def draw_choice(refused: NotTakenError | None = None) -> str:
    """Draw the choice between an app and a key."""
    page = render_template(
        "account/second_step.html",
        refused=refused,
        has=factors.has_factor(db.session(), g.person),
        keys_work=Site.of(current_app.config["HOUSE_URL"]) is not None,
        required=current_app.config["SECOND_FACTOR"] == "required",
    )
    db.session.commit()
    return page


@second_step.post("/account/second-step/app")
@requires(*Role)
@before_second_step
@confirmed()
def begin_app() -> ResponseReturnValue:
    """Make the secret of an app, and show it."""
    _check_first()
    try:
        _, secret = factors.begin_app(
            db.session(), g.person, current_app.config["FACTOR_KEYS"], at=clock.now()
        )
    except NotTakenError as refused:
        db.session.rollback()
        return draw_choice(refused), 422
    return draw_app(secret)


def draw_app(secret: bytes, refused: NotTakenError | None = None) -> str:
    """Draw the square picture and the key in letters, and ask for the first code."""
    address = app_address(secret, g.person.email)
    page = render_template(
        "account/app.html",
        picture=segno.make(address, error="m").svg_data_uri(scale=5, border=4, omitsize=False),
        letters=in_letters(secret),
        refused=refused,
    )
    db.session.commit()
    return page


@second_step.post("/account/second-step/app/code")
@requires(*Role)
@before_second_step
def confirm_app() -> ResponseReturnValue:
    """Take the app into use with its first code."""
    house, now = current_app.config["FACTOR_KEYS"], clock.now()
    try:
        factor = factors.confirm_app(db.session(), g.person, request.form.get("code", ""), house, at=now)
    except NotTakenError as refused:
        db.session.rollback()
        return draw_app(factors.secret_of(factors.find_pending(db.session(), g.person), house), refused), 422
    return settle(factor)


@second_step.post("/account/second-step/key")
@requires(*Role)
@before_second_step
@confirmed()
def begin_key() -> ResponseReturnValue:
    """Ask the browser for a new key."""
    _check_first()
    return draw_key()


def draw_key(refused: NotTakenError | None = None) -> str:
    """Draw the page on which a key is touched."""
    site = _site()
    challenge = give_challenge(db.session(), g.user_session)
    known = [each.credential_id for each in factors.factors_of(db.session(), g.person) if each.credential_id]
    page = render_template(
        "account/key.html",
        options=ask_to_register(site, challenge, g.person.id, g.person.email, known),
        refused=refused,
        longest=factors.LONGEST_NAME,
    )
    db.session.commit()
    return page


@second_step.post("/account/second-step/key/answer")
@requires(*Role)
@before_second_step
def take_key() -> ResponseReturnValue:
    """Take the key into use that the browser has brought."""
    site, challenge = _site(), take_challenge(db.session(), g.user_session)
    db.session.commit()  # each challenge once, whatever comes of it
    try:
        if challenge is None:
            raise NotTakenError("key", "That took too long. Try once more.")
        factor = factors.add_key(
            db.session(),
            g.person,
            request.form.get("name", ""),
            site=site,
            challenge=challenge,
            answer=request.form.get("key", ""),
            at=clock.now(),
        )
    except NotTakenError as refused:
        db.session.rollback()
        return draw_key(refused), 422
    return settle(factor)


def _site() -> Site:
    site = Site.of(current_app.config["HOUSE_URL"])
    if site is None:
        raise NotFoundError("Security keys are bound to the name of a house, and this one has a number only.")
    return site


def _check_first() -> None:
    """Let nobody who has given a password only put a second step of theirs beside the owner's."""
    if g.confined and factors.has_factor(db.session(), g.person):
        raise ConflictError("This account has a second step. Sign out, and sign in with it.")


def settle(factor: SecondFactor) -> ResponseReturnValue:
    """End whatever was open without the new second step; with the first one, show recovery codes, once."""
    now = clock.now()
    auth.end_sessions(db.session(), g.person, but=g.person.get_id())
    _renew(Proof(factor.kind.value))
    if factors.codes_left(db.session(), g.person):
        db.session.commit()
        flash("It is set up. Other sessions of yours have ended.")
        return redirect(url_for("account.show"), code=303)
    return draw_codes(factors.make_recovery_codes(db.session(), g.person, at=now))


def _renew(proved_by: Proof) -> None:
    renew_session(db.session(), g.person, proved_by)
    login_user(g.person)
    g.confined = False


def draw_codes(made: list[str]) -> str:
    """Draw the recovery codes, the only time that they are shown."""
    db.session.commit()
    return render_template("account/codes.html", codes=made)


@second_step.post("/account/recovery-codes")
@requires(*Role)
@confirmed()
def new_codes() -> ResponseReturnValue:
    """Make ten new recovery codes; those before hold no longer."""
    if not factors.has_factor(db.session(), g.person):
        raise ConflictError("Recovery codes stand in for a second step: set up one first.")
    return draw_codes(factors.make_recovery_codes(db.session(), g.person, at=clock.now()))


@second_step.post("/account/second-step/<uuid:factor_id>/removal")
@requires(*Role)
@confirmed()
def remove(factor_id: UUID) -> ResponseReturnValue:
    """Take one of one's own second steps out of use."""
    required = current_app.config["SECOND_FACTOR"] == "required"
    factors.remove(db.session(), g.person, factor_id, required=required, at=clock.now())
    db.session.commit()
    flash("It is removed, and no longer lets you in.")
    return redirect(url_for("account.show"), code=303)
