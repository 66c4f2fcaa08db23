"""Buttons and pages of cases over HTTP, as a browser opens them."""

from random import Random

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from referral.models import Referral, User
from referral.workflow import MOVES
from tests.machine.checker import Doer, must
from tests.machine.steps import Steps
from tests.machine.town import seen_from

SECRET = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"


def at_the_pages(steps: Steps, chance: Random) -> None:
    """Press a button, or open a page, over HTTP: what is refused is written down once, and changes nothing."""
    who = chance.choice(sorted(steps.town.people))
    plain = [move for move in MOVES if move.plain]
    move = chance.choice(plain)
    with steps.town.window() as session:
        case = chance.choice(steps.town.open_cases(session)).id
        found, person = session.get_one(Referral, case), session.get_one(User, steps.town.people[who])
        actor = steps.town.enter(session, who)
        doer, state = Doer.of(person), found.state
        seen = seen_from(person, found)
        allowed = seen and state in move.sources and person.role in move.roles
    if chance.random() < 0.25:
        answer = browser(steps, who).get(f"/referrals/{case}/moves/withdraw")
        status = answer.status_code
    else:
        form = {"csrf_token": csrf(steps), "reason": "As was agreed."}
        answer = browser(steps, who).post(f"/referrals/{case}/moves/{move.deed}", data=form)
        status = answer.status_code
        must(
            status < 400 or not allowed or move.deed == "begin_workup",
            f"{move.deed} at its page: {status}",
        )
        done = status == 303  # 200 only asks who it is, before what cannot be undone
        must(not done or allowed or actor is None, f"{move.deed} was done at its page by {who}")
        if done:
            steps.town.done[move.deed, state] += 1
    must(status < 500, f"the page failed: {status}")
    with steps.town.window() as session:
        steps.checker.look(session, doer, refused=status not in (200, 303), door=actor is not None)
    steps.town.steps += 1
    steps.town.kinds[f"at the pages: {status}"] += 1


def browser(steps: Steps, who: str) -> FlaskClient:
    """A browser with the session of somebody, whose CSRF token is known."""
    client = steps.town.app.test_client()
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = SECRET
        if who in steps.town.tokens:
            cookie["_user_id"], cookie["_fresh"] = steps.town.tokens[who], True
    return client


def csrf(steps: Steps) -> str:
    key = steps.town.app.config["SECRET_KEY"]
    return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(SECRET))
