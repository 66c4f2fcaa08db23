"""What is kept of a file, handed out: the file itself to be saved, and the pictures of its pages that we drew."""

from uuid import UUID

from flask import Blueprint, Response, abort, current_app, g
from flask.typing import ResponseReturnValue

from referral.actions import attachments as actions
from referral.actions.referrals import get_referral
from referral.attachments import KEPT_ENDINGS, Store
from referral.auth import requires
from referral.extensions import db
from referral.models import Attachment, Referral
from referral.workflow import Role

kept_files = Blueprint("kept_files", __name__)

# What a file that people brought may do in a browser: nothing, wherever it is opened.
INERT = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def store() -> Store:
    """Give the folder of attachments of this installation."""
    config = current_app.config
    return Store(config["ATTACHMENTS"], config["DATA_KEYS"], config["FILE_SCANNER"])


@kept_files.get("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>/content")
@requires(*Role)  # whom the case is not for does not find it
def content(referral_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Hand out a file as we rebuilt it, to be saved and never to be opened in our own page."""
    referral, found = find_to_read(referral_id, attachment_id)
    response = inert(store().content(found.stored_as, found.sha256), found.media_type)
    name = f"{referral.number}-{found.sha256[:12]}{KEPT_ENDINGS[found.media_type]}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    actions.record_reading(db.session(), g.person, referral, found, fetched=True)
    db.session.commit()
    return response


@kept_files.get("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>/pages/<int:number>.png")
@requires(*Role)  # as above
def page(referral_id: UUID, attachment_id: UUID, number: int) -> ResponseReturnValue:
    """Give the picture of a page that we drew."""
    referral, found = find_to_read(referral_id, attachment_id)
    if not 1 <= number <= found.pages:
        abort(404)
    response = inert(store().page(found.stored_as, number), "image/png")
    actions.record_reading(db.session(), g.person, referral, found, page=number)
    db.session.commit()
    return response


@kept_files.get("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>/thumbnail.png")
@requires(*Role)  # as above
def thumbnail(referral_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Give the small picture of the first page, too small to read: the list that shows it is in the trail."""
    _, found = find_to_read(referral_id, attachment_id)
    response = inert(store().thumbnail(found.stored_as), "image/png")
    db.session.commit()
    return response


def find_to_read(referral_id: UUID, attachment_id: UUID) -> tuple[Referral, Attachment]:
    """Fetch a file of a case that this person may see."""
    referral = get_referral(db.session(), referral_id, g.person)
    return referral, actions.get_attachment(db.session(), referral, attachment_id)


def inert(content: bytes, media_type: str) -> Response:
    """Answer with bytes that a browser neither guesses about, nor runs, nor keeps."""
    return Response(content, mimetype=media_type, headers=INERT)
