"""A page that is left open asks how long its session lasts, and goes with it (``static/js/left-open.js``)."""

from math import ceil

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from referral import clock
from referral.auth import public
from referral.auth.sessions import lasts_until
from referral.web.session import asked_by_itself

left_open = Blueprint("left_open", __name__)


@left_open.get("/session")
@public
@asked_by_itself
def remaining() -> ResponseReturnValue:
    """Say in how many seconds the session ends if nobody does anything; 0 where there is none any more."""
    seconds = (lasts_until(g.user_session) - clock.now()).total_seconds() if g.person else 0
    return Response(f"{max(0, ceil(seconds))}", content_type="text/plain; charset=utf-8")
