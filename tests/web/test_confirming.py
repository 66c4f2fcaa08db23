"""Before what cannot be undone: who has not shown lately who they are is asked once more, and loses nothing typed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral import clock
from referral.models import AuditEntry, Referral, User, UserSession
from referral.workflow import GRAVE, MOVES, State
from tests.browser import PASSWORD, Browser, Page
from tests.matrix.matrix import rows

SignIn = Callable[[str], Browser]
People = dict[str, User]
ENDS = {State.WITHDRAWN, State.CLOSED, State.ENTERED_IN_ERROR}


@pytest.fixture
def draft(session: Session, people: People) -> Referral:
    found = Referral(
        number="R-2026-0001", organisation=people["neurologist"].organisation, referrer=people["neurologist"],
        programme=people["coordinator"].organisation,
    )  # fmt: skip
    session.add(found)
    session.commit()
    return found


def let_time_pass(session: Session, minutes: int = 11) -> None:
    session.execute(update(UserSession).values(proved_at=clock.now() - timedelta(minutes=minutes)))
    session.commit()


def state_of(session: Session, draft: Referral) -> State:
    session.refresh(draft)
    return draft.state


def withdraw(browser: Browser, draft: Referral, **fields: str) -> Page:
    path = f"/referrals/{draft.id}/moves/withdraw"
    form = {"csrf_token": browser.token(), "reason": "Typed with care, é.\r\nTwo lines."} | fields
    return browser.open(path, method="POST", data=form)


def test_a_fresh_sign_in_is_proof_enough(sign_in: SignIn, session: Session, draft: Referral) -> None:
    assert withdraw(sign_in("neurologist"), draft).status == 303


def test_later_one_is_asked_and_nothing_typed_is_lost(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    let_time_pass(session)

    page = withdraw(browser, draft)
    page.check()
    assert page.status == 200
    assert "Is it you?" in page.text
    assert state_of(session, draft) is State.DRAFT, "nothing is done yet"

    path = f"/referrals/{draft.id}/moves/withdraw"
    before = browser.client.get_cookie("pons")
    done = browser.open(path, method="POST", data=page.fields(path) | {"proof-password": PASSWORD})

    assert done.status == 303
    assert state_of(session, draft) is State.WITHDRAWN
    assert "Typed with care, é." in (draft.state_reason or "")
    after = browser.client.get_cookie("pons")
    assert before is not None
    assert after is not None
    assert before.value != after.value, "a new token"
    deeds = session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()
    assert "confirmed_again" in deeds


def test_a_wrong_password_does_nothing_keeps_the_text_and_counts(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    let_time_pass(session)

    page = withdraw(browser, draft, **{"proof-password": "not the password"})
    assert page.status == 401
    assert "not right" in page.text
    assert page.fields()["reason"].startswith("Typed with care")
    assert "not the password" not in page.html
    for _ in range(9):
        withdraw(browser, draft, **{"proof-password": "not the password"})

    assert withdraw(browser, draft, **{"proof-password": PASSWORD}).status == 429
    assert state_of(session, draft) is State.DRAFT


def test_a_colleagues_password_is_no_proof(
    sign_in: SignIn, session: Session, people: People, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    people["delegate"].password_hash, people["neurologist"].password_hash = (
        people["neurologist"].password_hash,
        "nothing opens this",
    )
    let_time_pass(session)

    assert withdraw(browser, draft, **{"proof-password": PASSWORD}).status == 401


def test_the_longest_life_of_a_session_is_not_stretched_by_a_proof(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    begun = clock.now() - timedelta(hours=11)
    session.execute(update(UserSession).values(started_at=begun))
    let_time_pass(session)
    withdraw(browser, draft, **{"proof-password": PASSWORD})

    newest = session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))).one()
    assert abs(newest.started_at - begun) < timedelta(seconds=1)


def test_who_was_signed_in_before_the_upgrade_is_asked(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    session.execute(update(UserSession).values(proved_at=None, proved_by=None))
    session.commit()

    assert "Is it you?" in withdraw(browser, draft).text
    assert state_of(session, draft) is State.DRAFT


def test_each_deed_that_has_no_way_back_is_grave() -> None:
    assert {move.deed for move in MOVES if move.target in ENDS} <= GRAVE
    assert {move.deed for move in MOVES} >= GRAVE


def test_each_address_that_does_a_grave_deed_asks_and_no_other_deed_does(app: Flask) -> None:
    """The rows of the matrix say which address does which deeds."""
    with app.test_request_context(method="POST", data={}):
        for row in rows():
            if not row.deeds:
                continue
            asks = getattr(app.view_functions[row.view], "asks_again", None)
            plain = [move.deed for move in MOVES if move.plain]
            for deed in plain if row.deeds == ("plain",) else row.deeds:
                found = asks is not None and asks(deed=deed)
                assert found is (deed in GRAVE), f"{row.view}: {deed}"


def test_what_touches_accounts_and_rules_asks_too(app: Flask) -> None:
    asking = {name for name, view in app.view_functions.items() if hasattr(view, "asks_again")}

    assert asking >= {
        "people.change_role",
        "people.disable",
        "people.reset",
        "people.reset_second_step",
        "second_step.begin_app",
        "second_step.begin_key",
        "second_step.new_codes",
        "second_step.remove",
        "rules.change",
    }
