"""Letters about a decision, the templates that they are made from, and notices that did not arrive."""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms.texts import keepable, visible
from referral.actions import letters as actions
from referral.actions import mail
from referral.actions.evidence import KEEPERS, check_reader
from referral.actions.referrals import get_referral, read_referral
from referral.auth import RECEIVERS, REFERRERS, requires
from referral.errors import ConflictError, PonsError
from referral.extensions import db
from referral.models import LetterKind, Referral
from referral.packet.letters import TITLES, blocks, default_template, try_template
from referral.packet.sandbox import LONGEST_TEMPLATE, LONGEST_TEXT, TemplateFault
from referral.web.proof import confirmed
from referral.web.session import resumable
from referral.workflow import Role

MOST_SHOWN = 100
"""Of the notices that did not arrive; those sent again make room for the rest."""

letters = Blueprint("letters", __name__)


def text_of(form: "MultiDict[str, str]", longest: int) -> str:
    """Read a long text as it was typed, a little longer than may be, so that too long is said and nothing is cut."""
    return visible(keepable(form.get("body", ""), longest + 1))[0]


def kind_of(kind: str) -> LetterKind:
    """Read the kind of letter in an address."""
    return LetterKind(kind) if kind in TITLES else abort(404)


# Writing


@letters.get("/referrals/<uuid:referral_id>/letters")
@requires(*Role)  # whom it is not for does not find it
def index(referral_id: UUID) -> ResponseReturnValue:
    """Show which letters there are, and which can be written."""
    referral = read_referral(db.session(), referral_id, g.person)
    decision = actions.decision_to_tell(db.session(), referral, g.person)
    page = render_template(
        "letters/index.html",
        referral=referral,
        decision=decision,
        letters=actions.letters_of(db.session(), referral, g.person),
        titles=TITLES,
        kinds=list(TITLES),
    )
    db.session.commit()
    return page


@letters.get("/referrals/<uuid:referral_id>/letters/<kind>")
@requires(*Role)  # whom it is not for does not find it
def write(referral_id: UUID, kind: str) -> ResponseReturnValue:
    """Write a letter: from the template, or on from one that was taken back."""
    referral = read_referral(db.session(), referral_id, g.person)
    return draw_letter(referral, kind_of(kind))


def draw_letter(
    referral: Referral,
    kind: LetterKind,
    *,
    body: str | None = None,
    refused: PonsError | None = None,
    unsaved: bool = False,
) -> str:
    """Draw the text for changing, and beneath it the letter as it will read."""
    decision = actions.decision_to_tell(db.session(), referral, g.person)
    fault = ""
    before = actions.taken_back(db.session(), decision, kind)
    if body is None and before is not None and "anew" not in request.args:
        body = before.body
    elif body is None:
        body, fault = actions.compose(db.session(), referral, decision, kind)
    page = render_template(
        "letters/write.html",
        referral=referral,
        decision=decision,
        kind=kind.value,
        title=TITLES[kind.value],
        body=body,
        blocks=blocks(body),
        fault=fault,
        before=before,
        refused=refused,
        unsaved=unsaved,
    )
    db.session.commit()
    return page


def resume_letter(carried: "MultiDict[str, str]", referral_id: UUID, kind: str) -> ResponseReturnValue:
    """Show a letter again that was typed before the session had ended."""
    referral = read_referral(db.session(), referral_id, g.person)
    return draw_letter(referral, kind_of(kind), body=text_of(carried, LONGEST_TEXT), unsaved=True)


@letters.post("/referrals/<uuid:referral_id>/letters/<kind>")
@requires(*Role)  # the table of moves decides, once the case is found
@confirmed(lambda **_: request.form.get("deed") != "preview")  # to look at it first is free
@resumable(resume_letter)
def hold(referral_id: UUID, kind: str) -> ResponseReturnValue:
    """Preview the letter, or hand it in to be released in ten minutes."""
    wanted, body = kind_of(kind), text_of(request.form, LONGEST_TEXT)
    if request.form.get("deed") == "preview":
        return draw_letter(read_referral(db.session(), referral_id, g.person), wanted, body=body)
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    seen = request.form.get("seen", "")
    try:
        actions.hold_letter(db.session(), referral, wanted, body, actor=g.person, seen=seen)
    except (ConflictError, actions.NotWrittenError) as refused:
        db.session.rollback()
        again = read_referral(db.session(), referral_id, g.person)
        page = draw_letter(again, wanted, body=body, refused=refused)
        return page, 409 if isinstance(refused, ConflictError) else 422
    db.session.commit()
    flash("The letter is held for ten minutes. Until then you can take it back.")
    return redirect(url_for("letters.index", referral_id=referral_id), code=303)


@letters.post("/referrals/<uuid:referral_id>/letters/<uuid:letter_id>/taking-back")
@requires(*Role)  # the action decides: for whom it is not, it is not found
def take_back(referral_id: UUID, letter_id: UUID) -> ResponseReturnValue:
    """Take a held letter back; its text is kept to go on with."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    letter = actions.take_back(db.session(), referral, letter_id, actor=g.person)
    kind = letter.kind.value
    db.session.commit()
    flash("The letter is taken back. Nobody outside the programme has seen it.")
    return redirect(url_for("letters.write", referral_id=referral_id, kind=kind), code=303)


@letters.get("/referrals/<uuid:referral_id>/letters/<uuid:letter_id>.pdf")
@requires(*Role)  # whom it is not for does not find it
def fetch(referral_id: UUID, letter_id: UUID) -> ResponseReturnValue:
    """Hand out a released letter, under a name that names nobody."""
    referral = get_referral(db.session(), referral_id, g.person)
    response = Response(
        actions.read_letter(db.session(), referral, letter_id, g.person), mimetype="application/pdf"
    )
    response.headers.set("Content-Disposition", "attachment", filename=f"{referral.number}-letter.pdf")
    db.session.commit()
    return response


# Templates


@letters.get("/letter-templates")
@requires(*RECEIVERS)
def templates() -> ResponseReturnValue:
    """List the templates of the programme."""
    check_reader(g.person)
    found = {
        kind: actions.find_template(db.session(), g.person.organisation_id, LetterKind(kind))
        for kind in TITLES
    }
    return render_template(
        "letters/templates.html", titles=TITLES, found=found, keeps=g.person.role in KEEPERS
    )


@letters.get("/letter-templates/<kind>")
@requires(*RECEIVERS)
def template(kind: str) -> ResponseReturnValue:
    """Show a template and what it makes of an invented case."""
    return draw_template(kind_of(kind))


def draw_template(
    kind: LetterKind, *, body: str | None = None, refused: str = "", unsaved: bool = False
) -> str:
    """Draw a template for changing, beside what it makes of the invented case, once for each outcome."""
    check_reader(g.person)
    kept = actions.find_template(db.session(), g.person.organisation_id, kind)
    standing = kept.body if kept else default_template(kind.value)
    if body is None:
        body = default_template(kind.value) if "ours" in request.args else standing
    try:
        tried = [blocks(text) for text in try_template(body)]
    except TemplateFault as fault:
        tried, refused = [], refused or str(fault)
    page = render_template(
        "letters/template.html",
        kind=kind.value,
        title=TITLES[kind.value],
        body=body,
        tried=tried,
        kept=kept,
        seen=actions.mark_of(kept),
        changed=body.strip() != standing.strip(),
        keeps=g.person.role in KEEPERS,
        refused=refused,
        unsaved=unsaved,
    )
    db.session.commit()
    return page


def resume_template(carried: "MultiDict[str, str]", kind: str) -> ResponseReturnValue:
    """Show a template again that was typed before the session had ended."""
    return draw_template(kind_of(kind), body=text_of(carried, LONGEST_TEMPLATE), unsaved=True)


@letters.post("/letter-templates/<kind>")
@requires(*RECEIVERS)
@resumable(resume_template)
def change_template(kind: str) -> ResponseReturnValue:
    """Preview a template on the invented case, or make it the programme's."""
    wanted, body = kind_of(kind), text_of(request.form, LONGEST_TEMPLATE)
    if request.form.get("deed") == "preview":
        return draw_template(wanted, body=body)
    try:
        actions.change_template(db.session(), g.person, wanted, body, seen=request.form.get("seen", ""))
    except (ConflictError, TemplateFault) as refused:
        db.session.rollback()
        page = draw_template(wanted, body=body, refused=str(refused))
        return page, 409 if isinstance(refused, ConflictError) else 422
    db.session.commit()
    flash("The template is saved. Letters written from now on use it.")
    return redirect(url_for("letters.templates"), code=303)


# Notices that did not arrive


@letters.get("/undelivered")
@requires(*RECEIVERS, *REFERRERS)
def undelivered() -> ResponseReturnValue:
    """List the notices that were given up, for pressing again."""
    found, number = mail.undelivered(db.session(), g.person.organisation_id, MOST_SHOWN)
    return render_template("letters/undelivered.html", found=found, number=number)


@letters.post("/undelivered/<uuid:mail_id>")
@requires(*RECEIVERS, *REFERRERS)
def send_again(mail_id: UUID) -> ResponseReturnValue:
    """Put a notice back into the outbox."""
    mail.try_again(db.session(), mail_id, g.person)
    db.session.commit()
    flash("The notice is on its way again.")
    return redirect(url_for("letters.undelivered"), code=303)
