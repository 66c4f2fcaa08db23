"""Choosing files on the page of a case, and looking at what became of them."""

import io
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.actions import attachments as actions
from referral.attachments import Store
from referral.models import Attachment, Referral
from tests.at_hand import page_of
from tests.attachments.made import pdf
from tests.browser import Browser, Page


def file(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def add(
    browser: Browser,
    referral: Referral,
    *files: tuple[io.BytesIO, str],
    status: int = 200,
    **fields: str,
) -> Page:
    """Choose files on the page and press the button."""
    form: dict[str, Any] = {"kind": "letter", "dated": "", **fields, "files": list(files)}
    return browser.send(page_of(referral, "/files"), form, status)


def add_one(browser: Browser, session: Session, referral: Referral, **fields: str) -> Attachment:
    add(browser, referral, file(pdf(2), "letter.pdf"), status=200, **fields)
    return session.scalars(select(Attachment).order_by(Attachment.uploaded_at.desc())).first()  # type: ignore[return-value]  # it was just added


def files_of(session: Session, referral: Referral) -> list[Attachment]:
    return actions.attachments_of(session, referral)


def folders(cabinet: Store) -> set[str]:
    return {path.name for path in cabinet.folder.iterdir()} if cabinet.folder.is_dir() else set()


def address(referral: Referral, found: Attachment, rest: str = "") -> str:
    return page_of(referral, f"/files/{found.id}{rest}")
