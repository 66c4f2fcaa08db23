"""A page that is left open: it asks how long its session lasts, and its asking prolongs nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.auth import LONGEST_PAUSE
from referral.models import Referral, UserSession
from referral.workflow import Role
from tests.at_hand import page_of
from tests.browser import Browser

SignIn = Callable[[str], Browser]
LASTS = LONGEST_PAUSE.total_seconds()


def told(browser: Browser) -> str:
    """What a page that asks is told."""
    return browser.client.get("/session").get_data(as_text=True)


@pytest.mark.parametrize(
    ("started", "seen", "left"),
    [
        (timedelta(0), timedelta(0), LASTS),
        (timedelta(hours=1), timedelta(minutes=20), 600),
        (timedelta(hours=11, minutes=50), timedelta(0), 600),
        (timedelta(hours=1), timedelta(minutes=31), 0),
    ],
)
def test_it_is_told_how_long_the_session_lasts(
    sign_in: SignIn, session: Session, started: timedelta, seen: timedelta, left: float
) -> None:
    browser = sign_in(Role.CHAIR)
    (kept,) = session.scalars(select(UserSession))
    kept.started_at, kept.seen_at = clock.now() - started, clock.now() - seen
    session.commit()
    before = kept.seen_at

    assert left - 20 <= int(told(browser)) <= left
    session.refresh(kept)
    assert kept.seen_at == before


def test_while_a_moment_is_left_it_is_not_told_that_none_is(sign_in: SignIn, session: Session) -> None:
    """It would come anew, and that would prolong the session."""
    browser = sign_in(Role.CHAIR)
    (kept,) = session.scalars(select(UserSession))
    for left in (0.9, 0.6, 0.3):
        kept.seen_at = clock.now() + timedelta(seconds=left) - LONGEST_PAUSE
        session.commit()
        answer = told(browser)
        session.refresh(kept)
        assert answer != "0" or clock.now() > kept.seen_at + LONGEST_PAUSE
        session.commit()


def test_nobody_has_no_session_left(browser: Browser) -> None:
    assert told(browser) == "0"


def test_a_case_left_open_prolongs_no_session(sign_in: SignIn, session: Session, sent: Referral) -> None:
    """It says every half minute that it is open still, whether or not somebody sits there."""
    browser = sign_in(Role.CHAIR)
    token, path = browser.token(), page_of(sent, "/presence")
    (kept,) = session.scalars(select(UserSession))
    before = kept.seen_at = clock.now() - timedelta(minutes=20)
    session.commit()

    answer = browser.client.post(path, data={"csrf_token": token})
    assert answer.status_code == 200
    session.refresh(kept)
    assert kept.seen_at == before


def test_a_page_knows_how_long_its_session_lasts(sign_in: SignIn, browser: Browser) -> None:
    assert browser.visit("/help").tree.find("body[@data-session]") is None

    body = sign_in(Role.CHAIR).visit("/help").tree.find("body")
    assert body is not None
    assert body.get("data-session") == f"{LASTS:.0f}"
