"""Every door for files asks the installation's scanner, and says in words what came of it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from referral.attachments import Store
from referral.models import AuditEntry, CaseImport, Referral
from tests.attachments.hostile import EICAR
from tests.attachments.made import pdf
from tests.attachments.scanners import BROKEN, FINDS, MISSING, SLEEPY
from tests.browser import Browser, Page
from tests.web.filing import add, add_one, address, file, files_of, folders

SignIn = Callable[[str], Browser]
MARKED = pdf() + EICAR
DOORS = ("attachments.upload", "attachments.replace", "checks.check", "imports.take")
FOUND, NOT_SCANNED = "The scanner for malware found something in it.", "It could not be scanned for malware"


def bring(browser: Browser, session: Session, draft: Referral, door: str, content: bytes) -> Page:
    """Bring a file by a door; it is refused."""
    brought = file(content, "Jane Doe.pdf")
    if door == "attachments.upload":
        return add(browser, draft, brought, status=422)
    if door == "attachments.replace":
        (there,) = files_of(session, draft)
        return browser.send(address(draft, there, "/replacement"), {"files": brought}, 422)
    return browser.send("/check" if door == "checks.check" else "/imports", {"file": brought}, 422)


def refusals(session: Session) -> list[AuditEntry]:
    session.commit()
    return list(session.scalars(select(AuditEntry).where(AuditEntry.deed == "file_refused")))


def test_these_are_all_doors_for_files(app: Flask) -> None:
    assert {name for name, view in app.view_functions.items() if hasattr(view, "largest_form")} == set(DOORS)


@pytest.mark.parametrize(
    ("scanner", "content", "words"),
    [(FINDS, MARKED, FOUND), (BROKEN, pdf(), NOT_SCANNED), (MISSING, pdf(), NOT_SCANNED)],
    ids=["found", "broken", "missing"],
)
@pytest.mark.parametrize("door", DOORS)
def test_a_file_that_is_not_clean_or_not_scanned_comes_in_by_no_door(
    app: Flask,
    sign_in: SignIn,
    session: Session,
    draft: Referral,
    cabinet: Store,
    door: str,
    scanner: tuple[str, ...],
    content: bytes,
    words: str,
) -> None:
    browser = sign_in("neurologist")
    if door == "attachments.replace":
        add_one(browser, session, draft)
    before = folders(cabinet), [each.id for each in files_of(session, draft) if each.is_current]
    app.config["FILE_SCANNER"] = scanner

    page = bring(browser, session, draft, door, content)

    assert words in page.text
    (entry,) = refusals(session)
    assert entry.detail["page"] == door
    assert "Jane" not in str(entry.detail)
    assert (folders(cabinet), [each.id for each in files_of(session, draft) if each.is_current]) == before
    assert session.scalar(select(func.count()).select_from(CaseImport)) == 0


def test_the_clean_files_of_an_upload_stay(
    app: Flask, sign_in: SignIn, session: Session, draft: Referral
) -> None:
    app.config["FILE_SCANNER"] = FINDS
    page = add(sign_in("neurologist"), draft, file(pdf(), "good.pdf"), file(MARKED, "bad.pdf"), status=422)

    assert f"bad.pdf : {FOUND}" in page.text
    assert [each.label for each in files_of(session, draft)] == ["good"]
    assert len(refusals(session)) == 1


def test_an_upload_is_answered_in_time_and_says_which_files_were_not_looked_at(
    app: Flask, sign_in: SignIn, session: Session, draft: Referral, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["FILE_SCANNER"] = SLEEPY
    monkeypatch.setattr("referral.web.attachments.LONGEST_UPLOAD", 0.2)
    brought = [file(pdf(), f"{name}.pdf") for name in ("first", "second", "third")]
    page = add(sign_in("neurologist"), draft, *brought, status=422)

    assert [each.label for each in files_of(session, draft)] == ["first"]
    assert "2 files were not added" in page.text
    for name in ("second.pdf", "third.pdf"):
        assert f"{name} : The files before it took too long" in page.text
    assert refusals(session) == [], "nothing is said of what was not looked at"


def test_the_auditor_reads_of_it_in_words(
    app: Flask, sign_in: SignIn, session: Session, draft: Referral
) -> None:
    app.config["FILE_SCANNER"] = FINDS
    add(sign_in("neurologist"), draft, file(MARKED, "bad.pdf"), status=422)

    page = sign_in("auditor").visit("/audit")
    assert "File refused: damaged, unsafe, not scanned or of another kind" in page.text


def test_where_no_scanner_is_named_none_is_asked(sign_in: SignIn, session: Session, draft: Referral) -> None:
    add(sign_in("neurologist"), draft, file(MARKED, "letter.pdf"))
    assert [each.label for each in files_of(session, draft)] == ["letter"]
