"""The pages on which a committee's answer is written, read back and signed, and where both sides read it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import decisions
from referral.models import Decision, Interest, Referral, Tie, User
from referral.workflow import State
from tests.at_hand import page_of, stands
from tests.browser import Browser, Page
from tests.deciding import decide, list_case, resting_on, signature, version_of, write

People = dict[str, User]
SignIn = Callable[[str], Browser]


@pytest.fixture
def case(session: Session, people: People) -> Referral:
    return list_case(session, people)


def fill(browser: Browser, case: Referral, status: int, /, **typed: Any) -> Page:
    """Fill the form in and save it."""
    address = page_of(case, "/decision")
    form = browser.visit(page_of(case, "/decision/edit")).fields(address)
    return browser.send(address, form | typed, status)


def sign(browser: Browser, session: Session, case: Referral, status: int = 200, **typed: str) -> Page:
    """Read the draft back, name the person, sign."""
    page = browser.visit(page_of(case, "/decision"))
    address = page_of(case, "/decision/signature")
    named = signature(session, case)
    entered = {"initials": named.initials, "birth_year": named.birth_year, "confirmed": "yes"}
    return browser.send(address, page.fields(address) | entered | typed, status)


def took_part(people: People) -> dict[str, str]:
    chair = people["chair"].id
    return {f"member.{chair}": "yes", f"specialty.{chair}": "haematology"}


def test_a_coordinator_drafts_and_a_member_reads_back_and_signs(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    page = fill(
        sign_in("coordinator"), case, 200, outcome="accepted", conditions="Dental check first.", **took_part(people),
        **{"guest.1": "Dr Nia Rowlands", "guest_specialty.1": "neurology"},
    )  # fmt: skip
    assert "you drafted it, so another member of the committee signs it" in page.text.lower()

    page = sign(sign_in("committee_member"), session, case)

    assert "The multidisciplinary team decided: accepted" in page.text
    assert stands(case) is State.DECIDED
    for who in ("neurologist", "delegate", "chair"):
        text = sign_in(who).visit(page_of(case)).text
        assert "The multidisciplinary team decided: accepted" in text
        assert "Dental check first." in text
        assert "Chair (haematology); Dr Nia Rowlands (neurology)" in text
        assert "eligible" not in text.lower()


def test_a_decline_names_its_criteria_with_what_the_software_found(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    asked = decisions.asked_of(version_of(session, case).snapshot)[0]
    key = f"{asked.edition}.{asked.criterion}"
    fill(
        sign_in("coordinator"), case, 200, outcome="declined", text="Another treatment first.", **took_part(people),
        **{f"ground.{key}": "other_treatment"},
    )  # fmt: skip

    sign(sign_in("chair"), session, case)

    text = sign_in("neurologist").visit(page_of(case)).text
    assert "Another treatment is still open" in text
    assert "The software found: met." in text


def test_disagreeing_takes_a_reason_from_the_list_and_words(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    asked = decisions.asked_of(version_of(session, case).snapshot)[0]
    key = f"{asked.edition}.{asked.criterion}"
    browser = sign_in("coordinator")

    page = fill(browser, case, 422, outcome="accepted", **{f"holds.{key}": "not_met"})
    assert "Give the reason for disagreeing" in page.text
    assert page.fields(page_of(case, "/decision"))[f"holds.{key}"] == "not_met"

    fill(
        browser, case, 200, outcome="accepted", **took_part(people),
        **{f"holds.{key}": "not_met", f"code.{key}": "fact_wrong", f"why.{key}": "The letter says otherwise."},
    )  # fmt: skip
    kept = session.query(Decision).one().reasons[asked.edition][asked.criterion]
    assert (kept["result"], kept["agrees"], kept["holds"]) == (asked.result, False, "not_met")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"outcome": ""}, "Choose what was decided"),
        ({"decided_on": "tomorrow"}, "Allowed: a day"),
        ({"decided_on": "March 2026"}, "Allowed: a day"),
        ({"decided_on": (clock.today() + timedelta(days=1)).isoformat()}, "after today"),
        ({"guest.1": "Dr Nia Rowlands"}, "with which specialty"),
        ({"text": "x" * 20_000}, "at most"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept_on_the_page(
    session: Session, sign_in: SignIn, case: Referral, typed: dict[str, str], says: str
) -> None:
    page = fill(sign_in("coordinator"), case, 422, **({"outcome": "accepted"} | typed))

    assert says in page.text
    assert decisions.find_draft(session, case) is None


def test_the_other_is_told_what_happened_and_keeps_their_text(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    first, second = sign_in("coordinator"), sign_in("chair")
    address = page_of(case, "/decision")
    late = second.visit(page_of(case, "/decision/edit")).fields(address)
    fill(first, case, 200, outcome="accepted")

    page = second.send(address, late | {"outcome": "advice_given", "text": "Wait a year."}, 409)

    assert f"{people['coordinator'].name} has saved a draft: accepted" in page.text
    again = page.fields(address)
    assert again["text"] == "Wait a year."
    second.send(address, again)
    assert session.query(Decision).one().text == "Wait a year."


def test_two_signatures_at_once_the_other_reads_what_was_signed(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    write(session, people, case)
    address = page_of(case, "/decision/signature")
    late = sign_in("committee_member")
    form = late.visit(page_of(case, "/decision")).fields(address)
    named = signature(session, case)
    sign(sign_in("chair"), session, case)

    page = late.send(
        address,
        form | {"initials": named.initials, "birth_year": named.birth_year, "confirmed": "yes"},
        409,
    )

    assert "Somebody else was first" in page.text
    assert f"{people['chair'].name} has signed a decision: accepted" in page.text


def test_the_wrong_person_is_refused_beside_the_field(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    write(session, people, case, actor="coordinator")

    page = sign(sign_in("chair"), session, case, 422, initials="ZZ")

    assert "Is it the right case?" in page.text
    assert stands(case) is State.LISTED


def test_a_correction_stands_in_the_place_of_the_first_and_both_are_read(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    decide(session, people, case)
    decide(
        session, people, case, outcome="declined", text="The outcome was typed wrongly.",
        reasons=resting_on(session, case),
    )  # fmt: skip

    page = sign_in("neurologist").visit(page_of(case))

    assert "The multidisciplinary team decided: declined" in page.text
    assert "It takes the place of an earlier decision" in page.text
    assert "accepted, decided on" in page.text


def test_who_stands_aside_is_not_offered_and_does_not_sign(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    write(session, people, case)
    tie = Interest(
        referral_id=case.id, member_id=people["committee_member"].id, tie=Tie.CONFLICT, text="Kin."
    )
    session.add(tie)
    session.flush()

    page = sign_in("coordinator").visit(page_of(case, "/decision/edit"))
    assert "stands aside: conflict" in page.text
    assert f"member.{people['committee_member'].id}" not in page.html
    page = sign_in("committee_member").visit(page_of(case, "/decision"))
    assert "you stand aside and do not sign" in page.text


@pytest.mark.parametrize("who", ["neurologist", "delegate", "other_coordinator", "other_chair", "auditor"])
@pytest.mark.parametrize("rest", ["/decision", "/decision/edit"])
def test_for_others_there_is_no_such_page(sign_in: SignIn, case: Referral, who: str, rest: str) -> None:
    sign_in(who).visit(page_of(case, rest), status=404)


def test_a_draft_is_seen_by_nobody_at_the_clinic(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    write(session, people, case, outcome="advice_given", text="Not yet said.")

    assert "Not yet said." not in sign_in("neurologist").visit(page_of(case)).text


def test_a_draft_is_thrown_away_with_a_button(
    session: Session, people: People, sign_in: SignIn, case: Referral
) -> None:
    write(session, people, case)
    browser, address = sign_in("chair"), page_of(case, "/decision/discarding")
    browser.send(address, browser.visit(page_of(case, "/decision")).fields(address))

    assert decisions.find_draft(session, case) is None


def test_the_case_has_one_button_to_decide(sign_in: SignIn, case: Referral) -> None:
    page = sign_in("chair").visit(page_of(case))

    links = [link for link in page.all(".//a") if link.get("href") == page_of(case, "/decision")]
    assert len(links) == 1
