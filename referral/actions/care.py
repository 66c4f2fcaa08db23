"""After an acceptance: the work-up with its people and days, the transplant, the visits that follow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from referral import clock
from referral.actions.acceptance import is_accepted
from referral.actions.evidence import SETTLED, WORKUP, asked_by, catalogue
from referral.actions.moves import move
from referral.actions.referrals import newest_version
from referral.actions.rules import rules_for
from referral.auth import RECEIVERS
from referral.criteria.days import add_months
from referral.errors import ConflictError
from referral.facts import PartialDate, digest, say_date
from referral.models import FollowUp, Referral, Transplant, User, WorkupStep
from referral.reference import drugs_named
from referral.reference.follow_up import Visit, visits
from referral.reference.workup import STATUSES
from referral.workflow import check_move

OWN = "own."
"""What begins the item of a line that the coordinator has added in words of their own."""


# ------------------------------------------------------------------------------------------ the work-up


def begin_workup(
    session: Session, referral: Referral, *, actor: User, at: datetime | None = None
) -> list[WorkupStep]:
    """Begin the work-up of an accepted case, with a list of what is not done yet.

    Raises:
        ConflictError: the case was not accepted.

    """
    check_move("begin_workup", actor.role, referral.state)
    if not is_accepted(session, referral):
        raise ConflictError("The decision that stands is no acceptance: there is no work-up to begin.")
    there = {step.item for step in steps_of(session, referral)}
    made = [step for step in _proposed(session, referral) if step.item not in there]
    session.add_all(made)
    move(session, referral, "begin_workup", actor=actor, at=at, items=len(made))
    return made


def _proposed(session: Session, referral: Referral) -> Iterator[WorkupStep]:
    """List what the programme asks for and the newest version does not have, then what that calls open.

    A programme that keeps no list begins with every item of the reference that was checked against its source.
    """
    version = newest_version(session, referral)
    known = ((version.snapshot.get("beside") or {}) if version else {}).get(WORKUP) or {}
    asked = {each["item"]: each["there"] for each in (version.snapshot.get("asked") or ())} if version else {}
    wanted = list(asked_by(session, referral.programme_id))
    if not wanted:
        wanted = [each.item for each in catalogue().values() if each.section == WORKUP and each.verified]
    wanted += [f"{WORKUP}.{item}" for item in known if f"{WORKUP}.{item}" not in wanted]
    for item in wanted:
        choice = catalogue().get(item)
        if choice is None or asked.get(item):
            continue
        said = known.get(item.partition(".")[2], {}) if choice.section == WORKUP else {}
        if said.get("status") in SETTLED:
            continue
        yield WorkupStep(
            referral_id=referral.id,
            item=item,
            words=choice.words,
            due_on=_booked(said),
            note=_said(said),
        )


def _booked(said: Mapping[str, Any]) -> str | None:
    """Give the day for which something is booked, where a day was said."""
    day = said.get("on")
    exact = said.get("status") == "booked" and day is not None and PartialDate.parse(day).exact
    return day if exact else None


def _said(said: Mapping[str, Any]) -> str:
    """Say what the referral said of an item."""
    status = STATUSES.get(said.get("status", ""))
    when = say_date(said["on"]) if "on" in said else ""
    return "; ".join(
        filter(None, (" ".join(filter(None, (status, when))) if status else "", said.get("note")))
    )


def steps_of(session: Session, referral: Referral) -> list[WorkupStep]:
    """List the work-up of a case: in the order of the catalogue, own lines last."""
    found = session.scalars(select(WorkupStep).where(WorkupStep.referral_id == referral.id))
    order = {item: place for place, item in enumerate(catalogue())}
    return sorted(found, key=lambda step: (order.get(step.item, len(order)), step.words))


def step_json(step: WorkupStep) -> dict[str, Any]:
    """Give a line as it is typed and shown."""
    plain = {
        "item": step.item,
        "words": step.words,
        "owner": str(step.owner_id) if step.owner_id else None,
        "due": step.due_on,
        "done": step.done_on,
        "note": step.note or None,
    }
    return {name: value for name, value in plain.items() if value is not None}


def mark_of(steps: Sequence[WorkupStep]) -> str:
    """Give the digest of a list: what a page was opened with."""
    return digest([step_json(step) for step in steps])


def people_for(session: Session, referral: Referral) -> dict[str, str]:
    """Give who may be named in a work-up: the programme's people, the neurologist and who prepares for them."""
    here = (User.organisation_id == referral.programme_id) & User.role.in_(RECEIVERS)
    there = or_(User.id == referral.referrer_id, User.works_for_id == referral.referrer_id)
    named = select(WorkupStep.owner_id).where(WorkupStep.referral_id == referral.id)
    found = select(User).where(or_((here | there) & User.active, User.id.in_(named))).order_by(User.name)
    return {str(user.id): f"{user.name}, {user.role.words}" for user in session.scalars(found)}


def plan_workup(
    session: Session,
    referral: Referral,
    lines: Sequence[Mapping[str, Any]],
    *,
    actor: User,
    seen: str,
    at: datetime | None = None,
) -> bool:
    """Write the plan down as typed; tell whether that changed anything. A line keeps its item; none is taken away.

    Raises:
        ConflictError: somebody else has changed the plan since the page was opened.

    """
    check_move("plan_workup", actor.role, referral.state)
    steps = steps_of(session, referral)
    there = {step.item: step_json(step) for step in steps}
    changed = [
        line
        for line in lines
        if line.get("item") in there
        and there[line["item"]] != {"words": there[line["item"]]["words"], **line}
    ]
    added = [line for line in lines if "item" not in line and line.get("words")]
    if not added and not changed:
        return False
    if seen != mark_of(steps):
        raise ConflictError("The plan was changed by somebody else since you opened this page.")
    for line in changed:
        _take(next(step for step in steps if step.item == line["item"]), line)
    for line in added:
        step = WorkupStep(referral_id=referral.id, item=f"{OWN}{uuid4()}", words=line["words"])
        _take(step, line)
        session.add(step)
    items = sorted(line["item"] for line in changed)
    move(session, referral, "plan_workup", actor=actor, at=at, changed=items, added=len(added))
    return True


def _take(step: WorkupStep, line: Mapping[str, Any]) -> None:
    step.owner_id = UUID(line["owner"]) if "owner" in line else None
    step.due_on, step.done_on, step.note = line.get("due"), line.get("done"), line.get("note", "")


# -------------------------------------------------------------------------------------------- wash-out


@dataclass(frozen=True)
class Washout:
    """When a drug has been stopped for as long as the centre's own rule asks: a day, or a range of days.

    ``first`` is ``None`` where nobody knows when it ended. It blocks nothing.
    """

    drug: str
    days: int
    ended: str | None
    ongoing: bool
    first: date | None
    last: date | None


def washouts_of(session: Session, referral: Referral) -> list[Washout]:
    """Give the wash-out of each drug that was given and for which the centre has a rule."""
    version = newest_version(session, referral)
    if version is None or referral.programme_id is None:
        return []
    rules = rules_for(session, referral.programme_id).washout
    courses = (version.snapshot["record"].get("treatments") or {}).get("courses") or []
    found = [washout for drug, days in rules.items() if (washout := _washout(drug, days, courses))]
    return sorted(found, key=lambda each: (each.last is None, each.last or date.max, each.drug))


def _washout(drug: str, days: int, courses: Sequence[Mapping[str, Any]]) -> Washout | None:
    """Count from the end of the latest course: its last dose, else its stop. A date known in part gives a range."""
    meant = {each.key for each in drugs_named(drug)}
    given = [course for course in courses if meant & {each.key for each in drugs_named(course["drug"])}]
    if not given:
        return None
    words = drugs_named(drug)[0].inn
    ends = [course.get("last_dose") or course.get("stop") for course in given]
    ongoing = any(course.get("ongoing") for course in given)
    if None in ends:  # of one course nobody knows when it ended, and it may be the last
        return Washout(words, days, None, ongoing, None, None)
    known = [PartialDate.parse(end) for end in ends if end]
    latest = max(known, key=lambda end: end.last)
    first = max(end.first for end in known)
    wait = timedelta(days=days)
    return Washout(words, days, latest.words, ongoing, first + wait, latest.last + wait)


# ------------------------------------------------------------------------- the transplant and afterwards


def find_transplant(session: Session, referral: Referral) -> Transplant | None:
    """Find the transplant of a case."""
    return session.get(Transplant, referral.id)


def record_transplant(
    session: Session,
    referral: Referral,
    *,
    given_on: date,
    note: str,
    actor: User,
    at: datetime | None = None,
) -> Transplant:
    """Record day 0 and plan the visits.

    Raises:
        ConflictError: the day is still to come.

    """
    at = at or clock.now()
    check_move("record_transplant", actor.role, referral.state)
    refuse_day_to_come(given_on, at)
    found = Transplant(
        referral_id=referral.id,
        given_on=given_on.isoformat(),
        note=note,
        recorded_by_id=actor.id,
        recorded_at=at,
    )
    session.add(found)
    move(session, referral, "record_transplant", actor=actor, at=at, given_on=found.given_on)
    plan_visits(session, referral, clock.local(at).date())
    return found


def refuse_day_to_come(given_on: date, at: datetime) -> None:
    """Refuse a day 0 that is still to come.

    Raises:
        ConflictError: it is.

    """
    if given_on > clock.local(at).date():
        raise ConflictError("A transplant is recorded once it has been given: this day is still to come.")


def due_day(visit: Visit, day_0: date) -> date:
    """Give the day on which a visit is due; the 31st becomes the last day of a shorter month."""
    return add_months(day_0, visit.months) if visit.months else day_0 + timedelta(days=visit.days)


def plan_visits(session: Session, referral: Referral, today: date) -> int:
    """Put the visits into the diary that are due by today, and the next ones up to a year ahead."""
    transplant = session.get(Transplant, referral.id)
    if transplant is None:
        return 0
    day_0 = date.fromisoformat(transplant.given_on)
    there = set(session.scalars(select(FollowUp.visit).where(FollowUp.referral_id == referral.id)))
    until = add_months(max(today, day_0), 12)
    wanted = takewhile(lambda visit: due_day(visit, day_0) <= until, visits())
    made = [
        FollowUp(referral_id=referral.id, visit=visit.id, due_on=due_day(visit, day_0).isoformat())
        for visit in wanted
        if visit.id not in there
    ]
    session.add_all(made)
    session.flush()
    return len(made)


def follow_ups_of(session: Session, referral: Referral) -> list[FollowUp]:
    """List the visits of a case in the order of their days."""
    wanted = select(FollowUp).where(FollowUp.referral_id == referral.id).order_by(FollowUp.due_on)
    return list(session.scalars(wanted.options(joinedload(FollowUp.recorded_by))))


def find_visit(session: Session, referral: Referral, visit: str) -> FollowUp | None:
    """Find one visit of a case as it stands now."""
    wanted = select(FollowUp).where(FollowUp.referral_id == referral.id, FollowUp.visit == visit)
    return session.scalar(wanted.execution_options(populate_existing=True))


def record_follow_up(
    session: Session,
    referral: Referral,
    visit: str,
    facts: Mapping[str, Any],
    *,
    actor: User,
    at: datetime | None = None,
) -> FollowUp:
    """Record one visit of the schedule. What was recorded stays.

    Raises:
        ConflictError: there is no such visit, or somebody has recorded it.

    """
    at = at or clock.now()
    check_move("record_follow_up", actor.role, referral.state)
    found = find_visit(session, referral, visit)
    if found is None:
        raise ConflictError("There is no such visit in the schedule of this case.")
    if found.recorded_at is not None:
        raise ConflictError("This visit has been recorded already. Nothing was changed.")
    found.facts = plain_facts(facts)
    found.recorded_by_id, found.recorded_at = actor.id, at
    move(session, referral, "record_follow_up", actor=actor, at=at, visit=visit, facts=sorted(facts))
    plan_visits(session, referral, clock.local(at).date())
    return found


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give what was typed of a visit as it is kept; a score as the case record writes it."""
    return {name: _plain(value) for name, value in facts.items()}


def _plain(value: Any) -> Any:
    """Write a score as the case record does."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
