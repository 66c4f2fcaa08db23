"""The committee's answer: drafted by one, read back and signed by another."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from forms.decision import GUESTS, HOLDS, OUTCOMES, SPECIALTIES, Said, Wrong, read_decision, typed_of
from forms.texts import whole_number
from referral import clock
from referral.actions import decisions as actions
from referral.actions.committee import current_meeting
from referral.actions.quorum import standing_of
from referral.actions.referrals import get_referral, read_referral
from referral.auth import requires
from referral.errors import ConflictError
from referral.extensions import db
from referral.facts import say_date
from referral.models import Decision, Referral, ReferralVersion
from referral.packet import contents
from referral.packet.decided import Decided, decided, waits_for
from referral.reference.decisions import disagreements, grounds
from referral.web.proof import confirmed
from referral.web.session import resumable
from referral.workflow import COMMITTEE, DECIDABLE, Role

decisions = Blueprint("decisions", __name__)


def decisions_of(referral: Referral) -> list[tuple[Decision, Decided]]:
    """Give what was decided of a case, in words, the latest first, for its page: both sides read the same."""
    found = actions.signed_decisions(db.session(), referral)
    snapshots = {version.version: version.snapshot for version in referral.versions} if found else {}
    return [(each, decided(each, snapshots[each.version])) for each in found]


@decisions.get("/referrals/<uuid:referral_id>/decision")
@requires(*Role)  # whom it is not for does not find it
def show(referral_id: UUID) -> ResponseReturnValue:
    """Read the draft back to whoever signs it; where there is none, begin one."""
    referral = read_referral(db.session(), referral_id, g.person)
    version = actions.version_to_decide(db.session(), referral, g.person)
    draft = actions.find_draft(db.session(), referral)
    if draft is None:
        return draw_form(referral, version, None)
    return draw_draft(referral, version, draft)


@decisions.get("/referrals/<uuid:referral_id>/decision/edit")
@requires(*Role)  # whom it is not for does not find it
def edit(referral_id: UUID) -> ResponseReturnValue:
    """Write the decision, or change its draft."""
    referral = read_referral(db.session(), referral_id, g.person)
    version = actions.version_to_decide(db.session(), referral, g.person)
    return draw_form(referral, version, actions.find_draft(db.session(), referral))


# Writing


def draw_form(
    referral: Referral,
    version: ReferralVersion,
    draft: Decision | None,
    *,
    typed: Mapping[str, str] | None = None,
    wrong: tuple[Wrong, ...] = (),
    refused: ConflictError | None = None,
    unsaved: bool = False,
) -> str:
    """Draw the form: fresh, with the draft in it, or with what was typed and not taken."""
    people = actions.attendees(db.session(), referral)
    chosen = {edition["id"] for edition in actions.editions_decided_on(version.snapshot)}
    shown = contents(version.snapshot)
    page = render_template(
        "decisions/write.html",
        referral=referral,
        version=version,
        contents=shown,
        editions=[part for part in shown.editions if part.id in chosen],
        draft=draft,
        typed=defaultdict(str, _typed(draft, people) if typed is None else typed),
        wrong={each.field_id: each.message for each in wrong},
        refused=refused,
        unsaved=unsaved,
        seen=actions.mark_of(draft),
        current=actions.find_current(db.session(), referral),
        quorum=standing_of(db.session(), referral),
        meeting=current_meeting(db.session(), referral),
        people=people,
        facts=waits_for(version.snapshot),
        words={"outcomes": OUTCOMES, "specialties": SPECIALTIES, "holds": HOLDS, "guests": GUESTS}
        | {"disagrees": disagreements(), "grounds": grounds()},
    )
    db.session.commit()
    return page


def _typed(draft: Decision | None, people: list[actions.Attendee]) -> dict[str, str]:
    """Give the fields as they are filled in at first: the draft, or today and who came to the meeting."""
    if draft is not None:
        return typed_of(
            {
                "outcome": draft.outcome.value,
                "took_part": draft.took_part["people"],
                **{name: getattr(draft, name) for name in ("decided_on", "text", "conditions", "reasons")},
                **{name: getattr(draft, name) for name in ("comes_back_on", "comes_back_for")},
            }
        )
    typed = {"decided_on": say_date(clock.today())}
    for each in people:
        typed[f"specialty.{each.user.id}"] = each.specialty
        typed[f"member.{each.user.id}"] = "yes" if each.came else ""
    return typed


def resume_writing(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show the form again with what was typed before the session had ended."""
    referral = read_referral(db.session(), referral_id, g.person)
    version = actions.version_to_decide(db.session(), referral, g.person)
    draft = actions.find_draft(db.session(), referral)
    return draw_form(referral, version, draft, typed=carried.to_dict(), unsaved=True)


@decisions.post("/referrals/<uuid:referral_id>/decision")
@requires(*Role)  # the table of moves decides, once the case is found
@resumable(resume_writing)
def save(referral_id: UUID) -> ResponseReturnValue:
    """Keep the draft, for another to sign."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    version = actions.version_to_decide(db.session(), referral, g.person)
    said, wrong = _read(referral, version)
    if wrong:
        db.session.rollback()
        return _draw_again(referral_id, wrong=wrong), 422
    shown, seen = request.form.get("version", ""), request.form.get("seen", "")
    try:
        actions.draft_decision(
            db.session(), referral, said, actor=g.person, seen=seen,
            version=whole_number(shown),
        )  # fmt: skip
    except (actions.DecidedMeanwhileError, actions.StaleError) as refused:
        db.session.rollback()
        return _draw_again(referral_id, refused=refused), 409
    db.session.commit()
    flash("The draft is saved. Another member of the committee reads it back and signs it.")
    return redirect(url_for("decisions.show", referral_id=referral_id), code=303)


def _read(referral: Referral, version: ReferralVersion) -> tuple[Said, tuple[Wrong, ...]]:
    people = actions.attendees(db.session(), referral)
    return read_decision(
        request.form,
        actions.asked_of(version.snapshot),
        {str(each.user.id): each.user.name for each in people},
        waits_for(version.snapshot),
        signed_on=clock.local(version.signed_at).date(),
        today=clock.today(),
    )


def _draw_again(referral_id: UUID, **what: Any) -> str:
    """Draw the form with what was typed, beside how the case stands now."""
    referral = read_referral(db.session(), referral_id, g.person)
    version = actions.version_to_decide(db.session(), referral, g.person)
    draft = actions.find_draft(db.session(), referral)
    return draw_form(referral, version, draft, typed=request.form.to_dict(), **what)


@decisions.post("/referrals/<uuid:referral_id>/decision/discarding")
@requires(*Role)  # the table of moves decides, once the case is found
def discard(referral_id: UUID) -> ResponseReturnValue:
    """Throw the draft away."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    actions.discard_draft(db.session(), referral, actor=g.person, seen=request.form.get("seen", ""))
    db.session.commit()
    flash("The draft is thrown away. The case stands as before.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


# Signing


def draw_draft(
    referral: Referral,
    version: ReferralVersion,
    draft: Decision,
    *,
    refused: ConflictError | None = None,
    wrong: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> str:
    """Draw the draft as it will read, and the signature under it for whoever may sign."""
    stale = (draft.version, draft.snapshot_sha256) != (version.version, version.snapshot_sha256)
    snapshot = next(each.snapshot for each in referral.versions if each.version == draft.version)
    lacking = actions.obstacles(draft, clock.local(version.signed_at).date(), clock.today())
    own = draft.drafted_by_id == g.person.id
    aside = any(
        each.user.id == g.person.id and each.stands_aside
        for each in actions.attendees(db.session(), referral)
    )
    quorum = standing_of(db.session(), referral)
    page = render_template(
        "decisions/sign.html",
        referral=referral,
        quorum=quorum,
        meeting=current_meeting(db.session(), referral),
        contents=contents(version.snapshot),
        draft=draft,
        said=decided(draft, snapshot),
        current=actions.find_current(db.session(), referral),
        seen=actions.mark_of(draft),
        stale=stale,
        lacking=lacking,
        aside=aside,
        own=own,
        signs=g.person.role in COMMITTEE
        and draft.drafted_by_id != g.person.id
        and not aside
        and not stale
        and not lacking
        and (quorum is None or quorum.holds),
        refused=refused,
        wrong=wrong or {},
        typed=defaultdict(str, typed or {}),
    )
    db.session.commit()
    return page


def resume_signing(carried: "MultiDict[str, str]", referral_id: UUID) -> ResponseReturnValue:
    """Show what was about to be signed again: it is read once more."""
    return show(referral_id)


@decisions.post("/referrals/<uuid:referral_id>/decision/signature")
@requires(*Role)  # the table of moves decides, once the case is found
@confirmed()
@resumable(resume_signing)
def sign(referral_id: UUID) -> ResponseReturnValue:
    """Sign the decision that was read back."""
    referral = get_referral(db.session(), referral_id, g.person, to_change=True)
    form = request.form
    signature = actions.Signature(
        seen=form.get("seen", ""),
        initials=form.get("initials", ""),
        birth_year=form.get("birth_year", ""),
        confirmed=form.get("confirmed") == "yes",
    )
    try:
        signed = actions.sign_decision(db.session(), referral, signature, actor=g.person)
    except actions.NotSignedError as refused:
        db.session.rollback()
        return _draw_draft_again(referral_id, refused, dict(refused.obstacles)), 422
    except (actions.DecidedMeanwhileError, actions.StaleError) as refused:
        db.session.rollback()
        return _draw_draft_again(referral_id, refused, {}), 409
    outcome = signed.outcome.words
    db.session.commit()
    flash(f"The decision is signed: {outcome}.")
    return redirect(url_for("referrals.show", referral_id=referral_id), code=303)


def _draw_draft_again(referral_id: UUID, refused: ConflictError, wrong: Mapping[str, str]) -> str:
    """Draw what stands now: the draft as somebody else left it, or what was signed."""
    referral = read_referral(db.session(), referral_id, g.person)
    draft = actions.find_draft(db.session(), referral)
    if draft is not None and referral.state in DECIDABLE:
        version = actions.version_to_decide(db.session(), referral, g.person)
        typed = {name: request.form.get(name, "") for name in ("initials", "birth_year")}
        return draw_draft(referral, version, draft, refused=refused, wrong=wrong, typed=typed)
    page = render_template(
        "decisions/meanwhile.html", referral=referral, refused=refused, decisions=decisions_of(referral)
    )
    db.session.commit()
    return page
