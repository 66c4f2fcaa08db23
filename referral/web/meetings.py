"""Meetings of the committee: their list, one meeting, calling, changing and cancelling it, who came, its close."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms.dates import read_date
from referral import audit, clock
from referral.actions import agenda, packs
from referral.actions import meetings as actions
from referral.actions.committee import committee, interests_in, tied
from referral.actions.evidence import KEEPERS
from referral.actions.moves import ReasonMissingError
from referral.actions.opinions import given_by
from referral.actions.quorum import Standing, go_on_without, standing
from referral.auth import RECEIVERS, requires
from referral.errors import ConflictError
from referral.extensions import db
from referral.models import AgendaItem, Interest, Meeting, Specialty, Tie, User
from referral.web.layout import day as written_day
from referral.web.session import resumable
from referral.workflow import Role

meetings = Blueprint("meetings", __name__)

Typed = MultiDict[str, str]
CAME = {"yes": True, "no": False}


@dataclass(frozen=True)
class Row:
    """One case on an agenda, with what the committee has said of itself: ties, opinions in, quorum without the tied."""

    item: AgendaItem
    ties: list[Interest]
    undeclared: list[User]
    given: int
    wanted: int
    standing: Standing

    @property
    def quorum(self) -> actions.Quorum:
        """The quorum for this case."""
        return self.standing.quorum


def agenda_rows(meeting: Meeting) -> list[Row]:
    """Give the cases that stand on the agenda, in their order."""
    items = agenda.standing(meeting)
    cases = [item.referral_id for item in items]
    declared, given = interests_in(db.session(), cases), given_by(db.session(), cases)
    asked = {each.user_id: each.user for each in meeting.members}
    rows = []
    for item in items:
        interests = declared[item.referral_id]
        wanted = set(asked) - tied(interests)
        rows.append(
            Row(
                item,
                [each for each in interests.values() if each.tie is not Tie.NONE],
                [user for key, user in asked.items() if key not in interests],
                len(given[item.referral_id] & wanted),
                len(wanted),
                standing(meeting, tied(interests)),
            )
        )
    return rows


def meeting_words(meeting: Meeting) -> dict[str, Any]:
    """Give what every page of a meeting says of it."""
    today = clock.local(clock.now()).date()
    rows = agenda_rows(meeting)
    return {
        "meeting": meeting,
        "stage": actions.stage_of(meeting),
        "keeps": g.person.role in KEEPERS,
        "rows": rows,
        "blocked": [row for row in rows if not row.standing.holds],
        "left": agenda.left(db.session(), meeting),
        "standing": standing(meeting),
        "frozen_at": agenda.frozen_at(meeting),
        "frozen": clock.now() >= agenda.frozen_at(meeting),
        "day_has_come": today >= clock.local(meeting.starts_at).date(),
        "sorted": agenda.is_sorted(agenda.standing(meeting)),
    }


@meetings.get("/meetings")
@requires(*RECEIVERS)
def index() -> ResponseReturnValue:
    """List the meetings of the reader's committee."""
    asked = request.args.get("page", "")
    page = int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 8 else 1
    coming, over = (
        actions.coming(db.session(), g.person),
        actions.over(db.session(), g.person, max(page, 1)),
    )
    db.session.commit()
    return render_template(
        "meetings/index.html",
        coming=coming,
        over=over,
        page=max(page, 1),
        more=len(over) == actions.PAGE,
        keeps=g.person.role in KEEPERS,
        stage_of=actions.stage_of,
    )


@meetings.get("/meetings/<uuid:meeting_id>")
@requires(*RECEIVERS)
def show(meeting_id: UUID) -> ResponseReturnValue:
    """Show one meeting: who is asked, and the agenda in its order."""
    return draw(meeting_id)


def draw(
    meeting_id: UUID, refused: ConflictError | None = None, *, reason: str = "", problem: str = ""
) -> str:
    """Draw one meeting, with why something was refused; ``reason`` and ``problem`` are those of a quorum waived."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person)
    words = meeting_words(meeting) | {"packs": packs.packs_of(db.session(), meeting), "start": False}
    audit.note(db.session(), g.person, "meeting_read", meeting=str(meeting.id), cases=len(words["rows"]))
    db.session.commit()
    return render_template("meetings/show.html", **words, refused=refused, reason=reason, problem=problem)


# Calling and changing


def read_start(typed: Typed) -> datetime:
    """Read day and time of the house, the day as everywhere: the day before the month.

    Raises:
        NotCalledError: one of them cannot be read.

    """
    lacking = {}
    try:
        day = date.fromisoformat(read_date(" ".join(typed.get("day", "").split())))
    except ValueError:
        lacking["day"] = "Give the day, such as 3 December 2026."
    try:
        hour = datetime.strptime(typed.get("time", "").strip().replace(".", ":"), "%H:%M").time()  # noqa: DTZ007 - a time of day, no moment
    except ValueError:
        lacking["time"] = "Give the time, such as 14:00."
    if lacking:
        raise actions.NotCalledError(lacking)
    return datetime.combine(day, hour).astimezone(UTC)


def read_call(typed: Typed) -> actions.Call:
    """Read what a meeting is called with.

    Raises:
        NotCalledError: day or time cannot be read.

    """
    starts_at = read_start(typed)
    members = {
        UUID(name.removeprefix("asks-")): actions.Asked(
            Specialty(value), typed.get(name.replace("asks-", "covers-"), "")
        )
        for name, value in typed.items()
        if name.startswith("asks-") and value in set(Specialty) and _is_id(name.removeprefix("asks-"))
    }
    return actions.Call(starts_at, typed.get("place", ""), members)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def typed_of(call: actions.Call) -> Typed:
    """Give a meeting as the form would have it typed."""
    there = clock.local(call.starts_at)
    typed = Typed({"day": written_day(there.date()), "time": f"{there:%H:%M}", "place": call.place})
    for key, asked in call.members.items():
        typed[f"asks-{key}"], typed[f"covers-{key}"] = asked.specialty.value, asked.covers_for
    return typed


def draw_form(
    typed: Typed,
    meeting: Meeting | None = None,
    lacking: dict[str, str] | None = None,
    refused: ConflictError | None = None,
) -> str:
    """Draw the form with which a meeting is called or changed."""
    actions.check_keeper(g.person)
    page = render_template(
        "meetings/form.html",
        meeting=meeting,
        typed=typed,
        members=committee(db.session(), g.person.organisation_id),
        specialties=Specialty,
        seen=actions.mark_of(meeting) if meeting else "",
        lacking=lacking or {},
        refused=refused,
    )
    db.session.commit()
    return page


@meetings.get("/meetings/new")
@requires(Role.COORDINATOR, Role.CHAIR)
def new() -> ResponseReturnValue:
    """Ask for day, place and members; each member with the specialty they were asked with last."""
    known = actions.specialties(db.session(), g.person)
    return draw_form(Typed({f"asks-{key}": specialty.value for key, specialty in known.items()}))


def resume_call(carried: Typed) -> ResponseReturnValue:
    """Show the form again that was filled in before the session had ended."""
    return draw_form(carried)


@meetings.post("/meetings/new")
@requires(Role.COORDINATOR, Role.CHAIR)
@resumable(resume_call)
def call() -> ResponseReturnValue:
    """Call a meeting."""
    try:
        meeting = actions.call(db.session(), g.person, read_call(request.form))
    except actions.NotCalledError as refused:
        db.session.rollback()
        return draw_form(request.form, lacking=refused.lacking), 422
    db.session.commit()
    flash("The meeting is called. Put the cases on its agenda.")
    return redirect(url_for("meetings.show", meeting_id=meeting.id), code=303)


@meetings.get("/meetings/<uuid:meeting_id>/change")
@requires(Role.COORDINATOR, Role.CHAIR)
def ask_change(meeting_id: UUID) -> ResponseReturnValue:
    """Show what a meeting is called with, to be changed."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person)
    return draw_form(typed_of(actions.call_of(meeting)), meeting)


def resume_change(carried: Typed, meeting_id: UUID) -> ResponseReturnValue:
    """Show the form again that was filled in before the session had ended."""
    return draw_form(carried, actions.get_meeting(db.session(), meeting_id, g.person))


@meetings.post("/meetings/<uuid:meeting_id>/change")
@requires(Role.COORDINATOR, Role.CHAIR)
@resumable(resume_change)
def change(meeting_id: UUID) -> ResponseReturnValue:
    """Change day, place or members."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person, to_change=True)
    try:
        wanted = read_call(request.form)
        actions.change(db.session(), meeting, g.person, wanted, seen=request.form.get("seen", ""))
    except (actions.NotCalledError, ConflictError) as refused:
        db.session.rollback()
        meeting = actions.get_meeting(db.session(), meeting_id, g.person)
        if isinstance(refused, ConflictError):
            return draw_form(request.form, meeting, refused=refused), 409
        return draw_form(request.form, meeting, refused.lacking), 422
    db.session.commit()
    flash("The meeting is changed.")
    return redirect(url_for("meetings.show", meeting_id=meeting_id), code=303)


# Cancelling


@meetings.get("/meetings/<uuid:meeting_id>/cancellation")
@requires(Role.COORDINATOR, Role.CHAIR)
def ask_cancel(meeting_id: UUID) -> ResponseReturnValue:
    """Say what becomes of the cases, and ask once more."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person)
    words = meeting_words(meeting)
    audit.note(db.session(), g.person, "meeting_read", meeting=str(meeting.id), cases=len(words["rows"]))
    db.session.commit()
    return render_template("meetings/cancel.html", **words)


Deed = Callable[[UUID], ResponseReturnValue]


def told_if_refused(view: Deed) -> Deed:
    """Show the meeting as it stands, with why nothing was done, where somebody else was first or it is not time."""

    @wraps(view)
    def attempt(meeting_id: UUID) -> ResponseReturnValue:
        try:
            return view(meeting_id)
        except ConflictError as refused:
            db.session.rollback()
            return draw(meeting_id, refused), 409

    return attempt


def done(words: str, endpoint: str, meeting_id: UUID) -> ResponseReturnValue:
    """Keep what was done, say it, and go on."""
    db.session.commit()
    flash(words)
    return redirect(url_for(endpoint, meeting_id=meeting_id), code=303)


@meetings.post("/meetings/<uuid:meeting_id>/cancellation")
@requires(Role.COORDINATOR, Role.CHAIR)
@told_if_refused
def cancel(meeting_id: UUID) -> ResponseReturnValue:
    """Call the meeting off; its cases are ready again."""
    meeting, cases = agenda.hold_all(db.session(), meeting_id, g.person)
    agenda.cancel(db.session(), meeting, cases, actor=g.person)
    return done(f"The meeting is cancelled. Ready again: {len(cases)}.", "meetings.show", meeting_id)


# On the day


@meetings.post("/meetings/<uuid:meeting_id>/attendance")
@requires(Role.COORDINATOR, Role.CHAIR)
@told_if_refused
def attendance(meeting_id: UUID) -> ResponseReturnValue:
    """Write down who came."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person, to_change=True)
    said = {each.user_id: request.form.get(f"came-{each.user_id}") for each in meeting.members}
    came = {  # what this page did not change may have been changed by another
        member: CAME.get(answer)
        for member, answer in said.items()
        if answer is not None and answer != request.form.get(f"was-{member}")
    }
    actions.take_attendance(db.session(), meeting, g.person, came)
    return done("Attendance is kept.", "room.show", meeting_id)


def resume_quorum(carried: Typed, meeting_id: UUID) -> ResponseReturnValue:
    """Show the meeting again with the reason that was typed before the session had ended."""
    return draw(meeting_id, reason=carried.get("reason", ""))


@meetings.post("/meetings/<uuid:meeting_id>/quorum")
@requires(Role.COORDINATOR, Role.CHAIR)
@resumable(resume_quorum)
@told_if_refused
def waive_quorum(meeting_id: UUID) -> ResponseReturnValue:
    """Go on without the quorum: the chair's word, with a reason."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person, to_change=True)
    reason = request.form.get("reason", "")
    try:
        go_on_without(db.session(), meeting, reason, actor=g.person)
    except ReasonMissingError as refused:
        db.session.rollback()
        return draw(meeting_id, reason=reason, problem=str(refused)), 422
    return done("The committee goes on without its quorum. The reason is kept.", "room.show", meeting_id)


@meetings.post("/meetings/<uuid:meeting_id>/opening")
@requires(Role.COORDINATOR, Role.CHAIR)
@told_if_refused
def open_now(meeting_id: UUID) -> ResponseReturnValue:
    """Open the meeting, and what its members have said of its cases."""
    meeting, cases = agenda.hold_all(db.session(), meeting_id, g.person)
    agenda.open_meeting(db.session(), meeting, cases, actor=g.person)
    return done("The meeting is open, and with it the opinions on its cases.", "room.show", meeting_id)


@meetings.post("/meetings/<uuid:meeting_id>/closing")
@requires(Role.COORDINATOR, Role.CHAIR)
@told_if_refused
def close(meeting_id: UUID) -> ResponseReturnValue:
    """Close the meeting once everything is dealt with."""
    meeting = actions.get_meeting(db.session(), meeting_id, g.person, to_change=True)
    agenda.close_meeting(db.session(), meeting, actor=g.person)
    return done("The meeting is closed.", "meetings.show", meeting_id)
