"""The files of a case: who sees, replaces and removes them, and what the packet says of them."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from referral import audit, clock
from referral.actions import attachments as actions
from referral.actions import referrals
from referral.actions.referrals import make_snapshot, newest_version
from referral.attachments import Store
from referral.extensions import db
from referral.models import Attachment, AuditEntry, Referral, User
from referral.packet import contents
from referral.web.layout import HEADERS
from tests.at_hand import deeds, make_draft, page_of, read, send
from tests.attachments.made import pdf, picture
from tests.browser import Browser
from tests.web.filing import add, add_one, address, file, files_of, folders

SignIn = Callable[[str], Browser]
People = dict[str, User]
STRANGERS = ("other_neurologist", "other_delegate", "other_coordinator", "other_chair")
RECEIVERS = ("coordinator", "committee_member", "chair")


# Who may


@pytest.mark.parametrize("rest", ["", "/content", "/pages/1.png", "/thumbnail.png", "/removal"])
@pytest.mark.parametrize("who", [*STRANGERS, *RECEIVERS, "auditor", "administrator"])
def test_nobody_else_finds_the_files_of_a_draft(
    sign_in: SignIn, session: Session, draft: Referral, who: str, rest: str
) -> None:
    found = add_one(sign_in("neurologist"), session, draft)
    stranger = sign_in(who)

    foreign = stranger.open(address(draft, found, rest))
    missing = stranger.open(page_of(draft, f"/files/{uuid4()}{rest}"))
    assert foreign.status == missing.status == 404
    assert foreign.text == missing.text
    assert stranger.open(page_of(draft, "/files")).status == 404


@pytest.mark.parametrize("who", [*STRANGERS, *RECEIVERS, "auditor", "administrator"])
def test_nobody_else_adds_to_a_draft_or_changes_it(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store, who: str
) -> None:
    found = add_one(sign_in("neurologist"), session, draft)
    before = folders(cabinet)
    stranger = sign_in(who)

    add(stranger, draft, file(pdf(), "mine.pdf"), status=404)
    stranger.send(address(draft, found), {"kind": "other", "label": "Mine", "dated": ""}, 404)
    stranger.send(address(draft, found, "/replacement"), {"files": file(pdf(), "mine.pdf")}, 404)
    stranger.send(address(draft, found, "/removal"), {"reason": "Mine"}, 404)

    assert [(each.label, each.is_current) for each in files_of(session, draft)] == [("letter", True)]
    assert folders(cabinet) == before


@pytest.mark.parametrize("rest", ["", "/content", "/pages/1.png", "/thumbnail.png"])
def test_a_file_of_another_case_is_not_found_through_ones_own(
    sign_in: SignIn, session: Session, people: People, draft: Referral, rest: str
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    mine = make_draft(session, people)

    assert browser.open(address(mine, found, rest)).status == 404
    assert browser.open(address(draft, found, rest)).status == 200


@pytest.mark.parametrize("who", RECEIVERS)
def test_the_programme_reads_what_was_sent_and_changes_nothing(
    sign_in: SignIn, session: Session, people: People, draft: Referral, who: str
) -> None:
    found = add_one(sign_in("neurologist"), session, draft)
    send(session, draft, people["neurologist"])
    reader = sign_in(who)

    page = reader.visit(page_of(draft, "/files"))
    assert "letter" in page.text
    assert not page.all(".//input[@type='file']")
    assert not reader.visit(address(draft, found)).all(".//input[@type='file']")
    assert reader.open(address(draft, found, "/content")).status == 200
    add(reader, draft, file(pdf(), "mine.pdf"), status=403)
    reader.send(address(draft, found, "/removal"), {"reason": "Mine"}, 409)
    assert [each.label for each in files_of(session, draft)] == ["letter"]


@pytest.mark.parametrize("who", STRANGERS)
def test_another_house_does_not_find_the_files_of_a_case_that_was_sent(
    sign_in: SignIn, session: Session, people: People, draft: Referral, who: str
) -> None:
    found = add_one(sign_in("neurologist"), session, draft)
    send(session, draft, people["neurologist"])

    for rest in ("", "/content", "/pages/1.png", "/thumbnail.png"):
        assert sign_in(who).open(address(draft, found, rest)).status == 404


# After sending


def test_after_sending_files_are_added_and_nothing_is_taken_back(
    sign_in: SignIn, session: Session, people: People, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    first = add_one(browser, session, draft)
    send(session, draft, people["neurologist"])
    page = add(browser, draft, file(picture(), "later.png"))

    later = files_of(session, draft)[1]
    assert "after the case was sent" in page.text
    assert browser.open(address(draft, first, "/removal")).status == 404
    browser.send(address(draft, first, "/removal"), {"reason": "Wrong"}, 409)
    browser.send(address(draft, first), {"kind": "other", "label": "Other", "dated": ""}, 409)
    browser.send(address(draft, later, "/removal"), {"reason": "Wrong"}, 409)
    assert [(each.label, each.is_current) for each in files_of(session, draft)] == [
        ("letter", True),
        ("later", True),
    ]


def test_a_case_that_is_over_takes_no_more_files(
    sign_in: SignIn, session: Session, people: People, draft: Referral, cabinet: Store
) -> None:
    browser = sign_in("neurologist")
    browser.send(page_of(draft, "/moves/withdraw"), {"reason": "The person moved away"})

    page = add(browser, draft, file(pdf(), "late.pdf"), status=409)
    assert "withdrawn and takes no more files" in page.text
    assert not folders(cabinet)


# Replacing, describing, removing


def test_a_newer_file_takes_the_place_of_an_older_one_which_stays(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    old = add_one(browser, session, draft, dated="2026-03-03")
    page = browser.send(address(draft, old, "/replacement"), {"files": file(picture(), "new.png")})

    older, newer = files_of(session, draft)
    assert older.replaced_by_id == newer.id
    assert (newer.label, newer.kind, newer.dated) == ("letter", "letter", None)
    assert "Older files" in page.text
    assert browser.open(address(draft, old, "/content")).status == 200
    listed = browser.visit(page_of(draft, "/files"))
    assert "replaced by a newer one" in listed.text
    again = browser.send(address(draft, old, "/replacement"), {"files": file(pdf(9), "x.pdf")}, 409)
    assert "replaced or removed meanwhile" in again.text
    assert "attachment_replaced" in deeds(session, draft)


def test_a_bad_newer_file_changes_nothing(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    browser = sign_in("neurologist")
    old = add_one(browser, session, draft)
    page = browser.send(address(draft, old, "/replacement"), {"files": file(b"MZ", "new.exe")}, 422)

    assert "Only PDF, PNG and JPEG files are taken." in page.text
    assert [each.is_current for each in files_of(session, draft)] == [True]
    assert folders(cabinet) == {old.stored_as}


def test_each_file_that_is_refused_is_in_the_trail_without_its_name(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    old = add_one(browser, session, draft)

    browser.send(address(draft, old, "/replacement"), {"files": file(b"MZ", "new.exe")}, 422)
    add(
        browser, draft, file(pdf(), "good.pdf"), file(b"MZ", "secret.exe"), file(b"%PDF", "x.pdf"), status=422
    )

    told = [
        entry.detail for entry in session.scalars(select(AuditEntry).where(AuditEntry.deed == "file_refused"))
    ]
    assert [detail["asked"] for detail in told] == [str(draft.id)] * 3
    assert "secret" not in str(told)


def test_what_a_file_proves_is_chosen_from_the_facts_of_the_case(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    page = browser.visit(address(draft, found))
    offered = {box.get("value") or "" for box in page.all(".//input[@name='proves']")}
    study = next(key for key in sorted(offered) if key.startswith("mri "))

    form = {"kind": "mri_report", "label": "MRI report", "dated": "June 2026", "proves": [study, "edss 1999"]}
    page = browser.send(address(draft, found), form)

    assert "Proves: MRI of" in page.text
    kept = files_of(session, draft)[0]
    assert (kept.kind, kept.label, kept.dated, kept.proves) == (
        "mri_report",
        "MRI report",
        "2026-06",
        [study],
    )
    assert "attachment_described" in deeds(session, draft)


def test_what_is_wrong_in_a_description_is_said_and_nothing_is_saved(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    page = browser.send(address(draft, found), {"kind": "gift", "label": "", "dated": "soon"}, 422)

    assert "“soon” was given." in page.text
    assert "Give it a label." in page.text
    assert files_of(session, draft)[0].label == "letter"


def test_a_file_is_removed_from_a_draft_with_a_reason_and_kept(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    refused = browser.send(address(draft, found, "/removal"), {"reason": " "}, 422)
    assert "Give a reason" in refused.text
    page = browser.send(address(draft, found, "/removal"), {"reason": "Belongs to another person"})

    assert "removed by Neurologist" in page.text
    assert "Belongs to another person" in page.text
    assert folders(cabinet) == {found.stored_as}
    assert browser.visit(address(draft, found)).text.count("Removed from the case") == 1
    snapshot = snapshot_of(session, draft)
    assert snapshot["attachments"] == []


# Handing out


def test_a_file_is_handed_out_to_be_saved_and_never_opened_here(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    answer = browser.open(address(draft, found, "/content")).response

    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename={draft.number}-{found.sha256[:12]}.pdf"
    )
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert HEADERS.keys() <= {name for name, _ in answer.headers}
    assert sha256(answer.data).hexdigest() == found.sha256
    assert deeds(session, draft)[-1] == "attachment_read"


def test_a_page_is_shown_as_a_picture_of_ours(sign_in: SignIn, session: Session, draft: Referral) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    page = browser.visit(address(draft, found))
    pictures = [image.get("src") or "" for image in page.all(".//figure/img")]

    assert len(pictures) == 2
    for source in pictures:
        answer = browser.open(source).response
        assert answer.data.startswith(b"\x89PNG")
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    read_pages = session.scalars(select(AuditEntry).where(AuditEntry.deed == "attachment_read")).all()
    assert [entry.detail.get("page") for entry in read_pages] == [None, 1, 2]
    assert browser.open(address(draft, found, "/pages/3.png")).status == 404
    assert browser.open(address(draft, found, "/thumbnail.png")).response.data.startswith(b"\x89PNG")


def test_a_name_that_turns_or_marks_up_is_shown_plain(
    sign_in: SignIn, session: Session, draft: Referral
) -> None:
    name = "../../<b>not\u202egnp.exe\u202c X: y</b>.pdf"
    browser = sign_in("neurologist")
    page = add(browser, draft, file(pdf(), name))

    (found,) = files_of(session, draft)
    assert "\u202e" not in found.label
    assert "/" not in found.label
    assert found.label in page.text
    assert "<b>not" not in page.html


# What is lost


def test_a_row_without_its_file_says_so(
    app: Flask, sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    shutil.rmtree(cabinet.folder / found.stored_as)

    assert "What was stored of this file is missing." in browser.visit(page_of(draft, "/files")).text
    assert "What was stored of this file is missing." in browser.visit(address(draft, found)).text
    for rest in ("/content", "/pages/1.png", "/thumbnail.png"):
        assert "missing or no longer what it was" in browser.visit(address(draft, found, rest), 400).text
    swept = app.test_cli_runner().invoke(args=["attachments-sweep"])
    assert swept.exit_code == 1
    assert f"lost: case {draft.id}, file {found.id}" in swept.output


def test_a_file_that_was_changed_in_the_store_is_not_handed_out(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft)
    path = cabinet.folder / found.stored_as / "content"
    path.write_bytes(path.read_bytes() + b"%more")

    page = browser.visit(address(draft, found, "/content"), 400)
    assert "missing or no longer what it was" in page.text


def test_a_row_that_fails_leaves_no_file(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in("neurologist")

    def breaks(session: Session, actor: User, deed: str, *rest: Any, **more: Any) -> AuditEntry:
        if deed == "attachment_added":
            raise actions.NotAddedError("The database would not.")
        return record(session, actor, deed, *rest, **more)

    record = audit.record
    monkeypatch.setattr("referral.audit.record", breaks)
    add(browser, draft, file(pdf(), "a.pdf"), status=422)
    monkeypatch.undo()

    assert not files_of(session, draft)
    assert not folders(cabinet)


def snapshot_of(session: Session, referral: Referral) -> dict[str, Any]:
    case = read(session, referral)
    assessment = referrals.assess_draft(session, case, clock.today())
    return make_snapshot(session, referral, case, assessment)


def test_the_snapshot_and_the_packet_list_the_files(
    sign_in: SignIn, session: Session, people: People, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    found = add_one(browser, session, draft, dated="March 2026")
    study = next(
        box.get("value") or ""
        for box in browser.visit(address(draft, found)).all(".//input[@name='proves']")
        if (box.get("value") or "").startswith("mri ")
    )
    browser.send(
        address(draft, found),
        {"kind": "mri_report", "label": "Report", "dated": "March 2026", "proves": study},
    )
    version = send(session, draft, people["neurologist"])

    (listed,) = version.snapshot["attachments"]
    assert listed == {
        "id": str(found.id),
        "label": "Report",
        "kind": "mri_report",
        "dated": "2026-03",
        "sha256": found.sha256,
        "pages": 2,
        "bytes": found.size,
        "proves": ["mri[0]"],
    }
    (line,) = contents(version.snapshot).attachments
    assert (line.number, line.kind, line.label, line.dated, line.pages, line.digest) == (
        1,
        "MRI report",
        "Report",
        "March 2026",
        2,
        found.sha256[:12],
    )
    assert line.proves[0].startswith("MRI of ")
    session.commit()
    page = sign_in("coordinator").visit(page_of(draft))
    assert found.sha256[:12] in page.text


def test_a_file_added_after_the_review_was_opened_keeps_the_case_from_being_sent(
    sign_in: SignIn, session: Session, people: People, draft: Referral
) -> None:
    browser = sign_in("neurologist")
    form = browser.visit(page_of(draft, "/submission")).fields(page_of(draft, "/submission"))
    add_one(sign_in("delegate"), session, draft)

    browser.send(page_of(draft, "/submission"), form | {"declared": "yes"}, 409)


def test_what_was_signed_with_an_answer_is_not_called_otherwise_afterwards(
    sign_in: SignIn, session: Session, sent: Referral, people: dict[str, User]
) -> None:
    browser = sign_in("neurologist")
    late = add_one(browser, session, sent)
    assert actions.may_change(session, people["neurologist"], sent, late)
    newest = newest_version(session, sent)
    assert newest is not None
    late.uploaded_at = newest.signed_at
    sent.submitted_at = newest.signed_at - timedelta(hours=1)  # the first time: this is a later version
    session.flush()
    assert not actions.may_change(session, people["neurologist"], sent, late)


def test_a_file_whose_row_came_stays_although_the_answer_of_the_database_was_lost(
    app: Flask, sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    browser = sign_in("neurologist")
    browser.visit(page_of(draft, "/files"))

    def lost(of: Session) -> None:
        if any(isinstance(each, Attachment) for each in of.identity_map.values()):
            raise OperationalError("COMMIT", None, Exception("connection lost"))

    with app.app_context():
        event.listen(db.session, "after_commit", lost)
    try:
        page = add(browser, draft, file(pdf(), "letter.pdf"), status=503)
    finally:
        event.remove(db.session, "after_commit", lost)
    assert page.status == 503
    (kept,) = files_of(session, draft)
    assert kept.stored_as in folders(cabinet)
