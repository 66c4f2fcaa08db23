"""Two who list at the same moment: exactly one wins a case, and an agenda never has two of one number."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from referral.actions import agenda, meetings
from referral.actions.referrals import get_referral
from referral.errors import ConflictError
from referral.extensions import db
from referral.models import AgendaItem, User
from referral.workflow import State
from tests.at_hand import deeds
from tests.gathering import call, make_ready
from tests.house.test_at_once import together

People = dict[str, User]
WHO = ("coordinator", "chair")


@pytest.fixture
def engine(app: Flask, people: People) -> Engine:
    with app.app_context():
        return db.engine


def list_it(engine: Engine, who: UUID, meeting: UUID, case: UUID) -> str:
    """List a case as the page does; what came of it."""
    with Session(engine) as window:
        actor = window.get_one(User, who)
        try:
            cases = agenda.hold_cases(window, [case], actor)
            held = meetings.get_meeting(window, meeting, actor, to_change=True)
            agenda.put_on(window, held, cases, actor=actor)
        except ConflictError as refused:
            return str(refused)
        window.commit()
        return "listed"


def test_a_case_that_two_list_at_once_is_listed_once_and_the_other_is_told(
    engine: Engine, session: Session, people: People
) -> None:
    case = make_ready(session, people)
    called = [call(session, people).id for _ in WHO]
    session.commit()

    told = together(lambda n: list_it(engine, people[WHO[n]].id, called[n], case.id), len(WHO))

    session.expire_all()
    assert sorted(map(str, told), key=len)[0] == "listed"
    assert f"{case.number} is listed" in max(map(str, told), key=len)
    assert case.state is State.LISTED
    assert len(session.scalars(select(AgendaItem)).all()) == 1
    assert deeds(session, case).count("listed") == 1


def test_cases_that_are_listed_at_once_have_a_place_each(
    engine: Engine, session: Session, people: People
) -> None:
    cases = [make_ready(session, people).id for _ in WHO]
    meeting = call(session, people).id
    session.commit()

    told = together(lambda n: list_it(engine, people[WHO[n]].id, meeting, cases[n]), len(WHO))

    assert told == ["listed", "listed"]
    places = select(AgendaItem.position).order_by(AgendaItem.position)
    assert session.scalars(places).all() == [1, 2]


@pytest.mark.only_on("postgresql")
def test_who_lists_a_case_waits_for_nobody_who_holds_another_of_the_agenda(
    engine: Engine, session: Session, people: People
) -> None:
    """Whoever signs a case holds it and waits for its meeting: this way round nobody may wait."""
    listed, new = (make_ready(session, people) for _ in range(2))
    meeting = call(session, people).id
    session.commit()
    assert list_it(engine, people["coordinator"].id, meeting, listed.id) == "listed"

    with Session(engine) as signing:
        get_referral(signing, listed.id, signing.get_one(User, people["chair"].id), to_change=True)
        with Session(engine) as listing:
            actor = listing.get_one(User, people["coordinator"].id)
            listing.execute(text("SET LOCAL lock_timeout = '50ms'"))
            cases = agenda.hold_cases(listing, [new.id], actor)
            held = meetings.get_meeting(listing, meeting, actor, to_change=True)
            agenda.put_on(listing, held, cases, actor=actor)
            agenda.sort_agenda(listing, held, actor=actor)
            listing.commit()

    session.expire_all()
    assert new.state is State.LISTED
