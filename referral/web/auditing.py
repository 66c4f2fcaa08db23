"""The auditor's pages: who did what, who read what. No clinical data, and no name of a person who is referred."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from io import BytesIO
from uuid import UUID

from flask import Blueprint, g, render_template, request, send_file
from flask.typing import ResponseReturnValue

from forms.dates import read_date
from forms.texts import whole_number
from referral import audit, clock
from referral.actions import auditing as actions
from referral.actions.auditing import Asked
from referral.auth import requires
from referral.extensions import db
from referral.packet import render
from referral.web.errors import REFUSED
from referral.web.layout import day
from referral.web.trail import DEEDS
from referral.workflow import MOVES, Role

auditing = Blueprint("auditing", __name__)

STYLES = ("packet.css", "access-paper.css")
MORE_WORDS = {
    **{move.past: move.past.replace("_", " ").capitalize() for move in MOVES},
    "workup_begun": "Work-up begun",
    "workup_planned": "Work-up planned",
    "assigned": "Owner changed",
    "asked": "Clinic asked",
    "answered": "Question answered",
    "more_asked_for": "Decided: more information needed",
    "advised": "Decided: advice given",
    "accepted": "Decided: accepted",
    "declined": "Decided: declined",
    "deferred": "Decided: deferred",
    "listed": "Put on an agenda",
    "listed_unready": "Put on an agenda unready",
    "unlisted": "Taken off the agenda",
    "came_back": "Deferred case came back",
    "facts_brought": "New facts brought to a deferred case",
    "follow_up_recorded": "Visit recorded",
    "follow_up_corrected": "Visit corrected",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "sign_in_failed": "Sign-in failed",
    "sign_in_refused_too_many_guesses": "Sign-in refused: too many guesses",
    "page_refused": "Page refused: not for the role",
    "not_found": "Asked for what is not there, or not for them",
    "form_refused": "Form refused: incomplete, of an earlier session, or from elsewhere",
    "upload_refused": "Refused: more was sent than is taken",
    "too_much_refused": "Refused: too much in a short time",
    "unusually_much_read": "Read unusually much within an hour",
    "file_refused": "File refused: damaged, unsafe, not scanned or of another kind",
    "deed_refused": "Deed refused: the case had moved on",
    "inbox_read": "Inbox read or searched",
    "trail_read": "Audit trail read",
    "access_read": "Who has seen a case: read",
    "access_printed": "Who has seen a case: printed",
    "list_read": "List of own cases read",
    "meeting_read": "Meeting read",
    "pack_made": "Committee pack made",
    "pack_read": "Committee pack fetched",
    "numbers_read": "Numbers of the year read",
    "letter_read": "Letter read",
    "case_file_opened": "File of a case from elsewhere opened",
    "case_file_read": "File of a case from elsewhere read",
    "case_file_discarded": "File of a case from elsewhere thrown away",
    "case_files_forgotten": "Files of cases from elsewhere forgotten after their time",
    "case_taken_in": "Case from elsewhere taken in as a draft",
    "answered_whether_same_person": "Said whether two cases are about the same person",
    "handed_over_for_signing": "Handed over for signing",
    "taken_back_from_signing": "Taken back from signing",
    "opinions_opened": "Opinions opened to one another",
    "decision_draft_discarded": "Draft of a decision thrown away",
    "meeting_called": "Meeting called",
    "meeting_changed": "Meeting changed",
    "meeting_cancelled": "Meeting cancelled",
    "meeting_opened": "Meeting opened",
    "meeting_closed": "Meeting closed",
    "agenda_ordered": "Agenda put into another order",
    "attendance_taken": "Attendance taken",
    "quorum_waived": "Went on without the quorum",
    "letter_taken_back": "Letter taken back before it went out",
    "letter_released": "Letter released to the clinic",
    "letter_template_changed": "Template of a letter changed",
    "notice_sent_again": "Notice sent again",
    "reminded": "Clinic reminded of a question",
    "escalated": "Owner told that a question waits long",
    "stood_still": "Told that a case stands still",
    "stale_draft_warned": "Reminded of a draft whose window closes",
    "owner_given": "Case given to another owner by itself",
    "evidence_list_changed": "List of what is asked for changed",
    "rules_changed": "Rules of a programme changed",
    "case_deleted": "Case deleted for good",
    "hold_put": "Legal hold put on",
    "hold_lifted": "Legal hold lifted",
    "erasure_asked": "Asked that a case be deleted",
    "erasure_refused": "Refused, or taken back, that a case be deleted",
    "erasure_confirmed": "Confirmed that a case be deleted",
    "person_exported": "Everything about a patient handed out",
    "deletions_read": "List of what is deleted next read",
    "tombstone_read": "What is left of a deleted case read",
    "organisation_added": "Organisation added",
    "organisation_renamed": "Organisation renamed",
    "organisation_placed": "Region of an organisation changed",
    "person_added": "Account opened",
    "person_invited": "Person invited",
    "person_disabled": "Account taken out of use",
    "person_ended": "Account ended",
    "role_changed": "Role changed",
    "packets_kept_for_downtime": "Packets written to disk for a day without the application",
    "password_reset": "Password taken away, with a link for another",
    "password_chosen": "Password chosen",
    "password_changed": "Password changed by its owner",
    "password_right": "Password right, second step asked for",
    "second_step_added": "Second step of signing in set up",
    "second_step_failed": "Second step of signing in failed",
    "second_step_removed": "Second step of signing in removed",
    "second_step_reset": "Second steps of a person taken away",
    "recovery_codes_made": "Recovery codes made",
    "recovery_code_used": "Recovery code used",
    "confirmed_again": "Showed once more who they are",
    "confirmation_failed": "Could not show who they are",
    "sessions_ended": "Own sessions elsewhere ended",
    "emergency_refused": "Emergency access refused: no case to open under the number",
    "emergency_refused_too_many": "Emergency access refused: too many tries",
    "emergency_list_read": "Emergency accesses read",
    "backup_made": "Backup made",
    "restored": "Brought back from a backup",
    "standing_taken_over": "Account set to its newer standing after a restore",
    "restore_rehearsed": "Restore tried in a scratch place",
    "opened_after_restore": "Opened for writing after a restore",
    "hospital_said_who": "Signed in through the hospital",
    "hospital_account_bound": "Account bound to the hospital’s sign-on",
    "hospital_sign_on_failed": "Signing in through the hospital failed",
}


@dataclass(frozen=True)
class Typed:
    """The filter as it stands in the address: an account by its id, a case by its number, days as typed."""

    person: str = ""
    case: str = ""
    deed: str = ""
    first: str = ""
    last: str = ""


def deed_words(deed: str) -> str:
    """Say what a deed of the trail is in words."""
    return DEEDS.get(deed) or MORE_WORDS.get(deed) or deed.replace("_", " ").capitalize()


@auditing.get("/audit")
@requires(Role.AUDITOR)
def trail() -> ResponseReturnValue:
    """Show the trail, the latest first."""
    typed = Typed(**{name: request.args.get(name, "").strip()[:60] for name in asdict(Typed())})
    asked, problems = read_filter(typed)
    entries, after = actions.read_trail(
        db.session(), asked, whole_number(request.args.get("before", ""), 18) or None
    )
    if problems:
        entries, after = [], None
    kept = {name: str(value) for name, value in asdict(asked).items() if value is not None}
    audit.note(db.session(), g.person, "trail_read", entries=len(entries), filter=kept)
    people = actions.accounts(db.session())
    db.session.commit()
    deeds = sorted({*DEEDS, *MORE_WORDS, *(entry.deed for entry, _ in entries)}, key=deed_words)
    return render_template(
        "auditing/trail.html",
        entries=entries,
        after=after,
        typed=asdict(typed),
        problems=problems,
        filtered=typed != Typed(),
        people=people,
        deeds=deeds,
        refusals=REFUSED.values(),
        deed_words=deed_words,
    )


def read_filter(typed: Typed) -> tuple[Asked, dict[str, str]]:
    """Read a filter; what cannot be read is named, so that an empty list is never taken for an answer."""
    problems: dict[str, str] = {}
    days: dict[str, date | None] = dict.fromkeys(("first", "last"))
    for name in days:
        if text := getattr(typed, name):
            try:
                days[name] = date.fromisoformat(read_date(text))
            except ValueError:
                problems[name] = "Give a day of the calendar."
    asked = Asked(deed=typed.deed or None, first=days["first"], last=days["last"])
    if typed.person:
        try:
            asked = replace(asked, person=UUID(typed.person))
        except ValueError:
            problems["person"] = "Choose an account from the list."
    if typed.case:
        case = actions.find_case(db.session(), typed.case)
        asked = replace(asked, case=case)
        if case is None:
            problems["case"] = "No case has this number."
    return asked, problems


@auditing.get("/audit/cases/<uuid:referral_id>")
@requires(Role.AUDITOR)
def access(referral_id: UUID) -> ResponseReturnValue:
    """Show who has read one case, and who did what with it."""
    number = actions.get_case_number(db.session(), referral_id)
    audit.note(db.session(), g.person, "access_read", case=str(referral_id))
    reads = actions.seen_by(db.session(), referral_id, reads=True)
    acts = actions.seen_by(db.session(), referral_id, reads=False)
    db.session.commit()
    return render_template(
        "auditing/access.html",
        number=number,
        referral_id=referral_id,
        reads=reads,
        acts=acts,
        deed_words=deed_words,
    )


@auditing.get("/audit/cases/<uuid:referral_id>/list.pdf")
@requires(Role.AUDITOR)
def access_list(referral_id: UUID) -> ResponseReturnValue:
    """Print who has seen one record, for the person whose record it is."""
    number = actions.get_case_number(db.session(), referral_id)
    audit.note(db.session(), g.person, "access_printed", case=str(referral_id))
    told = {
        "reads": actions.seen_by(db.session(), referral_id, reads=True),
        "acts": actions.seen_by(db.session(), referral_id, reads=False),
    }
    db.session.commit()
    html = render.render_template(
        "auditing/access_list.html",
        number=number,
        today=clock.today(),
        deed_words=deed_words,
        day=day,
        local=clock.local,
        **told,
    )
    pdf = render.print_pdf(html, STYLES, sha256(html.encode()).digest())
    return send_file(
        BytesIO(pdf), "application/pdf", as_attachment=True, download_name=f"{number}-who-has-seen.pdf"
    )
