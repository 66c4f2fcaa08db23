"""A case that is deleted because its patient wishes it: one asks, another confirms."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import erasure, holds
from referral.actions.retention import (
    REQUEST,
)
from referral.errors import ConflictError, ForbiddenError
from referral.models import Decision, Referral, Stay
from referral.workflow import State
from tests.at_hand import deeds
from tests.deciding import decide, list_case
from tests.ended import People, is_gone


def test_one_asks_and_another_confirms(session: Session, people: People, ended: Referral) -> None:
    chair, coordinator = people["chair"], people["coordinator"]
    erasure.ask(session, ended, coordinator, "The patient wishes it.", ended.number)
    session.commit()

    with pytest.raises(ForbiddenError):
        erasure.confirm(session, ended, coordinator, ended.number)
    with pytest.raises(Exception, match="Type the number"):
        erasure.confirm(session, ended, chair, "P-1900-0001")
    erasure.confirm(session, ended, chair, ended.number)
    session.commit()

    assert is_gone(session, ended)
    assert ended.gone_under == REQUEST
    assert deeds(session, ended)[-3:] == ["erasure_asked", "erasure_confirmed", "case_deleted"]


def test_nobody_confirms_what_they_have_asked(session: Session, people: People, ended: Referral) -> None:
    erasure.ask(session, ended, people["chair"], "The patient wishes it.", ended.number)

    with pytest.raises(ForbiddenError, match="another chair"):
        erasure.confirm(session, ended, people["chair"], ended.number)


def test_what_is_refused_is_not_confirmed_any_more(session: Session, people: People, ended: Referral) -> None:
    erasure.ask(session, ended, people["neurologist"], "The patient wishes it.", ended.number)
    with pytest.raises(ForbiddenError):
        erasure.drop(session, ended, people["coordinator"])
    erasure.drop(session, ended, people["chair"])

    with pytest.raises(ConflictError):
        erasure.confirm(session, ended, people["chair"], ended.number)


def test_a_hold_keeps_a_case_from_its_patients_wish(
    session: Session, people: People, ended: Referral
) -> None:
    erasure.ask(session, ended, people["neurologist"], "The patient wishes it.", ended.number)
    holds.hold(session, people["coordinator"], "A complaint.", ended)

    with pytest.raises(ConflictError, match="legal hold"):
        erasure.confirm(session, ended, people["chair"], ended.number)


def test_a_case_in_the_midst_of_its_way_is_taken_back_and_deleted(session: Session, people: People) -> None:
    case = list_case(session, people)
    decide(session, people, case)
    erasure.ask(session, case, people["neurologist"], "The patient wishes it.", case.number)

    erasure.confirm(session, case, people["chair"], case.number)
    session.commit()

    assert case.state is State.WITHDRAWN
    (decision,) = session.scalars(select(Decision).where(Decision.referral_id == case.id))
    assert (decision.text, decision.reasons, decision.coded, decision.took_part) == ("", {}, {}, {})
    assert session.scalar(select(Stay.state).where(Stay.referral_id == case.id, Stay.ended_at.is_(None)))
