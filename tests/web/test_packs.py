"""The committee pack on the page of its meeting: asked for, looked on while it is made, fetched."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.models import Meeting, Pack, User
from referral.workflow import Role
from tests.browser import Browser
from tests.gathering import call, make_ready, put_on

SignIn = Callable[[str], Browser]
People = dict[str, User]
LOOKS_ON = {"HX-Request": "true"}


@pytest.fixture
def meeting(session: Session, people: People) -> Meeting:
    return call(session, people)


def at(meeting: Meeting, rest: str = "") -> str:
    return f"/meetings/{meeting.id}{rest}"


def test_a_pack_is_made_and_fetched_without_a_script(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting
) -> None:
    put_on(session, meeting, make_ready(session, people), actor=people["coordinator"])
    browser = sign_in(Role.COMMITTEE_MEMBER)
    form = browser.visit(at(meeting)).fields(at(meeting, "/pack"))

    browser.send(at(meeting, "/pack"), form)

    page = browser.visit(at(meeting))
    pack = session.scalars(select(Pack)).one()
    assert ", 1 case (PDF)" in page.text
    assert "Make the pack anew" in page.text
    assert "Out of date" not in page.text
    kept, path, day = pack.pdf, at(meeting, f"/packs/{pack.id}.pdf"), f"{meeting.starts_at:%Y-%m-%d}"
    session.commit()
    fetched = browser.client.get(path)
    assert fetched.data == kept
    assert f"committee-pack-{day}" in fetched.headers["Content-Disposition"]


def test_a_page_that_looks_on_has_it_made_in_a_second_request(
    sign_in: SignIn, session: Session, meeting: Meeting
) -> None:
    browser = sign_in(Role.COORDINATOR)
    form = browser.visit(at(meeting)).fields(at(meeting, "/pack"))

    asked = browser.open(at(meeting, "/pack"), method="POST", data=form, headers=LOOKS_ON)
    assert "Being made: 0 of 0" in asked.text
    assert 'hx-trigger="load"' in asked.html
    looked = browser.open(at(meeting, "/pack"), headers=LOOKS_ON)
    assert 'hx-trigger="every 1s"' in looked.html
    assert 'hx-trigger="load"' not in looked.html

    browser.open(at(meeting, "/pack"), method="POST", data=form | {"start": "yes"}, headers=LOOKS_ON)

    done = browser.open(at(meeting, "/pack"), headers=LOOKS_ON)
    assert "0 cases (PDF)" in done.html
    assert "hx-trigger" not in done.html


def test_a_pack_under_way_is_told_of_and_not_made_again(
    sign_in: SignIn, session: Session, people: People, meeting: Meeting
) -> None:
    session.add(
        Pack(
            meeting_id=meeting.id,
            agenda=[],
            ordered_by_id=people["chair"].id,
            worked_at=clock.now(),
            tries=1,
        )
    )
    page = sign_in(Role.CHAIR).visit(at(meeting))

    assert "Being made" in page.text
    assert "Make the pack" not in page.text


def test_a_pack_is_out_of_date_when_a_case_was_put_on_since(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting
) -> None:
    browser = sign_in(Role.CHAIR)
    form = browser.visit(at(meeting)).fields(at(meeting, "/pack"))
    browser.send(at(meeting, "/pack"), form)
    put_on(session, meeting, make_ready(session, people), actor=people["coordinator"])

    assert "Out of date" in browser.visit(at(meeting)).text


def test_another_programme_and_the_clinic_do_not_find_it(
    session: Session, people: People, sign_in: SignIn, meeting: Meeting
) -> None:
    pack = Pack(meeting_id=meeting.id, agenda=[], ordered_by_id=people["chair"].id)
    session.add(pack)
    session.flush()

    paths = at(meeting, f"/packs/{pack.id}.pdf"), at(meeting, "/pack")
    for who, status in (("other_chair", 404), ("neurologist", 403)):
        browser = sign_in(who)
        assert [browser.open(path).status for path in paths] == [status, status]
