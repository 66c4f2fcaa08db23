"""The workflow as a machine: thousands of acts by everybody, time, edits, late forms; what must hold holds after each.

Hypothesis chooses what happens. One database is rolled on through the whole run, so a failure is told as it comes and
is not made smaller: the seed of the step, and what it did, stand in the message.
"""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy.exc import IntegrityError

from referral import audit
from referral.actions import moves
from referral.workflow import MOVES, State, find_move
from tests.machine import around, astray, leading, pages
from tests.machine.checker import Broken, Checker
from tests.machine.leading import PAIRS
from tests.machine.steps import Steps
from tests.machine.town import AT_ONCE, Town

STEPS = int(os.environ.get("MACHINE_STEPS") or (20_000 if os.environ.get("CI") else 1000))  # on each store
LONG = STEPS >= 20_000
GOAL = max(3, STEPS // 700)  # how often each deed is aimed at from each of its states
LEAST = 10  # how often each was done at the very least in a long run
IN_A_SHORT_RUN = 0.6  # of them that a short run does at all, and of those forbidden that it tries: a tenth
STEPS_IN_A_RUN = 20  # short: in each run Hypothesis leaves some of the rules out
FORBIDDEN = [(move.deed, state) for move in MOVES for state in State if state not in move.sources]
SEEDS = st.integers(0, 2**32 - 1)
RULES: Mapping[str, Callable[[Steps, Random], None]] = {
    "lead": leading.lead,
    "wander": astray.wander,
    "stale": astray.stale,
    "stand_aside": astray.stand_aside,
    "at_the_pages": pages.at_the_pages,
    "people": around.people_come_and_go,
    "time": around.time_passes,
    "meeting": around.meet,
    "letter": around.letter,
    "read": around.read,
}


class Machine(RuleBasedStateMachine):
    """What may happen next. ``steps`` is set for a run; everything is done there."""

    steps: ClassVar[Steps]

    def go(self, what: str, seed: int) -> None:
        steps = self.steps
        if steps.town.steps >= STEPS or steps.failure is not None:
            return
        chance = Random(seed)  # noqa: S311  # no secret
        try:
            for _ in range(3 if what == "lead" else 1):
                RULES[what](steps, chance)
        except Exception as failure:  # told after the run: tried again, it would find another database
            failure.add_note(f"in {what} with the seed {seed}, after {steps.town.steps} steps")
            steps.failure = failure

    @rule(seed=SEEDS)
    def lead(self, seed: int) -> None:
        self.go("lead", seed)

    @rule(seed=SEEDS)
    def lead_on(self, seed: int) -> None:
        self.go("lead", seed)

    @rule(seed=SEEDS)
    def lead_further(self, seed: int) -> None:
        self.go("lead", seed)

    @rule(seed=SEEDS)
    def lead_to_the_end(self, seed: int) -> None:
        self.go("lead", seed)

    @rule(seed=SEEDS)
    def wander(self, seed: int) -> None:
        self.go("wander", seed)

    @rule(seed=SEEDS)
    def wander_about(self, seed: int) -> None:
        self.go("wander", seed)

    @rule(seed=SEEDS)
    def at_the_pages(self, seed: int) -> None:
        self.go("at_the_pages", seed)

    @rule(seed=SEEDS)
    def send_a_late_form(self, seed: int) -> None:
        self.go("stale", seed)

    @rule(seed=SEEDS)
    def people_come_and_go(self, seed: int) -> None:
        self.go("people", seed)

    @rule(seed=SEEDS)
    def time_passes(self, seed: int) -> None:
        self.go("time", seed)

    @rule(seed=SEEDS)
    def meet(self, seed: int) -> None:
        self.go("meeting", seed)

    @rule(seed=SEEDS)
    def stand_aside_or_read(self, seed: int) -> None:
        self.go(("stand_aside", "read", "letter")[seed % 3], seed)


def run(town: Town) -> Steps:
    """Run the machine until enough steps are done."""
    checker = Checker()
    with town.window() as session:
        checker.begin(session)
    Machine.steps = steps = Steps(town, checker, GOAL)
    for _ in range(AT_ONCE):
        steps.open_case()
    quietly = settings(
        max_examples=max(1, STEPS // STEPS_IN_A_RUN),
        stateful_step_count=STEPS_IN_A_RUN,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=True,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    rounds = 0
    while town.steps < STEPS and rounds < 50 and steps.failure is None:
        run_state_machine_as_test(Machine, settings=quietly)
        rounds += 1
    if steps.failure is not None:
        raise steps.failure
    return steps


def test_whatever_happens_what_must_hold_holds(
    town: Town, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    steps = run(town)

    tell(town, steps.checker, record_property)
    with town.window() as session:
        for case in [*town.cases, *town.over]:
            steps.checker.check_case(session, case)
        assert audit.verify(session, {}).broken is None
    assert town.steps >= STEPS
    check_all_was_done(town)
    for fault, (break_it, said) in FAULTS.items():
        begin_afresh(steps)
        with monkeypatch.context() as patch:
            break_it(patch)
            with pytest.raises(Broken, match=said):
                go_on(steps, fault)
        record_property("counted", f"fault found: {fault}")


def check_all_was_done(town: Town) -> None:
    """No empty loop passes: each deed was done from each of its states, and tried from each that forbids it."""
    rare = {pair: town.done[pair] for pair in PAIRS if town.done[pair] < (LEAST if LONG else 1)}
    untried = [pair for pair in FORBIDDEN if not town.refused[pair]]
    if LONG:
        assert not rare, f"done fewer than {LEAST} times: {rare}"
        assert not untried, f"forbidden, and never tried: {untried}"
    assert len(rare) <= (1 - IN_A_SHORT_RUN) * len(PAIRS), f"never done: {sorted(rare)}"
    assert len(untried) <= 0.9 * len(FORBIDDEN), f"forbidden, and never tried: {untried}"


def tell(town: Town, checker: Checker, record_property: Callable[[str, object], None]) -> None:
    """Say how much was done."""
    by_deed: Counter[str] = Counter()
    for (deed, _), times in town.done.items():
        by_deed[deed] += times
    counted = {
        "steps": town.steps,
        "cases": town.made,
        "entries verified": checker.entries,
        "cases looked at": checker.looked_at,
        "deeds done, by state": f"{sum(bool(town.done[pair]) for pair in PAIRS)} of {len(PAIRS)}",
        "least often done": min(town.done[pair] for pair in PAIRS),
        "forbidden tried": f"{sum(bool(town.refused[pair]) for pair in FORBIDDEN)} of {len(FORBIDDEN)}",
        "deeds": dict(sorted(by_deed.items())),
        "else": dict(sorted(town.kinds.items())),
    }
    for what, many in counted.items():
        record_property("counted", f"{what}: {many}")


# ------------------------------------------------------------------------------------------- the control


def begin_afresh(steps: Steps) -> None:
    """Leave what a fault has spoilt behind, and begin with new cases."""
    steps.town.cases, steps.town.over, steps.screens, steps.caller = [], [], [], None
    with steps.town.window() as session:
        steps.checker.begin(session)
    for _ in range(AT_ONCE):
        steps.open_case()


def go_on(steps: Steps, fault: str) -> None:
    """Go on with a fault in the house, for long enough that it must show."""
    chance = Random(fault)  # noqa: S311  # no secret
    for _ in range(400):
        with suppress(IntegrityError):  # the database holds even so: on, until the checker tells
            (leading.lead if chance.random() < 0.6 else astray.wander)(steps, chance)


def forget_the_trail(patch: pytest.MonkeyPatch) -> None:
    """Some moves leave no entry."""
    record = audit.record

    def forgetful(session: Any, actor: Any, deed: str, *rest: Any, **more: Any) -> Any:
        return (
            None
            if deed in ("review_started", "asked", "withdrawn")
            else record(session, actor, deed, *rest, **more)
        )

    patch.setattr("referral.actions.moves.audit.record", forgetful)


def let_everybody(patch: pytest.MonkeyPatch) -> None:
    """The guard lets every role do every deed."""
    patch.setattr(moves, "check_move", lambda deed, role, state: find_move(deed))


def forget_the_stay(patch: pytest.MonkeyPatch) -> None:
    """A case moves on, and its stay does not end."""

    def stand(session: Any, referral: Any, state: State, actor: Any, at: Any) -> None:
        referral.state = state

    patch.setattr(moves, "_stand", stand)


def sign_for_another(patch: pytest.MonkeyPatch) -> None:
    """The trail names somebody else."""
    record = audit.record

    def swap(session: Any, actor: Any, deed: str, referral: Any = None, **more: Any) -> Any:
        return record(session, referral.referrer if actor and referral else actor, deed, referral, **more)

    patch.setattr("referral.actions.moves.audit.record", swap)


FAULTS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "no entry": (forget_the_trail, "states changed as"),
    "no guard": (let_everybody, "was done"),
    "no stay": (forget_the_stay, "stay"),
    "another's name": (sign_for_another, "in the name of somebody else"),
}
