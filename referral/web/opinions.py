"""Giving an opinion, and what a page of a case shows of its committee."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms.texts import whole_number
from referral.actions import opinions as actions
from referral.actions.committee import check_no_tie, current_place
from referral.actions.decisions import find_draft
from referral.actions.referrals import get_referral, newest_version, read_referral
from referral.auth import RECEIVERS, requires
from referral.errors import ConflictError
from referral.extensions import db
from referral.models import Opinion, Overall, Referral
from referral.packet import contents
from referral.packet.editions import EditionPart
from referral.web.session import resumable
from referral.workflow import Role, check_move

opinions = Blueprint("opinions", __name__)

Typed = MultiDict[str, str]
OVERALL = {Overall.IN_FAVOUR: "In favour", Overall.AGAINST: "Against", Overall.UNDECIDED: "Undecided"}
AGREES = {"agree": True, "disagree": False}

NO_COMMITTEE: dict[str, Any] = {"meeting": None, "agenda_item": None, "panel": None, "drafted": None}
"""What a page shows of the committee of a case that nobody has sent (:func:`committee_part`)."""


@opinions.app_context_processor
def words() -> dict[str, object]:
    """Give the pages of cases the words of opinions."""
    return {"overall_words": OVERALL}


def committee_part(referral: Referral) -> dict[str, Any]:
    """Give what a page of a case shows of its committee: the meeting to all, the rest to the programme."""
    meeting, item = current_place(db.session(), referral) or (None, None)
    receives = g.person.role in RECEIVERS
    return {
        "meeting": meeting,
        "agenda_item": item,
        "panel": actions.panel(db.session(), referral, meeting, g.person) if receives else None,
        "drafted": find_draft(db.session(), referral) if receives else None,
    }


def spoken_to(editions: tuple[EditionPart, ...]) -> tuple[EditionPart, ...]:
    """Choose the editions that an opinion speaks to: those adopted, or, where none was, all that were asked."""
    adopted = tuple(each for each in editions if each.adopted and each.adopted != "not reviewed here")
    return adopted or editions


def typed_of(opinion: Opinion) -> Typed:
    """Give an opinion as the form would have it typed."""
    typed = Typed({"overall": opinion.overall.value, "text": opinion.text})
    for edition, criteria in opinion.criteria.items():
        for criterion, said in criteria.items():
            typed[actions.field_of("says", edition, criterion)] = "agree" if said["agrees"] else "disagree"
            typed[actions.field_of("why", edition, criterion)] = said["why"]
    return typed


def read_opinion(typed: Typed, editions: tuple[EditionPart, ...]) -> actions.Said:
    """Read what was said of each criterion of these editions. What is not said stays unsaid."""
    criteria: dict[str, dict[str, Mapping[str, Any]]] = {}
    for edition in editions:
        for criterion in edition.criteria:
            says = typed.get(actions.field_of("says", edition.id, criterion.id), "")
            if says in AGREES:
                why = typed.get(actions.field_of("why", edition.id, criterion.id), "").strip()
                criteria.setdefault(edition.id, {})[criterion.id] = {"agrees": AGREES[says], "why": why}
    overall = typed.get("overall", "")
    return actions.Said(
        Overall(overall) if overall in set(Overall) else None, typed.get("text", ""), criteria
    )


@opinions.get("/referrals/<uuid:referral_id>/opinion")
@requires(*Role)  # the table of moves decides, once the case is found
def ask(referral_id: UUID) -> ResponseReturnValue:
    """Ask for the member's opinion, beside what the software says."""
    return draw(referral_id)


def draw(
    referral_id: UUID,
    typed: Typed | None = None,
    lacking: Mapping[str, str] | None = None,
    refused: ConflictError | None = None,
) -> str:
    """Draw the form: the own opinion as it stands, or as it was typed."""
    referral = read_referral(db.session(), referral_id, g.person)
    check_move("give_opinion", g.person.role, referral.state)
    check_no_tie(db.session(), referral, g.person)
    version = newest_version(db.session(), referral) or abort(404)
    own = actions.find_own(db.session(), referral, version.version, g.person)
    shown = contents(version.snapshot)
    db.session.commit()
    if typed is None:
        typed = typed_of(own) if own else Typed()
    return render_template(
        "opinions/form.html",
        referral=referral,
        version=version,
        own=own,
        contents=shown,
        editions=spoken_to(shown.editions),
        typed=typed,
        field_of=actions.field_of,
        lacking=lacking or {},
        refused=refused,
    )


def resume(carried: Typed, referral_id: UUID) -> ResponseReturnValue:
    """Show the opinion again that was typed before the session had ended."""
    return draw(referral_id, carried)


@opinions.post("/referrals/<uuid:referral_id>/opinion")
@requires(*Role)  # as above
@resumable(resume)
def give(referral_id: UUID) -> ResponseReturnValue:
    """Keep the opinion, sealed."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    version = newest_version(db.session(), referral) or abort(404)
    said = read_opinion(request.form, spoken_to(contents(version.snapshot).editions))
    seen = request.form.get("version", "")
    try:
        opinion = actions.give(db.session(), referral, said, version=whole_number(seen), actor=g.person)
    except actions.NotGivenError as refused:
        db.session.rollback()
        return draw(referral_id, request.form, refused.lacking), 422
    except actions.NotNowError as refused:
        db.session.rollback()
        return draw(referral_id, request.form, refused=refused), 409
    db.session.commit()
    flash("Your opinion is in." + (" All are in now." if opinion.opened_at else " It is sealed."))
    return redirect(f"{url_for('referrals.show', referral_id=referral_id)}#opinions", code=303)
