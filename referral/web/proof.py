"""Showing who one is: the second step of signing in, and once more before what cannot be undone.

Mark the view that takes such a deed::

    @decisions.post("/referrals/<uuid:referral_id>/decision/signature")
    @requires(*Role)
    @confirmed()
    def sign(referral_id: UUID) -> ResponseReturnValue: ...

Whose last proof is older than ``PROOF_HOLDS`` is shown a page that asks for the password or the second step. It holds
the whole form that was sent, as it was typed, and sends it to the same address again together with the proof: the view
runs then, and knows nothing of it. Do not mark views that take files or passwords: neither can be held like that.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from referral import audit, auth, clock, database
from referral.actions.factors import factors_of, prove_by_code, prove_by_key, tell_failed
from referral.auth.codes import LostKeyError
from referral.auth.keys import Site, ask_to_sign
from referral.auth.sessions import give_challenge, renew_session, take_challenge
from referral.extensions import db
from referral.models import Proof, User, UserSession
from referral.web.session import BY_HOSPITAL, PROOF

View = TypeVar("View", bound=Callable[..., object])

TOO_MANY = "Too many wrong guesses. Please wait a quarter of an hour."
LOST_KEY = (
    "This house has another key than when your app was set up, so its codes cannot be checked. "
    "Use a recovery code, or ask your administrator."
)


class NotProvedError(Exception):
    """What was shown proves nothing; its text says so to the person, ``status`` to the browser."""

    def __init__(self, message: str, status: int = 401) -> None:
        """Keep the status."""
        super().__init__(message)
        self.status = status


def register(app: Flask) -> None:
    """Stand behind the guard of the door: who it is and whether they may is settled before."""
    app.before_request(confine)
    app.before_request(ask_again)


def confirmed(when: Callable[..., bool] = lambda **_: True) -> Callable[[View], View]:
    """Mark a view that asks for a fresh proof; ``when`` takes the arguments of the address."""

    def mark(view: View) -> View:
        view.asks_again = when  # type: ignore[attr-defined]  # a mark on the function
        return view

    return mark


def before_second_step(view: View) -> View:
    """Mark a view that stays open to who must set up a second step first."""
    view.before_second_step = True  # type: ignore[attr-defined]  # a mark on the function
    return view


def confine() -> ResponseReturnValue | None:
    """Let who must set up a second step, and has none, go there and nowhere else."""
    g.confined = (
        g.person is not None
        and current_app.config["SECOND_FACTOR"] == "required"
        and g.user_session.proved_by in (None, Proof.PASSWORD)
    )
    view = current_app.view_functions.get(request.endpoint or "")
    if not g.confined or view is None or auth.roles_of(view) is auth.EVERYBODY:
        return None
    return None if hasattr(view, "before_second_step") else redirect(url_for("second_step.choose"), code=303)


def ask_again() -> ResponseReturnValue | None:
    """Ask who is about to do what cannot be undone for a proof, unless their last one is fresh."""
    view = current_app.view_functions.get(request.endpoint or "")
    asks: Callable[..., bool] | None = getattr(view, "asks_again", None)
    if asks is None or request.method != "POST" or g.person is None or not asks(**(request.view_args or {})):
        return None
    if is_fresh(g.user_session):
        return None
    given = {name: request.form.get(PROOF + name, "") for name in ("password", "code", "key")}
    if not any(given.values()):
        return draw_question()
    try:
        proved_by = check(g.person, g.user_session, **given)
    except NotProvedError as wrong:
        return draw_question(str(wrong)), wrong.status
    go_on_with(proved_by)
    db.session.commit()
    return None


def is_fresh(kept: UserSession) -> bool:
    """Tell whether the last proof of a session is recent enough for what cannot be undone."""
    return kept.proved_at is not None and clock.now() - kept.proved_at <= current_app.config["PROOF_HOLDS"]


def go_on_with(proved_by: Proof) -> None:
    """Go on after a proof, under a new token; the forms of other tabs stay good."""
    renew_session(db.session(), g.person, proved_by)
    audit.record(db.session(), g.person, "confirmed_again", by=proved_by.value)
    session.pop("_user_id", None)
    login_user(g.person)


def draw_question(problem: str = "") -> str:
    """Draw the page that asks, with all that was sent in it."""
    site, known = Site.of(current_app.config["HOUSE_URL"]), list[str]()
    has_app = False
    for factor in factors_of(db.session(), g.person):
        known += [factor.credential_id] if factor.credential_id else []
        has_app = has_app or factor.credential_id is None
    challenge = give_challenge(db.session(), g.user_session) if site and known else ""
    db.session.commit()
    return render_template(
        "auth/confirm.html",
        problem=problem,
        by_hospital=session.get(BY_HOSPITAL, False),
        has_app=has_app,
        has_codes=bool(known) or has_app,
        minutes=int(current_app.config["PROOF_HOLDS"].total_seconds() // 60),
        options=ask_to_sign(site, challenge, known) if site and known else "",
        held=[
            (name, value)
            for name, value in request.form.items(multi=True)
            if name != "csrf_token" and not name.startswith(PROOF)
        ],
    )


def check(person: User, kept: UserSession, *, password: str = "", code: str = "", key: str = "") -> Proof:
    """Check what somebody shows. Each try counts against the same limits as a password at the door.

    Raises:
        NotProvedError: it proves nothing, or there were too many tries.

    """
    address = request.remote_addr or ""
    attempt = auth.begin_attempt(db.session(), person.email, address)
    if attempt is None:
        audit.record(db.session(), person, "sign_in_refused_too_many_guesses", address=address)
        db.session.commit()
        raise NotProvedError(TOO_MANY, 429)
    db.session.commit()  # the try counts whatever happens now
    try:
        found = _by_password(person, password) if password else _by_factor(person, kept, code, key)
    except LostKeyError:
        db.session.rollback()
        raise NotProvedError(LOST_KEY) from None
    if found is None:
        if kept.waits_until is not None:
            tell_failed(db.session(), person, at=clock.now())
        else:
            audit.record(db.session(), person, "confirmation_failed")
        db.session.commit()
        raise NotProvedError("That was not right. Please try once more.")
    attempt.succeeded = True
    return found


def _by_password(person: User, password: str) -> Proof | None:
    database.begin_reading(db.session())
    found = auth.find_user_by_password(db.session(), person.email, password)
    db.session.commit()
    return Proof.PASSWORD if found is not None else None


def _by_factor(person: User, kept: UserSession, code: str, key: str) -> Proof | None:
    if not key:
        house = current_app.config["FACTOR_KEYS"]
        return prove_by_code(db.session(), person, code, house, at=clock.now())
    site, challenge = Site.of(current_app.config["HOUSE_URL"]), take_challenge(db.session(), kept)
    if site is None or challenge is None:
        return None
    return prove_by_key(db.session(), person, key, site=site, challenge=challenge, at=clock.now())
