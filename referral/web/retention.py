"""How long cases are kept: what is deleted next, legal holds, deletion on request, and everything about one patient."""

from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from referral import audit, clock
from referral.actions import erasure, holds, ledger
from referral.actions import retention as actions
from referral.actions.export import Side, export_person
from referral.actions.moves import ReasonMissingError
from referral.actions.referrals import get_referral, read_referral
from referral.actions.rules import rules_for
from referral.attachments import FileLostError, Store
from referral.auth import REFERRERS, requires, scope_of_deleted
from referral.errors import ConflictError, NotFoundError
from referral.extensions import db
from referral.models import Referral
from referral.packet.spreadsheet import csv_lines
from referral.web.proof import confirmed
from referral.web.session import resumable
from referral.workflow import ENDED, Role

retention = Blueprint("retention", __name__)

READERS = (*REFERRERS, Role.COORDINATOR, Role.CHAIR, Role.ADMINISTRATOR)
KEEPERS = frozenset({Role.COORDINATOR, Role.CHAIR})
EXPORTERS = frozenset({Role.NEUROLOGIST, Role.COORDINATOR, Role.CHAIR})
HEADINGS = ("number", "programme", "state", "last act", "rule", "deleted from")
SHOWN = 200


# ------------------------------------------------------------------------------------------------ the list


@retention.get("/retention")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List what is deleted within thirty days, and what is held."""
    return draw_list()


def draw_list(because: str = "", problem: str = "") -> str:
    """Draw the list, with a reason for a hold that was typed and not taken."""
    due = actions.coming(db.session(), g.person, clock.today())
    audit.note(db.session(), g.person, "deletions_read", cases=len(due))
    mine: dict[str, Any] = dict.fromkeys(("hold", "held", "requests", "rules"))
    if g.person.role in KEEPERS:
        mine = {
            "hold": holds.find_hold_of_all(db.session(), g.person.organisation_id),
            "held": holds.held_cases(db.session(), g.person.organisation_id),
            "requests": erasure.requests_waiting(db.session(), g.person.organisation_id),
            "rules": rules_for(db.session(), g.person.organisation_id),
        }
    page = render_template(
        "retention/index.html", due=due, shown=SHOWN, because=because, problem=problem, **mine
    )
    db.session.commit()
    return page


@retention.get("/retention/list.csv")
@requires(*READERS)
def take_list() -> ResponseReturnValue:
    """Give the whole list as a file for a spreadsheet."""
    due = actions.coming(db.session(), g.person, clock.today())
    audit.note(db.session(), g.person, "deletions_read", cases=len(due))
    db.session.commit()
    rows = [
        (
            each.number,
            each.programme,
            each.state.words,
            clock.local(each.last_act).date(),
            each.rule_words,
            each.on,
        )
        for each in due
    ]
    return Response(
        csv_lines([HEADINGS, *rows]),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="deleted-next.csv"'},
    )


def resume_hold_of_all(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Show the list again with the reason that was typed before the session had ended."""
    return draw_list(carried.get("because", ""))


@retention.post("/retention/hold")
@requires(Role.CHAIR)
@resumable(resume_hold_of_all)
def hold_all() -> ResponseReturnValue:
    """Let nothing of this programme be deleted."""
    because = request.form.get("because", "")
    try:
        holds.hold(db.session(), g.person, because)
    except ReasonMissingError as refused:
        db.session.rollback()
        return draw_list(because, str(refused)), 422
    db.session.commit()
    flash("Nothing of this programme is deleted until you lift the hold.")
    return redirect(url_for("retention.index"), code=303)


def resume_lift_of_all(_carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Ask for the button again."""
    flash("Nothing was changed. Please press the button again.")
    return redirect(url_for("retention.index"), code=303)


@retention.post("/retention/lift")
@requires(Role.CHAIR)
@resumable(resume_lift_of_all)
def lift_all() -> ResponseReturnValue:
    """Lift the hold of this programme."""
    holds.lift(db.session(), g.person)
    db.session.commit()
    flash("The hold is lifted. Nothing that it kept is deleted within the next thirty days.")
    return redirect(url_for("retention.index"), code=303)


# ------------------------------------------------------------------------------------------------ one case


@retention.get("/referrals/<uuid:referral_id>/retention")
@requires(*Role)  # whom it is not for does not find it
def show(referral_id: UUID) -> ResponseReturnValue:
    """Show how long one case is kept, what keeps it longer, and what can be asked."""
    return draw(referral_id)


def draw(
    referral_id: UUID, typed: "MultiDict[str, str] | None" = None, field: str = "", problem: str = ""
) -> str:
    """Draw the page of one case, with what was typed and not taken."""
    referral = read_referral(db.session(), referral_id, g.person)
    (due, *_) = [*actions.find_due(db.session(), actions.FAR, Referral.id == referral.id), None]
    page = render_template(
        "retention/show.html",
        referral=referral,
        ended=referral.state in ENDED,
        due=due,
        hold=holds.find_hold(db.session(), referral),
        asked=erasure.find_request(db.session(), referral),
        may_hold=g.person.role in holds.MAY_HOLD,
        may_lift=g.person.role is Role.CHAIR,
        may_ask=g.person.role in erasure.ASKERS and referral.submitted_at is not None,
        may_export=g.person.role in EXPORTERS,
        clinic=g.person.role in REFERRERS,
        typed=typed or MultiDict(),
        field=field,
        problem=problem,
    )
    db.session.commit()
    return page


def resume(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the page again with what was typed before the session had ended."""
    return draw(referral_id, carried)


def back(referral_id: UUID, said: str) -> ResponseReturnValue:
    """Say what was done, on the page of the case."""
    flash(said)
    return redirect(url_for("retention.show", referral_id=referral_id), code=303)


@retention.post("/referrals/<uuid:referral_id>/retention/hold")
@requires(*Role)  # the action decides, once the case is found
@resumable(resume)
def hold(referral_id: UUID) -> ResponseReturnValue:
    """Let nothing of this case be deleted."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    try:
        holds.hold(db.session(), g.person, request.form.get("because", ""), referral)
    except ReasonMissingError as refused:
        db.session.rollback()
        return draw(referral_id, request.form, "because", str(refused)), 422
    db.session.commit()
    return back(referral_id, "This case is under a legal hold.")


@retention.post("/referrals/<uuid:referral_id>/retention/lift")
@requires(*Role)  # as above
@resumable(resume)
def lift(referral_id: UUID) -> ResponseReturnValue:
    """Lift the hold of this case."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    holds.lift(db.session(), g.person, referral)
    db.session.commit()
    return back(referral_id, "The hold is lifted. The case is not deleted within the next thirty days.")


@retention.post("/referrals/<uuid:referral_id>/retention/erasure")
@requires(*Role)  # as above
@resumable(resume)
def ask(referral_id: UUID) -> ResponseReturnValue:
    """Ask that this case be deleted, because the patient wants it."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    try:
        erasure.ask(
            db.session(), referral, g.person, request.form.get("reason", ""), request.form.get("number", "")
        )
    except ReasonMissingError as refused:
        db.session.rollback()
        return draw(referral_id, request.form, "reason", str(refused)), 422
    db.session.commit()
    return back(referral_id, "Asked. The chair of the programme confirms it, or refuses.")


@retention.post("/referrals/<uuid:referral_id>/retention/erasure/refusal")
@requires(*Role)  # as above
@resumable(resume)
def refuse(referral_id: UUID) -> ResponseReturnValue:
    """Refuse what was asked, or take it back."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    erasure.drop(db.session(), referral, g.person)
    db.session.commit()
    return back(referral_id, "The case is not deleted: what was asked is withdrawn.")


@retention.post("/referrals/<uuid:referral_id>/retention/erasure/confirmation")
@requires(*Role)  # as above
@confirmed()
@resumable(resume)
def confirm(referral_id: UUID) -> ResponseReturnValue:
    """Delete this case, as another has asked."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    try:
        gone = erasure.confirm(db.session(), referral, g.person, request.form.get("number", ""))
    except ReasonMissingError as refused:
        db.session.rollback()
        return draw(referral_id, request.form, "number", str(refused)), 422
    db.session.commit()
    store = Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"])
    actions.clear_away(store, gone)
    ledger.settle(db.session(), store, ledger.ledger())
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


@retention.post("/referrals/<uuid:referral_id>/retention/copy")
@requires(*Role)  # as above
@confirmed()
@resumable(resume)
def take(referral_id: UUID) -> ResponseReturnValue:
    """Give everything about this patient that this side may see, to be handed over."""
    referral = get_referral(db.session(), referral_id, g.person)
    if g.person.role not in EXPORTERS:
        raise NotFoundError
    try:
        store = Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"])
        file = export_person(db.session(), referral, store, Side.of(g.person), actor=g.person)
    except FileLostError as lost:
        raise ConflictError(str(lost)) from None
    db.session.commit()
    return send_file(
        file, "application/zip", as_attachment=True, download_name=f"{referral.number}-everything.zip"
    )


# ------------------------------------------------------------------------------------------------ what is left


def tombstone(referral_id: UUID) -> ResponseReturnValue:
    """Say of a case that it was deleted, to whom it was there before.

    Raises:
        NotFoundError: it is still there, was never there, or was not theirs.

    """
    wanted = select(Referral).where(Referral.id == referral_id, scope_of_deleted(g.person))
    referral = db.session.scalar(wanted.options(joinedload(Referral.programme)))
    if referral is None:
        raise NotFoundError("This case does not exist, or it is not for you.")
    audit.note(db.session(), g.person, "tombstone_read", referral)
    page = render_template(
        "retention/deleted.html", referral=referral, rule=actions.say_rule(referral.gone_under or "")
    )
    db.session.commit()
    return page, 410
