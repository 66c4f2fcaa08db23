"""Pages for when something is refused or fails: what happened, what became of your text, what to do now."""

import errno
import logging
import re

from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, SecurityError

from referral import audit, database
from referral.errors import ConflictError, ForbiddenError, NotFoundError, PonsError, TooMuchError
from referral.extensions import db
from referral.sealing import KeyLostError, SealBrokenError
from referral.web.tallies import REFUSED_WRITES

log = logging.getLogger(__name__)

PAGES = {
    400: (
        "That could not be read",
        "The form came incomplete, or from an earlier session. Nothing was changed.",
    ),
    403: ("Not for your role", "Your role does not include this page. Nothing was changed."),
    404: (
        "Page not found",
        "It does not exist, or it is not for you. Check the address, or start from your list.",
    ),
    405: ("Not in this way", "This address does not take what was sent. Nothing was changed."),
    409: (
        "The case has moved on",
        "Somebody else was first, or its state does not allow this. Nothing was changed.",
    ),
    413: (
        "That is too much at once",
        "A form takes up to 1 MB. Nothing was changed. Go back: your text is still there.",
    ),
    429: ("Too much in a short time", "Please wait a quarter of an hour and try again."),
    500: (
        "Something went wrong on our side",
        "Nothing was changed. It was written to the log; please try again.",
    ),
    503: (
        "Out of reach for a moment",
        "The database did not answer. Nothing was changed. Try again in a minute.",
    ),
}
OURS: dict[type[PonsError], int] = {
    KeyLostError: 503,
    SealBrokenError: 500,
    NotFoundError: 404,
    ForbiddenError: 403,
    ConflictError: 409,
    TooMuchError: 429,
    PonsError: 400,
}
READS = ("case_read", "meeting_read")
"""What a page leaves in the trail that says no to a deed and shows the case beside it."""
REFUSED = {
    400: "form_refused",
    403: "page_refused",
    404: "not_found",
    409: "deed_refused",
    413: "upload_refused",
    429: "too_much_refused",
}
"""What the trail calls a refusal."""
MEBIBYTE = 1024 * 1024
NO_PLACE = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO})
NOT_WRITTEN = (
    "This installation can write nothing at the moment, as when a disk is full. Nothing was saved or changed. Cases"
    " cannot be opened either, since each reading is written down. Tell whoever looks after it; the packets on disk"
    " serve meanwhile. As soon as it can write again, this works as before."
)
SECRET = re.compile(r".*password|proof-.*|.*token|code|again|key")
"""The names of the fields that nobody is shown again; ``code.EDITION.CRITERION`` is a reason, and is."""
WORTH_SHOWING = 30
"""Text shorter than this is sent again with the rest, and not shown by itself."""
MOST_DRAINED = 16 * MEBIBYTE
TOO_LARGE = (
    "One upload takes up to {} MB. None of the files was added. Go back and choose fewer, or smaller ones."
)


def register(app: Flask) -> None:
    """Give every failure its page."""
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(PonsError, answer_refusal)
    app.register_error_handler(DBAPIError, answer_database)
    app.register_error_handler(OSError, answer_disk)
    app.after_request(keep_trail)


def error_page(code: int, text: str = "") -> ResponseReturnValue:
    """Draw the page of a failure; a part of a page gets one line instead. Nothing is shown beside it."""
    database.forget_reading(db.session())
    title, usual = PAGES.get(code, PAGES[400])
    template = "errors/line.html" if "HX-Request" in request.headers else "errors/page.html"
    reference = g.get("request_id", "") if code >= 500 else ""  # elsewhere the same words for the same thing
    return render_template(template, code=code, title=title, text=text or usual, reference=reference), code


def answer_http(error: HTTPException) -> ResponseReturnValue:
    """Answer what Flask and Werkzeug refuse, and a fault of ours as 500."""
    code = error.code or 500
    if code < 400:
        return error  # a redirect
    if isinstance(error, SecurityError):
        return "This is not the name of our house.", 400  # a page of ours would need it for its links
    text = ""
    if code == 413:
        view = current_app.view_functions.get(request.endpoint or "")
        files = getattr(view, "largest_form", None)
        text = TOO_LARGE.format(files // MEBIBYTE) if files else ""
        drain(files or 0)
    page = error_page(code if code in PAGES else 400 if code < 500 else 500, text)
    if code == 405 and error.get_response().headers.get("Allow"):
        response = current_app.make_response(page)
        response.headers["Allow"] = error.get_response().headers["Allow"]
        return response
    return page


def answer_refusal(error: PonsError) -> ResponseReturnValue:
    """Answer a refusal of ours in its own words. What is not for you is not found."""
    db.session.rollback()
    code = next(code for kind, code in OURS.items() if isinstance(error, kind))
    if code >= 500:
        log.error("%s", error)
    return error_page(404) if code == 404 else error_page(code, str(error))


def keep_trail(response: Response) -> Response:
    """Write down what was read, or what was refused to somebody who is signed in, before they are told.

    A refusal is committed by itself, whoever refused: the entry of the act has gone with the act. Where an entry of
    this request says it already, that one does; that somebody was shown the case again says nothing of the refusal.
    """
    try:
        database.finish_reading(db.session())
        if response.status_code in REFUSED and g.get("person") and request.endpoint not in (None, "static"):
            write_refusal(response)
    except DBAPIError as error:  # without a place for it nobody is told what they may not know
        return current_app.make_response(answer_database(error))
    return response


def write_refusal(response: Response) -> None:
    """Write a refusal down, unless it is there already."""
    if g.person is not None:
        db.session.rollback()
        if audit.last_recorded(db.session()) in (None, *READS):
            record_refusal(REFUSED[response.status_code])


def record_refusal(deed: str) -> None:
    """Write down, by itself, that somebody was refused what this request asks for."""
    asked = str((request.view_args or {}).get("referral_id", ""))
    audit.record(db.session(), g.person, deed, page=request.endpoint, asked=asked)
    db.session.commit()


def answer_database(error: DBAPIError) -> ResponseReturnValue:
    """Say that the database is busy or gone, or that nothing can be written. The log gets the cause, without values.

    Whoever sent a form gets back what they typed. What is wrong otherwise is a fault of ours.
    """
    cannot_write = database.cannot_write(error)
    if not cannot_write and not isinstance(error, OperationalError):
        raise error
    if cannot_write:
        log.error("The database cannot write: %s", type(error.orig).__name__)
    else:
        log.error("The database did not answer: %s", error.orig)
    return unsaved(NOT_WRITTEN if cannot_write else "")


def answer_disk(error: OSError) -> ResponseReturnValue:
    """Say that a file could not be written, where the disk has no room or lets nobody write."""
    if error.errno not in NO_PLACE:
        raise error
    log.error("A file cannot be written: %s", errno.errorcode[error.errno])
    return unsaved(NOT_WRITTEN)


def unsaved(text: str) -> ResponseReturnValue:
    """Draw the page that says that nothing was saved, with what was typed. It asks the database for nothing."""
    REFUSED_WRITES.inc()
    database.forget_reading(db.session())
    db.session.expunge_all()  # who is signed in stays as they were read
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session.remove()
    try:
        return _unsaved_page(text)
    except SQLAlchemyError:
        g.person, g.emergencies = None, []
        return _unsaved_page(text)


def _unsaved_page(text: str) -> ResponseReturnValue:
    typed = [] if request.blueprint == "door" else typed_texts(request.form)
    if not typed or "HX-Request" in request.headers:
        return error_page(503, text)
    title, usual = PAGES[503]
    page = render_template(
        "errors/unsaved.html",
        title=title,
        text=text or usual,
        typed=typed,
        action=request.path,
        reference=g.get("request_id", ""),
    )
    return page, 503


def typed_texts(form: MultiDict[str, str]) -> list[tuple[str, str, bool]]:
    """Give what was typed, field by field, and whether it is long enough to be shown; no token, no secret."""
    return [
        (name, value, len(value) >= WORTH_SHOWING)
        for name, value in form.items(multi=True)
        if not SECRET.fullmatch(name)
    ]


def drain(files: int = 0) -> None:
    """Read what is still coming, within reason: a browser shows no answer while it is not let finish.

    Where ``files`` may come, in bytes, people choose several times too much, and are to be told so.
    """
    most = max(MOST_DRAINED, 4 * files)
    stream, left = request.environ["wsgi.input"], min(request.content_length or 0, most)
    while left > 0 and (chunk := stream.read(min(left, 65536))):
        left -= len(chunk)
