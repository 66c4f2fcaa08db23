"""Anything by anybody: deeds that are mostly refused, forms that come late, opinions of who stands aside."""

from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import decisions, interests
from referral.actions.referrals import get_referral
from referral.models import Outcome, Referral, Tie, User
from referral.workflow import MOVES, State, find_move
from tests.machine.checker import must
from tests.machine.steps import Screen, Steps
from tests.machine.town import seen_from
from tests.matrix.world import hold, words_of


def wander(steps: Steps, chance: Random) -> None:
    """Have anybody try anything on any case: mostly it is refused."""
    with steps.town.window() as session:
        over = select(Referral).where(Referral.id.in_(steps.town.over[-3:]))
        cases = [(case.id, case.state) for case in (*steps.town.open_cases(session), *session.scalars(over))]
    tried = [
        (steps.town.refused[move.deed, state], chance.random(), move.deed, case)
        for case, state in cases
        for move in MOVES
        if state not in move.sources
    ]
    _, _, deed, case = min(tried)
    if chance.random() < 0.3:
        deed, (case, _) = chance.choice(MOVES).deed, chance.choice(cases)
    steps.deed(deed, chance.choice(sorted(steps.town.people)), case)


def stale(steps: Steps, chance: Random) -> None:
    """Send a form that was opened a while ago; what somebody has done meanwhile is not overwritten."""
    if steps.screens and (len(steps.screens) > 6 or chance.random() < 0.5):
        send_late(steps, steps.screens.pop(0))
        return
    with steps.town.window() as session:
        cases = steps.town.open_cases(session)
        if not cases:
            return
        case = chance.choice(cases)
        other = case.programme_id == session.get_one(User, steps.town.people["other_chair"]).organisation_id
        who = "other_chair" if other else "chair"
        found = decisions.find_draft(session, case)
        steps.screens.append(Screen("draft_decision", who, case.id, decisions.mark_of(found)))
        if found is not None:
            steps.screens.append(Screen("sign", who, case.id, decisions.mark_of(found)))
    steps.town.steps += 1


def send_late(steps: Steps, screen: Screen) -> None:
    """Send one form late."""
    with steps.town.window() as session:
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
        decisions.draft_decision(session, held, said, actor=actor, seen=screen.mark, version=version.version)

    done = steps.attempt(f"late {screen.what}", screen.who, do)
    must(not done or now == screen.mark, f"a late {screen.what} overwrote what was done meanwhile")
    steps.town.kinds["late, refused" if now != screen.mark else "late, as it was"] += 1


def stand_aside(steps: Steps, chance: Random) -> None:
    """Declare a tie; who has one gives no opinion and signs nothing, whatever the table says."""
    with steps.town.window() as session:
        cases = [case for case in steps.town.open_cases(session)
                 if case.state in find_move("declare_interest").sources]  # fmt: skip
        if not cases:
            return
        case = chance.choice(cases)
        everybody = steps.town.in_role(session)
        able = [name for name, person in everybody.items()
                if name not in ("chair", "committee_member", "other_chair", "other_committee_member")
                and person.role in find_move("declare_interest").roles and seen_from(person, case)]  # fmt: skip
        if not able:
            return
        who, case_id, listed = chance.choice(sorted(able)), case.id, case.state is State.LISTED

    def declare(session: Session, actor: User) -> None:
        held = hold(session, session.get_one(Referral, case_id), actor)
        interests.declare(session, held, Tie.OWN_PATIENT, "", actor=actor)

    steps.attempt("declaring a tie", who, declare)
    must(not steps.deed("give_opinion", who, case_id), "an opinion by somebody who stands aside")
    if listed and steps.lay_draft("accept", steps.keeper_of(case_id), case_id):
        must(not steps.deed("accept", who, case_id), "signed by somebody who stands aside")
    steps.town.kinds["stood aside"] += 1
