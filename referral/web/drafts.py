"""The pages on which a referral is written, section by section."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms import SECTIONS, Problem, ReadCase, Section, differences, read_case
from forms.parts import Rows
from referral import audit, clock, database
from referral.actions import drafts as actions
from referral.actions import duplicates, evidence
from referral.actions.adoptions import standings
from referral.auth import REFERRERS, requires
from referral.criteria import first_shown, judgements_read
from referral.extensions import db
from referral.facts import digest, say_date
from referral.models import Referral
from referral.reference import drugs
from referral.web import picture
from referral.web.asked import asked_now
from referral.web.blanks import assessed, now_lines
from referral.web.layout import moment
from referral.web.session import resumable
from referral.web.which_editions import chosen_edition
from referral.workflow import Role, State

drafts = Blueprint("drafts", __name__)
AUTOSAVE = (
    "Pons-Autosave"  # how the page says that it saves itself: the answer is what changes around the form
)
OPENED = "Pons-Opened"
PICTURE = "Pons-Picture"  # the mark of the picture that the page shows


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
    return read_section(referral_id, section)


def resume_section(carried: "MultiDict[str, str]", referral_id: UUID, section: str) -> ResponseReturnValue:
    """Show one section with text that came after its session had ended, not yet saved."""
    return read_section(referral_id, section, carried)


def read_section(
    referral_id: UUID, section: str, carried: "MultiDict[str, str] | None" = None
) -> ResponseReturnValue:
    """Show one section, and write down once a sitting who read the case. Most openings only read."""
    database.begin_reading(db.session())
    referral = actions.get_draft(db.session(), g.person, referral_id)
    page = render_template("edit/section.html", **workspace(referral, find_section(section), carried))
    if not audit.was_just_read(db.session(), g.person, referral):
        audit.note(db.session(), g.person, "case_read", referral, state=referral.state)
    db.session.commit()
    return page


@drafts.post("/referrals/<uuid:referral_id>/edit/<section>")
@requires(*Role)  # as above
@resumable(resume_section)
def save_section(referral_id: UUID, section: str) -> ResponseReturnValue:
    """Store what was typed, as it was typed; where another version has been stored meanwhile, show both."""
    referral = actions.get_draft(db.session(), g.person, referral_id, to_change=True)
    kind = find_section(section)
    typed = kind.keep(request.form)
    try:
        actions.save_section(db.session(), g.person, referral, section, typed, request.form.get("opened", ""))
    except actions.StaleSectionError:
        db.session.rollback()
        return show_both(referral_id, kind)
    db.session.commit()
    # The text is safe. What is drawn of it only reads, so that nobody else's save waits for it.
    database.begin_reading(db.session())
    if AUTOSAVE in request.headers:
        return fragments(workspace(referral, kind))
    return redirect(where_next(referral, kind), code=303)


def show_both(referral_id: UUID, kind: type[Section]) -> ResponseReturnValue:
    """Show the text that was sent beside the one that was stored meanwhile; nothing is overwritten."""
    database.begin_reading(db.session())
    referral = actions.get_draft(db.session(), g.person, referral_id)
    page = workspace(referral, kind, request.form, conflict=True)
    if AUTOSAVE in request.headers:
        return fragments(page, 409)
    return render_template("edit/section.html", **page), 409


def fragments(page: dict[str, Any], status: int = 200) -> ResponseReturnValue:
    """Answer a page that saved itself: the parts around the form, and the mark of what is stored now."""
    drawn = page["picture"] != request.headers.get(PICTURE)
    marks = {OPENED: page["opened"], PICTURE: page["picture"]}
    return render_template("edit/_fragments.html", **page, drawn=drawn), status, marks


def find_section(key: str) -> type[Section]:
    """Find the section of a key that stands in an address."""
    found = next((section for section in SECTIONS if section.key == key), None)
    if found is None:
        abort(404)
    return found


def where_next(referral: Referral, section: type[Section]) -> str:
    """Say where the button leads that was pressed: to a section, to a blank row, or on.

    What is wrong is shown before going on; who has been shown it may go on.
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
    if "go-all" in pressed:
        return f"{_address(referral, section, all='yes')}#others"
    other = next((found for found in SECTIONS if found.key == pressed.get("go")), None)
    if other is not None:
        return _address(referral, other)
    wrong = read_case(referral.typed, clock.today()).readings[section.key].problems
    if "continue" not in pressed or (wrong and pressed.get("shown") != digest_of(wrong)):
        return f"{_address(referral, section)}#{'problems' if wrong else 'saved'}"
    position = SECTIONS.index(section)
    if section is SECTIONS[-1]:
        return url_for("referrals.show", referral_id=referral.id)
    return _address(referral, SECTIONS[position + 1])


def _address(referral: Referral, section: type[Section], **asked: Any) -> str:
    """Give the address of a section; the windows that somebody chose to see go along."""
    chosen = chosen_edition()
    if chosen:
        asked["windows"] = chosen.id
    return url_for("drafts.edit_section", referral_id=referral.id, section=section.key, **asked)


def rows_of(form: Section) -> list[Rows]:
    """Give the lists of a section."""
    return [field for field in form if isinstance(field, Rows)]


# The page


def workspace(
    referral: Referral,
    section: type[Section],
    posted: "MultiDict[str, str] | None" = None,
    *,
    conflict: bool = False,
) -> dict[str, Any]:
    """Give what the page shows: a section as stored, or with text not saved yet, beside what is stored if asked."""
    typed = dict(referral.typed)
    if posted is not None:
        typed[section.key] = section.keep(posted)
    today = clock.today()
    programmes = actions.programmes(db.session())
    case = read_case(typed, today, programmes)
    form = case.forms[section.key]
    for rows in rows_of(form):
        if not rows.entries or request.args.get("add") == rows.name:
            rows.offer_blank()
    wanted = case.request.get("programme_id")
    programme_id = UUID(wanted) if wanted in programmes else None
    adopted = [each.edition for each in standings(db.session(), programme_id) if each.adopted]
    editions = tuple(adopted) or first_shown()
    asked_for = [item.removeprefix("workup.") for item in evidence.asked_by(db.session(), programme_id)]
    if asked_for and (section.key == evidence.WORKUP or evidence.WORKUP in typed):
        case.forms[evidence.WORKUP].offer(asked_for, programmes[str(programme_id)])
    mark = picture.mark_of(case.record, today, chosen_edition())
    # Text that comes late keeps the mark of what it was opened with, so that saving it finds a conflict.
    late = posted is not None and not conflict
    opened = posted.get("opened", "") if late and posted else actions.fingerprint(referral, section.key)
    return {
        "referral": referral,
        "case": case,
        "form": form,
        "number": SECTIONS.index(section) + 1,
        "who": ", ".join(
            case.identity[name] for name in ("family_name", "given_name") if name in case.identity
        )
        or "No name yet",
        "born": say_date(case.identity["birth_date"]) if "birth_date" in case.identity else "",
        "opened": opened,
        "shown": digest_of(form.problems()),
        "unsaved": late,
        "differences": differences(section(referral.typed.get(section.key, {})), form) if conflict else [],
        "save": last_save(referral, section.key),
        "sections": stages(case, asked_for),
        "now": now_lines(assessed(case.record, editions, today), case),
        "programme": programmes.get(str(programme_id)),
        "adopted": {edition.id for edition in adopted},
        "picture": mark,
        "contents": {"course": picture.draw(mark, case.record, today, chosen_edition())},
        "against": [edition.id for edition in editions],
        "read_here": judgements_read(editions),
        "drugs": drugs(),
        "alike": duplicates.find_alike(db.session(), referral, g.person),
        "asked": asked_now(db.session(), referral, g.person, case)
        if referral.state is State.AWAITING_REPLY
        else None,
    }


class Stage(NamedTuple):
    """How far one section has come."""

    key: str
    title: str
    state: str
    wrong: int


def stages(case: ReadCase, asked_for: Sequence[str]) -> list[Stage]:
    """Say of each section how far it has come; the work-up has more to do where a programme asks for it."""
    found = []
    for section in SECTIONS:
        reading = case.readings[section.key]
        asked = section.key == evidence.WORKUP and asked_for and reading.state != "empty"
        state = case.forms[section.key].state if asked else reading.state
        found.append(Stage(section.key, section.title, state, len(reading.problems)))
    return found


def last_save(referral: Referral, section: str) -> dict[str, Any] | None:
    """Say who saved a section last and when, as the page says it: by the clock today, else by the day."""
    save = actions.find_last_save(db.session(), referral, section)
    at = save.at if save else referral.updated_at if section in referral.typed else None
    if at is None:
        return None
    there = clock.local(at)
    when = f"{there:%H:%M}" if there.date() == clock.today() else moment(at)
    return {"when": when, "by": save.by if save else None}


def digest_of(problems: Sequence[Problem]) -> str:
    """Give the mark of what was said to be wrong, so that going on knows whether it was shown."""
    return digest([[problem.field_id, problem.message] for problem in problems]) if problems else ""
