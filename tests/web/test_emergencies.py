"""The pages of an emergency: what is shown from outside, what is not, and what everybody sees of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral.models import AuditEntry, EmergencyAccess, Referral, User
from referral.workflow import Role
from tests.browser import Browser, Page

SignIn = Callable[[str], Browser]
People = dict[str, User]
WHY = "She was brought to our ward unconscious."
TYPED = {"reason": "treating_now", "why": WHY}


@pytest.fixture
def stranger(sign_in: SignIn) -> Browser:
    """A coordinator of the other programme."""
    return sign_in("other_coordinator")


def open_it(browser: Browser, number: str, status: int = 200) -> Page:
    return browser.send("/emergency", {"number": number, **TYPED}, status)


def entries(session: Session, deed: str) -> int:
    wanted = select(func.count()).select_from(AuditEntry).where(AuditEntry.deed == deed)
    return session.scalar(wanted) or 0


def banner(page: Page) -> str:
    (found,) = page.all(".//aside[@class='pons-emergency']")
    return " ".join("".join(found.itertext()).split())


def test_a_case_elsewhere_is_read_from_the_footer_on_with_a_red_bar_on_every_page(
    stranger: Browser, sent: Referral, printed: bytes, session: Session
) -> None:
    assert "Read a case in an emergency" in stranger.visit("/inbox").text
    page = open_it(stranger, sent.number.lower())

    assert page.path.startswith("/emergency/")
    assert f"Referral {sent.number}" in page.text
    assert "Emergency access." in banner(page)
    for path in ("/", "/inbox", "/help", "/library"):
        assert sent.number in banner(stranger.visit(path))
    assert sent.number not in stranger.visit("/inbox").all(".//main")[0].itertext()
    assert stranger.open(f"{page.path}/packet.pdf").response.data == printed
    assert entries(session, "emergency_opened") == 1
    assert entries(session, "emergency_read") == 2
    assert entries(session, "case_read") == 0


def test_the_page_has_no_form_but_that_which_ends_it(stranger: Browser, sent: Referral) -> None:
    page = open_it(stranger, sent.number)

    actions = {form.get("action") for form in page.all(".//form") if form.get("method") == "post"}
    assert actions == {"/sign-out", f"{page.path}/end"}
    links = {link.get("href", "") for link in page.all(".//main//a")}
    assert not [link for link in links if link.startswith("/referrals")]


def test_the_page_says_what_it_does_not_show_and_whom_to_ask(stranger: Browser, sent: Referral) -> None:
    page = open_it(stranger, sent.number)

    assert "This is version 1, as Neurologist signed it" in page.text
    assert "What was decided or recorded since is not shown here: ask" in page.text
    assert "Eastgate Transplant Programme, or Neurologist, Northfield Neurology." in page.text


@pytest.mark.parametrize("path", ["", "/packet.pdf", "/files", "/question", "/submission"])
def test_the_pages_of_the_case_itself_stay_shut(stranger: Browser, sent: Referral, path: str) -> None:
    open_it(stranger, sent.number)

    assert stranger.open(f"/referrals/{sent.id}{path}").status == 404


def test_a_wrong_number_and_one_that_may_not_be_opened_answer_alike(
    stranger: Browser, sign_in: SignIn, sent: Referral, draft: Referral, session: Session
) -> None:
    own = sign_in(Role.NEUROLOGIST)
    answers = [open_it(stranger, "P-1999-0000", 422), open_it(own, sent.number, 422)]

    texts = [page.text.partition("Nothing was changed")[2].partition("What you typed")[0] for page in answers]
    assert texts[0] == texts[1]
    assert "No case can be opened under this number" in texts[0]
    assert answers[0].fields("/emergency")["why"] == WHY
    assert entries(session, "emergency_refused") == 2


def test_the_sixth_try_within_an_hour_is_refused_and_said_so(stranger: Browser, sent: Referral) -> None:
    for _ in range(5):
        open_it(stranger, "P-1999-0000", 422)

    assert "More than 5 tries within an hour" in open_it(stranger, sent.number, 429).text


def test_without_a_reason_nothing_is_opened_and_no_try_is_counted(
    stranger: Browser, sent: Referral, session: Session
) -> None:
    page = stranger.send("/emergency", {"number": sent.number, "reason": "", "why": "Why?"}, 422)

    assert "This is missing" in page.text
    assert "too short for the reviewer" in page.text
    assert session.scalars(select(EmergencyAccess)).all() == []
    assert entries(session, "emergency_refused") == 0


def test_it_ends_when_it_is_ended_when_one_signs_out_and_after_an_hour(
    stranger: Browser, sent: Referral, session: Session, sign_in: SignIn
) -> None:
    first = open_it(stranger, sent.number).path
    stranger.send(f"{first}/end")
    assert stranger.open(first).status == 404
    assert not stranger.visit("/").all(".//aside[@class='pons-emergency']")

    second = open_it(stranger, sent.number).path
    stranger.send("/sign-out")
    again = sign_in("other_coordinator")
    assert again.open(second).status == 404

    third = open_it(again, sent.number).path
    for access in session.scalars(select(EmergencyAccess)):
        access.opened_at -= timedelta(minutes=60)
        access.until -= timedelta(minutes=60)
    assert again.open(third).status == 404


def test_nobody_else_reads_through_somebody_elses_opening(
    stranger: Browser, sign_in: SignIn, sent: Referral
) -> None:
    path = open_it(stranger, sent.number).path

    assert sign_in("other_chair").open(path).status == 404


def test_the_programme_sees_it_in_its_inbox_and_its_chair_reviews_it_by_name(
    stranger: Browser, sign_in: SignIn, sent: Referral, session: Session
) -> None:
    open_it(stranger, sent.number)
    assert "opened from outside in an emergency" in sign_in(Role.COORDINATOR).visit("/inbox").text
    assert "opened from outside" not in sign_in("other_chair").visit("/inbox").text
    chair = sign_in(Role.CHAIR)
    page = chair.visit("/emergencies")
    assert WHY in page.text
    (link,) = [each.get("href", "") for each in page.all(".//main//a")]
    assert "This is missing" in chair.send(link, {}, 422).text

    done = chair.send(link, {"outcome": "not_justified", "finding": "There is no such ward."})
    assert "There was no reason for it. Chair" in done.text
    assert "To review: 0" in done.text
    assert "Somebody has reviewed" in chair.send(link, {"outcome": "justified"}, 409).text


def test_a_reviewer_sees_no_name_of_the_person_who_is_referred(
    stranger: Browser, sign_in: SignIn, sent: Referral
) -> None:
    open_it(stranger, sent.number)
    page = sign_in(Role.AUDITOR).visit("/emergencies")

    assert sent.number in page.text
    assert sent.family_name
    assert sent.family_name not in page.text


def test_what_nobody_has_opened_says_so(sign_in: SignIn) -> None:
    page = sign_in(Role.AUDITOR).visit("/emergencies")

    assert "Nothing waits for a review." in page.text
    assert "None yet." in page.text


def test_a_use_that_is_overdue_says_so_and_an_hundred_are_paged(
    sign_in: SignIn, sent: Referral, session: Session, stranger: Browser, people: People
) -> None:
    open_it(stranger, sent.number)
    access = session.scalars(select(EmergencyAccess)).one()
    access.opened_at -= timedelta(hours=73)
    access.until -= timedelta(hours=73)
    session.add_all(
        EmergencyAccess(
            referral_id=sent.id, user_id=access.user_id, reason=access.reason, why=WHY, opened_at=access.opened_at,
            until=access.until, reviewed_at=access.until, reviewed_by_id=people["chair"].id, outcome="justified",
        )
        for _ in range(100)
    )  # fmt: skip
    page = sign_in(Role.CHAIR).visit("/emergencies?page=2")

    assert "Overdue: it was due" in page.text
    assert "Page 2 of 2" in page.text


def test_the_history_of_the_case_names_who_read_it_from_outside(
    stranger: Browser, sign_in: SignIn, sent: Referral, session: Session
) -> None:
    open_it(stranger, sent.number)
    page = sign_in(Role.COORDINATOR).visit(f"/referrals/{sent.id}")

    assert "Opened from outside in an emergency" in page.text
    assert "Read from outside in an emergency" in page.text
