"""The transplant and the visits that follow: recorded once, by whom, and what is refused."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import care, due
from referral.errors import ConflictError
from referral.models import AuditEntry, FollowUp, Referral, Transplant, User
from referral.reference.follow_up import visits
from referral.workflow import State
from tests.at_hand import page_of, stands
from tests.browser import Browser
from tests.caring import DAY, transplanted

SignIn = Callable[[str], Browser]
People = dict[str, User]


# The transplant


def test_a_transplant_opens_the_diary(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/transplant")
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | {"given_on": "31/08/2026", "note": "Without trouble."})

    kept = session.get_one(Transplant, in_workup.id)
    assert (kept.given_on, kept.note) == ("2026-08-31", "Without trouble.")
    due_on = {each.visit: each.due_on for each in care.follow_ups_of(session, in_workup)}
    assert due_on["day_100"] == "2026-12-09"
    assert due_on["month_6"] == "2027-02-28"
    assert due_on["month_12"] == "2027-08-31"
    assert stands(in_workup) is State.TRANSPLANTED
    assert "9 December 2026" in page.text


@pytest.mark.parametrize("typed", ["", "2199-01-01", "August 2026", "yesterday"])
def test_a_transplant_needs_a_day_that_has_been(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral, typed: str
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/transplant")

    browser.send(address, browser.visit(address).fields(address) | {"given_on": typed}, status=422)

    assert stands(in_workup) is State.WORKUP
    with pytest.raises(ConflictError, match="still to come"):
        care.record_transplant(
            session, in_workup, given_on=clock.today() + DAY, note="", actor=people["coordinator"]
        )


# The visits


def test_the_schedule_goes_on_every_year_for_as_long_as_time_does(
    session: Session, people: People, in_workup: Referral
) -> None:
    transplanted(session, people, in_workup, 10)

    assert due.due_visits(session, clock.now()) == 0
    assert due.due_visits(session, clock.now() + 366 * DAY) == 1
    assert due.due_visits(session, clock.now() + 366 * DAY) == 0
    assert [each.visit for each in care.follow_ups_of(session, in_workup)][-1] == "year_2"
    assert [visit.id for visit in visits()][:5] == ["day_100", "month_6", "month_12", "year_2", "year_3"]


@pytest.mark.parametrize("who", ["coordinator", "neurologist", "delegate"])
def test_a_visit_is_recorded_by_either_side(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral, who: str
) -> None:
    transplanted(session, people, in_workup, 120)
    browser, address = sign_in(who), page_of(in_workup, "/follow-up")
    form = browser.visit(address).fields(f"{address}/day_100")

    page = browser.send(
        f"{address}/day_100",
        form | {"seen_on": clock.today().isoformat(), "edss": "3.0", "relapses": "0", "new_t2": "at least 2"},
    )

    visit = session.scalars(select(FollowUp).where(FollowUp.visit == "day_100")).one()
    assert visit.facts == {
        "seen_on": clock.today().isoformat(),
        "edss": 3,
        "relapses": 0,
        "new_t2": {"min": 2},
    }
    assert visit.recorded_by_id == people[who].id
    assert stands(in_workup) is State.FOLLOW_UP
    assert "3.0" in page.text
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "follow_up_recorded"))
    assert entry.detail["visit"] == "day_100"


def test_what_is_left_open_is_not_known_and_never_none(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    transplanted(session, people, in_workup, 120)
    seen = {"seen_on": clock.today().isoformat()}

    page = sign_in("coordinator").send(page_of(in_workup, "/follow-up/day_100"), seen)

    (cells,) = (
        [" ".join("".join(cell.itertext()).split()) for cell in row.iter("td")]
        for row in page.all(".//section[@id='care']//tr")
        if "Day 100" in "".join(row.itertext())
    )
    assert cells[2:5] == ["Not known"] * 3


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seen_on": ""}, "missing"),
        ({"seen_on": "2000-01-01"}, "Day 0"),
        ({"edss": "0.5"}, "an EDSS"),
        ({"mri_on": "2199"}, "Allowed"),
    ],
)
def test_a_visit_that_cannot_be_read_is_refused_and_kept_on_the_page(
    session: Session,
    people: People,
    sign_in: SignIn,
    in_workup: Referral,
    fields: dict[str, str],
    said: str,
) -> None:
    transplanted(session, people, in_workup, 120)
    good = {"seen_on": clock.today().isoformat(), "edss": "3.0", "note": "As typed"}

    page = sign_in("coordinator").send(page_of(in_workup, "/follow-up/day_100"), good | fields, status=422)

    assert said in page.text
    assert "As typed" in page.text
    assert stands(in_workup) is State.TRANSPLANTED


def test_a_visit_is_recorded_once(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral
) -> None:
    transplanted(session, people, in_workup, 120)
    browser, address = sign_in("coordinator"), page_of(in_workup, "/follow-up/day_100")
    fields = {"seen_on": clock.today().isoformat()}
    browser.send(address, fields)

    browser.send(address, fields, status=409)
    browser.visit(address, status=409)
    browser.send(page_of(in_workup, "/follow-up/year_99"), fields, status=404)
    with pytest.raises(ConflictError, match="already"):
        care.record_follow_up(session, in_workup, "day_100", {}, actor=people["coordinator"])
    with pytest.raises(ConflictError, match="no such visit"):
        care.record_follow_up(session, in_workup, "year_99", {}, actor=people["coordinator"])
