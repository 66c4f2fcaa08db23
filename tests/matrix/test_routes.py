"""Every address by everybody: each route of the application, asked by each role on its own and on what is others'.

What is expected stands in ``routes.yaml`` and is not asked of the application. What is refused changes nothing and
leaves one entry in the trail; what is done leaves exactly the entries of its row; who is shown a name is written down.
"""

from collections import Counter
from collections.abc import Callable
from io import BytesIO

import pytest

from tests.attachments.made import pdf
from tests.browser import Page
from tests.matrix import watch
from tests.matrix.house import (
    ASKING,
    DISABLED,
    NOBODY,
    OPENERS,
    House,
    facts_about,
    facts_of_emergency,
    fill,
)
from tests.matrix.matrix import FILE, REFUSED, Row, cells, rows
from tests.matrix.world import FOREIGN, MISSING, OWN, RECEIVERS, may_see

pytestmark = pytest.mark.only_on("sqlite")  # the deeds behind are tried on both: see test_deeds.py

NAMES = ("Quixwort", "Quixley")  # of those who are referred
LEAST = 3000


# ------------------------------------------------------------------------------------------- every route has a row


def test_every_route_has_a_row_and_every_row_a_route(house: House) -> None:
    there = {
        (rule.endpoint, method)
        for rule in house.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = Counter((row.view, row.method) for row in rows())

    lacking = "\n".join(
        f"- {{view: {view}, method: {method}, ...}}" for view, method in sorted(there - set(told))
    )
    assert not lacking, f"add to {FILE.name} who gets what answer there:\n{lacking}"
    assert set(told) == there, "rows without a route"
    assert max(told.values()) == 1, "a route has two rows"


def test_every_row_says_what_everybody_at_the_door_is_answered() -> None:
    silent = [
        f"{row.name}: {who}" for row in rows() for who in sorted(row.door - {NOBODY, DISABLED})
        if who not in row.answers and not row.about
    ]  # fmt: skip

    assert silent == []


# ------------------------------------------------------------------------------------------- each cell


@pytest.mark.parametrize("who", ASKING)
def test_everybody_gets_the_answer_that_is_theirs(
    who: str, house: House, record_property: Callable[[str, object], None]
) -> None:
    house.put_back()
    tried, wrong = 0, []
    there = {rule.endpoint for rule in house.app.url_map.iter_rules()}
    known = [row for row in rows() if row.view in there]  # a row without a route is told of above
    for row in known:
        for relation in row.relations:
            found = ask(house, row, who, relation)
            tried += 1
            if found:
                wrong.append(f"{row.name}, {who}, {relation}: {found}")

    record_property("counted", f"cells as {who}: {tried} over {len(known)} routes")
    assert not wrong, f"{len(wrong)} wrong of {tried}:\n" + "\n".join(wrong)
    assert tried == sum(len(row.relations) for row in known)


def test_the_matrix_is_as_large_as_was_promised(record_property: Callable[[str, object], None]) -> None:
    record_property("counted", f"cells of the matrix of routes: {cells()}")

    assert cells() >= LEAST


def is_there(house: House, row: Row, who: str, relation: str) -> bool:
    """Whether what the address is about is there for somebody."""
    if relation == MISSING or who in (NOBODY, DISABLED):
        return False
    if row.everywhere or not row.about:
        return True
    if row.about == "emergency":
        return relation == OWN and who in OPENERS
    if row.about == "use":
        return relation != FOREIGN or who == "auditor"
    person = house.world.people[who]
    case = house.case(row.about.partition(" ")[2], relation) if row.about.startswith("case") else None
    if case is not None:
        return may_see(person, case)
    own = relation != FOREIGN
    return own and (person.role in RECEIVERS or row.about == "notice")


def ask(house: House, row: Row, who: str, relation: str) -> str:
    """Ask for one cell, and say what was wrong with the answer; empty where all is as it should be."""
    expected = row.expected(who, there=is_there(house, row, who, relation))
    words = {
        **house.words,
        **facts_about(house, row.about, relation),
        **facts_of_emergency(house, row.about, who, relation),
    }
    if row.sitting:
        house.put_back()
    form = typed(house, row, who, words) if row.method == "POST" else {}
    mark, entry = marks(house)
    page = send(house, row, who, words, form)
    wrong = look(house, row, who, expected, page, mark, entry)
    if row.method == "POST" and expected < 400:
        house.put_back()
        if row.view.partition(".")[0] in ("door", "account"):
            house.forget(who)
    return wrong


def address(house: House, row: Row, words: dict[str, str]) -> str:
    """The address of a row with everything that stands in it."""
    with house.app.test_request_context():
        adapter = house.app.url_map.bind("localhost")
        (rule,) = [
            each for each in house.app.url_map.iter_rules(row.view) if row.method in (each.methods or ())
        ]
        given = {name: words.get(name, "") for name in rule.arguments} | {
            name: value.format_map(words) if isinstance(value, str) else value
            for name, value in row.given.items()
        }
        return str(adapter.build(row.view, given, method=row.method))


def typed(house: House, row: Row, who: str, words: dict[str, str]) -> dict[str, object]:
    """What somebody sends: what the page's form holds, if they are shown it, and what they type."""
    form: dict[str, object] = {}
    if row.page and who not in (NOBODY, DISABLED):
        page = Page(house.client(who).get(row.page.format_map(words)))
        action = address(house, row, words)
        if page.status == 200 and any(each.get("action") == action for each in page.all(".//form")):
            form = page.fields(action)
    form |= fill(words, row.form)
    if row.files:
        form["files"] = (BytesIO(pdf(unique=7)), "letter.pdf")
    return form | {"csrf_token": house.token()}


def send(house: House, row: Row, who: str, words: dict[str, str], form: dict[str, object]) -> Page:
    answer = house.client(who).open(
        address(house, row, words),
        method=row.method,
        data=form or None,
        buffered=True,
        content_type="multipart/form-data" if row.files or row.multipart else None,
    )
    answer.request.environ["wsgi.input"].close()
    return Page(answer)


def marks(house: House) -> tuple[int, int]:
    """Where the notes and the trail stand now."""
    ((mark, entry),) = house.rows(
        "SELECT (SELECT coalesce(max(id), 0) FROM watched), (SELECT coalesce(max(id), 0) FROM audit_entry)"
    )
    return mark, entry


def look(house: House, row: Row, who: str, expected: int, page: Page, mark: int, entry: int) -> str:
    """Say what is wrong with an answer and with what it left; empty where nothing is."""
    if page.status != expected:
        return f"answered {page.status} and not {expected}: {page.text[:200]}"
    notes = [
        watch.Noted(*each) for each in house.rows("SELECT * FROM watched WHERE id > ? ORDER BY id", mark)
    ]
    left = house.rows("SELECT deed, actor_id FROM audit_entry WHERE id > ? ORDER BY id", entry)
    changed = sorted({f"{each.deed} {each.table}" for each in watch.changes(notes)})
    may_change = row.method == "POST" and expected < 400 and row.changes
    if changed and not may_change:
        return f"answered {expected}, and changed {changed}"
    deeds = tuple(deed for deed, _ in left if deed != row.each)
    wanted = leaves(row, who, expected)
    if expected == 409 and deeds[:-1] in (("case_read",), ("meeting_read",)):
        deeds = deeds[1:]  # the case is shown again beside the refusal
    if deeds != wanted:
        return f"left {deeds} in the trail and not {wanted}"
    actor = actor_of(house, row, who)
    if any(found != actor for _, found in left):
        return f"left an entry of somebody else in the trail: {left}"
    if any(name in page.html for name in NAMES) and not left:
        return "showed who is referred, and left no entry"
    return ""


def leaves(row: Row, who: str, expected: int) -> tuple[str, ...]:
    """What an answer leaves in the trail: a refusal one entry, always; nobody leaves none, but a failed sign-in."""
    if who in (NOBODY, DISABLED):
        return row.leaves if row.by else ()
    if expected in REFUSED:
        return (REFUSED[expected],)
    return row.leaves


def actor_of(house: House, row: Row, who: str) -> str | None:
    """Whose act it is in the trail, as the database writes an id."""
    if row.by == "invited":
        return house.words["invited"]
    if row.by == "nobody" or who in (NOBODY, DISABLED):
        return None
    return str(house.world.people[who].id)
