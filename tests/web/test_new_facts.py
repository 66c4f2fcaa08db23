"""A clinic brings new facts to a case that was put off: a new version, and the case is in review again."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import due
from referral.models import AuditEntry, Mail, Referral, ReferralVersion, User
from referral.workflow import State
from tests.at_hand import deeds, page_of, stands
from tests.browser import Browser, Page
from tests.deciding import decide, list_case

SignIn = Callable[[str], Browser]
People = dict[str, User]
FACT = "ambulation"


@pytest.fixture
def deferred(session: Session, people: People) -> Referral:
    """A case that was put off until it is known how the person walks."""
    case = list_case(session, people)
    decide(session, people, case, outcome="deferred", comes_back_for=FACT, text="Once it is known.")
    return case


def change(browser: Browser, case: Referral, section: str, **typed: str) -> None:
    """Change facts where they stand."""
    address = page_of(case, f"/edit/{section}")
    browser.send(address, browser.visit(address).fields(address) | typed | {"save": "here"})


def sign(browser: Browser, case: Referral, status: int = 200, **typed: str) -> Page:
    address = page_of(case, "/new-facts")
    form = browser.visit(address).fields(address)
    said = {"declared": "yes", "reason": "All the same."}
    return browser.send(address, form | said | typed, status)


def because(session: Session) -> list[str]:
    entries = session.scalars(select(AuditEntry).where(AuditEntry.deed == "facts_brought"))
    return [entry.detail["because"] for entry in entries]


def test_the_missing_fact_brings_the_case_back_as_a_new_version(
    session: Session, people: People, sign_in: SignIn, deferred: Referral
) -> None:
    browser = sign_in("neurologist")
    assert "Bring new facts" in browser.visit(page_of(deferred)).text
    change(browser, deferred, "walking", **{"ambulation-distance_m": "149"})
    before = browser.visit(page_of(deferred, "/new-facts"))
    assert "as soon as this is known" in before.text

    page = sign(browser, deferred)

    assert "in review again" in page.text
    assert stands(deferred) is State.IN_REVIEW
    newest = session.scalars(select(ReferralVersion).order_by(ReferralVersion.version.desc())).first()
    assert newest is not None
    assert newest.version == 2
    assert newest.snapshot["record"]["ambulation"]["distance_m"] == 149
    assert because(session) == ["its fact"]
    assert deeds(session, deferred).count("facts_brought") == 1
    assert f"A deferred case has new facts: referral {deferred.number}" in session.scalars(
        select(Mail.subject)
    )
    assert due.due_deferrals(session, clock.now()) == 0, "it is back already"
    assert "what has changed since version 1" in sign_in("coordinator").visit(page_of(deferred)).text


def test_other_facts_bring_it_back_too_and_the_trail_tells_them_apart(
    session: Session, sign_in: SignIn, deferred: Referral
) -> None:
    browser = sign_in("neurologist")
    change(browser, deferred, "request", question="Would the committee look again?")

    sign(browser, deferred)

    assert stands(deferred) is State.IN_REVIEW
    assert because(session) == ["other facts"]


def test_nothing_new_brings_nothing_back(session: Session, sign_in: SignIn, deferred: Referral) -> None:
    page = sign(sign_in("neurologist"), deferred, 422)

    assert "Nothing has been changed" in page.text
    assert stands(deferred) is State.DEFERRED
    assert because(session) == []
    assert "The case was put off" in sign_in("neurologist").visit(page_of(deferred, "/edit/walking")).text


def test_until_they_are_signed_nobody_else_sees_them(
    session: Session, sign_in: SignIn, deferred: Referral
) -> None:
    change(sign_in("delegate"), deferred, "request", question="Only we know of this.")

    assert "Only we know" not in sign_in("coordinator").visit(page_of(deferred)).html
    assert sign_in("delegate").visit(page_of(deferred, "/new-facts")).all(".//input[@name='declared']") == []
    sign_in("delegate").send(page_of(deferred, "/new-facts"), {"declared": "yes"}, 409)


def test_a_case_that_is_not_put_off_takes_no_new_facts(sign_in: SignIn, sent: Referral) -> None:
    sign_in("neurologist").visit(page_of(sent, "/new-facts"), status=409)
    sign_in("coordinator").visit(page_of(sent, "/new-facts"), status=404)
    sign_in("other_neurologist").visit(page_of(sent, "/new-facts"), status=404)
