"""The packet of a case with its files behind: an index in front, one numbering over all, joined for whoever asks."""

import io
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import audit
from referral.actions import joined
from referral.attachments import Store
from referral.models import AuditEntry, Packet, Referral, User
from referral.packet import front, render
from referral.printing.worker import Worker
from tests.at_hand import INSIDE, deeds, page_of, send
from tests.attachments.made import pdf, picture
from tests.browser import Browser
from tests.packet.test_pdf import pages_of
from tests.web.filing import add, file, files_of

People = dict[str, User]
SignIn = Callable[[str], Browser]
REST = "/packet-with-files.pdf"
DEED = "packet_with_files_read"
STRANGERS = (
    "other_neurologist",
    "other_delegate",
    "other_coordinator",
    "other_chair",
    "auditor",
    "administrator",
)


@pytest.fixture
def filed(sign_in: SignIn, session: Session, people: People, draft: Referral) -> Referral:
    """A case that was sent with a letter of two pages and a picture."""
    letter, photo = file(pdf(2, "Letter"), "MRI report.pdf"), file(picture(), "Lesions.png")
    add(sign_in("neurologist"), draft, letter, photo)
    send(session, draft, people["neurologist"])
    return draft


def fetch(browser: Browser, referral: Referral) -> bytes:
    answer = browser.open(page_of(referral, REST)).response
    assert answer.status_code == 200
    return bytes(answer.data)


def manifest_of(paper: bytes) -> dict[str, Any]:
    with pikepdf.open(io.BytesIO(paper)) as opened:
        found: dict[str, Any] = json.loads(opened.attachments["manifest.json"].get_file().read_bytes())
        return found


def entries(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.deed == DEED).order_by(AuditEntry.id)))


def test_files_stand_behind_the_packet_under_an_index_and_one_numbering(
    sign_in: SignIn, session: Session, filed: Referral
) -> None:
    paper = fetch(sign_in("coordinator"), filed)

    pages = pages_of(paper)
    (case,) = manifest_of(paper)["cases"]
    first, last = case["pages"]
    assert [each["pages"] for each in case["files"]] == [[last + 1, last + 2], [last + 3, last + 3]]
    assert len(pages) == last + 3
    index = " ".join(pages[0].split())
    for found, where in (("MRI report", f"{last + 1} to {last + 2}"), ("Lesions", f"{last + 3}")):
        assert where in index.partition(found)[2]
    for number, page in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in page
    assert f"page 1 of {last - first + 1}" in pages[first - 1], "the packet keeps its own numbers"
    assert "Letter page 2" in pages[last + 1]
    packet = session.scalars(select(Packet)).one()
    assert case["packet_sha256"] == packet.sha256 == sha256(packet.pdf).hexdigest()


def test_it_is_to_be_saved_under_a_name_that_names_nobody(sign_in: SignIn, filed: Referral) -> None:
    answer = sign_in("chair").open(page_of(filed, REST)).response

    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={filed.number}-v1-with-files.pdf"
    assert answer.headers["Cache-Control"] == "no-store"


def test_one_entry_says_that_packet_and_files_were_read(
    sign_in: SignIn, session: Session, people: People, filed: Referral
) -> None:
    browser = sign_in("committee_member")
    fetch(browser, filed)

    assert deeds(session, filed)[-2:] == ["packet_issued", DEED]
    (entry,) = entries(session)
    assert (entry.actor_id, entry.referral_id) == (people["committee_member"].id, filed.id)
    assert entry.detail == {
        "version": 1,
        "packet": session.scalars(select(Packet.sha256)).one(),
        "files": [each.sha256 for each in files_of(session, filed)],
    }
    assert "Packet fetched with its files" in browser.visit(page_of(filed)).text


def test_a_file_that_is_lost_is_named_and_not_said_to_be_read(
    sign_in: SignIn, session: Session, filed: Referral, cabinet: Store
) -> None:
    letter, photo = files_of(session, filed)
    shutil.rmtree(cabinet.folder / letter.stored_as)

    paper = fetch(sign_in("coordinator"), filed)

    index = " ".join(pages_of(paper)[0].split())
    assert f"not joined: {joined.GONE}" in index.partition("MRI report")[2].partition("Lesions")[0]
    assert [each["pages"] is None for each in manifest_of(paper)["cases"][0]["files"]] == [True, False]
    assert entries(session)[0].detail["files"] == [photo.sha256]


def test_what_finds_no_room_is_named(
    sign_in: SignIn, session: Session, filed: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter, _ = files_of(session, filed)
    monkeypatch.setattr(joined, "MOST_FILES", letter.size)

    paper = fetch(sign_in("coordinator"), filed)

    index = " ".join(pages_of(paper)[0].split())
    assert f"not joined: {joined.FULL}" in index.partition("Lesions")[2]


def test_for_strangers_it_is_as_if_it_were_nowhere(
    sign_in: SignIn, session: Session, filed: Referral
) -> None:
    for who in STRANGERS:
        browser = sign_in(who)
        foreign, missing = browser.open(page_of(filed, REST)), browser.open(f"/referrals/{uuid4()}{REST}")
        assert foreign.status == missing.status == 404
        assert foreign.text == missing.text
    assert entries(session) == []


def test_a_draft_has_none(sign_in: SignIn, draft: Referral) -> None:
    sign_in("neurologist").visit(page_of(draft, REST), 404)


def test_the_button_is_there_where_there_are_files(sign_in: SignIn, filed: Referral) -> None:
    for who in INSIDE:
        (button,) = sign_in(who).visit(page_of(filed)).all(f".//a[@href='{page_of(filed, REST)}']")
        assert button.text == "Packet with its files (PDF)"


def test_a_case_without_files_has_no_button(sign_in: SignIn, sent: Referral) -> None:
    page = sign_in("coordinator").visit(page_of(sent))

    assert "Packet (PDF)" in page.text
    assert "with its files" not in page.text


def test_others_write_while_it_is_joined(
    sign_in: SignIn, session: Session, filed: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    def join_while_somebody_writes(*given: Any) -> front.Pack:
        audit.record(session, None, "written_meanwhile")
        session.commit()
        return front.make_pack(*given)

    monkeypatch.setattr(joined, "make_pack", join_while_somebody_writes)

    fetch(sign_in("coordinator"), filed)

    assert deeds(session)[-2:] == ["written_meanwhile", DEED]


def test_whoever_lost_the_case_meanwhile_is_not_handed_it(
    sign_in: SignIn, session: Session, people: People, filed: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    def join_while_the_case_goes_elsewhere(*given: Any) -> front.Pack:
        filed.programme_id = people["other_coordinator"].organisation_id
        session.commit()
        return front.make_pack(*given)

    monkeypatch.setattr(joined, "make_pack", join_while_the_case_goes_elsewhere)

    assert sign_in("coordinator").open(page_of(filed, REST)).status == 404
    assert entries(session) == []


def test_a_printer_that_fails_is_told_of_and_nothing_is_said_to_be_read(
    sign_in: SignIn, session: Session, filed: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in("coordinator")
    broken = Worker(command=("false",))
    with monkeypatch.context() as jam:
        jam.setattr(render, "printer", broken)
        unmade = browser.open(page_of(filed, REST))
    browser.open(page_of(filed, "/packet.pdf"))
    with monkeypatch.context() as jam:
        jam.setattr(render, "printer", broken)
        unjoined = browser.open(page_of(filed, REST))

    assert (unmade.status, unjoined.status) == (503, 503)
    assert "The packet is not made yet." in unmade.text
    assert "could not be joined with its files" in unjoined.text
    assert entries(session) == []
    fetch(browser, filed)
