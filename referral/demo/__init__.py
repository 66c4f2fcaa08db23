"""Invented organisations, people with accounts, and cases in every state, for looking round."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import read_case, typed_from
from referral import audit, auth, clock
from referral.actions import adoptions, drafts, duplicates, evidence, moves, packets, referrals, submission
from referral.criteria import first_shown
from referral.demo.asking import ask
from referral.demo.caring import care, told_earlier
from referral.demo.cast import Account, Course, read_accounts, read_evidence, read_people
from referral.demo.deciding import decide
from referral.demo.gathering import gather
from referral.facts import digest, read_record
from referral.models import Organisation, OrganisationKind, Referral, User
from referral.workflow import Role, State

DAYS_TO_REVIEW, DAYS_TO_READY, DAYS_TO_WITHDRAWAL = 1, 7, 20
DAYS_OF_REVIEW = 30
ADOPTS = "lindqvist"
ASKS = "okonjo"
ADOPTED_BECAUSE = "Read against the publication, criterion by criterion, at our meeting on protocols."
LATE_MORNING = time(11, tzinfo=UTC)

__all__ = ["Account", "Course", "accounts", "load", "password", "read_people"]


def password() -> str:
    """Give the one password of all demonstration accounts: known to everybody, so no real account may have it."""
    return read_accounts()[0]


def accounts() -> list[Account]:
    """List the demonstration accounts, for showing them."""
    return read_accounts()[2]


def load(session: Session, today: date | None = None, *, with_packets: bool = True) -> None:
    """Put the invented people in, as if told today. Where some are already, nothing is touched."""
    if session.scalar(select(Referral.id).where(Referral.demonstration).limit(1)):
        return
    places, people = _staff(session)
    courses = told_earlier(read_people(today or clock.today()), today or clock.today())
    before_all = _moment(min(course.seen_on for course in courses)) - timedelta(days=DAYS_OF_REVIEW)
    _adopt(session, people[ADOPTS], before_all)
    evidence.change(session, people[ASKS], read_evidence(), seen=evidence.mark_of(()), at=before_all)
    cases = {}
    for course in courses:
        cases[course.name] = referral = _open(session, course, people)
        if course.sent:
            _send(session, course, referral, people, places, with_packets=with_packets)
        if course.state is State.WITHDRAWN:
            after = timedelta(days=DAYS_TO_WITHDRAWAL if course.sent else 1)
            moves.move(
                session,
                referral,
                "withdraw",
                actor=people[course.referrer],
                reason=course.withdrawn_because or "",
                at=_moment(course.written_on if course.sent else course.seen_on) + after,
            )
        referral.updated_at = _moment(course.written_on)
        session.flush()
    ask(session, people, cases, today or clock.today(), with_packets=with_packets)
    decide(session, people, cases, today or clock.today())
    care(session, people, cases, today or clock.today())
    gather(session, people, cases, today or clock.today())


def _staff(session: Session) -> tuple[dict[str, Organisation], dict[str, User]]:
    """Open the organisations and the accounts, all with the one password."""
    common, named, known = read_accounts()
    places = {
        key: Organisation(
            name=place["name"], kind=OrganisationKind(place["kind"]), region=place.get("region")
        )
        for key, place in named.items()
    }
    people = {
        account.key: User(
            email=account.email,
            name=account.name,
            role=Role(account.role),
            organisation=places[account.organisation],
            password_hash=auth.hash_password(common),
        )
        for account in known
    }
    session.add_all([*places.values(), *people.values()])
    session.flush()
    for account in known:
        if account.works_for:
            people[account.key].works_for = people[account.works_for]
    return places, people


def _adopt(session: Session, chair: User, at: datetime) -> None:
    """Adopt for one programme what is shown first; the other has reviewed nothing, so both can be seen."""
    for edition in first_shown():
        adoptions.adopt(
            session, chair, edition.id, seen=edition.sha256, confirmed=True, note=ADOPTED_BECAUSE, at=at
        )


def _open(session: Session, course: Course, people: dict[str, User]) -> Referral:
    """Open a draft and type into it what the file says, mistakes and all."""
    referrer, at = people[course.referrer], _moment(course.seen_on)
    referral = Referral(
        number=drafts.next_number(session),
        organisation_id=referrer.organisation_id,
        referrer_id=referrer.id,
        typed=_typed(session, course),
        family_name=course.who.get("family_name"),
        given_name=course.who.get("given_name"),
        birth_date=course.who.get("birth_date"),
        created_at=at,
        demonstration=True,
    )
    session.add(referral)
    session.flush()
    duplicates.remember(session, referral, course.who)
    audit.record(session, people[course.prepared_by or course.referrer], "draft_opened", referral, at=at)
    return referral


def _typed(session: Session, course: Course) -> dict[str, Any]:
    request = {name: value for name, value in course.request.items() if name != "programme"}
    if "programme" in course.request:
        wanted = read_accounts()[1][course.request["programme"]]["name"]
        (request["programme_id"],) = (
            key for key, name in drafts.programmes(session).items() if name == wanted
        )
    record = read_record(course.record, course.written_on)
    typed: dict[str, Any] = typed_from(record, course.who, request, course.beside)
    for section, fields in course.typed_instead.items():
        typed[section] = typed[section] | {name: [text] for name, text in fields.items()}
    return typed


def _send(
    session: Session,
    course: Course,
    referral: Referral,
    people: dict[str, User],
    places: dict[str, Organisation],
    *,
    with_packets: bool,
) -> None:
    """Sign and send the case as its neurologist does, and take it as far as the file says."""
    referrer, at = people[course.referrer], _moment(course.written_on)
    draft = read_case(referral.typed, course.written_on, drafts.programmes(session))
    assessment = referrals.assess_draft(session, draft, course.written_on)
    snapshot = referrals.make_snapshot(session, referral, draft, assessment)
    signature = submission.Signature(seen=digest(snapshot), declared=True, reason=course.reason or "")
    version = submission.submit(session, referral, draft, signature, actor=referrer, at=at)
    if with_packets:
        packets.issue_packet(session, version, actor=referrer, at=at)
    coordinator = next(
        person
        for person in people.values()
        if person.role is Role.COORDINATOR
        and person.organisation_id == places[course.request["programme"]].id
    )
    steps = {State.IN_REVIEW: ("start_review",), State.READY: ("start_review", "make_ready")}
    waits = {"start_review": DAYS_TO_REVIEW, "make_ready": DAYS_TO_READY}
    for deed in steps.get(course.state, ()):
        moment = at + timedelta(days=waits[deed], hours=3)
        moves.move(session, referral, deed, actor=coordinator, at=moment)


def _moment(day: date) -> datetime:
    """Give a moment of that day, the same day in most time zones."""
    return datetime.combine(day, LATE_MORNING)
