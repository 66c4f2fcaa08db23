"""The inbox of a transplant programme: what was sent to it, what comes next, and how long it has waited."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from referral import audit
from referral.actions import referrals as actions
from referral.actions.adoptions import editions_for
from referral.actions.duplicates import alike_by_case
from referral.auth import RECEIVERS, requires
from referral.extensions import db
from referral.web.referrals import list_words, page_number
from referral.workflow import SENT, State

inbox = Blueprint("inbox", __name__)

LONGEST_SEARCH = 100
SEEN_BY_PROGRAMMES = tuple(state for state in State if state is not State.DRAFT)
FILTERS = {
    "waiting": ("All that wait", SENT),
    **{state.value: (state.words.capitalize(), frozenset({state})) for state in SEEN_BY_PROGRAMMES},
    "all": ("All", frozenset(SEEN_BY_PROGRAMMES)),
}


@inbox.get("/inbox")
@requires(*RECEIVERS)
def show() -> ResponseReturnValue:
    """List the cases sent to this programme, the longest waiting first."""
    return draw(page=page_number())


@inbox.post("/inbox")
@requires(*RECEIVERS)
def search() -> ResponseReturnValue:
    """Find cases by name or number. It is sent as a form so that no name stands in an address."""
    return draw(text=request.form.get("text", "")[:LONGEST_SEARCH].strip())


def draw(*, text: str = "", page: int = 1) -> ResponseReturnValue:
    """Draw the list; a search looks through everything that was ever sent here."""
    chosen = request.args.get("state", "")
    chosen = "all" if text else chosen if chosen in FILTERS else "waiting"
    newest_first = request.args.get("order") == "newest"
    found = actions.list_inbox(
        db.session(), g.person, states=FILTERS[chosen][1], text=text, newest_first=newest_first, page=page
    )
    audit.record(
        db.session(),
        g.person,
        "inbox_read",
        state=chosen,
        page=found.page,
        cases=len(found.lines),
        searched=bool(text),
    )
    db.session.commit()
    return render_template(
        "inbox/index.html",
        **list_words(found, editions_for(db.session(), g.person.organisation_id)),
        alike=alike_by_case(db.session(), [line.id for line in found.lines], g.person),
        filters=FILTERS,
        chosen=chosen,
        newest_first=newest_first,
        text=text,
    )
