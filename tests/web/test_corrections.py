"""What was mistyped of a transplant or a visit is corrected with a reason; what it replaces is kept and shown."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import care, corrections
from referral.errors import ConflictError, MoveRefusedError
from referral.models import AuditEntry, Correction, FollowUp, Referral, Transplant, User
from tests.at_hand import deeds, page_of
from tests.browser import Browser
from tests.caring import DAY, transplanted

SignIn = Callable[[str], Browser]
People = dict[str, User]
WHY = "The year was mistyped."


@pytest.fixture
def day_0(session: Session, people: People, in_workup: Referral) -> date:
    """A transplant that was given 220 days ago, so that the first two visits are due."""
    return transplanted(session, people, in_workup, 220)


@pytest.fixture
def visited(session: Session, people: People, in_workup: Referral, day_0: date) -> Referral:
    """And a visit on the hundredth day."""
    facts = {"seen_on": (day_0 + 100 * DAY).isoformat(), "edss": 3, "relapses": 0}
    care.record_follow_up(session, in_workup, "day_100", facts, actor=people["neurologist"])
    session.commit()
    return in_workup


def due_on(session: Session, case: Referral, visit: str) -> str:
    wanted = select(FollowUp.due_on).where(FollowUp.referral_id == case.id, FollowUp.visit == visit)
    return session.scalars(wanted).one()


def test_a_mistyped_day_is_corrected_and_the_visits_move_with_it(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral, day_0: date
) -> None:
    browser, address = sign_in("coordinator"), page_of(in_workup, "/transplant/correction")
    form = browser.visit(address).fields(address)
    right = day_0 - 30 * DAY

    page = browser.send(address, form | {"given_on": right.isoformat(), "reason": WHY})

    assert session.get_one(Transplant, in_workup.id).given_on == right.isoformat()
    assert due_on(session, in_workup, "day_100") == (right + 100 * DAY).isoformat()
    (kept,) = session.scalars(select(Correction))
    assert (kept.topic, kept.replaced["given_on"], kept.reason) == ("transplant", day_0.isoformat(), WHY)
    assert (kept.recorded_by_id, kept.corrected_by_id) == (people["coordinator"].id,) * 2
    said = " ".join(page.text.split())
    assert f"The transplant was corrected by {people['coordinator'].name}" in said
    assert f"Before, as recorded by {people['coordinator'].name}" in said
    assert f"{day_0:%-d %B %Y}" in said
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "transplant_corrected"))
    assert (entry.detail["was"], entry.detail["given_on"]) == (day_0.isoformat(), right.isoformat())
    assert WHY not in str(entry.detail)


def test_a_mistyped_visit_is_corrected_by_whoever_may_record_one(
    session: Session, people: People, sign_in: SignIn, visited: Referral
) -> None:
    browser = sign_in("delegate")
    which = browser.visit(page_of(visited, "/follow-up/correction"))
    address = page_of(visited, "/follow-up/day_100/correction")
    assert [link.get("href") for link in which.all(".//main//ul//a")] == [address]
    form = browser.visit(address).fields(address)
    assert (form["edss"], form["relapses"]) == ("3.0", "0")

    page = browser.send(address, form | {"edss": "3.5", "reason": WHY})

    visit = session.scalars(select(FollowUp).where(FollowUp.visit == "day_100")).one()
    assert (visit.facts["edss"], visit.recorded_by_id) == (3.5, people["delegate"].id)
    (kept,) = session.scalars(select(Correction))
    assert (kept.topic, kept.replaced["edss"], kept.recorded_by_id) == (
        "day_100",
        3,
        people["neurologist"].id,
    )
    assert "EDSS 3.0; relapses since: 0" in " ".join(page.text.split())
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "follow_up_corrected"))
    assert (entry.detail["visit"], entry.detail["facts"]) == ("day_100", ["edss"])


@pytest.mark.parametrize(
    ("rest", "typed", "said"),
    [
        ("/transplant/correction", {"given_on": "2199-01-01", "reason": WHY}, "Allowed"),
        ("/transplant/correction", {"given_on": "1 January 2020"}, "Say why"),
        ("/follow-up/day_100/correction", {"seen_on": "2000-01-01", "reason": WHY}, "Day 0"),
        ("/follow-up/day_100/correction", {"note": "Otherwise"}, "Say why"),
    ],
)
def test_a_correction_needs_a_day_that_can_be_and_a_reason(
    session: Session, sign_in: SignIn, visited: Referral, rest: str, typed: dict[str, str], said: str
) -> None:
    browser, address = sign_in("coordinator"), page_of(visited, rest)
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | typed, status=422)

    assert said in page.text
    assert page.fields(address) == {**page.fields(address), **typed}
    assert session.scalars(select(Correction)).all() == []


def test_a_day_after_a_visit_is_refused_until_the_visit_is_corrected(
    session: Session, sign_in: SignIn, visited: Referral, day_0: date
) -> None:
    browser, address = sign_in("coordinator"), page_of(visited, "/transplant/correction")
    form = browser.visit(address).fields(address)

    later = (day_0 + 150 * DAY).isoformat()
    page = browser.send(address, form | {"given_on": later, "reason": WHY}, status=409)

    assert "Correct the visit first" in page.text
    assert page.fields(address)["given_on"] == later
    assert session.get_one(Transplant, visited.id).given_on == day_0.isoformat()


def test_two_who_correct_at_once_do_not_overwrite_each_other(
    session: Session, sign_in: SignIn, visited: Referral
) -> None:
    browser, address = sign_in("coordinator"), page_of(visited, "/follow-up/day_100/correction")
    form = browser.visit(address).fields(address)
    browser.send(address, form | {"edss": "3.5", "reason": WHY})

    page = browser.send(address, form | {"edss": "4.0", "reason": WHY}, status=409)

    assert "Somebody else has corrected this" in page.text
    assert session.scalars(select(FollowUp.facts).where(FollowUp.visit == "day_100")).one()["edss"] == 3.5
    assert len(session.scalars(select(Correction)).all()) == 1


def test_what_is_typed_as_it_stands_leaves_no_trace(
    session: Session, sign_in: SignIn, visited: Referral
) -> None:
    browser, before = sign_in("coordinator"), deeds(session, visited).count("follow_up_corrected")
    for rest in ("/transplant/correction", "/follow-up/day_100/correction"):
        address = page_of(visited, rest)
        browser.send(address, browser.visit(address).fields(address))

    assert deeds(session, visited).count("follow_up_corrected") == before
    assert session.scalars(select(Correction)).all() == []


def test_what_was_never_recorded_is_not_corrected(
    session: Session, people: People, sign_in: SignIn, in_workup: Referral, day_0: date
) -> None:
    browser = sign_in("coordinator")
    browser.visit(page_of(in_workup, "/follow-up/correction"), status=409)
    with pytest.raises(MoveRefusedError):
        corrections.correct_follow_up(
            session, in_workup, "day_100", {}, WHY, seen="", actor=people["coordinator"]
        )
    care.record_follow_up(
        session, in_workup, "day_100", {"seen_on": clock.today().isoformat()}, actor=people["coordinator"]
    )
    session.commit()
    browser.visit(page_of(in_workup, "/follow-up/month_6/correction"), status=404)
    with pytest.raises(ConflictError, match="nothing to correct"):
        corrections.correct_follow_up(
            session, in_workup, "month_6", {}, WHY, seen="", actor=people["coordinator"]
        )


@pytest.mark.parametrize(
    "rest", ["/transplant/correction", "/follow-up/correction", "/follow-up/day_100/correction"]
)
def test_a_correction_is_for_whom_the_table_names_and_there_for_nobody_else(
    sign_in: SignIn, visited: Referral, rest: str
) -> None:
    sign_in("chair").visit(page_of(visited, rest), status=409)
    sign_in("neurologist").visit(page_of(visited, rest), status=409 if "transplant" in rest else 200)
    for stranger in ("other_coordinator", "other_neurologist", "auditor"):
        sign_in(stranger).visit(page_of(visited, rest), status=404)
