"""The pages of letters, of their templates, and of notices that did not arrive."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import letters, mail
from referral.actions.decisions import find_current
from referral.actions.post import Post
from referral.models import Decision, Letter, LetterKind, Mail, Referral, User
from tests.at_hand import NOT_MET, deeds, page_of
from tests.browser import Browser
from tests.deciding import decide, list_case, resting_on

People = dict[str, User]
SignIn = Callable[[str], Browser]
WHY = "Another treatment is to be tried first."


@pytest.fixture
def case(session: Session, people: People) -> Referral:
    return list_case(session, people)


@pytest.fixture
def declined(session: Session, people: People, case: Referral) -> Decision:
    return decide(session, people, case, outcome="declined", text=WHY, reasons=resting_on(session, case))


def release(session: Session) -> None:
    session.commit()
    letters.due_letters(session, clock.now() + timedelta(minutes=11))


def test_a_letter_is_written_previewed_held_released_and_read_by_the_clinic(
    session: Session, people: People, sign_in: SignIn, case: Referral, declined: Decision
) -> None:
    browser, address = sign_in("coordinator"), page_of(case, "/letters/referrer")
    form = browser.visit(address).fields(address)
    assert WHY in form["body"]

    page = browser.send(address, form | {"body": "# Changed\n\nBy hand.", "deed": "preview"})
    assert "Changed By hand." in page.text
    assert session.query(Letter).count() == 0
    page = browser.send(address, page.fields(address) | {"deed": "hold"})
    assert "held until" in page.text
    assert "Letter to the referrer" not in sign_in("neurologist").visit(page_of(case)).text

    release(session)
    reader = sign_in("neurologist")
    page = reader.visit(page_of(case))
    (link,) = [each for each in page.all(".//a") if "Letter to the referrer" in "".join(each.itertext())]
    fetched = reader.open(link.get("href", ""))
    assert fetched.status == 200
    assert fetched.response.data.startswith(b"%PDF")
    name = fetched.response.headers["Content-Disposition"]
    assert str(case.family_name) not in name
    assert deeds(session, case)[-1] == "letter_read"


def test_a_letter_is_taken_back_and_its_text_is_there_to_go_on_with(
    session: Session, people: People, sign_in: SignIn, case: Referral, declined: Decision
) -> None:
    browser, address = sign_in("coordinator"), page_of(case, "/letters/referrer")
    form = browser.visit(address).fields(address)
    browser.send(address, form | {"body": "The wrong one.", "deed": "hold"})
    letter = session.query(Letter).one()

    page = browser.send(page_of(case, f"/letters/{letter.id}/taking-back"))

    assert page.fields(address)["body"].strip() == "The wrong one."
    assert WHY in browser.visit(f"{address}?anew=1").fields(address)["body"]
    release(session)
    sign_in("neurologist").visit(page_of(case, f"/letters/{letter.id}.pdf"), status=404)


@pytest.mark.parametrize(("body", "status"), [("", 422), ("x" * 50_000, 422)])
def test_what_is_not_taken_is_said_and_kept(
    sign_in: SignIn, case: Referral, declined: Decision, body: str, status: int
) -> None:
    browser, address = sign_in("coordinator"), page_of(case, "/letters/plain_summary")
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | {"body": body, "deed": "hold"}, status)
    assert "The letter was not handed in" in page.text


def test_a_letter_about_a_decision_that_was_replaced_meanwhile_is_refused_and_kept(
    session: Session, people: People, sign_in: SignIn, case: Referral, declined: Decision
) -> None:
    browser, address = sign_in("coordinator"), page_of(case, "/letters/referrer")
    form = browser.visit(address).fields(address)
    decide(session, people, case, outcome="advice_given", text="It was typed wrongly.")

    page = browser.send(address, form | {"body": "About the first.", "deed": "hold"}, 409)

    assert "Another decision stands by now" in page.text
    assert page.fields(address)["body"].strip() == "About the first."


@pytest.mark.parametrize("who", ["neurologist", "other_coordinator", "auditor"])
@pytest.mark.parametrize("rest", ["/letters", "/letters/referrer"])
def test_for_others_there_is_no_such_page(
    sign_in: SignIn, case: Referral, declined: Decision, who: str, rest: str
) -> None:
    sign_in(who).visit(page_of(case, rest), status=404)


def test_there_is_no_letter_of_another_kind(sign_in: SignIn, case: Referral, declined: Decision) -> None:
    sign_in("coordinator").visit(page_of(case, "/letters/love"), status=404)


# Templates


def test_the_chair_previews_and_saves_a_template(session: Session, people: People, sign_in: SignIn) -> None:
    browser, address = sign_in("chair"), "/letter-templates/referrer"
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | {"body": "Dear {{ referrer }}, it is so.", "deed": "preview"})
    assert "Dear Dr Imogen Farquhar-Osei, it is so." in page.text
    assert letters.find_template(session, people["chair"].organisation_id, LetterKind.REFERRER) is None
    browser.send(address, page.fields(address) | {"deed": "save"})

    kept = letters.find_template(session, people["chair"].organisation_id, LetterKind.REFERRER)
    assert kept is not None
    assert kept.body.strip() == "Dear {{ referrer }}, it is so."
    assert "changed" in browser.visit("/letter-templates").text


def test_a_hostile_template_is_refused_beside_its_text(sign_in: SignIn) -> None:
    browser, address = sign_in("coordinator"), "/letter-templates/plain_summary"
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | {"body": "{{ person.__class__ }}", "deed": "save"}, 422)

    assert "The template was not saved" in page.text
    assert page.fields(address)["body"].strip() == "{{ person.__class__ }}"


def test_markup_in_a_template_is_text(sign_in: SignIn) -> None:
    browser, address = sign_in("coordinator"), "/letter-templates/referrer"
    form = browser.visit(address).fields(address)

    page = browser.send(address, form | {"body": "<script>alert(1)</script>{{ person }}", "deed": "preview"})

    assert "<script>alert(1)</script>Example Person" in page.text


def test_two_at_once_one_template_wins(sign_in: SignIn) -> None:
    first, second, address = sign_in("chair"), sign_in("coordinator"), "/letter-templates/referrer"
    late = second.visit(address).fields(address)
    form = first.visit(address).fields(address)
    first.send(address, form | {"body": "One.", "deed": "save"})

    page = second.send(address, late | {"body": "Two.", "deed": "save"}, 409)
    assert "changed by somebody else" in page.text


def test_a_member_reads_a_template_and_does_not_change_it(sign_in: SignIn) -> None:
    browser, address = sign_in("committee_member"), "/letter-templates/referrer"
    browser.visit(address)

    browser.send(address, {"body": "x", "deed": "save"}, 403)


def test_a_clinic_has_no_templates(sign_in: SignIn) -> None:
    sign_in("neurologist").visit("/letter-templates", status=403)


# Notices


def test_a_notice_that_did_not_arrive_is_sent_again_with_a_button(
    session: Session, people: People, sign_in: SignIn, case: Referral, declined: Decision, tmp_path: Path
) -> None:
    now = clock.now()
    lost = Post("smtp://127.0.0.1:9", tmp_path, "pons@example.org", "http://pons.example")
    session.commit()
    for _ in range(len(mail.WAITS) + 1):
        mail.due_mail(session, now, lost)
        now += timedelta(days=1)
    browser = sign_in("coordinator")
    page = browser.visit("/undelivered")
    given_up = session.query(Mail).filter(Mail.to_user_id == people["neurologist"].id).one()
    assert f"A decision is recorded: referral {case.number}" in page.text

    browser.send(f"/undelivered/{given_up.id}")

    session.refresh(given_up)
    assert given_up.given_up_at is None
    sign_in("other_coordinator").send(f"/undelivered/{given_up.id}", status=404)


def test_the_clinic_hears_of_a_draft_and_of_a_letter_when_they_have_gone_out(
    session: Session, people: dict[str, User], sign_in: SignIn
) -> None:
    case = list_case(session, people, name=NOT_MET)
    why = resting_on(session, case, "not_met")
    decide(session, people, case, outcome="declined", text="Another treatment first.", reasons=why)
    current = find_current(session, case)
    assert current is not None
    letters.hold_letter(
        session, case, LetterKind.REFERRER, "A letter.", actor=people["coordinator"], seen=str(current.id)
    )
    session.commit()
    for who, told in (("coordinator", True), ("neurologist", False)):
        text = sign_in(who).visit(page_of(case)).text
        assert ("Letter written" in text) is told
        assert ("Decision drafted" in text) is told
