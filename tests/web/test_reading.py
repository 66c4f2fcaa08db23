"""A page that is asked for only reads and holds up nobody; that it was read is on record before it is answered."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, before_render_template
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from referral import audit, database
from referral.extensions import db
from referral.models import Referral, User
from tests.at_hand import deeds, page_of
from tests.browser import Browser


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def reader(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def test_while_a_page_is_drawn_others_write_into_the_trail(
    app: Flask, session: Session, engine: Engine, sent: Referral, sign_in: Callable[[str], Browser]
) -> None:
    browser = sign_in("coordinator")
    meanwhile: list[int] = []

    def act(_sender: Flask, **_how: Any) -> None:
        if not meanwhile:
            with Session(engine) as other:
                meanwhile.append(audit.record(other, None, "anchored").id)
                other.commit()

    for path in (page_of(sent), "/inbox"):
        meanwhile.clear()
        with before_render_template.connected_to(act, app):
            browser.visit(path)
        assert meanwhile
        session.commit()
        assert deeds(session)[-2:] in (["anchored", "case_read"], ["anchored", "inbox_read"])


def test_what_is_noted_is_written_when_the_reading_is_over(
    session: Session, reader: Session, people: dict[str, User], sent: Referral
) -> None:
    before = deeds(session)
    session.commit()
    database.begin_reading(reader)
    audit.note(reader, people["coordinator"], "case_read", sent, state=sent.state)
    assert deeds(session) == before
    session.commit()
    database.finish_reading(reader)
    assert deeds(session) == [*before, "case_read"]


def test_what_is_not_shown_after_all_is_not_said_to_be_read(
    session: Session, reader: Session, people: dict[str, User], sent: Referral
) -> None:
    before = deeds(session)
    session.commit()
    database.begin_reading(reader)
    audit.note(reader, people["coordinator"], "case_read", sent, state=sent.state)
    database.forget_reading(reader)
    database.finish_reading(reader)
    assert deeds(session) == before


def test_who_writes_anyway_notes_at_once(session: Session, people: dict[str, User], sent: Referral) -> None:
    session.connection()
    audit.note(session, people["coordinator"], "case_read", sent, state=sent.state)
    assert deeds(session)[-1] == "case_read"
