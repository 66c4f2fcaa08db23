"""The pages that belong to no case: home and help."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from referral.auth import public, requires
from referral.workflow import MOVES, Role, State

pages = Blueprint("pages", __name__)


@pages.get("/")
@requires(*Role)
def home() -> ResponseReturnValue:
    """Show where this person's work begins."""
    return render_template("home.html")


@pages.get("/help")
@public
def help_page() -> ResponseReturnValue:
    """Say what Pons is for, what its words mean, and who may move a case where."""
    return render_template("help/index.html", moves=MOVES, states=State, roles=Role)
