"""The pages that belong to no case: home, help and glossary."""

from flask import Blueprint, abort, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from referral import auth
from referral.auth import public, requires
from referral.extensions import db
from referral.models import Referral
from referral.reference.glossary import glossary as words_explained
from referral.web import which_editions
from referral.web.layout import asset
from referral.web.session import asked_by_itself
from referral.workflow import MOVES, Role, State, moves_for

pages = Blueprint("pages", __name__)
pages.app_context_processor(which_editions.words)

GUIDES = {
    "neurologist": ("For neurologists", (Role.NEUROLOGIST,)),
    "delegate": ("For delegates", (Role.DELEGATE,)),
    "coordinator": ("For coordinators", (Role.COORDINATOR,)),
    "committee": ("For the committee", (Role.COMMITTEE_MEMBER, Role.CHAIR)),
    "auditor": ("For auditors", (Role.AUDITOR,)),
    "administrator": ("For administrators", (Role.ADMINISTRATOR,)),
}
TITLES = {key: title for key, (title, _) in GUIDES.items()}


@pages.get("/")
@requires(*Role)
def home() -> ResponseReturnValue:
    """Show where this person's work begins: how many cases stand where, and what to do next."""
    mine = select(Referral.state, func.count(), func.min(Referral.waiting_since)).group_by(Referral.state)
    found = {
        state: (cases, since) for state, cases, since in db.session.execute(mine.where(auth.scope(g.person)))
    }
    db.session.commit()
    states = [(state, *found[state]) for state in State if state in found]
    refers, receives = g.person.role in auth.REFERRERS, g.person.role in auth.RECEIVERS
    return render_template("home.html", states=states, refers=refers, receives=receives)


@pages.get("/help")
@public
def help_page() -> ResponseReturnValue:
    """Say what Pons is for, what its words mean, and who may move a case where."""
    movers = [role for role in Role if any(role in move.roles for move in MOVES)]
    return render_template(
        "help/index.html",
        states=tuple(State),
        roles=movers,
        idle=[role.words for role in Role if role not in movers],
        moves_for=moves_for,
        guides=TITLES,
    )


@pages.get("/help/<guide>")
@public
def help_role(guide: str) -> ResponseReturnValue:
    """Say step by step what one role does here, and which moves of a case are theirs."""
    if guide not in GUIDES:
        abort(404)
    title, roles = GUIDES[guide]
    return render_template(
        "help/role.html",
        guide=guide,
        title=title,
        roles=roles,
        states=tuple(State),
        moves_for=moves_for,
        guides=TITLES,
    )


@pages.get("/favicon.ico")
@public
@asked_by_itself
def icon() -> ResponseReturnValue:
    """Lead to our icon: browsers ask here beside what is no page, such as a PDF."""
    return redirect(asset("img/pons.svg"))


@pages.get("/glossary")
@public
def glossary() -> ResponseReturnValue:
    """Say what the words of the pages mean, each at an address of its own."""
    return render_template("glossary/index.html", groups=words_explained())
