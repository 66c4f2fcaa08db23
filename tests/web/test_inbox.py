"""The inbox of a programme."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import inbox, referrals
from referral.models import AuditEntry, Referral, User
from referral.workflow import State
from tests.at_hand import NOT_MET, deeds, make_draft, send
from tests.browser import Browser, Page
from tests.many import insert_sent

People = dict[str, User]
SignIn = Callable[[str], Browser]
VERDICTS = {"ectrims-ebmt-2025": "tested_met", "ebmt-2020": "cannot_say", "austin-2016": "not_met"}


@pytest.fixture
def coordinator(sign_in: SignIn) -> Browser:
    return sign_in("coordinator")


def names(page: Page) -> list[str | None]:
    return [link.text for link in page.all(".//a[@class='list-name']")]


def sent(
    session: Session,
    people: People,
    name: str,
    *,
    days: int = 0,
    programme: str = "coordinator",
    referrer: str = "neurologist",
) -> Referral:
    draft = make_draft(session, people, name, programme=programme, referrer=referrer)
    send(session, draft, people[referrer], reason="Please look.")
    draft.waiting_since = clock.now() - timedelta(days=days)
    session.flush()
    return draft


def many(session: Session, people: People, count: int) -> None:
    insert_sent(session, people["neurologist"], people["coordinator"], count, snapshot={}, verdicts=VERDICTS)


def test_an_empty_inbox_says_that_nothing_waits(coordinator: Browser) -> None:
    page = coordinator.visit("/inbox")

    assert "Nothing waits" in page.text
    assert not page.all(".//table")


def test_a_case_stands_there_with_all_that_the_next_step_needs(
    coordinator: Browser, session: Session, people: People
) -> None:
    case = sent(session, people, NOT_MET, days=12)

    page = coordinator.visit("/inbox")

    (row,) = page.all(".//tbody/tr")
    said = " ".join(" ".join(row.itertext()).split())
    for word in (case.number, "Ashdown-Pell, Marigold", "born ", people["neurologist"].organisation.name):
        assert word in said
    assert "Submitted 12 days 0 days with us Start review coordinator" in said
    assert said.count("Not met") == 4


def test_the_longest_waiting_stand_first_unless_asked_otherwise(
    coordinator: Browser, session: Session, people: People
) -> None:
    sent(session, people, "whinfell_tadeusz", days=3)
    sent(session, people, "larkspur_kwabena", days=30)

    assert names(coordinator.visit("/inbox")) == ["Larkspur, Kwabena", "Whinfell, Tadeusz"]
    assert names(coordinator.visit("/inbox?order=newest")) == ["Whinfell, Tadeusz", "Larkspur, Kwabena"]


def test_only_what_was_sent_here_stands_here(coordinator: Browser, session: Session, people: People) -> None:
    sent(session, people, "whinfell_tadeusz")
    sent(session, people, "larkspur_kwabena", programme="other_coordinator")
    make_draft(session, people, "hazelrigg_dmitri")
    never_sent = make_draft(session, people, "saltmarsh_ebrima")
    never_sent.state, never_sent.programme_id = State.WITHDRAWN, people["coordinator"].organisation_id

    for address in ("/inbox", "/inbox?state=all", "/inbox?state=withdrawn", "/inbox?state=draft"):
        assert set(names(coordinator.visit(address))) <= {"Whinfell, Tadeusz"}
    assert names(coordinator.visit("/inbox?state=all")) == ["Whinfell, Tadeusz"]


def test_a_state_can_be_chosen_and_nonsense_is_the_usual_list(
    coordinator: Browser, session: Session, people: People
) -> None:
    sent(session, people, "whinfell_tadeusz").state = State.READY
    sent(session, people, "larkspur_kwabena")
    sent(session, people, "hazelrigg_dmitri").state = State.WITHDRAWN

    assert names(coordinator.visit("/inbox?state=ready")) == ["Whinfell, Tadeusz"]
    assert names(coordinator.visit("/inbox?state=withdrawn")) == ["Hazelrigg, Dmitri"]
    assert "No case is in review here" in coordinator.visit("/inbox?state=in_review").text
    for nonsense in (
        "",
        "?state=<script>",
        "?page=x",
        "?page=-3",
        "?page=99999999999",
        "?page=²",
        "?order=1",
    ):
        assert len(names(coordinator.visit(f"/inbox{nonsense}"))) == 2


def test_what_is_filtered_is_said_and_each_filter_can_be_taken_away(
    coordinator: Browser, session: Session, people: People
) -> None:
    clinic = sent(session, people, "whinfell_tadeusz", days=20).organisation

    assert chips(coordinator.visit("/inbox?edition=&age=&order=newest")) == {}
    page = coordinator.visit(
        f"/inbox?state=open&clinic={clinic.id}&age=7&edition=austin-2016&verdict=not_met"
    )

    rest = f"clinic={clinic.id}&age=7&edition=austin-2016&verdict=not_met"
    assert chips(page) == {
        "All that are open": f"/inbox?{rest}",
        f"From {clinic.name}": "/inbox?state=open&age=7&edition=austin-2016&verdict=not_met",
        "Waiting at least 7 days": f"/inbox?state=open&clinic={clinic.id}&edition=austin-2016&verdict=not_met",
        "AUSTIN 2016: not met": f"/inbox?state=open&clinic={clinic.id}&age=7",
    }
    assert "take a filter away" in coordinator.visit("/inbox?age=180").text


def test_a_filter_that_filters_nothing_says_so(
    coordinator: Browser, session: Session, people: People
) -> None:
    sent(session, people, "whinfell_tadeusz")

    page = coordinator.visit("/inbox?verdict=not_met")

    assert names(page) == ["Whinfell, Tadeusz"]
    assert chips(page) == {"Not met: choose an edition with it": "/inbox"}


def chips(page: Page) -> dict[str, str | None]:
    """What is filtered, and the address without it."""
    found = page.all(".//ul[@aria-label='Filtered by']/li/a")
    return {(each.get("aria-label") or "").removeprefix("Without: "): each.get("href") for each in found}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("whin", ["Whinfell, Tadeusz"]),
        ("TADEUSZ whinfell", ["Whinfell, Tadeusz"]),
        ("Whinfell, Tadeusz", ["Whinfell, Tadeusz"]),
        ("żelazowska", ["Żelazowska-Holm, Łucja"]),
        ("ŻELAZOWSKA", ["Żelazowska-Holm, Łucja"]),
        ("larkspur", []),  # sent to another programme
        ("%", []),
        ("_", []),
        ("' OR 1=1 --", []),
        ("nobody", []),
    ],
)
def test_a_search_finds_names_within_the_programme_and_nothing_else(
    coordinator: Browser, session: Session, people: People, typed: str, found: list[str]
) -> None:
    sent(session, people, "whinfell_tadeusz")
    sent(session, people, "zelazowska_lucja")
    sent(session, people, "larkspur_kwabena", programme="other_coordinator")

    page = coordinator.send("/inbox", {"text": typed})

    assert names(page) == found
    assert page.all(".//input[@id='text']")[0].get("value") == typed
    if not found:
        assert "Nothing found" in page.text


def test_a_search_finds_a_number_in_any_state(coordinator: Browser, session: Session, people: People) -> None:
    case = sent(session, people, "whinfell_tadeusz")
    case.state = State.WITHDRAWN

    assert names(coordinator.send("/inbox", {"text": case.number.lower()})) == ["Whinfell, Tadeusz"]


def test_a_name_that_was_searched_for_stands_in_no_address_and_no_trail(
    coordinator: Browser, session: Session, people: People
) -> None:
    sent(session, people, "whinfell_tadeusz")

    page = coordinator.send("/inbox", {"text": "Whinfell"})

    assert page.response.request.path == "/inbox"
    assert not page.response.request.query_string
    trail = session.scalars(select(AuditEntry).where(AuditEntry.deed == "inbox_read")).all()
    assert trail[-1].detail == {"state": "all", "page": 1, "cases": 1, "searched": True}
    assert "Whinfell" not in str([entry.detail for entry in session.scalars(select(AuditEntry))])


def test_a_script_searched_for_stays_text(coordinator: Browser) -> None:
    page = coordinator.send("/inbox", {"text": "<script>alert(1)</script>"})

    assert page.all(".//input[@id='text']")[0].get("value") == "<script>alert(1)</script>"
    assert "<script>alert" not in page.html


def test_long_lists_come_in_pages_of_fifty(coordinator: Browser, session: Session, people: People) -> None:
    many(session, people, 120)

    first, second, last = (coordinator.visit(f"/inbox?page={number}") for number in (1, 2, 99))

    assert [len(names(page)) for page in (first, second, last)] == [50, 50, 20]
    assert "1 to 50 of 120" in first.text
    assert "Page 3 of 3" in last.text
    assert not set(names(first)) & set(names(second))
    assert first.all(".//a[@rel='next']")[0].get("href") == "/inbox?page=2"
    assert not first.all(".//a[@rel='prev']")
    assert not last.all(".//a[@rel='next']")


def test_paging_keeps_what_was_chosen(coordinator: Browser, session: Session, people: People) -> None:
    many(session, people, 300)

    page = coordinator.visit("/inbox?state=ready&order=newest&page=2")

    assert page.all(".//a[@rel='prev']")[0].get("href") == "/inbox?page=1&state=ready&order=newest"
    assert "51 to 100 of 100" in page.text


def test_a_search_that_finds_too_many_says_so(coordinator: Browser, session: Session, people: People) -> None:
    many(session, people, 60)

    page = coordinator.send("/inbox", {"text": "Invented"})

    assert "60 found, the first 50 shown" in page.text
    assert not page.all(".//a[@rel='next']")


def test_ten_thousand_cases_are_counted_and_paged(
    coordinator: Browser, session: Session, people: People
) -> None:
    many(session, people, 10_000)

    page = coordinator.visit("/inbox?page=200")

    assert "9951 to 10000 of 10000" in page.text
    assert len(names(page)) == 50


def test_reading_a_list_opens_neither_text_nor_snapshot(session: Session, people: People) -> None:
    """The list selects the columns it shows: what was typed and signed would make it slow."""
    many(session, people, 3)

    (line, *_) = inbox.list_inbox(session, people["coordinator"]).lines

    assert line.verdicts == VERDICTS
    selected = {column["name"] for column in referrals._lines().column_descriptions}
    assert not {"typed", "snapshot"} & selected


@pytest.mark.parametrize("who", ["coordinator", "committee_member", "chair"])
def test_who_receives_reads_the_inbox_and_is_named_for_it(
    sign_in: SignIn, session: Session, people: People, who: str
) -> None:
    sent(session, people, "whinfell_tadeusz")

    assert names(sign_in(who).visit("/inbox")) == ["Whinfell, Tadeusz"]
    assert deeds(session)[-1] == "inbox_read"


@pytest.mark.parametrize("who", ["neurologist", "delegate", "auditor", "administrator"])
def test_who_does_not_receive_has_no_inbox(sign_in: SignIn, who: str) -> None:
    browser = sign_in(who)

    browser.visit("/inbox", 403)
    browser.send("/inbox", {"text": "a"}, 403)


def test_a_list_asked_for_past_every_right_is_empty(session: Session, people: People) -> None:
    sent(session, people, "whinfell_tadeusz")

    for who in ("auditor", "administrator", "other_coordinator"):
        found = inbox.list_inbox(session, people[who], inbox.Wanted(states=tuple(State)))
        assert (found.lines, found.total, found.pages) == ((), 0, 1)
