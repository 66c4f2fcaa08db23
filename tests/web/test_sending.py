"""Reviewing a case, signing and sending it, and its packet, as each role opens the pages."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral import clock
from referral.models import Packet, PacketTrouble, Referral, ReferralVersion, User, UserSession
from referral.packet import render
from referral.printing.worker import Worker
from referral.workflow import State
from tests.at_hand import INSIDE, NOT_MET, REASON, deeds, make_draft, page_of, retype, sign, stands
from tests.browser import Browser

People = dict[str, User]
SignIn = Callable[[str], Browser]


def test_the_neurologist_reviews_signs_and_gets_number_and_copy(
    sign_in: SignIn, draft: Referral, session: Session
) -> None:
    browser = sign_in("neurologist")
    review = browser.visit(page_of(draft, "/submission"))
    assert "Published criteria, side by side" in review.text
    assert "Facts as recorded" in review.text

    receipt = sign(browser, draft, declared="yes")

    assert stands(draft) is State.SUBMITTED
    assert receipt.all(".//h1")[0].text == "Sent"
    assert draft.number in receipt.text
    assert receipt.all(f".//a[@href='{page_of(draft, '/packet.pdf')}']")
    packet = browser.open(page_of(draft, "/packet.pdf"))
    assert packet.response.data.startswith(b"%PDF-")
    assert deeds(session, draft)[-3:] == ["packet_issued", "case_read", "packet_read"]


def test_a_second_click_shows_the_receipt_again(sign_in: SignIn, draft: Referral, session: Session) -> None:
    browser = sign_in("neurologist")
    form = browser.visit(page_of(draft, "/submission")).fields(page_of(draft, "/submission"))
    form |= {"declared": "yes"}
    browser.send(page_of(draft, "/submission"), form)

    again = browser.send(page_of(draft, "/submission"), form)

    assert again.all(".//h1")[0].text == "Sent"
    assert session.scalar(select(func.count()).select_from(ReferralVersion)) == 1
    assert session.scalar(select(func.count()).select_from(Packet)) == 1


def test_what_is_missing_is_said_beside_the_form_and_nothing_typed_is_lost(
    sign_in: SignIn, session: Session, people: People
) -> None:
    draft = make_draft(session, people, NOT_MET)
    browser = sign_in("neurologist")

    page = sign(browser, draft, 422, reason=REASON)
    assert "Say that you have checked the case." in page.text
    assert page.fields()["reason"] == REASON

    page = sign(browser, draft, 422, declared="yes")
    assert "Say why it is sent although a tested requirement is not met." in page.text
    assert page.all(".//textarea[@aria-describedby='reason-hint reason-error']")
    assert stands(draft) is State.DRAFT

    assert sign(browser, draft, declared="yes", reason=REASON).all(".//h1")[0].text == "Sent"


def test_a_script_in_the_reason_stays_text(sign_in: SignIn, session: Session, people: People) -> None:
    draft = make_draft(session, people, NOT_MET)
    script = "<script>alert(1)</script>"

    page = sign(sign_in("neurologist"), draft, 422, reason=script)

    assert page.fields()["reason"] == script
    assert script not in page.html


def test_a_case_that_changed_meanwhile_is_shown_again_and_not_sent(
    sign_in: SignIn, draft: Referral, session: Session
) -> None:
    browser = sign_in("neurologist")
    form = browser.visit(page_of(draft, "/submission")).fields(page_of(draft, "/submission"))
    retype(draft, "edss", edss__0__score="2.0")

    page = browser.send(page_of(draft, "/submission"), form | {"declared": "yes"}, 409)

    assert "It has changed since you opened the review" in page.text
    assert stands(draft) is State.DRAFT
    newer = page.fields(page_of(draft, "/submission"))
    assert newer["seen"] != form["seen"]
    browser.send(page_of(draft, "/submission"), newer | {"declared": "yes"})
    assert stands(draft) is State.SUBMITTED


def test_unreadable_text_is_listed_with_links_and_must_be_mended_first(
    sign_in: SignIn, draft: Referral
) -> None:
    retype(draft, "edss", edss__0__score="3.3")
    browser = sign_in("neurologist")

    for address in (page_of(draft), page_of(draft, "/submission")):
        page = browser.visit(address)
        assert "1 entry cannot be read" in page.text
        assert "“3.3” was given" in page.text
        assert page.all(f".//a[@href='{page_of(draft, '/edit/edss')}#edss-0-score']")
    assert not page.all(f".//form[@action='{page_of(draft, '/submission')}']")
    browser.send(page_of(draft, "/submission"), {"declared": "yes", "seen": "x"}, 409)
    assert stands(draft) is State.DRAFT


@pytest.mark.parametrize(("section", "field"), [("request", "question"), ("person", "birth_date")])
def test_what_a_case_needs_to_be_sent_is_linked(
    sign_in: SignIn, draft: Referral, section: str, field: str
) -> None:
    retype(draft, section, **{field: None})

    page = sign_in("neurologist").visit(page_of(draft, "/submission"))

    assert "the case needs" in page.text
    assert page.all(f".//a[@href='{page_of(draft, f'/edit/{section}')}#{field}']")


def test_a_delegate_prepares_and_does_not_sign(sign_in: SignIn, draft: Referral, people: People) -> None:
    browser = sign_in("delegate")

    page = browser.visit(page_of(draft, "/submission"))

    assert f"{people['neurologist'].name} signs and sends it" in page.text
    assert not page.all(f".//form[@action='{page_of(draft, '/submission')}']")
    browser.send(page_of(draft, "/submission"), {"declared": "yes"}, 409)
    assert stands(draft) is State.DRAFT


def test_a_reason_typed_while_the_session_ran_out_is_still_there(
    sign_in: SignIn, session: Session, people: People
) -> None:
    draft = make_draft(session, people, NOT_MET)
    browser = sign_in("neurologist")
    form = browser.visit(page_of(draft, "/submission")).fields(page_of(draft, "/submission"))
    for open_session in session.scalars(select(UserSession)):
        open_session.ended_at = clock.now()

    door = browser.open(page_of(draft, "/submission"), method="POST", data=form | {"reason": REASON})
    assert door.status == 401
    back = door.fields("/sign-in") | {
        "email": people["neurologist"].email,
        "password": "correct horse battery",
    }
    page = browser.open("/sign-in", method="POST", data=back)

    assert page.fields(page_of(draft, "/submission"))["reason"] == REASON
    assert stands(draft) is State.DRAFT


def test_a_printer_that_fails_leaves_the_case_sent_and_is_tried_again(
    sign_in: SignIn, draft: Referral, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in("neurologist")
    with monkeypatch.context() as broken:
        broken.setattr(render, "printer", Worker(command=("false",)))
        receipt = sign(browser, draft, declared="yes")
        assert "The packet is being made." in receipt.text
        assert stands(draft) is State.SUBMITTED
        refused = browser.open(page_of(draft, "/packet.pdf"))
    assert refused.status == 503
    assert "nothing is lost" in refused.text
    assert session.scalars(select(PacketTrouble)).one().tries == 2
    assert "packet_issued" not in deeds(session)

    assert browser.open(page_of(draft, "/packet.pdf")).response.data.startswith(b"%PDF-")
    assert session.scalars(select(PacketTrouble)).all() == []


# The packet


def test_the_packet_is_handed_out_byte_for_byte_under_a_name_that_names_nobody(
    sign_in: SignIn, sent: Referral, printed: bytes, session: Session
) -> None:
    for who in INSIDE:
        answer = sign_in(who).open(page_of(sent, "/packet.pdf")).response
        assert answer.data == printed
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Content-Disposition"] == f"attachment; filename={sent.number}-v1.pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert deeds(session, sent).count("packet_read") == len(INSIDE)


def test_a_draft_has_no_packet(sign_in: SignIn, draft: Referral) -> None:
    browser = sign_in("neurologist")

    browser.visit(page_of(draft, "/packet.pdf"), 404)


def test_a_packet_that_is_missing_is_made_by_whoever_reads_it_first(
    sign_in: SignIn, sent: Referral, session: Session
) -> None:
    browser = sign_in("coordinator")
    page = browser.visit(page_of(sent))
    assert "Packet (PDF), being made" in page.text

    packet = browser.open(page_of(sent, "/packet.pdf"))

    assert packet.response.data.startswith(b"%PDF-")
    assert deeds(session, sent)[-2:] == ["packet_issued", "packet_read"]
    assert "being made" not in browser.visit(page_of(sent)).text
    assert browser.open(page_of(sent, "/packet.pdf")).response.data == packet.response.data
    assert deeds(session, sent).count("packet_issued") == 1
