"""Delegates prepare, neurologists sign."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from referral.actions import hand_over, referrals
from referral.errors import MoveRefusedError
from referral.models import HandOver, Referral, User
from referral.workflow import Role, State
from tests.at_hand import deeds, make_draft, page_of, send
from tests.browser import Browser

SignIn = Callable[[str], Browser]
People = dict[str, User]
READY = "Ready for Neurologist to sign"


def test_a_delegate_hands_over_and_the_draft_stands_on_top_of_the_neurologists_list(
    session: Session, people: People, sign_in: SignIn, draft: Referral
) -> None:
    later = make_draft(session, people)
    delegate, neurologist = sign_in("delegate"), sign_in("neurologist")
    assert READY in delegate.visit(page_of(draft, "/submission")).text
    before = referrals.list_referrals(session, people["neurologist"]).lines
    assert before[0].number == later.number

    delegate.send(page_of(draft, "/hand-over"))

    first = referrals.list_referrals(session, people["neurologist"]).lines[0]
    assert (first.number, first.handed_over) == (draft.number, True)
    assert READY in neurologist.visit("/referrals").text
    page = neurologist.visit(page_of(draft)).text
    assert f"{READY} , says Delegate" in page or f"{READY}, says Delegate" in page
    assert deeds(session, draft)[-2:] != []
    assert "handed_over_for_signing" in deeds(session, draft)


def test_it_can_be_taken_back_and_given_back(
    session: Session, people: People, sign_in: SignIn, draft: Referral
) -> None:
    for who in ("delegate", "neurologist"):
        hand_over.hand_over(session, draft, actor=people["delegate"])

        sign_in(who).send(page_of(draft, "/hand-over/end"))

        assert session.get(HandOver, draft.id) is None
    assert deeds(session, draft).count("taken_back_from_signing") == 2


def test_a_neurologist_hands_nothing_over_and_a_stranger_finds_nothing(
    sign_in: SignIn, draft: Referral
) -> None:
    sign_in("neurologist").send(page_of(draft, "/hand-over"), status=403)
    sign_in("other_delegate").send(page_of(draft, "/hand-over"), status=404)


def test_what_was_sent_is_handed_over_to_nobody(
    session: Session, people: People, sign_in: SignIn, draft: Referral
) -> None:
    hand_over.hand_over(session, draft, actor=people["delegate"])
    send(session, draft, people["neurologist"])

    assert not referrals.list_referrals(session, people["neurologist"]).lines[0].handed_over
    assert READY not in sign_in("neurologist").visit(page_of(draft)).text
    sign_in("delegate").send(page_of(draft, "/hand-over"), status=409)


@pytest.mark.parametrize("who", [role for role in Role if role is not Role.NEUROLOGIST])
def test_nobody_but_a_neurologist_signs_however_it_is_tried(
    session: Session, people: People, sign_in: SignIn, draft: Referral, who: Role
) -> None:
    hand_over.hand_over(session, draft, actor=people["delegate"])
    with pytest.raises(MoveRefusedError):
        send(session, draft, people[who])

    answer = sign_in(who).send(
        page_of(draft, "/submission"), {"declared": "yes"}, status=409 if who is Role.DELEGATE else 404
    )

    assert answer.status in (404, 409)
    session.refresh(draft)
    assert draft.state is State.DRAFT


def test_a_delegate_sees_no_field_to_sign_in(sign_in: SignIn, draft: Referral) -> None:
    page = sign_in("delegate").visit(page_of(draft, "/submission"))

    assert not page.all(".//input[@name='declared']")
    assert "does not sign" in page.text
