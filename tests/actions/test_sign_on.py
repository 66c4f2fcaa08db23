"""Whose account the hospital's sign-on leads to, on each database, also when several come back at once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import sign_on
from referral.auth.hospital import Named, SignOnError
from referral.extensions import db
from referral.models import SignOnAttempt, SignOnSubject, User

People = dict[str, User]
ISSUER = "https://login.hospital.example"
AT_ONCE = 6


def named(subject: str = "1", email: str | None = "coordinator@example.org") -> Named:
    return Named(ISSUER, subject, email, two_proofs=False)


def test_a_sign_on_is_used_up_by_the_browser_that_began_it(session: Session) -> None:
    asked = sign_on.begin(session, "browser")

    for state, browser in ((asked.state, "another"), ("another", "browser"), ("", "")):
        with pytest.raises(SignOnError, match="state"):
            sign_on.take(session, state, browser)
    assert sign_on.take(session, asked.state, "browser") == asked
    with pytest.raises(SignOnError, match="state"):
        sign_on.take(session, asked.state, "browser")


def test_one_that_took_too_long_is_refused(session: Session) -> None:
    now = clock.now()
    asked = sign_on.begin(session, "browser", at=now)

    with pytest.raises(SignOnError, match="state"):
        sign_on.take(session, asked.state, "browser", at=now + timedelta(minutes=10))


def test_nothing_that_lies_in_the_table_leads_back_in(session: Session) -> None:
    asked = sign_on.begin(session, "browser")
    kept = session.scalars(select(SignOnAttempt)).one()

    assert asked.state not in (kept.state_sha256, kept.browser_sha256, kept.nonce, kept.verifier)
    assert kept.browser_sha256 != "browser"


def test_of_those_who_come_back_with_one_state_at_once_one_comes_in(app: Flask, session: Session) -> None:
    asked = sign_on.begin(session, "browser")
    session.commit()
    came_in, start = [], Barrier(AT_ONCE)

    def come_back() -> None:
        with app.app_context():
            start.wait(timeout=60)
            try:
                came_in.append(sign_on.take(db.session(), asked.state, "browser"))
                db.session.commit()
            except SignOnError:
                db.session.rollback()
            finally:
                db.session.remove()

    threads = [Thread(target=come_back) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert came_in == [asked]


def test_the_first_time_binds_the_account_and_the_subject_to_each_other(
    session: Session, people: People
) -> None:
    assert sign_on.find_person(session, named()).id == people["coordinator"].id
    assert sign_on.find_person(session, named(email=None)).id == people["coordinator"].id
    assert sign_on.find_person(session, named(email="chair@example.org")).id == people["coordinator"].id
    with pytest.raises(SignOnError, match="another_subject"):
        sign_on.find_person(session, named("2"))


def test_the_database_keeps_one_account_a_subject(session: Session, people: People) -> None:
    for who in ("coordinator", "chair"):
        session.add(SignOnSubject(user_id=people[who].id, issuer=ISSUER, subject="1"))

    with pytest.raises(IntegrityError, match="sign_on_subject"):
        session.flush()


@pytest.mark.parametrize(
    ("email", "reason"), [(None, "no_verified_address"), ("nobody@example.org", "nobody"), ("", "nobody")]
)
def test_who_has_no_account_gets_none(
    session: Session, people: People, email: str | None, reason: str
) -> None:
    with pytest.raises(SignOnError, match=reason):
        sign_on.find_person(session, named(email=email))

    assert session.scalars(select(SignOnSubject)).all() == []
