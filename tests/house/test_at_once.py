"""What two people do at the same moment is done by one of them, or by both, and never half: on each database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from referral import auth, clock
from referral.actions import drafts
from referral.actions.referrals import get_referral
from referral.extensions import db
from referral.models import ReferralVersion, SignInAttempt, User
from referral.workflow import State
from tests.at_hand import deeds, make_draft, send

People = dict[str, User]
MANY = 8


@pytest.fixture
def engine(app: Flask, people: People) -> Engine:
    with app.app_context():
        return db.engine


def together(act: Callable[[int], object], count: int = MANY) -> list[object]:
    """Do something several times, all beginning at one moment."""
    start = Barrier(count)

    def wait_and_act(number: int) -> object:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(wait_and_act, range(count)))


def test_drafts_that_are_opened_at_once_get_a_number_each(engine: Engine, people: People) -> None:
    who = people["neurologist"].id

    def open_one(_: int) -> str:
        with Session(engine) as session:
            number = drafts.open_draft(session, session.get_one(User, who)).number
            session.commit()
            return number

    year = clock.today().year
    assert sorted(map(str, together(open_one))) == [f"P-{year}-{count:04}" for count in range(1, MANY + 1)]


def test_numbers_go_on_after_the_ten_thousandth(session: Session, people: People) -> None:
    year = clock.today().year
    for number in (f"P-{year}-9999", f"P-{year}-10000"):
        drafts.open_draft(session, people["neurologist"]).number = number
        session.flush()

    assert drafts.next_number(session) == f"P-{year}-10001"


def test_a_case_that_is_sent_twice_at_once_is_sent_once(
    engine: Engine, session: Session, people: People
) -> None:
    draft, who = make_draft(session, people), people["neurologist"].id
    session.commit()

    def send_it(_: int) -> object:
        with Session(engine) as window:
            actor = window.get_one(User, who)
            version = send(window, get_referral(window, draft.id, actor, to_change=True), actor)
            window.commit()
            return version.id

    told = together(send_it, 4)

    session.expire_all()
    assert draft.state is State.SUBMITTED
    assert session.scalars(select(ReferralVersion.id)).all() == [told[0]]
    assert set(told) == {told[0]}
    assert deeds(session, draft).count("submitted") == 1


def test_guesses_at_one_moment_all_count(engine: Engine) -> None:
    def guess(_: int) -> bool:
        with Session(engine) as session:
            let_try = auth.begin_attempt(session, "chair@example.org", "192.0.2.7") is not None
            session.commit()
            return let_try

    assert together(guess, 16).count(True) == auth.GUESSES
    with Session(engine) as session:
        assert len(session.scalars(select(SignInAttempt)).all()) == auth.GUESSES
