"""The door: who comes in, who goes out, who may open which page, and what becomes of text typed too late.

A form that is sent after its session has run out is not lost. Mark the view that takes it::

    def resume_section(carried: MultiDict[str, str], referral_id: UUID, section: str) -> ResponseReturnValue:
        ...  # fetch as the GET view does, then show the form with ``carried`` in it, marked as not yet saved

    @referrals.post("/referrals/<uuid:referral_id>/edit/<section>")
    @requires(*REFERRERS)
    @resumable(resume_section)
    def save_section(referral_id: UUID, section: str) -> ResponseReturnValue: ...

The person signs in again, and ``resume_section`` is called with all the fields of the form (the CSRF token
and passwords apart) and the URL's arguments. It must authorise as the view does, save nothing, and give its
form an ``action``, since the page then stands at the address of the sign-in.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError
from sqlalchemy import exists, false, select, update
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from forms.texts import LONGEST_KEPT
from referral import audit, auth, clock, database
from referral.actions import emergencies
from referral.actions.factors import factors_of, has_factor
from referral.auth import public
from referral.auth.keys import Site, ask_to_sign
from referral.auth.sessions import find_waiting
from referral.errors import ForbiddenError, PonsError
from referral.extensions import csrf, db, login_manager
from referral.models import Proof, Referral, User, UserSession
from referral.web.errors import REFUSED, drain, error_page, record_refusal
from referral.web.whence import whence

log = logging.getLogger(__name__)
door = Blueprint("door", __name__)

CARRIED = "carried-"
PROOF = "proof-"  # begins the names of fields by which somebody shows who they are
MOST_CARRIED = 500_000  # bytes of text that a sign-in page takes along
BY_HOSPITAL = "by_hospital"  # in the cookie of whom the hospital's sign-on has named
TOUCH_EVERY = timedelta(minutes=1)

Resume = Callable[..., ResponseReturnValue]
View = TypeVar("View", bound=Callable[..., object])


def register(app: Flask) -> None:
    """Put the door in front of every page. The order counts: who is it, is it our form, may they."""
    # Pages ask ``g.person``, also while no database answers: nothing is looked up for them.
    login_manager.init_app(app, add_context_processor=False)
    login_manager.session_protection = None  # binds to an address and a browser's name: no defence
    login_manager.user_loader(load_person)
    app.before_request(identify)
    app.before_request(make_room)
    csrf.init_app(app)
    app.before_request(guard)
    app.register_error_handler(CSRFError, form_without_session)
    app.register_blueprint(door)
    public(app.view_functions["static"])


def resumable(resume: Resume) -> Callable[[View], View]:
    """Mark a view whose form survives the end of its session; see the top of this file."""

    def mark(view: View) -> View:
        view.resume = resume  # type: ignore[attr-defined]  # a mark on the function
        return view

    return mark


def takes_files(most: int) -> Callable[[View], View]:
    """Let a view take a larger form, in bytes, because files come with it."""

    def mark(view: View) -> View:
        view.largest_form = most  # type: ignore[attr-defined]  # a mark on the function
        return view

    return mark


def asked_by_itself(view: View) -> View:
    """Mark a view that pages ask for while nobody need be there: that prolongs no session."""
    view.by_itself = True  # type: ignore[attr-defined]  # a mark on the function
    return view


# Who is it


def load_person(token: str) -> User | None:
    """Read the person of a session anew at each request, so that every change holds at once."""
    found = auth.find_session(db.session(), token)
    if found is None:
        g.waiting = find_waiting(db.session(), token)
        return None
    g.user_session = found
    if clock.now() - found.seen_at > TOUCH_EVERY and not is_asked_by_itself():
        touch(found)
    return found.user


def is_asked_by_itself() -> bool:
    """Tell whether a page asks and perhaps nobody."""
    return hasattr(current_app.view_functions.get(request.endpoint or ""), "by_itself")


def touch(found: UserSession) -> None:
    """Write down that a session is in use; where nothing can be written, its person still reads what they may."""
    used = update(UserSession).where(UserSession.token_sha256 == found.token_sha256)
    try:
        with db.engine.begin() as connection:
            connection.execute(used.values(seen_at=clock.now()))
    except DBAPIError as error:
        if not database.cannot_write(error):
            raise


def identify() -> None:
    """Keep the person, what they have opened in an emergency, and whether the people here are invented.

    A page that is asked for goes on in the same transaction: it sees one moment, and holds up nobody.
    """
    g.person, g.demonstration, g.emergencies = None, False, []
    g.user_session = g.waiting = None  # the session of the person; one that waits for the second step
    if request.endpoint == "static":
        return
    database.begin_reading(db.session())
    if current_user.is_authenticated:
        g.person = current_user._get_current_object()
    opens = g.person is not None and g.person.role in auth.OPENERS
    has_opened = exists().where(auth.holds(g.person)) if opens else false()
    invented = exists().where(Referral.demonstration)
    g.demonstration, in_an_emergency = db.session.execute(select(invented, has_opened)).one()
    if in_an_emergency:  # asked together, since every page asks and hardly ever one has
        g.emergencies = emergencies.open_now(db.session(), g.person)
    if request.method not in ("GET", "HEAD"):
        db.session.commit()


def make_room() -> ResponseReturnValue | None:
    """Let a form with files in before anybody reads it; nobody who is not signed in sends us files.

    Who has been signed out meanwhile signs in first: the files are read past, since they cannot be kept.
    """
    most = getattr(current_app.view_functions.get(request.endpoint or ""), "largest_form", None)
    if most is None or request.method != "POST":
        return None
    if g.person is not None:
        request.max_content_length = most
    elif (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
        drain(most)
        flash("Your session had ended. Sign in, and choose your files again: they cannot be carried.")
        page = request.path if find_view(request.path, "GET") else request.path.rpartition("/")[0]
        return redirect(url_for("door.sign_in", next=page), code=303)
    return None


# May they


def guard() -> ResponseReturnValue | None:
    """Let nobody through to a view that does not say who may open it, or does not name their role."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return None  # no such page: routing answers
    roles = auth.roles_of(view)
    if roles is None:
        log.error("The view %s does not say who may open it", request.endpoint)
        abort(403)
    if is_from_another_site():
        abort(400)
    if roles is auth.EVERYBODY:
        return None
    if g.person is None:
        return ask_to_sign_in()
    if g.person.role not in roles:
        db.session.commit()  # what was read so far
        record_refusal(REFUSED[403])
        raise ForbiddenError(f"This page is not for the role {g.person.role.words}.")
    return None


def is_from_another_site() -> bool:
    """Ask the browser whether a form was sent from a page that is not ours."""
    from_where = request.headers.get("Sec-Fetch-Site")  # a neighbour under the same domain is not us either
    return request.method not in ("GET", "HEAD") and from_where in ("cross-site", "same-site")


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a reader to the sign-in page; take the text of a writer along."""
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("door.sign_in", next=request.path))
    if "HX-Request" in request.headers:
        return render_template("auth/session_ended.html"), 401
    return show_sign_in(carried_for=request.path, carried=fields_to_carry(request.form)), 401


def form_without_session(error: CSRFError) -> ResponseReturnValue:
    """Answer a form that does not belong to the present session: an old tab, or somebody else's page."""
    if is_from_another_site():
        return error_page(400)
    if g.person is not None:
        record_refusal(REFUSED[400])
    if request.endpoint == "door.enter":
        return show_sign_in(problem="This page had grown old. Please sign in once more."), 400
    if g.person is None:
        return ask_to_sign_in()
    if "HX-Request" not in request.headers:
        # What is not for them, or has moved on, they are told when they open it again.
        with suppress(PonsError, HTTPException):
            if page := resume(request.path, fields_to_carry(request.form)):
                return page
    return error_page(400, "This form belongs to an earlier session. Nothing was changed. Open it again.")


# Text typed too late


def fields_to_carry(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """Choose what a sign-in page takes along: everything that was typed, within limits, but no secrets.

    A text is cut where the forms cut it as well: the form then says so.
    """
    carried: MultiDict[str, str] = MultiDict()
    size = 0
    for name, value in form.items(multi=True):
        if name.endswith("csrf_token") or "password" in name or name.startswith(PROOF):
            continue
        value = value[:LONGEST_KEPT]
        size += len(name.encode()) + len(value.encode()) + 150  # what a part of a form costs around it
        if size > MOST_CARRIED:
            break
        carried.add(name, value)
    return carried


def carried_fields() -> MultiDict[str, str]:
    """Give back the fields that the sign-in page took along, under their own names."""
    return MultiDict(
        (name.removeprefix(CARRIED), value)
        for name, value in request.form.items(multi=True)
        if name.startswith(CARRIED)
    )


def find_view(path: str, method: str) -> tuple[str, dict[str, object]] | None:
    """Find the page that a path of ours leads to. What leads elsewhere, or nowhere, is not found."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return None
    adapter = current_app.create_url_adapter(request)
    try:
        found = adapter.match(path.partition("?")[0], method=method) if adapter else None
    except (HTTPException, RequestRedirect):
        return None
    return (found[0], dict(found[1])) if found else None


def resume(path: str, carried: MultiDict[str, str]) -> ResponseReturnValue | None:
    """Show a form again with the text that came too late; ``None`` where its view is not resumable."""
    found = find_view(path, "POST")
    if found is None:
        return None
    view = current_app.view_functions[found[0]]
    show: Resume | None = getattr(view, "resume", None)
    if show is None or g.person is None or g.person.role not in (auth.roles_of(view) or ()):
        return None
    return show(carried, **found[1])


# In and out


def show_sign_in(
    email: str = "",
    problem: str = "",
    carried_for: str | None = None,
    carried: MultiDict[str, str] | None = None,
) -> str:
    """Draw the sign-in page, with what it takes along."""
    if carried is None:
        carried_for, carried = request.form.get("carried_for", ""), carried_fields()
    found = find_view(carried_for or "", "POST")
    keeps = found is not None and hasattr(current_app.view_functions[found[0]], "resume")
    return render_template(
        "auth/sign_in.html",
        email=email,
        problem=problem,
        next=request.values.get("next", ""),
        carried_for=carried_for if keeps else "",
        carried=[(CARRIED + name, value) for name, value in carried.items(multi=True)] if keeps else [],
        ended=request.blueprint not in (door.name, "hospital"),
        at_the_hospital=session.pop(BY_HOSPITAL, False),
        **demonstration_accounts(),
    )


def demonstration_accounts() -> dict[str, object]:
    """Name the accounts for looking round, where everybody is invented."""
    if not g.demonstration:
        return {"accounts": (), "accounts_password": ""}
    from referral import demo  # only such an installation needs it

    return {"accounts": demo.accounts(), "accounts_password": demo.password()}


@door.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Ask for the e-mail address and the password."""
    if g.waiting is not None:
        return show_second_step()
    return redirect(url_for("pages.home")) if g.person else show_sign_in()


@door.post("/sign-in")
@public
def enter() -> ResponseReturnValue:
    """Check the password, start a session, and go on where the person was."""
    email, password = request.form.get("email", "").strip().lower(), request.form.get("password", "")
    address = request.remote_addr or ""
    attempt = auth.begin_attempt(db.session(), email, address)
    if attempt is None:
        audit.record(db.session(), None, "sign_in_refused_too_many_guesses", address=address)
        db.session.commit()
        return show_sign_in(email, "Too many wrong guesses. Please wait a quarter of an hour."), 429
    db.session.commit()  # the try counts whatever happens now, and nobody waits while the password is checked
    database.begin_reading(db.session())
    user = auth.find_user_by_password(db.session(), email, password)
    db.session.commit()
    if user is None:
        audit.record(db.session(), None, "sign_in_failed", account=attempt.email_sha256, address=address)
        db.session.commit()
        return show_sign_in(email, "The e-mail address or the password is not right."), 401
    attempt.succeeded = True
    auth.renew_hash(db.session(), user, password)
    waits = has_factor(db.session(), user)
    start_session(user, waits=waits)
    db.session.commit()
    return show_second_step() if waits else go_on()


def go_on() -> ResponseReturnValue:
    """Lead on to where the person was: to the text that was typed too late, or to the page that was asked for."""
    if page := resume(request.form.get("carried_for", ""), carried_fields()):
        return page
    found = find_view(request.form.get("next", ""), "GET")
    return redirect(url_for(found[0], **found[1]) if found else url_for("pages.home"), code=303)  # type: ignore[arg-type]  # the URL's own arguments


def start_session(user: User, proved_by: Proof = Proof.PASSWORD, *, waits: bool = False) -> None:
    """End the session that the browser had, if any, and start another for this person.

    One that ``waits`` for the second step is nobody's yet: it opens that step and nothing else.
    """
    for before in (g.person, g.waiting.user if g.waiting else None):
        if before is not None:
            auth.end_sessions(db.session(), before, before.token)
    session.clear()
    g.pop("csrf_token", None)
    auth.open_session(db.session(), user, proved_by, whence(), waits=waits)
    g.person, g.waiting = (None, find_waiting(db.session(), user.get_id())) if waits else (user, None)
    audit.record(db.session(), user, "password_right" if waits else "signed_in", by=proved_by.value)
    login_user(user)


def show_second_step(problem: str = "") -> str:
    """Draw the second step of signing in, with what it takes along."""
    site = Site.of(current_app.config["HOUSE_URL"])
    found = factors_of(db.session(), g.waiting.user)
    known = [each.credential_id for each in found if each.credential_id]
    db.session.commit()
    return render_template(
        "auth/second_step.html",
        waiting=g.waiting,
        problem=problem,
        has_app=len(known) < len(found),
        options=ask_to_sign(site, g.waiting.challenge, known)
        if site and known and g.waiting.challenge
        else "",
        next=request.values.get("next", ""),
        carried_for=request.form.get("carried_for", ""),
        carried=[(CARRIED + name, value) for name, value in carried_fields().items(multi=True)],
    )


@door.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End the session on the server, so that a copy of its cookie is worth nothing."""
    if g.person is not None:
        emergencies.end_all(db.session(), g.person)
        auth.end_sessions(db.session(), g.person, g.person.token)
        audit.record(db.session(), g.person, "signed_out")
        db.session.commit()
    if g.waiting is not None:
        auth.end_sessions(db.session(), g.waiting.user, g.waiting.user.token)
        db.session.commit()
    at_the_hospital = session.get(BY_HOSPITAL, False)
    logout_user()
    session.clear()
    if at_the_hospital:
        session[BY_HOSPITAL] = True
    flash("You are signed out.")
    return redirect(url_for("door.sign_in"), code=303)
