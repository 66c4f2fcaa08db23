"""Taking in a case from elsewhere: choose the file, read what is in it, name its person, go on with the draft."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.person import SEX
from referral import audit, clock, database
from referral.actions import imports as actions
from referral.actions.adoptions import editions_for
from referral.actions.came_from import KINDS, find_import, said_of, taken_in
from referral.actions.referrals import Line
from referral.attachments import FileRefusedError, scan
from referral.auth import requires
from referral.caged import BusyError
from referral.extensions import db
from referral.facts import say_date
from referral.models import CaseImport, Referral
from referral.packet.compared import compare
from referral.packet.fact_tables import fact_tables
from referral.packet.opening import LARGEST_FILE, NotTakenError, open_file
from referral.web.errors import record_refusal
from referral.web.session import resumable, takes_files
from referral.workflow import Role, State

imports = Blueprint("imports", __name__)

MEBIBYTE = 1024 * 1024
LARGEST_FORM = LARGEST_FILE + MEBIBYTE
NOT_CARRIED = "Your session had ended. A file cannot be carried through signing in: please choose it again."
NO_FILE = "Choose a file."
NOBODY = {"family_name": "", "given_name": "", "birth_date": "", "sex": "", "identifiers": ()}
"""What a file may leave out of who its person is."""


@imports.app_context_processor
def words() -> dict[str, Any]:
    """Give the pages of a case what they say of where it came from; asked only where they show it."""

    def came_from(referral: Referral) -> CaseImport | None:
        return find_import(reading(), referral)

    def cases_taken_in(lines: Sequence[Line]) -> dict[UUID, str]:
        return taken_in(reading(), [line.id for line in lines if line.state is State.DRAFT])

    return {"came_from": came_from, "cases_taken_in": cases_taken_in, "said_of_import": said_of}


def reading() -> Session:
    """Give the database for a look from within a page, which may be drawn after its view has committed."""
    session = db.session()
    if not session.in_transaction():
        database.begin_reading(session)
    return session


# The file


@imports.get("/imports")
@requires(*actions.MAY_TAKE_IN)
def index() -> ResponseReturnValue:
    """Ask for a file, and list those that this person took in."""
    return draw_index()


def draw_index(*, refused: NotTakenError | None = None, notice: str = "") -> str:
    """Draw the page, with why a file was not taken."""
    found = actions.imports_of(db.session(), g.person)
    page = render_template(
        "imports/index.html",
        found=found,
        kinds=KINDS,
        refused=refused,
        notice=notice,
        largest=LARGEST_FILE // MEBIBYTE,
        hours=int(actions.KEPT_FOR.total_seconds() // 3600),
    )
    db.session.commit()
    return page


def resume_index(carried: "MultiDict[str, str]") -> ResponseReturnValue:
    """Ask for the file again."""
    return draw_index(notice=NOT_CARRIED)


@imports.post("/imports")
@requires(*actions.MAY_TAKE_IN)
@takes_files(LARGEST_FORM)
@resumable(resume_index)
def take() -> ResponseReturnValue:
    """Have a file scanned, and read it. The database is left alone until it has been read."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return draw_index(notice=NO_FILE), 422
    today = clock.today()
    try:
        content = file.stream.read(LARGEST_FILE + 1)
        scan(current_app.config["FILE_SCANNER"], content)
        opened = open_file(content, today)
        found = actions.take_in(db.session(), g.person, opened, today)
    except NotTakenError as refused:
        return draw_index(refused=refused), 422
    except FileRefusedError as refused:
        record_refusal("file_refused")
        return draw_index(notice=str(refused)), 422
    except (BusyError, actions.NotTakenInError) as refused:
        db.session.rollback()
        return draw_index(notice=str(refused)), 422
    db.session.commit()
    return redirect(url_for("imports.show", import_id=found.id), code=303)


# What is in it


@imports.get("/imports/<uuid:import_id>")
@requires(*actions.MAY_TAKE_IN)
def show(import_id: UUID) -> ResponseReturnValue:
    """Show what was read of a file, beside what comes out of it here, and ask for the person once more."""
    return draw(import_id)


def draw(
    import_id: UUID, *, typed: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None
) -> str:
    """Draw one file: as it was read, or with what was typed of its person and is not taken."""
    found = actions.get_import(db.session(), g.person, import_id)
    audit.note(db.session(), g.person, "case_file_read", import_id=str(found.id))
    record = actions.record_of(found)
    asked = [edition.id for edition in editions_for(db.session(), g.person.organisation_id)]
    sent = found.found["verdicts"]
    page = render_template(
        "imports/show.html",
        found=found,
        plain=found.found,
        kind=KINDS[found.kind],
        said=said_of(found),
        identity={**NOBODY, **found.found["identity"]},
        sexes=SEX,
        say_date=say_date,
        contents={"facts": fact_tables(record, {})},
        compared=compare(record, sent, asked, clock.today()),
        sent_on=say_date(sent["as_of"]) if sent else "",
        today=say_date(clock.today()),
        alike=actions.find_alike(db.session(), g.person, found),
        signatories=actions.signatories(db.session(), g.person),
        chooses=g.person.role is Role.COORDINATOR,
        typed=defaultdict(str, typed or {}),
        wrong=wrong or {},
    )
    db.session.commit()
    return page


def resume_show(carried: "MultiDict[str, str]", import_id: UUID) -> ResponseReturnValue:
    """Show the file with what was typed of its person before the session had ended."""
    return draw(import_id, typed=carried.to_dict())


@imports.post("/imports/<uuid:import_id>/draft")
@requires(*actions.MAY_TAKE_IN)
@resumable(resume_show)
def confirm(import_id: UUID) -> ResponseReturnValue:
    """Make the draft, once the person has been named as the file names them."""
    found = actions.get_import(db.session(), g.person, import_id, to_change=True)
    form = request.form
    named = actions.Named(
        initials=form.get("initials", "")[:40],
        sex=form.get("sex", ""),
        birth_year=form.get("birth_year", "")[:10],
        confirmed=form.get("confirmed") == "yes",
        referrer_id=_id(form.get("referrer", "")),
    )
    try:
        referral = actions.confirm(db.session(), g.person, found, named)
    except actions.NotConfirmedError as refused:
        db.session.rollback()
        return draw(import_id, typed=form.to_dict(), wrong=refused.wrong), 422
    number, clinic = referral.number, referral.organisation.name
    address = url_for("drafts.edit_section", referral_id=referral.id, section="person")
    db.session.commit()
    if g.person.role is Role.COORDINATOR:
        flash(
            f"{number} is a draft at {clinic}, not verified. It comes to you once it has been signed and sent."
        )
        return redirect(url_for("imports.index"), code=303)
    flash(f"{number} is a draft now, not verified. Check it section by section.")
    return redirect(address, code=303)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@imports.post("/imports/<uuid:import_id>/discarding")
@requires(*actions.MAY_TAKE_IN)
@resumable(resume_show)
def discard(import_id: UUID) -> ResponseReturnValue:
    """Forget what was read of a file."""
    found = actions.get_import(db.session(), g.person, import_id, to_change=True)
    actions.discard(db.session(), g.person, found)
    db.session.commit()
    flash("Nothing of the file is kept.")
    return redirect(url_for("imports.index"), code=303)
