"""Leading cases on: what the table allows, mostly the deed that was done least, or one step on the way to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.models import Referral, User
from referral.workflow import MOVES, Move, State, find_move
from tests.machine.steps import Steps
from tests.machine.town import AT_ONCE, ENDED, seen_from
from tests.matrix.world import OUTCOMES

PAIRS = tuple((move.deed, state) for move in MOVES for state in sorted(move.sources))
"""Each deed of the table with each state that it can be done from."""
RIPENS: Mapping[tuple[str, State], tuple[State, str]] = {
    ("write_letter", State.AWAITING_REPLY): (State.LISTED, "ask_for_more"),
    ("copy_as_new", State.DECIDED): (State.DECIDED, "decline"),
    ("begin_workup", State.DECIDED): (State.DECIDED, "accept"),
}
"""What must be decided, and from which state, before a deed can be done that the state alone does not allow."""
LEAST_DONE = 8
"""Out of so many that were done least one is aimed at, so that a refusal holds up nothing."""


@dataclass(frozen=True)
class Chosen:
    """A deed that can be done now: by whom, on which case."""

    move: Move
    who: str
    case: Referral


@cache
def steps_to(goal: State) -> Mapping[State, int]:
    """How many deeds a case is away from a state, from each state out of which a way leads there."""
    away, edge = {goal: 0}, [goal]
    while edge:
        nearer = edge.pop(0)
        for move in MOVES:
            for source in sorted(move.sources if move.target is nearer else ()):
                if source not in away:
                    away[source] = away[nearer] + 1
                    edge.append(source)
    return away


def lead(steps: Steps, chance: Random) -> None:
    """Do what the table allows: of all that can be done now, mostly what was done least."""
    town = steps.town
    with town.window() as session:
        cases = town.open_cases(session)
        found = choose(steps, session, cases, chance) if len(cases) >= AT_ONCE else None
    if found is None:
        steps.open_case()
        return
    deed, case_id = found.move.deed, found.case.id
    if deed == "bring_facts":
        steps.deed("edit", found.who, case_id)
    if deed in OUTCOMES and not steps.lay_draft(deed, steps.keeper_of(case_id), case_id):
        return
    if steps.deed(deed, found.who, case_id) and deed == "copy_as_new":
        take_back_copy(steps)


def take_back_copy(steps: Steps) -> None:
    """Withdraw the draft that a copy is, by whose house it is: time would warn of hundreds of them."""
    copied = steps.copy
    for who in ("neurologist", "other_neurologist"):
        if copied is not None and steps.deed("withdraw", who, copied):
            return


def choose(steps: Steps, session: Session, cases: Sequence[Referral], chance: Random) -> Chosen | None:
    """Choose a deed: one of those done least, or the next step towards it of the case that is nearest; or any."""
    everybody = steps.town.in_role(session)
    over = session.scalars(select(Referral).where(Referral.id.in_(steps.town.over[-2:])))
    there = sorted([*cases, *over], key=lambda case: (chance.random(), case.number))
    if chance.random() < 0.2:
        options = any_of(steps, session, there, everybody, chance)
        return next(options, None)
    done = steps.town.done
    least = sorted(PAIRS, key=lambda pair: (done[pair], chance.random()))[:LEAST_DONE]
    chance.shuffle(least)
    for deed, state in least:
        for case in sorted(there, key=lambda case: steps_to(state).get(case.state, len(State))):
            found = next_step(steps, session, case, find_move(deed), state)
            if found is not None and (who := somebody(everybody, found, case, chance)):
                return Chosen(found, who, case)
    return next(any_of(steps, session, there, everybody, chance), None)


def next_step(steps: Steps, session: Session, case: Referral, wanted: Move, state: State) -> Move | None:
    """The deed itself where a case is ripe for it; else one that leads a case a step nearer to it."""
    if case.state is state and steps.is_ripe(session, case, wanted):
        return wanted
    if (wanted.deed, state) in RIPENS:
        state, deed = RIPENS[wanted.deed, state]
        if case.state is state:
            return find_move(deed)
    away = steps_to(state)
    for move in MOVES if case.state in away and case.state is not state else ():
        nearer = move.target is not None and away.get(move.target, len(State)) < away[case.state]
        if nearer and case.state in move.sources and steps.is_ripe(session, case, move):
            return move
    leads_on = case.state is State.DECIDED and case.state in away and case.state is not state
    return find_move("accept") if leads_on else None  # it was declined, and is corrected


def any_of(
    steps: Steps, session: Session, cases: Sequence[Referral], everybody: Mapping[str, User], chance: Random
) -> Iterator[Chosen]:
    """Whatever the table allows, in no order; what ends a case only as often as is aimed at."""
    for case in cases:
        for move in sorted(MOVES, key=lambda move: (chance.random(), move.deed)):
            ends = move.target in ENDED and steps.town.done[move.deed, case.state] > steps.goal
            if case.state in move.sources and not ends and steps.is_ripe(session, case, move):
                who = somebody(everybody, move, case, chance)
                if who:
                    yield Chosen(move, who, case)


def somebody(everybody: Mapping[str, User], move: Move, case: Referral, chance: Random) -> str | None:
    """Somebody who may do a deed on a case, if there is anybody."""
    able = [name for name, person in everybody.items()
            if person.role in move.roles and seen_from(person, case)]  # fmt: skip
    return chance.choice(sorted(able)) if able else None
