"""The steps of the machine: each is done as a request does it, in a transaction of its own, and looked at afterwards.

What a step may do is worked out beforehand from the table of deeds and the rows; a deed that was done and not allowed,
or refused and allowed without an excuse, breaks the run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from random import Random
from uuid import UUID

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda, decisions, interests, invitations, letters, meetings, packets, people
from referral.actions.meetings import Stage, stage_of
from referral.actions.referrals import get_referral, newest_version, read_referral
from referral.actions.tick import TOPICS
from referral.errors import MoveRefusedError, NotFoundError, PonsError
from referral.models import Letter, Meeting, Outcome, Referral, Tie, User
from referral.workflow import MOVES, Move, Role, State, find_move
from tests.machine.checker import CLOCK, Checker, Doer, must
from tests.machine.town import AT_ONCE, ENDED, Town, seen_from
from tests.matrix.deeds import DEEDS, Act
from tests.matrix.world import OUTCOMES, draft_decision, hold, words_of

SELDOM = {"due_mail": 0.01, "due_anchor": 0.05, "due_stale_drafts": 0.1, "due_packets": 0.0}
"""How often a tick does what moves no case and takes its time. Packets are printed by :meth:`Steps.read`, a few."""
MOST_ON_AN_AGENDA = 6
MEETINGS_AT_ONCE = 3
KEPT = frozenset({"chair", "coordinator", "neurologist", "committee_member", "administrator"})
"""Who stays in office, so that there is always somebody: with ``other_``, at the other house too."""
NEW_ROLES = {
    "colleague_member": (Role.COMMITTEE_MEMBER, Role.CHAIR, Role.COORDINATOR),
    "colleague_chair": (Role.CHAIR, Role.COMMITTEE_MEMBER),
    "colleague_coordinator": (Role.COORDINATOR, Role.COMMITTEE_MEMBER),
    "other_member": (Role.COMMITTEE_MEMBER, Role.CHAIR),
}
SECRET = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
PASSWORD = "a horse of another stable"
Choose = Callable[[Session, dict[str, User], Random], object]


@dataclass
class Screen:
    """A form that somebody opened a while ago, with the mark it was opened with."""

    what: str
    who: str
    case: UUID
    mark: str


class Steps:
    """What may happen in the town."""

    def __init__(self, town: Town, checker: Checker, goal: int) -> None:
        self.town, self.checker, self.goal = town, checker, goal
        self.screens: list[Screen] = []
        self.printed = 0
        self.failure: Exception | None = None
        self.caller: Doer | None = None

    # --------------------------------------------------------------------------------- one deed

    def attempt(
        self, what: str, who: str, do: Callable[[Session, User], object], *, allowed: bool | None = None
    ) -> bool:
        """Let somebody do something; tell whether it was done. ``allowed``: what the table says, where it says it."""
        town = self.town
        with Session(town.engine, expire_on_commit=False) as session:
            actor = town.enter(session, who)
            session.commit()
            doer = Doer.of(actor) if actor else Doer(town.people[who])
            done, refusal = False, None
            if actor is not None:
                try:
                    do(session, actor)
                    session.commit()
                    done = True
                except PonsError as error:
                    session.rollback()
                    refusal = error
            entries = self.checker.look(session, doer, refused=not done)
            session.commit()
        if done and allowed is False:
            must(not entries, f"{what} was done by {who}, and the table does not allow it")
        if not done and allowed and actor is not None:
            must(excused(refusal), f"{what} by {who} was refused, and the table allows it: {refusal!r}")
        town.steps += 1
        town.kinds["refused" if not done else "done"] += 1
        return done

    def deed(self, deed: str, who: str, case_id: UUID) -> bool:
        """Try a deed of the table."""
        with self.town.window() as session:
            case, person = session.get_one(Referral, case_id), session.get_one(User, self.town.people[who])
            row, state = find_move(deed), case.state
            seen = seen_from(person, case)
            allowed = seen and state in row.sources and person.role in row.roles
            allowed = allowed and self.is_ripe(session, case, row)
            meeting = self.meeting_for(session, case) if allowed and row.target is State.LISTED else None
        self.look_at_new_meeting()

        def do(session: Session, actor: User) -> object:
            held = session.get_one(Referral, case_id)
            words = f"A few words of step {self.town.steps}."
            return DEEDS[deed](Act(session, actor, held, meeting, words))

        done = self.attempt(deed, who, do, allowed=allowed)
        told = self.town.done if done and allowed else self.town.refused
        told[deed, state] += 1
        return done

    def look_at_new_meeting(self) -> None:
        """A meeting that was called for want of one is looked at before the next step."""
        if self.caller is not None:
            with self.town.window() as session:
                self.checker.look(session, self.caller)
            self.caller = None

    def meeting_for(self, session: Session, case: Referral) -> UUID:
        """A meeting of the programme of a case that takes another case; one is called where there is none."""
        theirs = session.get_one(User, self.town.people["other_coordinator"]).organisation_id
        prefix = "other_" if case.programme_id == theirs else ""
        for id_ in reversed(self.town.meetings[prefix]):
            found = session.get_one(Meeting, id_)
            if stage_of(found) in (Stage.CALLED, Stage.OPEN) and len(found.agenda) < MOST_ON_AN_AGENDA:
                return id_
        self.caller = Doer.of(session.get_one(User, self.town.people[f"{prefix}coordinator"]))
        return self.town.new_meeting(session, prefix).id

    # --------------------------------------------------------------------------------- deeds that are allowed

    def lead(self, chance: Random) -> None:
        """Do what the table allows: of all that can be done now, mostly what was done least."""
        with self.town.window() as session:
            cases = self.town.open_cases(session)
            found = self.choose(session, cases, chance) if len(cases) >= AT_ONCE else None
        if found is None:
            self.open_case()
            return
        deed, who, case_id, drafter = found
        if deed == "bring_facts":
            self.deed("edit", who, case_id)
        if deed in OUTCOMES and not self.lay_draft(deed, drafter, case_id, chance):
            return
        self.deed(deed, who, case_id)

    def open_case(self) -> None:
        """Open and type another case."""
        with self.town.window() as session:
            case = self.town.new_case(session)
            doer = Doer.of(session.get_one(User, case.referrer_id))
        with self.town.window() as session:
            self.checker.look(session, doer)
        self.town.steps += 1
        self.town.kinds["opened"] += 1

    def choose(
        self, session: Session, cases: list[Referral], chance: Random
    ) -> tuple[str, str, UUID, str] | None:
        """Choose a deed, by whom and on which case: onward, or what was done least."""
        everybody = self.town.in_role(session)
        over = list(session.scalars(select(Referral).where(Referral.id.in_(self.town.over[-2:]))))
        options = []
        for case in [*cases, *over]:
            for move in MOVES:
                if case.state in move.sources and self.is_ripe(session, case, move):
                    times = self.town.done[move.deed, case.state]
                    options.append((times, chance.random(), move, case))
        onward = [each for each in options if each[2].target not in (None, *ENDED)]
        if onward and chance.random() < 0.6:
            onward.sort(key=lambda each: (-self.need(each[2].target), each[1]))
            options = onward[:4] if chance.random() < 0.7 else [chance.choice(onward)]
        else:
            options = [
                each for each in options if each[2].target not in ENDED or each[0] < self.goal + 2
            ] or options
        options.sort(key=lambda each: each[:2])
        for _, _, move, case in options[:12]:
            able = [name for name, person in everybody.items()
                    if person.role in move.roles and seen_from(person, case)]  # fmt: skip
            if able:
                who = chance.choice(sorted(able))
                keeper = case.programme_id == everybody["other_coordinator"].organisation_id
                return move.deed, who, case.id, "other_coordinator" if keeper else "coordinator"
        return None

    def need(self, state: State | None) -> int:
        """How much is still to be done in a state."""
        here = [move for move in MOVES if state in move.sources]
        return sum(max(self.goal - self.town.done[move.deed, State(str(state))], 0) for move in here)

    def is_ripe(self, session: Session, case: Referral, move: Move) -> bool:
        """Whether a deed can be done for what it needs beside state and role."""
        if move.deed == "begin_workup" or (move.deed == "copy_as_new" and case.state is State.DECIDED):
            current = decisions.find_current(session, case)
            accepted = current is not None and current.outcome is Outcome.ACCEPTED
            return accepted == (move.deed == "begin_workup")  # an accepted case is copied once it is closed
        if move.deed == "write_letter" and case.state is State.AWAITING_REPLY:
            return decisions.find_current(session, case) is not None
        return True

    def lay_draft(self, deed: str, drafter: str, case_id: UUID, chance: Random) -> bool:
        """Have a coordinator write down what another is to sign."""

        def do(session: Session, actor: User) -> None:
            held = hold(session, session.get_one(Referral, case_id), actor)
            prefix = "other_" if drafter.startswith("other_") else ""
            chair = session.get_one(User, self.town.people[f"{prefix}chair"])
            draft_decision(session, held, OUTCOMES[deed], drafter=actor, signer=chair)

        with self.town.window() as session:
            state = session.get_one(Referral, case_id).state
        done = self.attempt(f"drafting {deed}", drafter, do)
        if done:
            self.town.done["draft_decision", state] += 1
        return done

    # --------------------------------------------------------------------------------- deeds by anybody

    def wander(self, chance: Random) -> None:
        """Have anybody try anything on any case: mostly it is refused."""
        with self.town.window() as session:
            over = select(Referral).where(Referral.id.in_(self.town.over[-3:]))
            cases = [
                (case.id, case.state) for case in (*self.town.open_cases(session), *session.scalars(over))
            ]
        tried = [
            (self.town.refused[move.deed, state], chance.random(), move.deed, case)
            for case, state in cases
            for move in MOVES
            if state not in move.sources
        ]
        _, _, deed, case = min(tried)
        if chance.random() < 0.3:
            deed, (case, _) = chance.choice(MOVES).deed, chance.choice(cases)
        self.deed(deed, chance.choice(sorted(self.town.people)), case)

    def stale(self, chance: Random) -> None:
        """Send a form that was opened a while ago; what somebody has done meanwhile is not overwritten."""
        if self.screens and (len(self.screens) > 6 or chance.random() < 0.5):
            self.send_late(self.screens.pop(0))
            return
        with self.town.window() as session:
            cases = self.town.open_cases(session)
            if not cases:
                return
            case = chance.choice(cases)
            other = (
                case.programme_id == session.get_one(User, self.town.people["other_chair"]).organisation_id
            )
            who = "other_chair" if other else "chair"
            found = decisions.find_draft(session, case)
            self.screens.append(Screen("draft_decision", who, case.id, decisions.mark_of(found)))
            if found is not None:
                self.screens.append(Screen("sign", who, case.id, decisions.mark_of(found)))
        self.town.steps += 1

    def send_late(self, screen: Screen) -> None:
        """Send one form late."""
        with self.town.window() as session:
            case = session.get_one(Referral, screen.case)
            now = decisions.mark_of(decisions.find_draft(session, case))

        def do(session: Session, actor: User) -> None:
            held = get_referral(session, screen.case, actor, to_change=True)
            version = decisions.version_to_decide(session, held, actor)
            if screen.what == "sign":
                who = version.snapshot["identity"]
                signature = decisions.Signature(
                    screen.mark, decisions.initials_of(who), who["birth_date"][:4], confirmed=True
                )
                decisions.sign_decision(session, held, signature, actor=actor)
                return
            said = words_of(session, held, Outcome.ADVICE, actor)
            decisions.draft_decision(
                session, held, said, actor=actor, seen=screen.mark, version=version.version
            )

        done = self.attempt(f"late {screen.what}", screen.who, do)
        must(not done or now == screen.mark, f"a late {screen.what} overwrote what was done meanwhile")
        self.town.kinds["late, refused" if now != screen.mark else "late, as it was"] += 1

    def stand_aside(self, chance: Random) -> None:
        """Declare a tie; who has one gives no opinion and signs nothing, whatever the table says."""
        with self.town.window() as session:
            cases = [case for case in self.town.open_cases(session)
                     if case.state in find_move("declare_interest").sources]  # fmt: skip
            if not cases:
                return
            case = chance.choice(cases)
            everybody = self.town.in_role(session)
            able = [name for name, person in everybody.items()
                    if name not in ("chair", "committee_member", "other_chair", "other_committee_member")
                    and person.role in find_move("declare_interest").roles and seen_from(person, case)]  # fmt: skip
            if not able:
                return
            who, case_id, listed = chance.choice(sorted(able)), case.id, case.state is State.LISTED

        def declare(session: Session, actor: User) -> None:
            held = hold(session, session.get_one(Referral, case_id), actor)
            interests.declare(session, held, Tie.OWN_PATIENT, "", actor=actor)

        self.attempt("declaring a tie", who, declare)
        must(not self.deed("give_opinion", who, case_id), "an opinion by somebody who stands aside")
        if listed and self.lay_draft("accept", self.keeper_of(case_id), case_id, chance):
            must(not self.deed("accept", who, case_id), "signed by somebody who stands aside")
        self.town.kinds["stood aside"] += 1

    def keeper_of(self, case_id: UUID) -> str:
        with self.town.window() as session:
            case = session.get_one(Referral, case_id)
            theirs = session.get_one(User, self.town.people["other_coordinator"]).organisation_id
            return "other_coordinator" if case.programme_id == theirs else "coordinator"

    # --------------------------------------------------------------------------------- over HTTP

    def at_the_pages(self, chance: Random) -> None:
        """Press a button, or open a page, over HTTP: what is refused is written down once, and changes nothing."""
        who = chance.choice(sorted(self.town.people))
        plain = [move for move in MOVES if move.plain]
        move = chance.choice(plain)
        with self.town.window() as session:
            case = chance.choice(self.town.open_cases(session)).id
            found, person = session.get_one(Referral, case), session.get_one(User, self.town.people[who])
            actor = self.town.enter(session, who)
            doer, state = Doer.of(person), found.state
            seen = seen_from(person, found)
            allowed = seen and state in move.sources and person.role in move.roles
        if chance.random() < 0.25:
            answer = self.browser(who).get(f"/referrals/{case}/moves/withdraw")
            status = answer.status_code
        else:
            form = {"csrf_token": self.csrf(), "reason": "As was agreed."}
            answer = self.browser(who).post(f"/referrals/{case}/moves/{move.deed}", data=form)
            status = answer.status_code
            must(
                status < 400 or not allowed or move.deed == "begin_workup",
                f"{move.deed} at its page: {status}",
            )
            must(status >= 400 or allowed or actor is None, f"{move.deed} was done at its page by {who}")
            if status == 303:
                self.town.done[move.deed, state] += 1
        must(status < 500, f"the page failed: {status}")
        with self.town.window() as session:
            self.checker.look(session, doer, refused=status not in (200, 303), door=actor is not None)
        self.town.steps += 1
        self.town.kinds[f"at the pages: {status}"] += 1

    def browser(self, who: str) -> FlaskClient:
        """A browser with the session of somebody, whose CSRF token is known."""
        client = self.town.app.test_client()
        with client.session_transaction() as cookie:
            cookie["csrf_token"] = SECRET
            if who in self.town.tokens:
                cookie["_user_id"], cookie["_fresh"] = self.town.tokens[who], True
        return client

    def csrf(self) -> str:
        key = self.town.app.config["SECRET_KEY"]
        return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(SECRET))

    # --------------------------------------------------------------------------------- people

    def people(self, chance: Random) -> None:
        """End an account, bring one back, give somebody another role; or let the one who is out try something."""
        spare = sorted(name for name in self.town.people if name.removeprefix("other_") not in KEPT)
        who = chance.choice(spare)
        with self.town.window() as session:
            person = session.get_one(User, self.town.people[who])
            active, id_, role = person.active, person.id, person.role
            cases = self.town.open_cases(session)
            case = chance.choice(cases).id if cases else None
        if not active and case is not None and chance.random() < 0.6:
            must(
                not self.deed(chance.choice(MOVES).deed, who, case),
                "somebody whose account has ended did something",
            )
        elif not active:
            self.bring_back(who, id_)
        elif who in NEW_ROLES and chance.random() < 0.6:
            new = chance.choice([each for each in NEW_ROLES[who] if each is not role])
            self.attempt(
                "another role", "administrator", lambda s, a: people.change_role(s, a, id_, role=new)
            )
            self.town.kinds["another role"] += 1
        else:
            self.attempt("ending an account", "administrator", lambda s, a: people.disable(s, a, id_))
            self.town.kinds["account ended"] += 1

    def bring_back(self, who: str, id_: UUID) -> None:
        """Invite somebody anew, who chooses a password."""
        tokens: list[str] = []
        self.attempt("a new link", "administrator", lambda s, a: tokens.append(people.reset(s, a, id_)))
        with self.town.window() as session:
            person = invitations.choose_password(session, tokens[0], PASSWORD, PASSWORD)
            doer = Doer.of(person)
        with self.town.window() as session:
            self.checker.look(session, doer)
        self.town.kinds["account brought back"] += 1

    # --------------------------------------------------------------------------------- time

    def time(self, chance: Random) -> None:
        """Let time pass, now and then a little of it backwards, and let it do its part, now and then twice."""
        days = chance.choice((0, 0, 0.01, 1, 1, 8, 31)) + chance.random() / 50
        back = chance.random() < 0.15
        self.town.wall.ahead += -timedelta(seconds=chance.randrange(300)) if back else timedelta(days=days)
        for _ in range(chance.choice((1, 1, 2))):
            self.tick(chance)
        self.town.steps += 1
        self.town.kinds["ticks"] += 1

    def tick(self, chance: Random) -> None:
        """Do what is due: a transaction a case, and none of it may fail."""
        with self.town.app.app_context(), Session(self.town.engine) as session:
            for topic in TOPICS:
                if chance.random() < SELDOM.get(topic.function, 1):
                    getattr(import_module(topic.module), topic.function)(session, clock.now())
                    session.commit()
        with self.town.window() as session:
            for entry in self.checker.look(session, CLOCK):
                self.town.kinds[f"by the clock: {entry.deed}"] += 1
                if entry.deed == "came_back":
                    self.town.done["come_back", State.DEFERRED] += 1

    # --------------------------------------------------------------------------------- meetings, letters, packets

    def meeting(self, chance: Random) -> None:
        """Open a meeting, say who came, sort it, close it, cancel it: by those who keep meetings, or by others."""
        prefix = chance.choice(("", "", "other_"))
        with self.town.window() as session:
            live = [id_ for id_ in self.town.meetings[prefix][-6:]
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

        done = self.attempt(f"meeting: {what}", name, do, allowed=None if keeps else False)
        self.town.kinds[f"meeting {what}, {'done' if done else 'refused'}"] += 1

    def letter(self, chance: Random) -> None:
        """Take a held letter back, mostly by who may."""
        with self.town.window() as session:
            wanted = select(Letter.id, Letter.referral_id).where(
                Letter.cancelled_at.is_(None), Letter.released_at.is_(None)
            )
            held = session.execute(wanted.limit(20)).all()
        if not held:
            return
        letter = chance.choice(held)
        who = chance.choice((self.keeper_of(letter.referral_id), "chair", "neurologist", "other_chair"))

        def do(session: Session, actor: User) -> None:
            case = get_referral(session, letter.referral_id, actor, to_change=True)
            letters.take_back(session, case, letter.id, actor=actor)

        self.attempt("taking a letter back", who, do, allowed=False if who == "neurologist" else None)
        self.town.kinds["letters taken back"] += 1

    def read(self, chance: Random) -> None:
        """Read a case, and now and then have its packet made."""
        case_id = chance.choice([*self.town.cases, *self.town.over[-20:]])
        who = chance.choice(sorted(self.town.people))
        prints = self.printed < 6 and chance.random() < 0.05

        def do(session: Session, actor: User) -> None:
            if not prints:
                read_referral(session, case_id, actor)
                return
            case = get_referral(session, case_id, actor, to_change=True)
            version = newest_version(session, case)
            if version is not None:
                with self.town.app.app_context():
                    house = packets.this_house()
                packets.issue_packet(session, version, actor=actor, house=house)
                self.printed += 1

        with self.town.window() as session:
            there = seen_from(
                session.get_one(User, self.town.people[who]), session.get_one(Referral, case_id)
            )
        self.attempt("reading", who, do, allowed=there)
        self.town.kinds["reads"] += 1


def excused(refusal: PonsError | None) -> bool:
    """Whether a refusal is for something beside state, role and house: a tie, one's own draft, an older form."""
    return refusal is not None and not isinstance(refusal, MoveRefusedError | NotFoundError)
