"""A small world with everything in it: a case in each state, of one's own, of a colleague's, and of strangers.

It is built by the deeds themselves. ``OWN`` is the case that this very person refers, prepares or owns; ``SAME`` is a
colleague's of the same clinic and the same programme; ``FOREIGN`` went from the other clinic to the other programme.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from forms import typed_from
from forms.decision import Said
from referral import clock
from referral.actions import adoptions, agenda, care, decisions, drafts, meetings
from referral.actions.moves import move
from referral.actions.referrals import get_referral, newest_version
from referral.criteria import library
from referral.facts import read_record
from referral.models import Meeting, Outcome, Referral, Specialty, User
from referral.workflow import Role, State
from tests.at_hand import send

People = dict[str, User]
OWN, SAME, FOREIGN, MISSING = "own", "same", "foreign", "missing"
THERE = (OWN, SAME, FOREIGN)
NOWHERE = UUID("6f1f1f54-4a9b-4c0f-9d52-6c1d5c0f7a11")
COLLEAGUES = {
    "colleague_neurologist": "neurologist",
    "colleague_coordinator": "coordinator",
    "colleague_member": "committee_member",
    "colleague_chair": "chair",
    "other_member": "other_committee_member",
    "other_colleague_coordinator": "other_coordinator",
}
"""Further people, and whose role and house they share."""
WHOSE = {
    OWN: ("neurologist", "coordinator", ""),
    SAME: ("colleague_neurologist", "colleague_coordinator", ""),
    FOREIGN: ("other_neurologist", "other_coordinator", "other_"),
}
"""By relation: who refers the case, whose it is in the programme, and what begins the names of its people."""


@dataclass
class World:
    """The people by name, the cases by state and relation, the meeting of each programme by what begins its names."""

    people: People
    cases: dict[tuple[State, str], Referral] = field(default_factory=dict)
    meetings: dict[str, Meeting] = field(default_factory=dict)


def seat_colleagues(session: Session, people: People) -> None:
    """Give each house its further people."""
    for name, like in COLLEAGUES.items():
        people[name] = User(
            email=f"{name}@example.org",
            name=name.replace("_", " ").title(),
            role=people[like].role,
            organisation=people[like].organisation,
            password_hash=people[like].password_hash,
        )
        session.add(people[name])
    session.flush()


def adopt_smallest(session: Session, people: People) -> None:
    """Have both programmes go by one short edition, so that a case is quickly put against it."""
    edition = min(library().values(), key=lambda each: (len(each.criteria), each.id))
    for chair in ("chair", "other_chair"):
        adoptions.adopt(session, people[chair], edition.id, seen=edition.sha256, confirmed=True)


def type_case(session: Session, people: People, name: str, relation: str = OWN) -> Referral:
    """Type a case about somebody of whom little is known; no two are alike."""
    referrer, owner, _ = WHOSE[relation]
    draft = drafts.open_draft(session, people[referrer])
    identity = {"family_name": name, "given_name": "Ada", "birth_date": "1980-02-29"}
    request = {"programme_id": str(people[owner].organisation_id), "question": "Would the committee take it?"}
    draft.typed = dict(typed_from(read_record({"record": "1"}, clock.today()), identity, request, {}))
    drafts.name_for_lists(draft)
    session.flush()
    return draft


def call(session: Session, people: People, keeper: str, prefix: str) -> Meeting:
    """Call a meeting of a programme that is held today, with a neurologist and a haematologist."""
    seats = {"chair": Specialty.NEUROLOGY, "committee_member": Specialty.HAEMATOLOGY}
    members = {people[f"{prefix}{who}"].id: meetings.Asked(what) for who, what in seats.items()}
    wanted = meetings.Call(clock.now() + timedelta(hours=1), "Room 4", members)
    return meetings.call(session, people[keeper], wanted)


def words_of(session: Session, case: Referral, outcome: Outcome, who: User) -> Said:
    """What a committee says: in agreement with the software on each criterion."""
    version = newest_version(session, case)
    assert version is not None
    reasons: dict[str, dict[str, dict[str, object]]] = {}
    for each in decisions.asked_of(version.snapshot):
        reasons.setdefault(each.edition, {})[each.criterion] = {
            "result": each.result, "agrees": True, "holds": None, "code": None, "why": "", "ground": None,
        }  # fmt: skip
    if outcome is Outcome.DECLINED:
        reasons[""] = {
            "": {"result": "", "agrees": True, "holds": None, "code": None, "why": "", "ground": "yes"}
        }
    return Said(
        outcome=outcome.value,
        decided_on=clock.today().isoformat(),
        text="As was said in the room.",
        conditions="The MRI of March" if outcome is Outcome.MORE_NEEDED else "",
        comes_back_on=(clock.today() + timedelta(days=30)).isoformat()
        if outcome is Outcome.DEFERRED
        else None,
        comes_back_for=None,
        reasons=reasons,
        took_part=({"user": str(who.id), "name": who.name, "specialty": "neurology"},),
    )


def decide(session: Session, case: Referral, outcome: Outcome, *, drafter: User, signer: User) -> None:
    """Draft a decision and sign it."""
    draft_decision(session, case, outcome, drafter=drafter, signer=signer)
    decisions.sign_decision(session, case, signature_on(session, case), actor=signer)


def draft_decision(
    session: Session, case: Referral, outcome: Outcome, *, drafter: User, signer: User
) -> None:
    """Write a decision down for another to sign."""
    version = newest_version(session, case)
    assert version is not None
    seen = decisions.mark_of(decisions.find_draft(session, case))
    said = words_of(session, case, outcome, signer)
    decisions.draft_decision(session, case, said, actor=drafter, seen=seen, version=version.version)


def signature_on(session: Session, case: Referral) -> decisions.Signature:
    """What somebody enters who has read the draft back."""
    version = newest_version(session, case)
    draft = decisions.find_draft(session, case)
    who = version.snapshot["identity"] if version else {"given_name": "", "family_name": "", "birth_date": ""}
    return decisions.Signature(
        decisions.mark_of(draft), decisions.initials_of(who), (who["birth_date"] or "")[:4], confirmed=True
    )


WAY: Mapping[State, tuple[State, str] | None] = {
    State.DRAFT: None,
    State.SUBMITTED: (State.DRAFT, "submit"),
    State.IN_REVIEW: (State.SUBMITTED, "start_review"),
    State.READY: (State.IN_REVIEW, "make_ready"),
    State.LISTED: (State.READY, "list"),
    State.DECIDED: (State.LISTED, "accept"),
    State.AWAITING_REPLY: (State.LISTED, "ask_for_more"),
    State.DEFERRED: (State.LISTED, "defer"),
    State.WORKUP: (State.DECIDED, "begin_workup"),
    State.TRANSPLANTED: (State.WORKUP, "record_transplant"),
    State.FOLLOW_UP: (State.TRANSPLANTED, "record_follow_up"),
    State.CLOSED: (State.DECIDED, "close"),
    State.WITHDRAWN: (State.SUBMITTED, "withdraw"),
    State.ENTERED_IN_ERROR: (State.SUBMITTED, "mark_entered_in_error"),
}
"""How a case comes to each state: from which one, by which deed."""
OUTCOMES = {outcome.deed: outcome for outcome in Outcome}


def bring(session: Session, world: World, state: State, relation: str, name: str) -> Referral:
    """Type a case and take it to a state, deed by deed."""
    before = WAY[state]
    if before is None:
        return type_case(session, world.people, name, relation)
    case = bring(session, world, before[0], relation, name)
    take(session, world, case, before[1], relation)
    return case


def take(session: Session, world: World, case: Referral, deed: str, relation: str) -> None:
    """Do one deed on the way, by whom it is."""
    referrer, keeper, prefix = WHOSE[relation]
    people = world.people
    neurologist, coordinator, chair = people[referrer], people[keeper], people[f"{prefix}chair"]
    if deed == "submit":
        send(session, case, neurologist, reason="The committee should see it.")
        case.owner_id = coordinator.id
    elif deed == "list":
        agenda.put_on(session, world.meetings[prefix], [case], actor=coordinator)
    elif deed in OUTCOMES:
        decide(session, case, OUTCOMES[deed], drafter=coordinator, signer=chair)
    elif deed == "begin_workup":
        care.begin_workup(session, case, actor=coordinator)
    elif deed == "record_transplant":
        care.record_transplant(session, case, given_on=clock.today(), note="", actor=coordinator)
    elif deed == "record_follow_up":
        first = care.follow_ups_of(session, case)[0]
        care.record_follow_up(session, case, first.visit, {}, actor=coordinator)
    else:
        actor = neurologist if deed == "withdraw" else coordinator
        move(session, case, deed, actor=actor, reason="As was agreed.")
    session.flush()


def build(session: Session, people: People) -> World:
    """Build the world: three cases in each state, two meetings, and commit it."""
    seat_colleagues(session, people)
    adopt_smallest(session, people)
    world = World(people)
    for keeper, prefix in (("coordinator", ""), ("other_coordinator", "other_")):
        world.meetings[prefix] = call(session, people, keeper, prefix)
    for number, (state, relation) in enumerate((state, relation) for state in State for relation in THERE):
        name = f"Quixwort{chr(97 + number // 26)}{chr(97 + number % 26)}"
        world.cases[state, relation] = bring(session, world, state, relation, name)
    session.commit()
    return world


RECEIVERS = frozenset({Role.COORDINATOR, Role.COMMITTEE_MEMBER, Role.CHAIR})
REFERRERS = frozenset({Role.NEUROLOGIST, Role.DELEGATE})


def may_see(person: User, case: Referral) -> bool:
    """Whether a case is there for a person: said here anew, and not asked of the application."""
    if person.role in REFERRERS:
        return case.organisation_id == person.organisation_id
    sent = case.state is not State.DRAFT and case.submitted_at is not None
    return person.role in RECEIVERS and case.programme_id == person.organisation_id and sent


def hold(session: Session, case: Referral, actor: User) -> Referral:
    """Fetch a case for changing, as each page does."""
    return get_referral(session, case.id, actor, to_change=True)
