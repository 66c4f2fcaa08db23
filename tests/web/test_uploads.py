"""Adding files to a case: what is taken, what is named and refused, and what the limits say."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from referral import clock
from referral.attachments import Store
from referral.models import Attachment, Referral, User
from tests.at_hand import deeds, page_of
from tests.attachments.made import pdf, picture
from tests.browser import PASSWORD, Browser, Page
from tests.web.filing import add, file, files_of, folders

SignIn = Callable[[str], Browser]
People = dict[str, User]


# Adding


def test_several_files_are_added_at_once(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    browser = sign_in("neurologist")
    page = add(
        browser,
        draft,
        file(pdf(3), "Clinic letter.pdf"),
        file(picture("PNG"), "scan.png"),
        file(picture("JPEG"), "photo.JPG"),
        kind="letter",
        dated="March 2026",
    )

    found = files_of(session, draft)
    assert "3 files were added" in page.text
    assert [(each.label, each.kind, each.dated, each.pages, each.media_type) for each in found] == [
        ("Clinic letter", "letter", "2026-03", 3, "application/pdf"),
        ("scan", "letter", "2026-03", 1, "image/png"),
        ("photo", "letter", "2026-03", 1, "image/png"),
    ]
    assert folders(cabinet) == {each.stored_as for each in found}
    for each in found:
        content = cabinet.content(each.stored_as, each.sha256)
        assert sha256(content).hexdigest() == each.sha256
        assert content not in (cabinet.folder / each.stored_as / "content").read_bytes()
        assert each.label in page.text
    assert deeds(session, draft).count("attachment_added") == 3


def test_the_good_files_are_kept_and_the_bad_ones_are_named(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    page = add(
        sign_in("delegate"),
        draft,
        file(pdf(), "good.pdf"),
        file(b"<html><script>alert(1)</script>", "bad.png"),
        file(b"", "empty.pdf"),
        status=422,
    )

    assert "2 files were not added" in page.text
    assert "The other one is on the case now" in page.text
    assert "bad.png : It is called a PNG file but is not one." in page.text
    assert "empty.pdf : It is empty." in page.text
    assert [each.label for each in files_of(session, draft)] == ["good"]
    assert len(folders(cabinet)) == 1


def test_choosing_nothing_says_so(sign_in: SignIn, session: Session, draft: Referral) -> None:
    page = add(sign_in("neurologist"), draft, status=422)

    assert "Choose at least one file." in page.text
    assert not files_of(session, draft)


def test_a_date_that_cannot_be_read_keeps_everything_back(
    sign_in: SignIn, session: Session, draft: Referral, cabinet: Store
) -> None:
    page = add(sign_in("neurologist"), draft, file(pdf(), "a.pdf"), dated="33.33.2026", status=422)

    assert "“33.33.2026” was given." in page.text
    assert not files_of(session, draft)
    assert not folders(cabinet)


def test_the_same_file_is_not_taken_twice(sign_in: SignIn, session: Session, draft: Referral) -> None:
    browser = sign_in("neurologist")
    add(browser, draft, file(pdf(), "one.pdf"))
    page = add(browser, draft, file(pdf(), "again.pdf"), status=422)

    assert "This very file is on the case already, as “one”." in page.text
    assert len(files_of(session, draft)) == 1


def test_the_sixty_first_file_is_refused(
    sign_in: SignIn, session: Session, draft: Referral, people: People, cabinet: Store
) -> None:
    for number in range(60):
        session.add(a_row(draft, people["neurologist"], number))
    session.flush()
    browser = sign_in("neurologist")
    page = add(browser, draft, file(pdf(), "one-more.pdf"), status=422)

    assert "A case holds up to 60 files, and this one has 60." in page.text
    assert len(files_of(session, draft)) == 60
    assert not folders(cabinet)


def test_a_case_has_a_size_that_counts_what_was_removed(
    app: Flask, sign_in: SignIn, session: Session, draft: Referral, people: People
) -> None:
    row = a_row(draft, people["neurologist"], 1)
    row.size = app.config["ATTACHMENTS_SIZE"]
    row.removed_at, row.removed_by_id, row.removed_reason = (
        clock.now(),
        people["neurologist"].id,
        "Wrong case",
    )
    session.add(row)
    page = add(sign_in("neurologist"), draft, file(pdf(), "one-more.pdf"), status=422)

    assert "500 MB together" in page.text
    assert len(files_of(session, draft)) == 1


def a_row(referral: Referral, person: User, number: int) -> Attachment:
    """A row whose file nobody has put there."""
    return Attachment(
        referral_id=referral.id,
        kind="letter",
        label=f"Letter {number}",
        proves=[],
        media_type="application/pdf",
        pages=1,
        size=1000,
        sha256=f"{number:064}",
        received_size=1000,
        received_sha256=f"{number:064}",
        stored_as=uuid4().hex,
        uploaded_by_id=person.id,
    )


# What the limits say


def test_an_upload_that_is_too_large_gets_a_page(
    sign_in: SignIn, session: Session, draft: Referral, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setattr(app.view_functions["attachments.upload"], "largest_form", 2 * 1024 * 1024)
    page = add(sign_in("neurologist"), draft, file(b"%PDF-" + b"x" * 3_000_000, "large.pdf"), status=413)

    assert "One upload takes up to 2 MB. None of the files was added." in page.text
    assert not files_of(session, draft)


def test_only_the_pages_for_files_take_more_than_a_form(app: Flask) -> None:
    larger = {name for name, view in app.view_functions.items() if hasattr(view, "largest_form")}

    assert larger == {"attachments.upload", "attachments.replace", "checks.check", "imports.take"}


def too_late(size: int) -> dict[str, Any]:
    return {"csrf_token": "old", "kind": "consent", "files": [file(b"%PDF-" + b"x" * size, "late.pdf")]}


def sign_in_at(browser: Browser, door: Page, person: User) -> Page:
    fields = door.fields("/sign-in") | {"email": person.email, "password": PASSWORD}
    return browser.open("/sign-in", method="POST", data=fields, follow_redirects=True)


def test_files_that_come_too_late_are_asked_for_again(
    browser: Browser, session: Session, draft: Referral, people: People
) -> None:
    door = browser.open(page_of(draft, "/files"), method="POST", data=too_late(1000))
    assert door.status == 401
    page = sign_in_at(browser, door, people["neurologist"])

    assert "Files cannot be carried through signing in: please choose them again." in page.text
    assert page.fields(page_of(draft, "/files"))["kind"] == "consent"
    assert not files_of(session, draft)


@pytest.mark.parametrize("rest", ["", "/00000000-0000-4000-8000-000000000000/replacement"])
def test_large_files_that_come_too_late_are_read_past(
    browser: Browser, session: Session, draft: Referral, people: People, rest: str
) -> None:
    path = page_of(draft, f"/files{rest}")
    door = browser.open(path, method="POST", data=too_late(3_000_000), follow_redirects=True)
    assert "choose your files again: they cannot be carried" in door.text
    page = sign_in_at(browser, door, people["neurologist"])

    assert page.path == path.removesuffix("/replacement")
    assert not files_of(session, draft)
