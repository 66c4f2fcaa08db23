"""The files of a case: the list, adding several at once, one file page by page, replacing, removing, fetching."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import monotonic
from typing import Any, NamedTuple
from uuid import UUID

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage, MultiDict

from forms import read_case
from forms.attachments import DescriptionForm, UploadForm
from referral import clock, database
from referral.actions import attachments as actions
from referral.actions.referrals import get_referral, newest_version, read_referral
from referral.attachments import (
    ENDINGS,
    LARGEST_FILE,
    FileRefusedError,
    clean_label,
    label_from,
)
from referral.auth import requires
from referral.caged import BusyError
from referral.extensions import db
from referral.facts import CaseRecord, read_record, say_date
from referral.models import Attachment, Referral
from referral.packet.provable import provable, workup_items
from referral.reference.documents import OTHER, document_kinds
from referral.web.errors import record_refusal
from referral.web.kept_files import store
from referral.web.session import resumable, takes_files
from referral.workflow import Role, State

attachments = Blueprint("attachments", __name__)

MEBIBYTE = 1024 * 1024
LARGEST_UPLOAD = 2 * LARGEST_FILE
MOST_AT_ONCE = 20
LONGEST_UPLOAD = 60.0  # seconds in which files are begun: so the last is answered before the proxy gives up
NO_TIME_LEFT = "The files before it took too long, and it was not looked at. Please add it again."
NOT_CARRIED = "Your session had ended. Files cannot be carried through signing in: please choose them again."


class Refused(NamedTuple):
    """A file of an upload that was not taken: what its owner calls it, and why not."""

    name: str
    why: str


def allowance() -> actions.Allowance:
    """Give how much a case may hold here."""
    return actions.Allowance(current_app.config["MOST_ATTACHMENTS"], current_app.config["ATTACHMENTS_SIZE"])


# The list


@attachments.get("/referrals/<uuid:referral_id>/files")
@requires(*Role)  # whom the case is not for does not find it
def index(referral_id: UUID) -> ResponseReturnValue:
    """List the files of a case."""
    return draw_list(referral_id)


def draw_list(
    referral_id: UUID,
    posted: "MultiDict[str, str] | None" = None,
    refused: tuple[Refused, ...] = (),
    added: int = 0,
    notice: str = "",
) -> str:
    """Draw the list, with what was refused of an upload and what was chosen for it."""
    referral = read_referral(db.session(), referral_id, g.person)
    files = actions.attachments_of(db.session(), referral)
    page = render_template(
        "attachments/index.html",
        **shown(referral),
        current=[each for each in files if each.is_current],
        gone=[each for each in files if not each.is_current],
        numbers={each.id: number for number, each in enumerate(files, start=1)},
        facts=facts_of(referral),
        may_add=actions.may_add(g.person, referral),
        may_remove=actions.may_remove,
        form=UploadForm(None if posted is None else dict(posted.lists())),
        refused=refused,
        added=added,
        notice=notice,
        size=actions.size_of(db.session(), referral),
        allowance=allowance(),
        store=store(),
    )
    db.session.commit()
    return page


def shown(referral: Referral) -> dict[str, Any]:
    """Give what every page of files shows of the case, and the words of both."""
    return {
        "referral": referral,
        "kinds": document_kinds(),
        "say_date": say_date,
        "endings": ENDINGS,
        "largest_file": LARGEST_FILE // MEBIBYTE,
        "largest_upload": LARGEST_UPLOAD // MEBIBYTE,
        "most_at_once": MOST_AT_ONCE,
        "in_draft": referral.state is State.DRAFT,
    }


def facts_of(referral: Referral) -> dict[str, str]:
    """Give the facts of the case that a file can prove: as signed, or as the draft stands. Words by key."""
    record, beside = case_of(referral)
    items = {item: words for item, words in workup_items().items() if item.partition(".")[2] in beside}
    return {fact.key: fact.words for fact in provable(record)} | items


def case_of(referral: Referral) -> tuple[CaseRecord, dict[str, Any]]:
    """Give the record of a case and its work-up: as signed, or as the draft stands."""
    version = newest_version(db.session(), referral)
    if version is None:
        draft = read_case(referral.typed, clock.today())
        return draft.record, draft.beside.get("workup", {})
    as_of = date.fromisoformat(version.snapshot["as_of"])
    beside = version.snapshot.get("beside") or {}
    return read_record(version.snapshot["record"], as_of), beside.get("workup", {})


# Adding


def resume_upload(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the list again with what was chosen for an upload that came too late, and ask for the files."""
    return draw_list(referral_id, carried, notice=NOT_CARRIED)


@attachments.post("/referrals/<uuid:referral_id>/files")
@requires(*Role)  # the case decides who may add
@takes_files(LARGEST_UPLOAD)
@resumable(resume_upload)
def upload(referral_id: UUID) -> ResponseReturnValue:
    """Take several files; the good ones stay whatever is wrong with the others."""
    check_before_reading(referral_id)
    given = [file for file in request.files.getlist("files") if file.filename]
    form = UploadForm(dict(request.form.lists()))
    if not given or len(given) > MOST_AT_ONCE or form.problems():
        why = "" if given else "Choose at least one file."
        if len(given) > MOST_AT_ONCE:
            why = f"Choose up to {MOST_AT_ONCE} files at once; {len(given)} were chosen. None was added."
        return draw_list(referral_id, request.form, notice=why), 422
    refused = tuple(add_in_time(referral_id, given, form))
    added = len(given) - len(refused)
    if refused:
        return draw_list(referral_id, request.form, refused, added), 422
    flash("One file was added." if added == 1 else f"{added} files were added.")
    return redirect(url_for("attachments.index", referral_id=referral_id), code=303)


def check_before_reading(referral_id: UUID, attachment_id: UUID | None = None) -> None:
    """Refuse whoever may not add before any file is read, and let go of the database."""
    database.begin_reading(db.session())
    referral = get_referral(db.session(), referral_id, g.person)
    actions.check_adding(g.person, referral)
    if attachment_id is not None:
        actions.get_attachment(db.session(), referral, attachment_id)
    db.session.commit()


def add_in_time(referral_id: UUID, given: list[FileStorage], form: UploadForm) -> Iterator[Refused]:
    """Add the files one by one as long as there is time; give those that were not added."""
    begun = monotonic()
    for file in given:
        if monotonic() - begun > LONGEST_UPLOAD:
            yield Refused(clean_label(file.filename or ""), NO_TIME_LEFT)
        elif refused := try_to_add(referral_id, file, form):
            yield refused


def try_to_add(referral_id: UUID, file: FileStorage, form: UploadForm) -> Refused | None:
    """Add one file in a transaction of its own; say why it was refused, if it was."""
    name = file.filename or ""
    about = actions.About(form.kind.fact or OTHER, label_from(name), form.dated.fact)
    try:
        put(referral_id, file, about)
    except (FileRefusedError, BusyError, actions.NotAddedError) as wrong:
        keep_refusal(wrong)
        return Refused(clean_label(name), str(wrong))
    return None


def keep_refusal(wrong: Exception) -> None:
    """Write down that a file was looked at and refused; that we were busy, or the case full, says nothing of it."""
    if isinstance(wrong, FileRefusedError):
        record_refusal("file_refused")


def put(
    referral_id: UUID, file: FileStorage, about: actions.About, attachment_id: UUID | None = None
) -> Attachment:
    """Rebuild a file, put it in its place, and then tell the database: never a row without its file."""
    with store().rebuilt(file.filename or "", file.stream) as rebuilt:
        stored_as = store().keep(rebuilt)
        with discarded_unless_begun(stored_as):
            referral = get_referral(db.session(), referral_id, g.person, to_change=True)
            replaces = attachment_id and actions.get_attachment(db.session(), referral, attachment_id)
            added = actions.add(
                db.session(), g.person, referral, rebuilt, stored_as, about, allowance(), replaces or None
            )
        db.session.commit()  # its answer may be lost on the way: then the row is there and needs its file
    return added


@contextmanager
def discarded_unless_begun(stored_as: str) -> Iterator[None]:
    """Take the file away again if its row was refused; where that fails, or the row is lost later, it is swept."""
    try:
        yield
    except BaseException:
        db.session.rollback()
        store().discard(stored_as)
        raise


# One file


@attachments.get("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>")
@requires(*Role)  # whom the case is not for does not find it
def show(referral_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Show one file page by page, with what is said of it."""
    return draw_file(referral_id, attachment_id)


def draw_file(
    referral_id: UUID,
    attachment_id: UUID,
    posted: "MultiDict[str, str] | None" = None,
    problem: str = "",
    notice: str = "",
) -> str:
    """Draw one file: as it is stored, or with what was typed of it and is not saved yet."""
    referral = get_referral(db.session(), referral_id, g.person)
    found = actions.get_attachment(db.session(), referral, attachment_id)
    actions.record_reading(db.session(), g.person, referral, found)
    facts = facts_of(referral)
    form = description_form(found, facts, posted)
    files = actions.attachments_of(db.session(), referral)
    page = render_template(
        "attachments/show.html",
        **shown(referral),
        file=found,
        form=form,
        facts=facts,
        problem=problem,
        notice=notice,
        earlier=earlier_than(found, files),
        newer=next((each for each in files if each.id == found.replaced_by_id), None),
        there=store().has(found.stored_as),
        may_add=actions.may_add(g.person, referral) and found.is_current,
        may_change=actions.may_change(db.session(), g.person, referral, found),
        may_remove=actions.may_remove(g.person, referral, found),
    )
    db.session.commit()
    return page


def description_form(
    found: Attachment, facts: dict[str, str], posted: "MultiDict[str, str] | None" = None
) -> DescriptionForm:
    """Give the form of what a file is: as posted, or as it is stored."""
    typed = {} if posted is None else dict(posted.lists())
    if posted is None:
        said = {
            "kind": found.kind,
            "label": found.label,
            "dated": found.dated,
            "proves": found.proves or None,
        }
        DescriptionForm().write(said, typed)
    form = DescriptionForm(typed)
    form.proves.offer(facts)
    if not form.kind.touched:
        form.kind.fault("Choose what kind of document it is.")
    if not form.label.touched:
        form.label.fault("Give it a label.")
    return form


def earlier_than(found: Attachment, files: list[Attachment]) -> list[Attachment]:
    """Give what a file replaced, the latest first."""
    before = next((each for each in files if each.replaced_by_id == found.id), None)
    return [before, *earlier_than(before, files)] if before else []


def resume_file(
    carried: "MultiDict[str, str]", referral_id: UUID, attachment_id: UUID
) -> ResponseReturnValue:
    """Show one file with what was typed of it before the session had ended, not yet saved."""
    return draw_file(referral_id, attachment_id, carried, notice="This is not saved yet. Please save it.")


@attachments.post("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>")
@requires(*Role)  # the case decides who may
@resumable(resume_file)
def describe(referral_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Say anew what a file is."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    found = actions.get_attachment(db.session(), referral, attachment_id)
    form = description_form(found, facts_of(referral), request.form)
    if form.problems():
        db.session.rollback()
        return draw_file(referral_id, attachment_id, request.form, problem="Nothing was saved."), 422
    proves = tuple(form.proves.fact or ())
    about = actions.About(form.kind.fact, clean_label(form.label.fact), form.dated.fact, proves)
    changed = actions.describe(db.session(), g.person, referral, found, about)
    db.session.commit()
    flash("Saved." if changed else "Nothing was changed.")
    return redirect(url_for("attachments.index", referral_id=referral_id), code=303)


def resume_replacement(
    carried: "MultiDict[str, str]", referral_id: UUID, attachment_id: UUID
) -> ResponseReturnValue:
    """Show the file again and ask for the newer one."""
    return draw_file(referral_id, attachment_id, notice=NOT_CARRIED)


@attachments.post("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>/replacement")
@requires(*Role)  # the case decides who may
@takes_files(LARGEST_UPLOAD)
@resumable(resume_replacement)
def replace(referral_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Put a newer file in the place of one, which stays and is listed."""
    check_before_reading(referral_id, attachment_id)
    file = request.files.get("files")
    if file is None or not file.filename:
        return draw_file(referral_id, attachment_id, problem="Choose the newer file."), 422
    try:
        about = what_was_said(referral_id, attachment_id)
        added = put(referral_id, file, about, attachment_id)
    except (FileRefusedError, BusyError, actions.NotAddedError) as wrong:
        keep_refusal(wrong)
        return draw_file(referral_id, attachment_id, problem=f"{clean_label(file.filename)}: {wrong}"), 422
    flash("The newer file is in its place. Please check its date.")
    address = url_for("attachments.show", referral_id=referral_id, attachment_id=added.id)
    return redirect(address, code=303)


def what_was_said(referral_id: UUID, attachment_id: UUID) -> actions.About:
    """Give what is said of a file, for the one that takes its place; its date is its own."""
    database.begin_reading(db.session())
    referral = get_referral(db.session(), referral_id, g.person)
    found = actions.get_attachment(db.session(), referral, attachment_id)
    about = actions.About(found.kind, found.label, None, tuple(found.proves))
    db.session.commit()
    return about


# Removing


@attachments.get("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>/removal")
@requires(*Role)  # the case decides who may
def ask_reason(referral_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Ask why a file is taken off a draft."""
    return draw_reason(referral_id, attachment_id)


def draw_reason(referral_id: UUID, attachment_id: UUID, reason: str = "", problem: str = "") -> str:
    """Draw the page that asks why."""
    referral = read_referral(db.session(), referral_id, g.person)
    found = actions.get_attachment(db.session(), referral, attachment_id)
    if not actions.may_remove(g.person, referral, found):
        abort(404)
    page = render_template(
        "attachments/removal.html", **shown(referral), file=found, reason=reason, problem=problem
    )
    db.session.commit()
    return page


def resume_removal(
    carried: "MultiDict[str, str]", referral_id: UUID, attachment_id: UUID
) -> ResponseReturnValue:
    """Show the reason again that was typed before the session had ended."""
    return draw_reason(referral_id, attachment_id, carried.get("reason", ""))


@attachments.post("/referrals/<uuid:referral_id>/files/<uuid:attachment_id>/removal")
@requires(*Role)  # the case decides who may
@resumable(resume_removal)
def remove(referral_id: UUID, attachment_id: UUID) -> ResponseReturnValue:
    """Take a file off a draft; it is kept and marked."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    found = actions.get_attachment(db.session(), referral, attachment_id)
    reason = request.form.get("reason", "")
    try:
        actions.remove(db.session(), g.person, referral, found, reason)
    except actions.NotAddedError as wrong:
        db.session.rollback()
        return draw_reason(referral_id, attachment_id, reason, str(wrong)), 422
    db.session.commit()
    flash("The file was removed from the case. It is kept, and listed below as removed.")
    return redirect(url_for("attachments.index", referral_id=referral_id), code=303)
