"""Each deed in each state by each role on each case: exactly what the printed table says, and nothing else.

The table is read from the page on which it is printed. Each cell is tried through the actions, on either database,
and taken back. What is done leaves one entry in the trail; what is refused changes nothing at all.
"""

from collections import Counter
from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import Text, cast, select, type_coerce
from sqlalchemy.orm import Session

from referral.errors import NotFoundError
from referral.models import AuditEntry, Referral, User
from referral.workflow import MOVES, Role, State, find_move
from tests.browser import Browser
from tests.matrix import watch
from tests.matrix.deeds import BY_ITSELF, DEEDS, ROLES, Act, entries_of, lay_ready, refusals_of, without_a_row
from tests.matrix.world import FOREIGN, THERE, World, may_see

SECOND_CLICKS = frozenset({"submit", "answer"})
"""Who presses the button a second time is told how it went the first time, and nothing is done."""

Printed = dict[tuple[State, Role], set[str]]
ALL = sorted({move.deed for move in MOVES})
CELLS_OF_A_DEED = len(State) * len(ROLES) * len(THERE)


@pytest.fixture(scope="module")
def printed(application: Flask, window: Session) -> Printed:
    """The table as a reader sees it: the words of each cell, by state and role."""
    page = Browser(application.test_client(), window).visit("/help")
    words = {move.words: move.deed for move in MOVES}
    assert len(words) == len({move.deed for move in MOVES}), "two deeds have the same words"
    (table,) = [each for each in page.all(".//table") if len(each.findall(".//tbody/tr")) == len(State)]
    heads = [
        " ".join("".join(head.itertext()).split()).lower() for head in table.findall(".//thead/tr/th")[1:]
    ]
    roles = {role.words: role for role in Role}
    found: Printed = {}
    for state, row in zip(State, table.findall(".//tbody/tr"), strict=True):
        assert "".join(row.find("th").itertext()).strip().lower() == state.words  # type: ignore[union-attr]  # each row has a head
        for head, cell in zip(heads, row.findall("td"), strict=True):
            said = [part.strip() for part in "".join(cell.itertext()).split(",")]
            found[state, roles[head]] = {words[each] for each in said if each not in ("–", "")}
    return found


def test_each_deed_of_the_table_is_tried_here() -> None:
    assert without_a_row() == [], "add how it is done to DEEDS in tests/matrix/deeds.py"


def test_the_printed_table_is_the_table(printed: Printed) -> None:
    for state, role in product(State, Role):
        allowed = {move.deed for move in MOVES if state in move.sources and role in move.roles}
        assert printed.get((state, role), set()) == allowed, f"{role.words}, {state.words}"


@pytest.mark.parametrize("deed", ALL)
def test_a_deed_is_done_where_the_printed_table_says_so_and_nowhere_else(
    deed: str,
    window: Session,
    world: World,
    printed: Printed,
    record_property: Callable[[str, object], None],
) -> None:
    told: Counter[str] = Counter()
    wrong: list[str] = []
    for state, role, relation in product(State, ROLES, THERE):
        allowed = deed in printed.get((state, role), set())
        happened = try_cell(deed, window, world, state, role, relation, allowed=allowed)
        told[happened] += 1
        if happened not in ("done", "refused", "not found"):
            wrong.append(f"{deed}, {state.words}, {role.words}, {relation}: {happened}")

    window.rollback()
    record_property("counted", f"cells of {deed}: {sum(told.values())}, of which {told['done']} done")
    assert wrong == []
    assert sum(told.values()) == CELLS_OF_A_DEED
    move = find_move(deed)
    assert told["done"] >= len(move.sources) * len(move.roles) - invisible(deed), (
        "allowed cells were not tried"
    )
    assert told["not found"] >= CELLS_OF_A_DEED // len(THERE), "what is foreign is not found"


def invisible(deed: str) -> int:
    """How many allowed cells of one relation are of cases that the role cannot see: drafts, to a programme."""
    move = find_move(deed)
    return sum(state is State.DRAFT and role not in (Role.NEUROLOGIST, Role.DELEGATE)
               for state, role in product(move.sources, move.roles))  # fmt: skip


def try_cell(
    deed: str, window: Session, world: World, state: State, role: Role, relation: str, *, allowed: bool
) -> str:
    """Try one cell and take it back: ``done``, ``refused``, ``not found``, or what was wrong."""
    actor, case = world.people[role.value], world.cases[state, relation]
    seen = may_see(actor, case)
    prefix = "other_" if relation == FOREIGN else ""
    meeting = world.meetings[prefix].id
    undone = window.begin_nested()
    try:
        if seen:
            lay_ready(window, deed, case, world.people[f"{prefix}coordinator"])
        mark, entry = watch.last(window), last_entry(window)
        try:
            DEEDS[deed](Act(window, actor, case, meeting))
        except refusals_of(deed) as refusal:
            window.flush()
            if changed := watch.since(window, mark):
                return f"refused, and yet changed {changed}"
            if allowed and seen:
                return f"refused: {refusal}"
            return "refused" if seen else "not found" if isinstance(refusal, NotFoundError) else repr(refusal)
        if allowed and seen:
            return what_is_left(window, deed, actor, case, entry, mark)
        window.flush()
        again = seen and deed in SECOND_CLICKS and not watch.since(window, mark)
        return "refused" if again else "done, and not allowed"
    finally:
        undone.rollback()


def what_is_left(window: Session, deed: str, actor: User, case: Referral, entry: int, mark: int) -> str:
    """Look at what a deed has left: one entry by its actor, and the move of this case that the table says."""
    window.flush()
    entries = window.execute(
        select(AuditEntry.deed, AuditEntry.actor_id).where(AuditEntry.id > entry).order_by(AuditEntry.id)
    ).all()
    own = tuple(each.deed for each in entries if each.actor_id == actor.id)
    others = {each.deed for each in entries if each.actor_id != actor.id}
    if own != entries_of(deed) or not others <= BY_ITSELF:
        return f"left {entries} in the trail"
    target = find_move(deed).target
    moved = {(each.case, each.after) for each in watch.since(window, mark) if each.before != each.after}
    if case.state is not (target or case.state) or not moved <= {(as_stored(window, case), target)}:
        return f"is {case.state.words}, and moved {moved}"
    return "done"


def last_entry(window: Session) -> int:
    return window.scalar(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1)) or 0


def as_stored(window: Session, case: Referral) -> str:
    """The id of a case as the database writes it."""
    return str(
        window.scalar(select(cast(type_coerce(Referral.id, Text), Text)).where(Referral.id == case.id))
    )


def test_a_guard_that_is_switched_off_would_be_found(
    window: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a deed that does not ask the table is seen at once."""
    monkeypatch.setattr("referral.actions.moves.check_move", lambda deed, role, state: find_move(deed))

    found = try_cell("close", window, world, State.LISTED, Role.CHAIR, "own", allowed=False)

    assert found == "done, and not allowed"


def test_a_deed_without_its_entry_would_be_found(
    window: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a deed that forgets the trail is seen at once."""
    monkeypatch.setattr("referral.actions.moves.audit.record", lambda *_, **__: None)

    found = try_cell("close", window, world, State.DECIDED, Role.COORDINATOR, "own", allowed=True)

    assert found == "left [] in the trail"
