"""A page that is asked for only reads and holds up nobody; that it was read is on record before it is answered."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, before_render_template, g
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from referral import audit, database
from referral.actions.referrals import read_referral
from referral.auth import requires
from referral.errors import ConflictError
from referral.extensions import db
from referral.models import Referral, User
from referral.workflow import Role
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


@pytest.mark.parametrize("shown", [True, False])
def test_what_is_noted_is_written_when_the_reading_is_over_and_was_shown(
    session: Session, reader: Session, people: dict[str, User], sent: Referral, shown: bool
) -> None:
    before = deeds(session)
    session.commit()
    database.begin_reading(reader)
    audit.note(reader, people["coordinator"], "case_read", sent, state=sent.state)
    assert deeds(session) == before
    session.commit()
    if not shown:
        database.forget_reading(reader)
    database.finish_reading(reader)
    assert deeds(session) == (before + ["case_read"] * shown)


def test_the_page_of_a_failure_says_nothing_of_a_reading_and_any_other_does(
    app: Flask, session: Session, sent: Referral, sign_in: Callable[[str], Browser]
) -> None:
    case = sent.id

    def refuse() -> ResponseReturnValue:
        read_referral(db.session(), case, g.person)
        raise ConflictError("It has moved on.")

    def show_beside_a_refusal() -> ResponseReturnValue:
        return read_referral(db.session(), case, g.person).number, 409

    def show_something_else() -> ResponseReturnValue:
        read_referral(db.session(), case, g.person)
        db.session.rollback()
        return "It has moved on.", 409

    for name, view in (("refused", refuse), ("beside", show_beside_a_refusal), ("else", show_something_else)):
        app.add_url_rule(f"/{name}", name, requires(*Role)(view))
    browser = sign_in("coordinator")
    before = len(deeds(session))
    session.commit()
    for path, said in (
        ("/refused", ["deed_refused"]),
        ("/beside", ["case_read", "deed_refused"]),
        ("/else", ["deed_refused"]),
        (f"/referrals/{case}/moves/withdraw", ["deed_refused"]),  # a coordinator does not
    ):
        assert browser.client.get(path).status_code == 409
        assert deeds(session)[before:] == said
        before += len(said)
        session.commit()


def test_who_writes_anyway_notes_at_once(session: Session, people: dict[str, User], sent: Referral) -> None:
    session.connection()
    audit.note(session, people["coordinator"], "case_read", sent, state=sent.state)
    assert deeds(session)[-1] == "case_read"
