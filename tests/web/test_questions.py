"""Asking the clinic and answering, at the pages."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import questions
from referral.models import EvidenceItem, Referral, ReferralVersion, User
from referral.workflow import State
from tests.at_hand import INSIDE, deeds, make_draft, page_of, retype, send, stands
from tests.browser import Browser, Page
from tests.deciding import decide, list_case

People = dict[str, User]
SignIn = Callable[[str], Browser]
VAGUE = "fallowfield_jun"
ANSWER = "The onset is in the old letter."


@pytest.fixture
def sent(session: Session, people: People) -> Referral:
    draft = make_draft(session, people, VAGUE)
    retype(draft, "person", birth_date="1985-05-17")
    send(session, draft, people["neurologist"])
    for item in ("diagnosis.symptom_onset", "document.mri_report", "workup.heart"):
        session.add(
            EvidenceItem(
                programme_id=people["coordinator"].organisation_id,
                item=item,
                asked_since=clock.now(),
                asked_by_id=people["coordinator"].id,
            )
        )
    session.flush()
    return draft


@pytest.fixture
def parked(session: Session, people: People, sent: Referral) -> Referral:
    items = ["diagnosis.symptom_onset", "workup.heart", "document.mri_report", "treatments.complete"]
    questions.ask(session, sent, items, "And the old letter?", actor=people["coordinator"])
    return sent


def links(page: Page) -> dict[str, str]:
    return {" ".join("".join(link.itertext()).split()): link.get("href", "") for link in page.all(".//a")}


def test_a_coordinator_ticks_writes_and_the_case_is_parked(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    coordinator = sign_in("coordinator")
    page = coordinator.visit(page_of(sent))
    assert links(page)["Ask the clinic"] == page_of(sent, "/ask")

    form = coordinator.visit(page_of(sent, "/ask")).fields(page_of(sent, "/ask"))
    page = coordinator.send(
        page_of(sent, "/ask"),
        form | {"item": ["diagnosis.symptom_onset", "treatments.complete"], "text": "Since?"},
    )

    assert stands(sent) is State.AWAITING_REPLY
    assert "parked until it answers" in page.text
    for word in ("First symptom", "Whether every treatment is listed", "Since?", "Next reminder"):
        assert word in page.text
    assert "Answer" not in links(page)


def test_nothing_ticked_and_nothing_written_is_said_and_nothing_happens(
    sign_in: SignIn, sent: Referral
) -> None:
    page = sign_in("coordinator").send(page_of(sent, "/ask"), {"text": " "}, 422)

    assert "Nothing was asked" in page.text
    assert stands(sent) is State.SUBMITTED


def test_of_two_coordinators_at_once_one_asks_and_the_other_is_told_by_whom(
    sign_in: SignIn, sent: Referral, people: People, session: Session
) -> None:
    second = User(
        email="second@example.org",
        name="Second Coordinator",
        role=people["coordinator"].role,
        organisation=people["coordinator"].organisation,
        password_hash=people["coordinator"].password_hash,
    )
    session.add(second)
    session.flush()
    people["second"] = second
    one, other = sign_in("coordinator"), sign_in("second")
    one.visit(page_of(sent, "/ask"))
    other.visit(page_of(sent, "/ask"))

    one.send(page_of(sent, "/ask"), {"text": "First?"})
    page = other.send(page_of(sent, "/ask"), {"text": "Second?", "item": "diagnosis.symptom_onset"}, 409)

    assert "Coordinator was first: asked" in page.text
    assert "Second?" in page.text
    assert page.all(".//input[@value='diagnosis.symptom_onset'][@checked]")
    assert [each.text for each in questions.questions_of(session, sent)] == ["First?"]
    assert deeds(session)[-2:] == ["case_read", "deed_refused"], "shown the case again, and refused"


@pytest.mark.parametrize("who", ["neurologist", "delegate"])
def test_the_clinic_sees_the_question_on_top_with_a_link_to_each_very_field(
    sign_in: SignIn, parked: Referral, who: str
) -> None:
    browser = sign_in(who)
    page = browser.visit(page_of(parked))

    asked = links(page)
    assert asked["First symptom"] == page_of(parked, "/edit/diagnosis#symptom_onset")
    assert asked["Whether every treatment is listed"].startswith(page_of(parked, "/edit/treatments#"))
    assert page_of(parked, "/attachments") in str(asked.values()) or "/files" in str(asked.values())
    for words, address in asked.items():
        if "/edit/" in address and "#" in address:
            there, _, anchor = address.partition("#")
            assert browser.visit(there).all(f".//*[@id='{anchor}']"), words
    assert "And the old letter?" in page.text
    assert "still blank" in page.text


def test_the_list_of_the_clinic_shows_that_it_is_asked(sign_in: SignIn, parked: Referral) -> None:
    page = sign_in("neurologist").visit("/referrals")

    assert "Awaiting reply" in page.text
    assert "asks something" in page.text


def test_what_is_typed_meanwhile_is_seen_by_the_clinic_alone(
    sign_in: SignIn, parked: Referral, session: Session
) -> None:
    retype(parked, "diagnosis", symptom_onset="2019-03")

    assert "recorded by now" in sign_in("delegate").visit(page_of(parked)).text
    page = sign_in("coordinator").visit(page_of(parked))
    assert "recorded by now" not in page.text
    assert "March 2019" not in page.text


def test_the_neurologist_reads_what_changed_signs_and_the_case_comes_back(
    sign_in: SignIn, parked: Referral, session: Session
) -> None:
    retype(parked, "diagnosis", symptom_onset="2019-03")
    neurologist = sign_in("neurologist")
    page = neurologist.visit(page_of(parked, "/answer"))
    assert "What you have changed since version 1" in page.text
    form = page.fields(page_of(parked, "/answer"))

    page = neurologist.send(page_of(parked, "/answer"), form | {"text": ANSWER, "declared": "yes"})

    assert "What you signed is version 2" in page.text
    assert stands(parked) is State.IN_REVIEW
    seen = sign_in("coordinator").visit(page_of(parked))
    for word in ("what has changed since version 1", "First symptom", "superseded by version 2", ANSWER):
        assert word in seen.text
    assert sign_in("coordinator").visit(page_of(parked, "/packet.pdf")).response.data.startswith(b"%PDF")
    name = sign_in("chair").visit(page_of(parked, "/packet.pdf")).response.headers["Content-Disposition"]
    assert name.endswith("v2.pdf")


def test_what_the_committee_asks_in_its_own_words_is_read_and_can_be_answered(
    session: Session, people: People, sign_in: SignIn
) -> None:
    case = list_case(session, people)
    decide(session, people, case, outcome="more_information_needed", conditions="The MRI of March")

    for who in ("neurologist", "delegate"):
        browser = sign_in(who)
        assert "The MRI of March" in browser.visit(page_of(case)).text
        assert "The MRI of March" in browser.visit(page_of(case, "/answer")).text


def test_what_is_not_ready_is_said_and_what_was_written_is_kept(sign_in: SignIn, parked: Referral) -> None:
    neurologist = sign_in("neurologist")
    form = neurologist.visit(page_of(parked, "/answer")).fields(page_of(parked, "/answer"))

    page = neurologist.send(page_of(parked, "/answer"), form | {"text": ANSWER}, 422)
    assert "Say that you have checked the case" in page.text
    assert page.fields(page_of(parked, "/answer"))["text"] == ANSWER

    page = neurologist.send(page_of(parked, "/answer"), form | {"text": " ", "declared": "yes"}, 422)
    assert "Write a few words" in page.text
    changed = form | {"text": ANSWER, "declared": "yes", "seen": "other"}
    assert "has changed since" in neurologist.send(page_of(parked, "/answer"), changed, 409).text
    assert stands(parked) is State.AWAITING_REPLY


def test_a_delegate_sees_what_is_to_be_signed_and_cannot_sign_it(sign_in: SignIn, parked: Referral) -> None:
    delegate = sign_in("delegate")

    page = delegate.visit(page_of(parked, "/answer"))

    assert "does not sign" in page.text
    assert not [form for form in page.all(".//form") if form.get("action") == page_of(parked, "/answer")]
    delegate.send(page_of(parked, "/answer"), {"text": ANSWER, "declared": "yes"}, 409)
    assert stands(parked) is State.AWAITING_REPLY


def test_an_earlier_packet_can_still_be_fetched_by_who_may_see_the_case(
    sign_in: SignIn, printed: bytes, session: Session
) -> None:
    referral = session.query(ReferralVersion).one().referral
    address = page_of(referral, "/versions/1/packet.pdf")

    for who in INSIDE:
        assert sign_in(who).visit(address).response.data == printed
    for who in ("other_neurologist", "other_coordinator", "auditor", "administrator"):
        sign_in(who).visit(address, 404)
    sign_in("coordinator").visit(page_of(referral, "/versions/2/packet.pdf"), 404)
    assert "packet_read" in deeds(session, referral)


@pytest.mark.parametrize("who", ["other_neurologist", "other_coordinator", "auditor", "administrator"])
def test_whom_a_case_is_not_for_finds_neither_page(sign_in: SignIn, parked: Referral, who: str) -> None:
    browser = sign_in(who)

    for path in ("/ask", "/answer"):
        browser.visit(page_of(parked, path), 404)
        browser.send(page_of(parked, path), {"text": "?"}, 404)


@pytest.mark.parametrize("who", ["neurologist", "delegate", "committee_member", "chair"])
def test_who_does_not_ask_is_refused(sign_in: SignIn, sent: Referral, who: str) -> None:
    browser = sign_in(who)

    browser.visit(page_of(sent, "/ask"), 409)
    browser.send(page_of(sent, "/ask"), {"text": "?"}, 409)
    assert stands(sent) is State.SUBMITTED


def test_there_is_nothing_to_answer_where_nothing_is_asked(sign_in: SignIn, sent: Referral) -> None:
    neurologist = sign_in("neurologist")

    neurologist.visit(page_of(sent, "/answer"), 409)
    neurologist.send(page_of(sent, "/answer"), {"text": ANSWER, "declared": "yes"}, 409)
    sign_in("coordinator").visit(page_of(sent, "/answer"), 404)


def test_what_is_asked_stands_beside_the_fields_while_they_are_filled_in(
    sign_in: SignIn, parked: Referral
) -> None:
    browser, address = sign_in("delegate"), page_of(parked, "/edit/diagnosis")

    page = browser.visit(address)

    (banner,) = page.all(".//div[@id='asked']")
    said = " ".join("".join(banner.itertext()).split())
    assert "asks" in said
    assert "And the old letter?" in said
    addresses = {link.get("href", "") for link in banner.iter("a")}
    assert any(each.startswith(f"{address}#symptom_onset") for each in addresses)
    assert page_of(parked, "/answer") in addresses
    assert "First symptom still blank" in said

    saved = browser.open(
        address,
        method="POST",
        data=page.fields(address) | {"symptom_onset": "2016"},
        headers={"Pons-Autosave": "itself"},
    )
    assert "#asked" in [part.get("hx-target") for part in saved.all(".//hx-partial")]
    assert "recorded by now" in saved.text


def test_nothing_is_said_of_questions_while_a_draft_is_written(
    sign_in: SignIn, session: Session, people: People
) -> None:
    draft = make_draft(session, people)

    assert sign_in("neurologist").visit(page_of(draft, "/edit/diagnosis")).all(".//div[@id='asked']") == []
