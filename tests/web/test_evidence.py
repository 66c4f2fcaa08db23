"""What a programme asks for: who keeps the list, and where it shows."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import evidence
from referral.errors import ConflictError, ForbiddenError
from referral.models import AuditEntry, EvidenceItem, Referral, User
from referral.packet import contents
from referral.packet.provable import paths_of, words_of
from referral.workflow import Role
from tests.at_hand import make_draft, page_of, read, retype, send
from tests.browser import Browser

SignIn = Callable[[str], Browser]
People = dict[str, User]
ASKED = ["workup.jcv_index", "workup.hiv", "diagnosis.symptom_onset", "document.letter"]


@pytest.fixture
def asked(session: Session, people: People) -> None:
    evidence.change(session, people["coordinator"], ASKED, seen=evidence.mark_of(()))


def test_the_coordinator_ticks_the_list_and_it_is_written_down(
    session: Session, people: People, sign_in: SignIn
) -> None:
    browser = sign_in("coordinator")
    form = browser.visit("/evidence").fields("/evidence")

    page = browser.send("/evidence", form | {"item": ASKED})

    kept = session.scalars(select(EvidenceItem)).all()
    assert {each.item for each in kept} == set(ASKED)
    assert {(each.programme_id, each.asked_by_id) for each in kept} == {
        (people["coordinator"].organisation_id, people["coordinator"].id)
    }
    assert set(page.fields("/evidence")["item"]) == set(ASKED)
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.deed == "evidence_list_changed"))
    assert (entry.detail["added"], entry.detail["removed"]) == (sorted(ASKED), [])


def test_what_is_unticked_is_asked_for_no_longer(session: Session, people: People, asked: None) -> None:
    mark = evidence.mark_of(ASKED)

    assert evidence.change(session, people["chair"], ASKED[:1], seen=mark)
    assert list(evidence.asked_by(session, people["chair"].organisation_id)) == ASKED[:1]
    assert not evidence.change(session, people["chair"], ASKED[:1], seen="an old mark")


def test_a_list_that_changed_meanwhile_is_not_overwritten(
    session: Session, people: People, sign_in: SignIn, asked: None
) -> None:
    browser = sign_in("chair")

    page = browser.send("/evidence", {"seen": evidence.mark_of(()), "item": ["workup.cmv"]}, status=409)

    assert "Nothing was changed" in page.text
    assert page.fields("/evidence")["item"] == "workup.cmv"
    assert list(evidence.asked_by(session, people["chair"].organisation_id)) == [
        "diagnosis.symptom_onset", "workup.jcv_index", "workup.hiv", "document.letter",
    ]  # fmt: skip


def test_only_coordinator_and_chair_keep_the_list(session: Session, people: People) -> None:
    with pytest.raises(ForbiddenError):
        evidence.change(session, people["committee_member"], ASKED, seen=evidence.mark_of(()))
    with pytest.raises(ConflictError):
        evidence.change(session, people["chair"], ASKED, seen="an old mark")


def test_for_a_clinic_there_is_no_such_page(sign_in: SignIn) -> None:
    sign_in("neurologist").visit("/evidence", status=404)


def test_what_is_asked_for_comes_first_in_the_work_up_and_unchecked_items_say_so(
    session: Session, sign_in: SignIn, draft: Referral, asked: None
) -> None:
    page = sign_in("neurologist").visit(page_of(draft, "/edit/workup"))

    first = next(table for table in page.all(".//table") if "pons-workup" in table.get("class", ""))
    rows = [" ".join("".join(row.itertext()).split()) for row in first.findall(".//tbody/tr/th")]
    assert rows == [
        "JCV antibody index not checked against a publication",
        "HIV (antibody and NAT)",
    ]
    assert "Urate" not in page.text


def test_a_programme_that_keeps_no_list_marks_nothing(
    session: Session, people: People, sign_in: SignIn, asked: None
) -> None:
    draft = make_draft(session, people, programme="other_coordinator")

    page = sign_in("neurologist").visit(page_of(draft, "/edit/workup"))

    assert "Asked for by" not in page.text
    assert "JCV antibody index" not in page.text


def test_the_case_says_what_is_there_and_what_is_not_as_it_was_signed(
    session: Session, people: People, sign_in: SignIn, draft: Referral, asked: None
) -> None:
    retype(
        draft,
        "workup",
        beside__hiv__status="done",
        beside__hiv__on="March 2026",
        beside__cmv__status="booked",
    )
    version = send(session, draft, people["neurologist"])
    evidence.change(session, people["chair"], [], seen=evidence.mark_of(ASKED))

    page = sign_in(Role.COORDINATOR).visit(page_of(draft))

    printed = contents(version.snapshot).workup
    assert printed.summary == "Work-up: 1 done, 1 booked."
    assert printed.asked == "Eastgate Transplant Programme asks for 4: 2 there, 2 not."
    assert [(row.words, row.asked, row.status, row.on) for row in printed.rows] == [
        ("HIV (antibody and NAT)", True, "Done", "March 2026"),
        ("CMV", False, "Booked", None),
    ]
    assert f"{printed.summary} {printed.asked}" in page.text
    assert "Asked for and not there: JCV antibody index (not known) ; Letter (not attached)" in page.text


def test_a_file_can_prove_an_item_of_the_work_up(session: Session, draft: Referral) -> None:
    record = read(session, draft).record

    assert paths_of(["workup.cmv", "workup.no_such_item"], record) == ["workup.cmv"]
    assert words_of(["workup.cmv"], record) == ("Work-up: CMV",)
