"""What goes on around the cases: people come and go, time passes, meetings are held, letters wait, cases are read."""

from datetime import timedelta
from importlib import import_module
from random import Random
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda, invitations, letters, meetings, packets, people
from referral.actions.meetings import Stage, stage_of
from referral.actions.referrals import get_referral, newest_version, read_referral
from referral.actions.tick import TOPICS
from referral.models import Letter, Meeting, Referral, User
from referral.workflow import MOVES, Role, State
from tests.machine.checker import CLOCK, Doer, must
from tests.machine.steps import Steps
from tests.machine.town import seen_from

SELDOM = {"due_mail": 0.01, "due_anchor": 0.05, "due_stale_drafts": 0.1, "due_packets": 0.0}
"""How often a tick does what moves no case and takes its time. Packets are printed by :func:`read`, a few."""
KEPT = frozenset({"chair", "coordinator", "neurologist", "committee_member", "administrator"})
"""Who stays in office, so that there is always somebody: with ``other_``, at the other house too."""
NEW_ROLES = {
    "colleague_member": (Role.COMMITTEE_MEMBER, Role.CHAIR, Role.COORDINATOR),
    "colleague_chair": (Role.CHAIR, Role.COMMITTEE_MEMBER),
    "colleague_coordinator": (Role.COORDINATOR, Role.COMMITTEE_MEMBER),
    "other_member": (Role.COMMITTEE_MEMBER, Role.CHAIR),
}
PASSWORD = "a horse of another stable"


def people_come_and_go(steps: Steps, chance: Random) -> None:
    """End an account, bring one back, give somebody another role; or let the one who is out try something."""
    spare = sorted(name for name in steps.town.people if name.removeprefix("other_") not in KEPT)
    who = chance.choice(spare)
    with steps.town.window() as session:
        person = session.get_one(User, steps.town.people[who])
        active, id_, role = person.active, person.id, person.role
        cases = steps.town.open_cases(session)
        case = chance.choice(cases).id if cases else None
    if not active and case is not None and chance.random() < 0.6:
        must(
            not steps.deed(chance.choice(MOVES).deed, who, case),
            "somebody whose account has ended did something",
        )
    elif not active:
        bring_back(steps, who, id_)
    elif who in NEW_ROLES and chance.random() < 0.6:
        new = chance.choice([each for each in NEW_ROLES[who] if each is not role])
        steps.attempt("another role", "administrator", lambda s, a: people.change_role(s, a, id_, role=new))
        steps.town.kinds["another role"] += 1
    else:
        steps.attempt("ending an account", "administrator", lambda s, a: people.disable(s, a, id_))
        steps.town.kinds["account ended"] += 1


def bring_back(steps: Steps, who: str, id_: UUID) -> None:
    """Invite somebody anew, who chooses a password."""
    tokens: list[str] = []
    steps.attempt("a new link", "administrator", lambda s, a: tokens.append(people.reset(s, a, id_)))
    with steps.town.window() as session:
        person = invitations.choose_password(session, tokens[0], PASSWORD, PASSWORD)
        doer = Doer.of(person)
    with steps.town.window() as session:
        steps.checker.look(session, doer)
    steps.town.kinds["account brought back"] += 1


def time_passes(steps: Steps, chance: Random) -> None:
    """Let time pass, now and then a little of it backwards, and let it do its part, now and then twice."""
    days = chance.choice((0, 0, 0.01, 1, 1, 8, 31)) + chance.random() / 50
    back = chance.random() < 0.15
    steps.town.wall.ahead += -timedelta(seconds=chance.randrange(300)) if back else timedelta(days=days)
    for _ in range(chance.choice((1, 1, 2))):
        tick(steps, chance)
    steps.town.steps += 1
    steps.town.kinds["ticks"] += 1


def tick(steps: Steps, chance: Random) -> None:
    """Do what is due: a transaction a case, and none of it may fail."""
    with steps.town.app.app_context(), Session(steps.town.engine) as session:
        for topic in TOPICS:
            if chance.random() < SELDOM.get(topic.function, 1):
                getattr(import_module(topic.module), topic.function)(session, clock.now())
                session.commit()
    with steps.town.window() as session:
        for entry in steps.checker.look(session, CLOCK):
            steps.town.kinds[f"by the clock: {entry.deed}"] += 1
            if entry.deed == "came_back":
                steps.town.done["come_back", State.DEFERRED] += 1


def meet(steps: Steps, chance: Random) -> None:
    """Open a meeting, say who came, sort it, close it, cancel it: by those who keep meetings, or by others."""
    prefix = chance.choice(("", "", "other_"))
    with steps.town.window() as session:
        live = [id_ for id_ in steps.town.meetings[prefix][-6:]
                if stage_of(session.get_one(Meeting, id_)) in (Stage.CALLED, Stage.OPEN)]  # fmt: skip
    if not live:
        return
    id_ = chance.choice(live)
    what = chance.choice(("open", "attend", "sort", "close", "close", "cancel"))
    who = chance.choice(("coordinator", "chair", "coordinator", "committee_member"))
    stranger = "other_" if chance.random() < 0.1 else ""
    keeps = who != "committee_member" and (stranger == "" or prefix == "other_")
    name = f"{prefix or stranger}{who}"

    def do(session: Session, actor: User) -> None:
        if what in ("open", "cancel"):
            held, cases = agenda.hold_all(session, id_, actor)
            deed = agenda.open_meeting if what == "open" else agenda.cancel
            deed(session, held, cases, actor=actor)
            return
        held = meetings.get_meeting(session, id_, actor, to_change=True)
        if what == "attend":
            came = {each.user_id: True for each in held.members}
            meetings.take_attendance(session, held, actor, came)
        elif what == "sort":
            agenda.sort_agenda(session, held, actor=actor)
        else:
            agenda.close_meeting(session, held, actor=actor)

    done = steps.attempt(f"meeting: {what}", name, do, allowed=None if keeps else False)
    steps.town.kinds[f"meeting {what}, {'done' if done else 'refused'}"] += 1


def letter(steps: Steps, chance: Random) -> None:
    """Take a held letter back, mostly by who may."""
    with steps.town.window() as session:
        wanted = select(Letter.id, Letter.referral_id).where(
            Letter.cancelled_at.is_(None), Letter.released_at.is_(None)
        )
        held = session.execute(wanted.limit(20)).all()
    if not held:
        return
    letter = chance.choice(held)
    who = chance.choice((steps.keeper_of(letter.referral_id), "chair", "neurologist", "other_chair"))

    def do(session: Session, actor: User) -> None:
        case = get_referral(session, letter.referral_id, actor, to_change=True)
        letters.take_back(session, case, letter.id, actor=actor)

    steps.attempt("taking a letter back", who, do, allowed=False if who == "neurologist" else None)
    steps.town.kinds["letters taken back"] += 1


def read(steps: Steps, chance: Random) -> None:
    """Read a case, and now and then have its packet made."""
    case_id = chance.choice([*steps.town.cases, *steps.town.over[-20:]])
    who = chance.choice(sorted(steps.town.people))
    prints = steps.printed < 6 and chance.random() < 0.05

    def do(session: Session, actor: User) -> None:
        if not prints:
            read_referral(session, case_id, actor)
            return
        case = get_referral(session, case_id, actor, to_change=True)
        version = newest_version(session, case)
        if version is not None:
            with steps.town.app.app_context():
                house = packets.this_house()
            packets.issue_packet(session, version, actor=actor, house=house)
            steps.printed += 1

    with steps.town.window() as session:
        there = seen_from(session.get_one(User, steps.town.people[who]), session.get_one(Referral, case_id))
    steps.attempt("reading", who, do, allowed=there)
    steps.town.kinds["reads"] += 1
