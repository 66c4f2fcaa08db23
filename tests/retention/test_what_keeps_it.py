"""What keeps a case whose time has come: a legal hold, on it or on its programme."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import deletion, holds
from referral.actions.retention import (
    delete_due,
    find_due,
)
from referral.attachments import Store
from referral.errors import ConflictError, ForbiddenError
from referral.models import Referral
from tests.at_hand import make_draft, send
from tests.ended import DAY, People, due, end_long_ago, is_gone, settle


def test_a_held_case_is_not_deleted_until_thirty_days_after_it_is_let_go(
    session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    settle(session, people)
    holds.hold(session, people["coordinator"], "A complaint.", ended)
    session.commit()

    assert delete_due(session, cabinet, clock.now()) == []
    with pytest.raises(ForbiddenError):
        holds.lift(session, people["coordinator"], ended)
    holds.lift(session, people["chair"], ended)
    session.commit()
    assert delete_due(session, cabinet, clock.now()) == []
    assert [each.number for each in find_due(session, clock.today() + 30 * DAY)] == [ended.number]


def test_a_hold_of_a_programme_keeps_all_of_it_and_nothing_of_another(
    session: Session, people: People, ended: Referral
) -> None:
    theirs = make_draft(session, people, programme="other_coordinator")
    send(session, theirs, people["neurologist"])
    end_long_ago(session, people, theirs)
    settle(session, people)
    settle(session, people, who="other_chair")
    holds.hold(session, people["chair"], "An inquiry.")
    session.commit()

    assert due(session) == [theirs.number]


@pytest.mark.parametrize("whole", [False, True])
def test_the_database_itself_refuses_to_delete_what_is_held(
    session: Session, people: People, ended: Referral, whole: bool
) -> None:
    holds.hold(session, people["chair"], "An inquiry.", None if whole else ended)
    session.commit()

    with pytest.raises(IntegrityError, match="legal hold"):
        deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.rollback()

    assert not is_gone(session, ended)


def test_a_hold_needs_a_reason_and_is_put_once(session: Session, people: People, ended: Referral) -> None:
    with pytest.raises(Exception, match="Say why"):
        holds.hold(session, people["chair"], "  ", ended)
    holds.hold(session, people["chair"], "An inquiry.", ended)
    with pytest.raises(ConflictError):
        holds.hold(session, people["coordinator"], "Another.", ended)
    with pytest.raises(ForbiddenError):
        holds.hold(session, people["other_chair"], "Another.", ended)
    with pytest.raises(ForbiddenError):
        holds.hold(session, people["coordinator"], "All of it.")
