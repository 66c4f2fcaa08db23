"""Each deed of the table at its page: every state, every role, one's own case, a colleague's, a stranger's.

The rows of ``routes.yaml`` that name a deed say how its form is filled in. Where the table allows the deed, the page
does it; everywhere else it refuses, changes nothing, and writes the refusal down.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from referral.workflow import MOVES, Role, State, find_move
from tests.matrix.house import House, facts_about
from tests.matrix.matrix import REFUSED, Row, rows
from tests.matrix.test_routes import address, look, marks, send, typed
from tests.matrix.world import THERE, may_see

pytestmark = pytest.mark.only_on("sqlite")  # the deeds behind are tried on both: see test_deeds.py

PLAIN = [move.deed for move in MOVES if move.plain]
NAMED = {deed: row for row in rows() for deed in row.deeds}
AT_PAGES = {
    **{deed: replace(NAMED["plain"], given={"deed": deed}, leaves=(find_move(deed).past,)) for deed in PLAIN},
    **{deed: row for deed, row in NAMED.items() if deed != "plain"},
}
"""The row of each deed. The five answers of a committee are signed at one page, where an acceptance lies ready."""
SIGNED_ALIKE = frozenset({"decline", "advise", "defer", "ask_for_more"})
NOT_OF_THESE = frozenset({("copy_as_new", State.DECIDED)})
"""Every decided case of the house was accepted, and such a one is copied once it is closed."""
BESIDE = {"referrals.submit": ["packet_issued"], "inbox.assign": ["deed_refused"]}
"""Pages that go back to the case all the same: a second click makes the packet, if there was none; of several cases
those that cannot be given to somebody are named."""
CELLS_OF_A_DEED = len(State) * len(Role) * len(THERE)


def test_every_deed_has_a_page_here() -> None:
    lacking = sorted({move.deed for move in MOVES} - set(AT_PAGES))

    assert lacking == [], "add `deed: [...]` to the row of routes.yaml whose page does it"


@pytest.mark.parametrize("deed", sorted(set(AT_PAGES) - SIGNED_ALIKE))
def test_a_page_does_a_deed_where_the_table_says_so_and_nowhere_else(
    deed: str, house: House, record_property: Callable[[str, object], None]
) -> None:
    house.put_back()
    row, move, done, tried, wrong = AT_PAGES[deed], find_move(deed), 0, 0, []
    for state, role, relation in product(State, Role, THERE):
        case, person = house.world.cases[state, relation], house.world.people[role.value]
        seen = may_see(person, case)
        allowed = seen and state in move.sources and role in move.roles and (deed, state) not in NOT_OF_THESE
        found = try_page(house, row, role.value, state, relation, allowed=allowed, seen=seen)
        tried, done = tried + 1, done + (allowed and not found)
        if found:
            wrong.append(f"{deed}, {state.words}, {role.words}, {relation}: {found}")

    record_property("counted", f"cells of {deed} at its page: {tried}, of which {done} done")
    assert not wrong, f"{len(wrong)} wrong of {tried}:\n" + "\n".join(wrong)
    assert tried == CELLS_OF_A_DEED
    assert done


def try_page(
    house: House, row: Row, who: str, state: State, relation: str, *, allowed: bool, seen: bool
) -> str:
    """Send the form of a deed, and say what was wrong; empty where all is as it should be."""
    words = {**house.words, **facts_about(house, f"case {state.value}", relation)}
    form = typed(house, row if allowed else replace(row, page=""), who, words)
    mark, entry = marks(house)
    page = send(house, row, who, words, form)
    expected = next(code for code in row.answers.values() if code < 400) if allowed else page.status
    if not allowed and page.status not in (REFUSED if seen else (403, 404)):
        again = seen and page.status == 303 and was_left(house, row, mark, entry)
        return "" if again else f"answered {page.status}, and is not allowed: {page.text[:200]}"
    leaves = row if allowed else replace(row, leaves=(REFUSED[page.status],))
    wrong = look(house, leaves, who, expected, page, mark, entry)
    if allowed:
        house.put_back()
    return wrong


def was_left(house: House, row: Row, mark: int, entry: int) -> bool:
    """Whether a page that went back to the case has done nothing, or only what it says beside the deed."""
    deeds = [deed for (deed,) in house.rows("SELECT deed FROM audit_entry WHERE id > ? ORDER BY id", entry)]
    moved = house.rows("SELECT * FROM watched WHERE id > ? AND before <> after", mark)
    house.put_back()
    return not moved and deeds in ([], BESIDE.get(row.view))


def test_each_page_of_a_deed_leads_where_it_says(house: House) -> None:
    for deed, row in AT_PAGES.items():
        words = {**house.words, **facts_about(house, "case in_review", "own")}
        assert address(house, row, words).startswith("/"), deed
