"""The pages of a case: its list, the case itself, reviewing and sending it, its packet."""

import logging
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms import ReadCase, read_case
from forms.texts import whole_number
from referral import audit, clock
from referral.actions import copies, duplicates, hand_over, submission
from referral.actions import referrals as actions
from referral.actions.adoptions import adopted_json
from referral.actions.auditing import seen_by
from referral.actions.drafts import programmes
from referral.actions.letters import letters_of
from referral.actions.questions import questions_of
from referral.actions.stays import clocks_of
from referral.assessment import assess
from referral.auth import REFERRERS, requires
from referral.criteria import Edition, first_shown, library
from referral.errors import NotFoundError
from referral.extensions import db
from referral.facts import digest, read_record, say_date
from referral.models import Referral, ReferralVersion
from referral.packet import contents
from referral.packet.editions import edition_parts
from referral.packet.letters import TITLES
from referral.packet.sheet import sheet
from referral.web.asked import asked_now, signed_again
from referral.web.decisions import decisions_of
from referral.web.messages import said
from referral.web.moves import offered
from referral.web.open_questions import edition_name, open_questions
from referral.web.opinions import NO_COMMITTEE, committee_part
from referral.web.packets import hand_out, hand_out_with_files, issue
from referral.web.proof import confirmed
from referral.web.retention import tombstone
from referral.web.session import resumable
from referral.web.trail import acts, readers
from referral.workflow import Role, State

log = logging.getLogger(__name__)
referrals = Blueprint("referrals", __name__)


NEVER_SENT = {"version": None, "committee": NO_COMMITTEE, "decisions": (), "letters": ()}
"""Of a case that nobody has sent: all that may come of one (:func:`what_became_of`)."""
FILTERS_OF_LISTS = ("state", "order", "clinic", "owner", "age", "edition", "verdict", "closing")


def list_words(found: actions.Lines, columns: Iterable[Edition]) -> dict[str, Any]:
    """Give what a list of cases is drawn with; a case that was not put against one of the columns has a dash."""
    editions = [(edition.id, edition_name(edition.id), edition.title) for edition in columns]
    return {"found": found, "editions": editions, "address": page_address, "say_date": say_date}


def editions_carried(found: actions.Lines) -> tuple[Edition, ...]:
    """Give the editions that the cases of a list were put against; where none was, those first shown."""
    carried = {name for line in found.lines for name in line.verdicts or ()}
    return tuple(edition for edition in library().values() if edition.id in carried) or first_shown()


def page_number(name: str = "page") -> int:
    """Read the page that is asked for; what is no number is the first."""
    return max(1, whole_number(request.args.get(name, "")))


def page_address(number: int) -> str:
    """Give the address of another page of the same list."""
    kept = {name: request.args.get(name) for name in FILTERS_OF_LISTS}
    return url_for(request.endpoint or "", page=number, **kept)  # type: ignore[arg-type]  # None is left out


@referrals.app_context_processor
def words() -> dict[str, Any]:
    """Give the pages of cases what they say of every case."""
    return {
        "library_size": len(library()),
    }


@referrals.get("/referrals")
@requires(*REFERRERS)
def index() -> ResponseReturnValue:
    """List the clinic's own cases: what is being written first."""
    found = actions.list_referrals(db.session(), g.person, page_number())
    audit.note(db.session(), g.person, "list_read", page=found.page, cases=len(found.lines))
    db.session.commit()
    return render_template("referrals/index.html", **list_words(found, editions_carried(found)))


@referrals.get("/referrals/<uuid:referral_id>")
@requires(*Role)  # whom it is not for does not find it
def show(referral_id: UUID) -> ResponseReturnValue:
    """Show one case: as signed, or as the draft stands today; of one that was deleted, that it was."""
    try:
        referral = actions.read_referral(db.session(), referral_id, g.person)
    except NotFoundError:
        return tombstone(referral_id)
    if request.args.get("editions") == "all":
        return draw_all_editions(referral)
    page = what_is_shown(referral)
    number = page_number("history")
    entries, more = actions.history(db.session(), referral, number)
    seen = seen_by(db.session(), referral.id, reads=True)
    trail = {"acts": acts(entries, g.person), "earlier": more, "history_page": number}
    drawn = render_template("referrals/show.html", **page, **trail, readers=readers(seen))
    db.session.commit()
    return drawn


def what_is_shown(referral: Referral) -> dict[str, Any]:
    """Give what every page of a case shows of it. What was signed is shown as signed, never worked out anew."""
    shown = {
        "referral": referral,
        "moves": offered(referral),
        "alike": duplicates.find_alike(db.session(), referral, g.person),
        "copyable": g.person.role in REFERRERS and copies.may_be_copied(db.session(), referral),
        "handed": hand_over.find_hand_over(db.session(), referral),
        "letter_titles": TITLES,
        **(what_became_of(referral) if referral.submitted_at else NEVER_SENT),
    }
    version: ReferralVersion | None = shown["version"]
    shaded = request.args.get("windows", "")
    if version is not None:
        signed = contents(version.snapshot, shaded=shaded)
        shown |= what_was_asked(referral, version)
        return {**shown, "contents": signed, "draft": None, "questions": ()}
    draft = read_draft(referral)
    assessment = actions.assess_draft(db.session(), draft, clock.today())
    snapshot = actions.make_snapshot(db.session(), referral, draft, assessment)
    return {
        **shown,
        "contents": contents(snapshot, shaded=shaded),
        "draft": draft,
        "seen": digest(snapshot),
        "not_met": submission.not_met(snapshot),
        "questions": open_questions(assessment),
    }


def what_became_of(referral: Referral) -> dict[str, Any]:
    """Give what a case that was sent has come to: what was signed of it last, and what the programme did with it."""
    return {
        "version": actions.newest_version(db.session(), referral),
        "committee": committee_part(referral),
        "decisions": decisions_of(referral),
        "letters": letters_of(db.session(), referral, g.person),
    }


def what_was_asked(referral: Referral, version: ReferralVersion) -> dict[str, Any]:
    """Give what is asked, answered and said, what the newest version changed, how long all takes, who looks on."""
    parked = referral.state is State.AWAITING_REPLY
    draft = read_draft(referral) if parked and g.person.role in REFERRERS else None
    past = (each for each in questions_of(db.session(), referral) if each.closed_at is not None)
    return {
        "asked": asked_now(db.session(), referral, g.person, draft) if parked else None,
        "answered": list(past),
        "again": signed_again(db.session(), referral, version),
        "clocks": clocks_of(db.session(), [referral.id], clock.now()).get(referral.id),
        **said(db.session(), referral, version),
    }


def draw_all_editions(referral: Referral) -> str:
    """Draw the case against the whole library, worked out now from the same record for the same day."""
    version = actions.newest_version(db.session(), referral)
    if version is not None:
        as_of = date.fromisoformat(version.snapshot["as_of"])
        programme_id = referral.programme_id
        record = read_record(version.snapshot["record"], as_of)
    else:
        as_of, draft = clock.today(), read_draft(referral)
        programme_id, record = actions.addressed(draft), draft.record
    adopted = adopted_json(db.session(), programme_id)
    assessment = assess(record, library().values(), as_of, ahead=False)
    editions = [edition.to_json() | {"adopted": adopted.get(edition.id)} for edition in library().values()]
    page = render_template(
        "referrals/all_editions.html",
        referral=referral,
        version=version,
        programme=programmes(db.session()).get(str(programme_id)),
        as_of=say_date(as_of),
        say_date=say_date,
        sheet=sheet(edition_parts(assessment.to_json(), editions, record)),
    )
    db.session.commit()
    return page


def read_draft(referral: Referral) -> ReadCase:
    """Read what was typed."""
    return read_case(referral.typed, clock.today(), programmes(db.session()))


# Sending


@referrals.get("/referrals/<uuid:referral_id>/submission")
@requires(*Role)  # whom it is not for does not find it
def review(referral_id: UUID) -> ResponseReturnValue:
    """Show a draft for checking before it is signed; once sent, the receipt."""
    return draw_review(actions.read_referral(db.session(), referral_id, g.person))


def draw_review(
    referral: Referral, *, reason: str = "", refused: submission.NotSentError | None = None
) -> str:
    """Draw the review with what stands in the way of sending, or the receipt of a case that was sent."""
    page = what_is_shown(referral)
    if g.person.role not in REFERRERS or (referral.state is not State.DRAFT and page["version"] is None):
        abort(404)
    obstacles = (
        () if page["version"] else submission.obstacles(db.session(), referral, page["draft"], g.person)
    )
    db.session.commit()
    template = "referrals/sent.html" if page["version"] else "referrals/review.html"
    return render_template(template, **page, obstacles=obstacles, reason=reason, refused=refused)


def resume_review(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the review again with a reason that was typed before the session had ended."""
    referral = actions.read_referral(db.session(), referral_id, g.person)
    return draw_review(referral, reason=carried.get("reason", ""))


@referrals.post("/referrals/<uuid:referral_id>/submission")
@requires(*Role)  # the table of moves decides, once the case is found
@confirmed()
@resumable(resume_review)
def submit(referral_id: UUID) -> ResponseReturnValue:
    """Sign the case and send it to its programme."""
    referral = actions.get_referral(db.session(), referral_id, g.person, to_change=True)
    reason = request.form.get("reason", "")
    signature = submission.Signature(
        seen=request.form.get("seen", ""), declared=request.form.get("declared") == "yes", reason=reason
    )
    try:
        version = submission.submit(
            db.session(), referral, read_draft(referral), signature, actor=g.person, at=clock.now()
        )
    except submission.NotSentError as refused:
        db.session.rollback()
        again = actions.read_referral(db.session(), referral_id, g.person)
        return draw_review(again, reason=reason, refused=refused), 409 if refused.changed else 422
    db.session.commit()
    issue(version)
    return redirect(url_for("referrals.review", referral_id=referral_id), code=303)


# The packet


@referrals.get("/referrals/<uuid:referral_id>/packet.pdf")
@requires(*Role)  # whom it is not for does not find it
def packet(referral_id: UUID) -> ResponseReturnValue:
    """Hand out the packet of what was signed last, byte for byte as it was issued."""
    return hand_out(referral_id)


@referrals.get("/referrals/<uuid:referral_id>/packet-with-files.pdf")
@requires(*Role)  # as above
def packet_with_files(referral_id: UUID) -> ResponseReturnValue:
    """Hand out the packet of what was signed last with its clinical files behind it, numbered through."""
    return hand_out_with_files(referral_id)
