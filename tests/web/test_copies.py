"""Copying a case that is over: what comes along, what is left blank, what is said to have changed."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import copies, duplicates, moves
from referral.errors import ConflictError
from referral.models import Referral, User
from referral.packet import contents
from referral.workflow import State
from tests.at_hand import deeds, make_draft, page_of, retype, send
from tests.browser import Browser

SignIn = Callable[[str], Browser]
People = dict[str, User]


@pytest.fixture
def over(session: Session, people: People, draft: Referral) -> Referral:
    """A case that was withdrawn, with something in every section that is not copied whole."""
    retype(draft, "judgements", on="1/2/2026", meets_mcdonald__value="yes", meets_mcdonald__on="3/2/2026")
    retype(
        draft, "workup", beside__cmv__status="booked", beside__cmv__on="1/3/2026", beside__ebv__status="done"
    )
    retype(draft, "goals", beside__own="Walk to school", beside__consent_refer="yes")
    moves.move(session, draft, "withdraw", actor=people["neurologist"], reason="Moved away")
    return draft


def newest(session: Session) -> Referral:
    return session.scalars(select(Referral).order_by(Referral.number.desc())).first()  # type: ignore[return-value]  # there is one


def test_a_copy_has_the_text_but_not_what_held_for_the_earlier_referral_only(
    session: Session, people: People, over: Referral
) -> None:
    new = copies.copy_as_new(session, over, actor=people["delegate"])

    assert (new.state, new.copied_from_id, new.referrer_id) == (
        State.DRAFT,
        over.id,
        people["neurologist"].id,
    )
    assert new.typed["relapses"] == over.typed["relapses"]
    assert new.typed["judgements"].get("meets_mcdonald-value") == ["yes"]
    assert not any(name == "on" or name.endswith("-on") for name in new.typed["judgements"])
    assert new.typed["workup"] == {"beside-ebv-status": ["done"]}
    assert new.typed["goals"].get("beside-own") == ["Walk to school"]
    assert "beside-consent_refer" not in new.typed["goals"]
    assert "request" not in new.typed
    assert (new.family_name, new.birth_date) == (over.family_name, over.birth_date)
    assert deeds(session, new) == ["copied_as_new"], "one act, one entry"


def test_the_case_it_was_copied_from_is_no_riddle(session: Session, people: People, over: Referral) -> None:
    new = copies.copy_as_new(session, over, actor=people["neurologist"])

    assert duplicates.find_alike(session, new, people["neurologist"]) == ()


def test_a_case_on_its_way_is_not_copied(session: Session, people: People, sent: Referral) -> None:
    with pytest.raises(ConflictError, match="still on its way"):
        copies.copy_as_new(session, sent, actor=people["neurologist"])


def test_a_case_that_was_declined_is_copied_too(session: Session, people: People, sent: Referral) -> None:
    sent.state = State.DECIDED
    session.flush()

    assert copies.copy_as_new(session, sent, actor=people["neurologist"]).copied_from_id == sent.id


def test_an_accepted_case_is_copied_once_it_is_closed_and_not_before(
    session: Session, people: People, sign_in: SignIn, accepted: Referral
) -> None:
    with pytest.raises(ConflictError, match="accepted: it is still on its way"):
        copies.copy_as_new(session, accepted, actor=people["neurologist"])
    assert "Copy as new referral" not in sign_in("neurologist").visit(page_of(accepted)).text

    moves.move(session, accepted, "close", actor=people["coordinator"], reason="Went elsewhere.")

    assert copies.copy_as_new(session, accepted, actor=people["neurologist"]).state is State.DRAFT


def test_the_button_leads_to_what_is_left_to_confirm_and_what_has_changed(
    session: Session, sign_in: SignIn, over: Referral
) -> None:
    browser = sign_in("delegate")
    assert "Copy as new referral" in browser.visit(page_of(over)).text

    page = browser.send(page_of(over, "/copy"))

    new = newest(session)
    assert page.path == page_of(new, "/copied")
    assert f"What has changed since {over.number}" in page.text
    for left in copies.LEFT_BLANK:
        assert left.why in page.text
    assert f"Copied from {over.number}." in browser.visit(page_of(new, "/edit/person")).text


def test_others_cannot_copy_it_nor_find_it(sign_in: SignIn, over: Referral) -> None:
    for who in ("coordinator", "other_neurologist", "auditor"):
        sign_in(who).send(page_of(over, "/copy"), status=404)


def test_what_has_changed_stands_in_what_is_signed_field_by_field(
    session: Session, people: People, sign_in: SignIn, over: Referral
) -> None:
    new = copies.copy_as_new(session, over, actor=people["neurologist"])
    retype(new, "person", given_name="Somebody else")
    retype(new, "goals", beside__consent_refer="yes")
    request = make_draft(session, people).typed["request"]
    new.typed = {**new.typed, "request": request}
    review = sign_in("neurologist").visit(page_of(new, "/submission"))
    version = send(session, new, people["neurologist"])

    changed = contents(version.snapshot).changed
    assert changed
    assert changed.since == over.number
    rows = {
        part.section: [(row.label, row.before, row.after) for row in part.rows] for part in changed.sections
    }
    assert rows["person"] == [("Given name", over.given_name, "Somebody else")]
    assert "request" not in rows
    assert "goals" not in rows
    assert ("CMV: Status", "Booked", "") in rows["workup"]
    assert f"What has changed since {over.number}" in review.text


def test_a_case_that_is_no_copy_says_nothing_of_changes(
    session: Session, people: People, sign_in: SignIn, draft: Referral
) -> None:
    assert contents(send(session, draft, people["neurologist"]).snapshot).changed is None
    sign_in("neurologist").visit(page_of(draft, "/copied"), status=409)
