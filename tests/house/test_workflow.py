"""The table of moves, walked whole."""

from itertools import product

import pytest

from referral.errors import MoveRefusedError
from referral.workflow import MOVES, STATES_IN_USE, Role, State, check_move, moves_for

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


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.DELEGATE])
def test_who_has_no_say_in_a_case_moves_none(role: Role) -> None:
    assert [state for state in State if moves_for(role, state)] == []


def test_a_refusal_says_what_is_possible() -> None:
    with pytest.raises(MoveRefusedError) as refused:
        check_move("make_ready", Role.COORDINATOR, State.SUBMITTED)

    assert "start review" in str(refused.value)


def test_every_state_has_its_words() -> None:
    assert all(state.words and state.meaning for state in State)
    assert State.DRAFT in STATES_IN_USE
    assert State.LISTED not in STATES_IN_USE
