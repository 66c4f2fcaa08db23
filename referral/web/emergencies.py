"""A case read from outside in an emergency: opening it, reading it, ending it, and the review by others."""

from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from forms.emergency import EmergencyForm, FindingForm
from referral import audit
from referral.actions import attachments, emergencies, emergency_reviews, referrals
from referral.actions.emergencies import NotOpenedError, TooManyTriesError
from referral.attachments import KEPT_ENDINGS
from referral.auth import OPENERS, REVIEWERS, requires
from referral.errors import ConflictError
from referral.extensions import db
from referral.models import Attachment, EmergencyOutcome, EmergencyReason, Referral, ReferralVersion
from referral.packet import contents
from referral.web.kept_files import inert, store
from referral.web.referrals import page_number
from referral.web.session import resumable
from referral.workflow import Role

urgent = Blueprint("emergencies", __name__)

REASONS = {reason.value: reason.words for reason in EmergencyReason}
OUTCOMES = {outcome.value: outcome.words for outcome in EmergencyOutcome}


# Opening


@urgent.get("/emergency")
@requires(*OPENERS)
def ask() -> ResponseReturnValue:
    """Ask which case is needed, and why."""
    return draw_form(EmergencyForm())


def draw_form(form: EmergencyForm, refused: NotOpenedError | None = None, *, unsaved: bool = False) -> str:
    """Draw the form: blank, or as typed and not taken."""
    form.reason.offer(REASONS)
    return render_template(
        "emergencies/ask.html",
        form=form,
        problems=form.problems(),
        refused=refused,
        unsaved=unsaved,
        minutes=int(emergencies.LASTS.total_seconds() // 60),
    )


def resume_request(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Show again what was typed before the session had ended."""
    return draw_form(EmergencyForm(EmergencyForm.keep(carried)), unsaved=True)


@urgent.post("/emergency")
@requires(*OPENERS)
@resumable(resume_request)
def open_case() -> ResponseReturnValue:
    """Open the case for an hour. What was refused is on record, too."""
    form = EmergencyForm(EmergencyForm.keep(request.form))
    given = form.read_request(REASONS)
    if form.problems():
        return draw_form(form), 422
    try:
        access = emergencies.open_case(
            db.session(), g.person, given["number"], EmergencyReason(given["reason"]), given["why"]
        )
    except NotOpenedError as refused:
        db.session.commit()
        return draw_form(form, refused), 429 if isinstance(refused, TooManyTriesError) else 422
    db.session.commit()
    return redirect(url_for("emergencies.show", access_id=access.id), code=303)


# Reading


@urgent.get("/emergency/<uuid:access_id>")
@requires(*OPENERS)  # whose it is not does not find it
def show(access_id: UUID) -> ResponseReturnValue:
    """Show the case as it was signed last: nothing on the page changes it."""
    access, referral = emergencies.read_case(db.session(), g.person, access_id, "case")
    version = signed_version(referral)
    page = render_template(
        "emergencies/case.html",
        access=access,
        referral=referral,
        version=version,
        contents=contents(version.snapshot, shaded=request.args.get("windows", "")),
        files=signed_files(referral, version),
        folded=True,
    )
    db.session.commit()
    return page


def signed_version(referral: Referral) -> ReferralVersion:
    """Give what was signed last: only what was sent can be opened."""
    version = referrals.newest_version(db.session(), referral)
    if version is None:
        abort(404)
    return version


def signed_files(referral: Referral, version: ReferralVersion) -> list[Attachment]:
    """List the files that the signed version carries; what the clinic has added since is not for strangers."""
    signed = {each["id"] for each in version.snapshot["attachments"]}
    kept = attachments.attachments_of(db.session(), referral)
    return [each for each in kept if str(each.id) in signed]


@urgent.get("/emergency/<uuid:access_id>/packet.pdf")
@requires(*OPENERS)  # as above
def packet(access_id: UUID) -> ResponseReturnValue:
    """Hand out the packet of what was signed last, where it has been made."""
    _, referral = emergencies.read_case(db.session(), g.person, access_id, "packet")
    found = signed_version(referral).packet
    if found is None:
        abort(404)
    response = Response(found.pdf, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=f"{referral.number}.pdf")
    db.session.commit()
    return response


@urgent.get("/emergency/<uuid:access_id>/files/<uuid:attachment_id>")
@requires(*OPENERS)  # as above
def file(access_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Hand out one file of the signed version, to be saved."""
    _, referral = emergencies.read_case(
        db.session(), g.person, access_id, "attachment", attachment=str(attachment_id)
    )
    files = signed_files(referral, signed_version(referral))
    found = next((each for each in files if each.id == attachment_id), None)
    if found is None:
        abort(404)
    response = inert(store().content(found.stored_as, found.sha256), found.media_type)
    name = f"{referral.number}-{found.sha256[:12]}{KEPT_ENDINGS[found.media_type]}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    db.session.commit()
    return response


@urgent.post("/emergency/<uuid:access_id>/end")
@requires(*OPENERS)  # as above
def end(access_id: UUID) -> ResponseReturnValue:
    """End it before its time."""
    emergencies.end(db.session(), g.person, access_id)
    db.session.commit()
    flash("The emergency access has ended.")
    return redirect(url_for("pages.home"), code=303)


# The review


@urgent.get("/emergencies")
@requires(*REVIEWERS, Role.COORDINATOR)
def index() -> ResponseReturnValue:
    """List the uses: what waits for review first, then what was reviewed."""
    found = emergency_reviews.uses(db.session(), g.person, page=page_number())
    waiting, reviewed = len(found.waiting), len(found.reviewed)
    audit.note(db.session(), g.person, "emergency_list_read", waiting=waiting, reviewed=reviewed)
    db.session.commit()
    return render_template("emergencies/index.html", found=found, page=min(page_number(), found.pages))


@urgent.get("/emergencies/<uuid:access_id>")
@requires(*REVIEWERS)  # whose programme it is not does not find it
def look(access_id: UUID) -> ResponseReturnValue:
    """Show one use, and ask whether there was reason for it."""
    return draw_review(access_id, FindingForm())


def draw_review(
    access_id: UUID, form: FindingForm, refused: ConflictError | None = None, *, unsaved: bool = False
) -> str:
    """Draw one use with the form of its review, as long as it has none."""
    form.outcome.offer(OUTCOMES)
    use = emergency_reviews.get_use(db.session(), g.person, access_id)
    audit.note(db.session(), g.person, "emergency_list_read", access=str(access_id))
    db.session.commit()
    return render_template(
        "emergencies/review.html",
        use=use,
        form=form,
        problems=form.problems(),
        refused=refused,
        unsaved=unsaved,
    )


def resume_review(carried: "MultiDict[str, str]", access_id: UUID) -> ResponseReturnValue:
    """Show again what was typed before the session had ended."""
    return draw_review(access_id, FindingForm(FindingForm.keep(carried)), unsaved=True)


@urgent.post("/emergencies/<uuid:access_id>")
@requires(*REVIEWERS)  # as above
@resumable(resume_review)
def review(access_id: UUID) -> ResponseReturnValue:
    """Take what the reviewer has found."""
    form = FindingForm(FindingForm.keep(request.form))
    given = form.read_finding(OUTCOMES)
    if form.problems():
        return draw_review(access_id, form), 422
    try:
        emergency_reviews.review(
            db.session(), g.person, access_id, EmergencyOutcome(given["outcome"]), given.get("finding", "")
        )
    except ConflictError as refused:
        db.session.rollback()
        return draw_review(access_id, form, refused), 409
    db.session.commit()
    flash("The review is written down.")
    return redirect(url_for("emergencies.index"), code=303)
