"""The conversation on a case, who has it open, and whose it is, at the pages."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.models import AuditEntry, Message, Referral, User
from tests.at_hand import make_draft, page_of, send
from tests.browser import Browser

People = dict[str, User]
SignIn = Callable[[str], Browser]


def test_to_whom_a_message_is_visible_stands_before_and_after_it_is_written(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    coordinator = sign_in("coordinator")
    page = coordinator.visit(page_of(sent, "/message"))
    assert "Eastgate Transplant Programme only" in page.text
    assert "Northfield Neurology only" not in page.text

    form = page.fields(page_of(sent, "/message"))
    said = {"text": "Is the letter there?", "audience": "both", "fact": "diagnosis.symptom_onset"}
    page = coordinator.send(page_of(sent, "/message"), form | said)

    for words in (
        "Is the letter there?",
        "Visible to Northfield Neurology and Eastgate Transplant Programme",
        "The date of the first symptom",
    ):
        assert words in page.text
        assert words in sign_in("neurologist").visit(page_of(sent)).text


def test_what_one_side_writes_for_itself_the_other_never_sees(sign_in: SignIn, sent: Referral) -> None:
    said = {"text": "Between ourselves.", "audience": "programme", "fact": ""}
    sign_in("chair").send(page_of(sent, "/message"), said)

    assert "Between ourselves." in sign_in("coordinator").visit(page_of(sent)).text
    for who in ("neurologist", "delegate"):
        assert "Between ourselves." not in sign_in(who).visit(page_of(sent)).html


@pytest.mark.parametrize(
    "said", [{"text": "", "audience": "both"}, {"text": "Yes."}, {"text": "Yes.", "audience": "clinic"}]
)
def test_a_message_for_nobody_or_without_words_is_refused_and_kept(
    sign_in: SignIn, sent: Referral, session: Session, said: dict[str, str]
) -> None:
    page = sign_in("coordinator").send(page_of(sent, "/message"), said, 422)

    assert page.fields(page_of(sent, "/message"))["text"] == said["text"]
    assert session.scalars(select(Message)).all() == []


@pytest.mark.parametrize("who", ["other_neurologist", "other_coordinator", "auditor", "administrator"])
def test_whom_a_case_is_not_for_writes_nothing_on_it(sign_in: SignIn, sent: Referral, who: str) -> None:
    browser = sign_in(who)

    browser.visit(page_of(sent, "/message"), 404)
    browser.send(page_of(sent, "/message"), {"text": "?", "audience": "both"}, 404)
    browser.send(page_of(sent, "/presence"), {}, 403 if who in ("auditor", "administrator") else 404)


def test_who_else_has_the_case_open_is_named_on_it(sign_in: SignIn, sent: Referral, people: People) -> None:
    chair, coordinator = sign_in("chair"), sign_in("coordinator")
    assert "has this case open" not in chair.visit(page_of(sent)).text

    assert "Chair has this case open" in coordinator.visit(page_of(sent)).text
    answer = chair.send(page_of(sent, "/presence"), {}, headers={"HX-Request": "true"})
    assert "Coordinator" in answer.html
    assert "has this case open" not in sign_in("neurologist").visit(page_of(sent)).text


def second_coordinator(session: Session, people: People) -> User:
    one = people["coordinator"]
    people["second"] = User(
        email="second@example.org",
        name="Second Coordinator",
        role=one.role,
        organisation=one.organisation,
        password_hash=one.password_hash,
    )
    session.add(people["second"])
    session.flush()
    return people["second"]


def test_several_cases_get_an_owner_after_it_was_said_how_many_and_which(
    sign_in: SignIn, sent: Referral, session: Session, people: People
) -> None:
    second = second_coordinator(session, people)
    other = make_draft(session, people, "larkspur_kwabena")
    send(session, other, people["neurologist"], reason="Please look.")
    for case in (sent, other):
        case.owner_id = people["coordinator"].id
    coordinator = sign_in("coordinator")

    page = coordinator.send("/inbox/assign", {"case": [str(sent.id), str(other.id)]})

    assert "Assign 2 cases" in page.text
    assert sent.number in page.text
    assert other.number in page.text
    session.refresh(sent)
    assert sent.owner_id == people["coordinator"].id
    form = page.fields("/inbox/assign")
    page = coordinator.send("/inbox/assign", form | {"owner": str(second.id)})
    assert "2 cases have a new owner" in page.text
    session.refresh(sent)
    assert sent.owner_id == second.id


def test_of_two_who_take_one_case_the_second_is_told_whose_it_is(
    sign_in: SignIn, sent: Referral, session: Session, people: People
) -> None:
    second = second_coordinator(session, people)
    sent.owner_id = None
    one, other = sign_in("coordinator"), sign_in("second")
    forms = [browser.visit(page_of(sent, "/owner")).fields("/inbox/assign") for browser in (one, other)]

    one.send("/inbox/assign", forms[0] | {"owner": str(people["coordinator"].id)})
    page = other.send("/inbox/assign", forms[1] | {"owner": str(second.id)})

    assert "belongs to Coordinator by now" in page.text
    session.refresh(sent)
    assert sent.owner_id == people["coordinator"].id


def test_of_several_cases_the_one_that_somebody_took_meanwhile_is_left_named_and_written_down(
    sign_in: SignIn, sent: Referral, session: Session, people: People
) -> None:
    second = second_coordinator(session, people)
    other = make_draft(session, people, "larkspur_kwabena")
    send(session, other, people["neurologist"], reason="Please look.")
    sent.owner_id = other.owner_id = None
    coordinator = sign_in("coordinator")
    page = coordinator.send("/inbox/assign", {"case": [str(sent.id), str(other.id)]})
    session.get_one(Referral, other.id).owner_id = second.id

    mine = {"case": [str(sent.id), str(other.id)], "owner": str(people["coordinator"].id)}
    page = coordinator.send("/inbox/assign", page.fields("/inbox/assign") | mine)

    assert "1 case has a new owner" in page.text
    assert f"Referral {other.number} belongs to Second Coordinator by now" in page.text
    last = select(AuditEntry).where(AuditEntry.deed.in_(("assigned", "deed_refused")))
    told = {entry.deed: entry for entry in session.scalars(last)}
    assert told["assigned"].referral_id == sent.id
    assert told["deed_refused"].detail["asked"] == str(other.id)


def test_a_view_is_kept_opened_and_removed(sign_in: SignIn, sent: Referral) -> None:
    coordinator = sign_in("coordinator")
    address = "/inbox?state=submitted&age=7"

    form = coordinator.visit(address).fields("/inbox/views")
    page = coordinator.send("/inbox/views", form | {"name": "Old ones"})

    assert page.response.request.full_path.startswith("/inbox?")
    (view,) = [link for link in page.all(".//a") if link.text == "Old ones"]
    assert coordinator.visit(view.get("href", "")).all(".//select[@name='age']/option[@selected]")
    (button,) = page.all(".//button[@name='remove']")
    page = coordinator.send("/inbox/views", {"remove": button.get("value")})
    assert "Old ones" not in page.text
    assert "Give the view a name" in coordinator.send("/inbox/views", {"name": " "}).text
