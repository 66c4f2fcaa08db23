"""Correcting what was mistyped after an acceptance: the day of a transplant, or a visit.

A correction cites what it replaces: the old words are kept with who had recorded them, and shown beside the new ones.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from referral import clock
from referral.actions.care import (
    due_day,
    find_transplant,
    find_visit,
    follow_ups_of,
    plain_facts,
    plan_visits,
    refuse_day_to_come,
)
from referral.actions.moves import LONGEST_REASON, ReasonMissingError, move
from referral.errors import ConflictError
from referral.facts import digest, say_date
from referral.models import Correction, FollowUp, Referral, Transplant, User
from referral.reference.follow_up import say_visit, visits
from referral.workflow import check_move

TRANSPLANT = "transplant"


def corrections_of(session: Session, referral: Referral) -> list[Correction]:
    """List what was replaced in the care of a case, the latest first."""
    found = select(Correction).where(Correction.referral_id == referral.id).order_by(Correction.id.desc())
    people = (joinedload(Correction.recorded_by), joinedload(Correction.corrected_by))
    return list(session.scalars(found.options(*people)))


def transplant_json(found: Transplant) -> dict[str, Any]:
    """Give a transplant as it is typed and kept."""
    return {"given_on": found.given_on, "note": found.note}


def mark_of(stands: Mapping[str, Any]) -> str:
    """Give the digest of what stands: what a page was opened with."""
    return digest(dict(stands))


def correct_transplant(
    session: Session,
    referral: Referral,
    said: Mapping[str, Any],
    reason: str,
    *,
    seen: str,
    actor: User,
    at: datetime | None = None,
) -> bool:
    """Correct day 0 or its note, and move the days on which visits are due; tell whether that changed anything.

    Raises:
        MoveRefusedError: it is not theirs to correct, or there is no transplant.
        ConflictError: somebody else has corrected it, the day is still to come, or a visit was before it.
        ReasonMissingError: there is no reason.

    """
    at = at or clock.now()
    check_move("correct_transplant", actor.role, referral.state)
    found = find_transplant(session, referral)
    if found is None:
        raise ConflictError("No transplant is recorded of this case.")
    before, after = transplant_json(found), {"given_on": said["given_on"], "note": said.get("note", "")}
    if before == after:
        return False
    day_0 = date.fromisoformat(after["given_on"])
    refuse_day_to_come(day_0, at)
    _refuse_day_after_a_visit(session, referral, day_0)
    _keep(session, referral, TRANSPLANT, before, found, reason, seen, actor, at)
    found.given_on, found.note = after["given_on"], after["note"]
    schedule = {each.id: each for each in visits()}
    for each in follow_ups_of(session, referral):
        each.due_on = due_day(schedule[each.visit], day_0).isoformat()
    days = {"was": before["given_on"], "given_on": after["given_on"]}
    move(session, referral, "correct_transplant", actor=actor, at=at, **days)
    plan_visits(session, referral, clock.local(at).date())
    return True


def _refuse_day_after_a_visit(session: Session, referral: Referral, day_0: date) -> None:
    for each in follow_ups_of(session, referral):
        seen_on = each.facts.get("seen_on")
        if seen_on and date.fromisoformat(seen_on) < day_0:
            raise ConflictError(
                f"The visit {say_visit(each.visit)} was recorded on {say_date(seen_on)}, before this day. "
                "Correct the visit first. Nothing was changed."
            )


def correct_follow_up(
    session: Session,
    referral: Referral,
    visit: str,
    facts: Mapping[str, Any],
    reason: str,
    *,
    seen: str,
    actor: User,
    at: datetime | None = None,
) -> bool:
    """Correct a visit that was recorded; tell whether that changed anything.

    Raises:
        MoveRefusedError: it is not theirs to correct, or no visit was ever recorded.
        ConflictError: somebody else has corrected it, or this visit is not recorded.
        ReasonMissingError: there is no reason.

    """
    at = at or clock.now()
    check_move("correct_follow_up", actor.role, referral.state)
    found = find_visit(session, referral, visit)
    if found is None or found.recorded_at is None:
        raise ConflictError("This visit has not been recorded: there is nothing to correct.")
    after = plain_facts(facts)
    if found.facts == after:
        return False
    changed = sorted(name for name in {*found.facts, *after} if found.facts.get(name) != after.get(name))
    _keep(session, referral, visit, found.facts, found, reason, seen, actor, at)
    found.facts = after
    move(session, referral, "correct_follow_up", actor=actor, at=at, visit=visit, facts=changed)
    return True


def _keep(
    session: Session,
    referral: Referral,
    topic: str,
    before: Mapping[str, Any],
    found: Transplant | FollowUp,
    reason: str,
    seen: str,
    actor: User,
    at: datetime,
) -> None:
    """Keep what stood with who had recorded it; from now on it is the actor's word."""
    if seen != mark_of(before):
        raise ConflictError("Somebody else has corrected this since you opened the page.")
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ReasonMissingError(f"Say why it is corrected, in at most {LONGEST_REASON:,} characters.")
    if found.recorded_by_id is None or found.recorded_at is None:
        raise ConflictError("This has not been recorded: there is nothing to correct.")
    session.add(
        Correction(
            referral_id=referral.id,
            topic=topic,
            replaced=dict(before),
            recorded_by_id=found.recorded_by_id,
            recorded_at=found.recorded_at,
            reason=reason,
            corrected_by=actor,
            corrected_at=at,
        )
    )
    found.recorded_by_id, found.recorded_at = actor.id, at
