"""One step of the machine: done as a request does it, in a transaction of its own, and looked at afterwards.

What a step may do is worked out beforehand from the table of deeds and the rows; a deed that was done and not allowed,
or refused and allowed without an excuse, breaks the run. Which step is next stands in ``leading`` (what the table
allows), ``astray`` (anything by anybody), ``pages`` (over HTTP) and ``around`` (people, time, meetings, letters).
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from referral.actions import decisions
from referral.actions.meetings import Stage, stage_of
from referral.errors import MoveRefusedError, NotFoundError, PonsError
from referral.models import Meeting, Outcome, Referral, User
from referral.workflow import Move, State, find_move
from tests.machine.checker import Checker, Doer, must
from tests.machine.town import Town, seen_from
from tests.matrix.deeds import DEEDS, Act
from tests.matrix.world import OUTCOMES, draft_decision, hold

MOST_ON_AN_AGENDA = 6
MEETINGS_AT_ONCE = 3


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
        self.copy: UUID | None = None

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
            made = DEEDS[deed](Act(session, actor, held, meeting, words))
            self.copy = made.id if deed == "copy_as_new" and isinstance(made, Referral) else None
            return made

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
        for id_ in reversed(self.town.meetings[prefix][-MEETINGS_AT_ONCE:]):
            found = session.get_one(Meeting, id_)
            if stage_of(found) in (Stage.CALLED, Stage.OPEN) and len(found.agenda) < MOST_ON_AN_AGENDA:
                return id_
        self.caller = Doer.of(session.get_one(User, self.town.people[f"{prefix}coordinator"]))
        return self.town.new_meeting(session, prefix).id

    def open_case(self) -> None:
        """Open and type another case."""
        with self.town.window() as session:
            case = self.town.new_case(session)
            doer = Doer.of(session.get_one(User, case.referrer_id))
        with self.town.window() as session:
            self.checker.look(session, doer)
        self.town.steps += 1
        self.town.kinds["opened"] += 1

    def is_ripe(self, session: Session, case: Referral, move: Move) -> bool:
        """Whether a deed can be done for what it needs beside state and role."""
        if move.deed == "begin_workup" or (move.deed == "copy_as_new" and case.state is State.DECIDED):
            current = decisions.find_current(session, case)
            accepted = current is not None and current.outcome is Outcome.ACCEPTED
            return accepted == (move.deed == "begin_workup")  # an accepted case is copied once it is closed
        if move.deed == "write_letter" and case.state is State.AWAITING_REPLY:
            return decisions.find_current(session, case) is not None
        return True

    def lay_draft(self, deed: str, drafter: str, case_id: UUID) -> bool:
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

    def keeper_of(self, case_id: UUID) -> str:
        with self.town.window() as session:
            case = session.get_one(Referral, case_id)
            theirs = session.get_one(User, self.town.people["other_coordinator"]).organisation_id
            return "other_coordinator" if case.programme_id == theirs else "coordinator"


def excused(refusal: PonsError | None) -> bool:
    """Whether a refusal is for something beside state, role and house: a tie, one's own draft, an older form."""
    return refusal is not None and not isinstance(refusal, MoveRefusedError | NotFoundError)
