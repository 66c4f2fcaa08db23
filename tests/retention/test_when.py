"""Which cases are due to be deleted, and from when on; who is told."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from referral import clock
from referral.actions.retention import (
    after,
    coming,
    delete_due,
    find_due,
)
from referral.attachments import Store
from referral.models import Referral
from tests.at_hand import make_draft, send
from tests.ended import DAY, LONG_AGO, People, due, put_back, settle


def test_nothing_is_deleted_before_a_programme_has_settled_it(
    session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    settle(session, people, years=None)
    session.commit()

    assert delete_due(session, cabinet, clock.now()) == []


@pytest.mark.parametrize(("beyond", "is_due"), [(-1, False), (0, True), (1, True)])
def test_an_ended_case_is_due_from_the_day_on_its_years_are_over(
    session: Session, people: People, ended: Referral, beyond: int, is_due: bool
) -> None:
    settle(session, people, years=10)
    put_back(session, ended, clock.midnight(after(clock.today(), years=-10) - beyond * DAY))

    assert (due(session) == [ended.number]) is is_due


def test_nothing_goes_that_was_not_announced_for_thirty_days(
    session: Session, people: People, ended: Referral
) -> None:
    settle(session, people, ago=29 * DAY)
    session.commit()

    assert due(session) == []
    (announced,) = coming(session, people["coordinator"], clock.today())
    assert (announced.number, announced.on) == (ended.number, clock.today() + DAY)


def test_a_case_that_has_not_ended_is_never_due(session: Session, people: People) -> None:
    case = make_draft(session, people)
    send(session, case, people["neurologist"])
    settle(session, people, years=1, months=1)
    put_back(session, case, clock.now() - LONG_AGO)

    assert due(session) == []


def test_a_draft_goes_by_the_programme_that_it_is_addressed_to(session: Session, people: People) -> None:
    ours, theirs = (
        make_draft(session, people, programme=who) for who in ("coordinator", "other_coordinator")
    )
    nobodys = make_draft(session, people)
    nobodys.typed = {}
    session.commit()
    settle(session, people, months=1)
    settle(session, people, months=None, who="other_chair")
    old = clock.now() + 40 * DAY  # nobody has done anything with them for that long

    found = {each.number: each.rule for each in find_due(session, clock.local(old).date())}

    assert found == {ours.number: "P1M", nobodys.number: "P1M"}
    assert theirs.number not in found


def test_each_is_told_of_what_concerns_them(session: Session, people: People, ended: Referral) -> None:
    settle(session, people)
    session.commit()

    told = {who: bool(coming(session, user, clock.today())) for who, user in people.items()}

    mine = {"neurologist", "delegate", "coordinator", "committee_member", "chair"}
    assert {who for who, listed in told.items() if listed} == mine | {"administrator", "other_administrator"}


@pytest.mark.parametrize(
    ("first", "more", "then"),
    [
        ("2024-02-29", {"years": 1}, "2025-03-01"),
        ("2024-02-29", {"years": 4}, "2028-02-29"),
        ("2026-01-31", {"months": 1}, "2026-03-01"),
        ("2026-08-31", {"months": 6}, "2027-03-01"),
        ("2026-12-15", {"months": 1}, "2027-01-15"),
        ("2026-12-31", {"months": 2}, "2027-03-01"),
    ],
)
def test_where_a_month_is_shorter_the_time_is_over_on_the_day_after_it(
    first: str, more: dict[str, int], then: str
) -> None:
    assert after(date.fromisoformat(first), **more) == date.fromisoformat(then)
