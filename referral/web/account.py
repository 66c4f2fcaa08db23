"""One's own account: where one is signed in, the password, the second step."""

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral import auth
from referral.actions import account as actions
from referral.actions import factors
from referral.actions.invitations import NotTakenError
from referral.auth import LONGEST_PASSWORD, SHORTEST_PASSWORD, requires
from referral.auth.sessions import live_sessions
from referral.extensions import db
from referral.models import Proof
from referral.web.proof import NotProvedError, check, go_on_with
from referral.workflow import Role

account = Blueprint("account", __name__)


@account.get("/account")
@requires(*Role)
def show() -> ResponseReturnValue:
    """Show one's own account."""
    return draw()


def draw(refused: NotTakenError | None = None) -> str:
    """Draw one's own account; ``refused`` is a password that was not taken."""
    page = render_template(
        "account/show.html",
        sessions=live_sessions(db.session(), g.person),
        this=g.user_session.token_sha256,
        factors=factors.factors_of(db.session(), g.person),
        codes_left=factors.codes_left(db.session(), g.person),
        required=current_app.config["SECOND_FACTOR"] == "required",
        refused=refused,
        shortest=SHORTEST_PASSWORD,
        longest=LONGEST_PASSWORD,
    )
    db.session.commit()
    return page


@account.post("/account/password")
@requires(*Role)
def change_password() -> ResponseReturnValue:
    """Take a new password from who knows the old one; every other session ends."""
    form = request.form
    try:
        check(g.person, g.user_session, password=form.get("password", "") or "-")
        db.session.commit()  # that the old one was right stands, whatever the new one is
        actions.change_password(
            db.session(),
            g.person,
            form.get("new_password", ""),
            form.get("again", ""),
        )
    except NotProvedError as wrong:
        text = str(wrong) if wrong.status == 429 else "This is not your present password."
        return draw(NotTakenError("password", text)), wrong.status if wrong.status == 429 else 422
    except NotTakenError as refused:
        db.session.rollback()
        return draw(refused), 422
    auth.end_sessions(db.session(), g.person, but=g.person.get_id())
    go_on_with(g.user_session.proved_by or Proof.PASSWORD)
    db.session.commit()
    flash("Your password is changed. Other sessions of yours have ended.")
    return redirect(url_for("account.show"), code=303)


@account.post("/account/sessions")
@requires(*Role)
def end() -> ResponseReturnValue:
    """End one session of one's own elsewhere, or all others."""
    which = request.form.get("session", "")
    ended = actions.end_elsewhere(db.session(), g.person, None if which == "others" else which)
    db.session.commit()
    flash(f"{ended} {'session has' if ended == 1 else 'sessions have'} ended.")
    return redirect(url_for("account.show"), code=303)
