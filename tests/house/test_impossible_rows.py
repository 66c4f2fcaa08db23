"""What the database itself refuses of a decision, whoever writes to it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import clock
from referral.models import Decision, Outcome, Referral, ReferralVersion, User

SIGNED: dict[str, Any] = {"decided_on": "2026-11-20", "editions": {"an-edition": "0"}, "snapshot_sha256": "0"}


@pytest.fixture
def decide(session: Session, case: Referral, people: dict[str, User]) -> Callable[..., Decision]:
    """Write a decision into the table, signed unless told otherwise."""

    def write(**given: Any) -> Decision:
        said = {**SIGNED, "signed_by_id": people["chair"].id, "signed_at": clock.now(), **given}
        decision = Decision(
            referral_id=case.id, version=1, outcome=Outcome.DECLINED, text="", reasons={},
            drafted_by_id=people["coordinator"].id, **said,
        )  # fmt: skip
        session.add(decision)
        session.flush()
        return decision

    return write


@pytest.mark.parametrize(
    "lacks",
    [
        {"signed_by_id": None},
        {"signed_at": None},
        {"decided_on": None},
        {"editions": {}},
        {"snapshot_sha256": None},
    ],
)
def test_a_decision_without_decider_date_or_editions_is_refused(
    decide: Callable[..., Decision], lacks: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError):
        decide(**lacks)


def test_who_has_drafted_a_decision_does_not_sign_it(
    decide: Callable[..., Decision], people: dict[str, User]
) -> None:
    with pytest.raises(IntegrityError, match="four_eyes"):
        decide(signed_by_id=people["coordinator"].id)


def test_two_current_decisions_are_refused_and_a_replaced_one_is_not(
    decide: Callable[..., Decision], session: Session
) -> None:
    first = decide()
    undone = session.begin_nested()
    with pytest.raises(IntegrityError):
        decide()
    undone.rollback()

    first.superseded_at = clock.now()
    session.flush()
    assert decide(replaces_id=first.id).replaces is first


@pytest.mark.parametrize(
    "change",
    [
        update(Decision).values(outcome=Outcome.ACCEPTED),
        update(Decision).values(text="Otherwise."),
        update(Decision).values(signed_by_id=None, signed_at=None),
        delete(Decision),
        update(ReferralVersion).values(snapshot={}),
    ],
)
def test_what_was_signed_is_neither_changed_nor_removed(
    decide: Callable[..., Decision], session: Session, change: object
) -> None:
    decide()

    with pytest.raises(IntegrityError, match="signed"):
        session.execute(change)  # type: ignore[call-overload]  # an update or a delete
