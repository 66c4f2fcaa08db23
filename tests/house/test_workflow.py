"""The table of moves, walked whole."""

from itertools import product

import pytest

from referral.errors import MoveRefusedError
from referral.workflow import MOVES, NEXT, Role, State, check_move, find_move, moves_for, next_move

DEEDS = sorted({move.deed for move in MOVES})


@pytest.mark.parametrize(("deed", "role", "state"), list(product(DEEDS, Role, State)))
def test_a_deed_goes_exactly_where_the_table_says(deed: str, role: Role, state: State) -> None:
    rows = [move for move in MOVES if move.deed == deed and role in move.roles and state in move.sources]

    if rows:
        assert check_move(deed, role, state) is rows[0]
        assert rows[0] in moves_for(role, state)
    else:
        with pytest.raises(MoveRefusedError, match=state.words):
            check_move(deed, role, state)
        assert deed not in {move.deed for move in moves_for(role, state)}


def test_one_deed_leads_from_one_state_to_one_place() -> None:
    for deed, state in product(DEEDS, State):
        targets = {move.target for move in MOVES if move.deed == deed and state in move.sources}
        assert len(targets) <= 1


def test_a_neurologist_signs_and_nobody_else() -> None:
    assert {role for role in Role if any(m.deed == "submit" for m in moves_for(role, State.DRAFT))} == {
        Role.NEUROLOGIST
    }


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_has_no_say_in_a_case_does_nothing_with_it(role: Role) -> None:
    assert [state for state in State if moves_for(role, state)] == []


def test_a_delegate_signs_nothing() -> None:
    signed = {"submit", "answer", "withdraw"}

    assert not {move.deed for state in State for move in moves_for(Role.DELEGATE, state)} & signed


def test_only_the_committee_answers() -> None:
    answers = ("accept", "decline", "advise", "defer", "ask_for_more")

    assert {role for deed in answers for role in find_move(deed).roles} == {Role.COMMITTEE_MEMBER, Role.CHAIR}


def test_each_deed_has_one_row() -> None:
    assert len({move.deed for move in MOVES}) == len(MOVES)
    assert len({move.past for move in MOVES}) == len(MOVES)


def test_every_state_is_reached_and_left_but_the_last() -> None:
    reached = {move.target for move in MOVES} | {State.DRAFT}
    left = {state for move in MOVES if move.target is not None for state in move.sources}

    assert reached - {None} == set(State)
    assert set(State) - left == {State.CLOSED, State.WITHDRAWN, State.ENTERED_IN_ERROR}


def test_the_next_move_of_a_state_is_one_that_somebody_can_make_there() -> None:
    for state in State:
        move = next_move(state)
        assert (move is None) == (state not in NEXT)
        assert move is None or state in move.sources


def test_a_refusal_says_what_is_possible() -> None:
    with pytest.raises(MoveRefusedError) as refused:
        check_move("make_ready", Role.COORDINATOR, State.SUBMITTED)

    assert "start review" in str(refused.value)


def test_every_state_has_its_words() -> None:
    assert all(state.words and state.meaning for state in State)
