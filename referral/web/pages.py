"""The pages that belong to no case: home and help."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from referral import auth, database
from referral.auth import public, requires
from referral.extensions import db
from referral.models import Referral
from referral.workflow import MOVES, STATES_IN_USE, Role

pages = Blueprint("pages", __name__)


@pages.get("/")
@requires(*Role)
def home() -> ResponseReturnValue:
    """Show where this person's work begins: how many cases stand where, and what to do next."""
    database.begin_reading(db.session())
    mine = select(Referral.state, func.count(), func.min(Referral.waiting_since)).group_by(Referral.state)
    found = {
        state: (cases, since) for state, cases, since in db.session.execute(mine.where(auth.scope(g.person)))
    }
    db.session.commit()
    states = [(state, *found[state]) for state in STATES_IN_USE if state in found]
    refers, receives = g.person.role in auth.REFERRERS, g.person.role in auth.RECEIVERS
    return render_template("home.html", states=states, refers=refers, receives=receives)


@pages.get("/help")
@public
def help_page() -> ResponseReturnValue:
    """Say what Pons is for, what its words mean, and who may move a case where."""
    return render_template("help/index.html", moves=MOVES, states=STATES_IN_USE)
