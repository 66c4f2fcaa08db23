"""The pages on which a referral is written, section by section."""

from uuid import UUID

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms import SECTIONS, Section, differences, read_case
from forms.parts import Rows
from referral import audit, clock
from referral.actions import drafts as actions
from referral.actions.adoptions import adopted_json
from referral.actions.referrals import addressed, assess_draft
from referral.auth import REFERRERS, requires
from referral.extensions import db
from referral.facts import say_date
from referral.models import Referral
from referral.reference import drugs
from referral.web.open_questions import edition_name, open_questions
from referral.web.session import resumable
from referral.workflow import Role

drafts = Blueprint("drafts", __name__)
AUTOSAVE = "Pons-Autosave"  # how the page says that it saves itself: it takes what it needs from the answer


@drafts.post("/referrals")
@requires(*REFERRERS)
def open_draft() -> ResponseReturnValue:
    """Open an empty draft and start with the person."""
    referral = actions.open_draft(db.session(), g.person)
    db.session.commit()
    return redirect(_address(referral, SECTIONS[0]), code=303)


@drafts.get("/referrals/<uuid:referral_id>/edit/<section>")
@requires(*Role)  # whom it is not for does not find it: the draft decides
def edit_section(referral_id: UUID, section: str) -> ResponseReturnValue:
    """Show one section with what is stored of it."""
    referral = actions.get_draft(db.session(), g.person, referral_id)
    page = draw(referral, find_section(section))
    audit.record(db.session(), g.person, "case_read", referral, section=section)
    db.session.commit()
    return page


def resume_section(carried: "MultiDict[str, str]", referral_id: UUID, section: str) -> ResponseReturnValue:
    """Show one section with text that came after its session had ended, not yet saved."""
    referral = actions.get_draft(db.session(), g.person, referral_id)
    page = draw(referral, find_section(section), carried)
    audit.record(db.session(), g.person, "case_read", referral, section=section)
    db.session.commit()
    return page


@drafts.post("/referrals/<uuid:referral_id>/edit/<section>")
@requires(*Role)  # as above
@resumable(resume_section)
def save_section(referral_id: UUID, section: str) -> ResponseReturnValue:
    """Store what was typed, as it was typed; where another version has been stored meanwhile, show both."""
    referral = actions.get_draft(db.session(), g.person, referral_id)
    kind = find_section(section)
    typed = kind.keep(request.form)
    try:
        changed = actions.save_section(
            db.session(), g.person, referral, section, typed, request.form.get("opened", "")
        )
    except actions.StaleSectionError:
        db.session.rollback()
        return draw(
            actions.get_draft(db.session(), g.person, referral_id), kind, request.form, conflict=True
        ), 409
    page = draw(referral, kind) if AUTOSAVE in request.headers else None
    answer = page or redirect(where_next(referral, kind, changed), code=303)
    db.session.commit()
    return answer


def find_section(key: str) -> type[Section]:
    """Find the section of a key that stands in an address."""
    found = next((section for section in SECTIONS if section.key == key), None)
    if found is None:
        abort(404)
    return found


def where_next(referral: Referral, section: type[Section], changed: bool) -> str:
    """Say where the button leads that was pressed: to a section, to a blank row, or on.

    What is wrong is shown before going on; who has seen it and changes nothing may go on.
    """
    pressed = request.form
    for rows in rows_of(section(referral.typed.get(section.key, {}))):
        if f"add-{rows.name}" in pressed:
            return f"{_address(referral, section, add=rows.name)}#{rows.name}-{len(rows.entries)}"
        if f"remove-{rows.name}" in pressed:
            return f"{_address(referral, section)}#{rows.name}"
        for button in ("work-out", "take"):
            if row := pressed.get(f"{button}-{rows.name}", "").partition(" ")[0]:
                return f"{_address(referral, section)}#{rows.name}-{row}"
    other = next((found for found in SECTIONS if found.key == pressed.get("go")), None)
    if other is not None:
        return _address(referral, other)
    wrong = read_case(referral.typed, clock.today()).forms[section.key].problems()
    if "continue" not in pressed or (wrong and changed):
        return f"{_address(referral, section)}#{'problems' if wrong else 'saved'}"
    position = SECTIONS.index(section)
    if section is SECTIONS[-1]:
        return url_for("referrals.show", referral_id=referral.id)
    return _address(referral, SECTIONS[position + 1])


def _address(referral: Referral, section: type[Section], add: str | None = None) -> str:
    return url_for("drafts.edit_section", referral_id=referral.id, section=section.key, add=add)


def rows_of(form: Section) -> list[Rows]:
    """Give the lists of a section."""
    return [field for field in form if isinstance(field, Rows)]


# The page


def draw(
    referral: Referral,
    section: type[Section],
    posted: "MultiDict[str, str] | None" = None,
    *,
    conflict: bool = False,
) -> str:
    """Draw a section: as it is stored, or with text that is not saved yet, beside what is stored if asked."""
    typed = dict(referral.typed)
    if posted is not None:
        typed[section.key] = section.keep(posted)
    case = read_case(typed, clock.today(), actions.programmes(db.session()))
    form = case.forms[section.key]
    for rows in rows_of(form):
        if not rows.entries or request.args.get("add") == rows.name:
            rows.offer_blank()
    stored = section(referral.typed.get(section.key, {}))
    assessment = assess_draft(db.session(), case, clock.today())
    programme_id = addressed(db.session(), case)
    last_save = actions.find_last_save(db.session(), referral, section.key)
    # Text that comes late keeps the mark of what it was opened with, so that saving it finds a conflict.
    late = posted is not None and not conflict
    opened = posted.get("opened", "") if late and posted else actions.fingerprint(referral, section.key)
    return render_template(
        "edit/section.html",
        referral=referral,
        case=case,
        form=form,
        number=SECTIONS.index(section) + 1,
        who=", ".join(case.identity[name] for name in ("family_name", "given_name") if name in case.identity)
        or "No name yet",
        born=say_date(case.identity["birth_date"]) if "birth_date" in case.identity else "",
        opened=opened,
        unsaved=late,
        differences=differences(stored, form) if conflict else [],
        last_save=last_save,
        saved_at=last_save.at
        if last_save
        else referral.updated_at
        if section.key in referral.typed
        else None,
        assessment=assessment,
        programme=actions.programmes(db.session()).get(str(programme_id)),
        adopted=adopted_json(db.session(), programme_id),
        edition_name=edition_name,
        open_here=next((found.asked for found in open_questions(assessment) if found.section is section), {}),
        drugs=drugs(),
    )
