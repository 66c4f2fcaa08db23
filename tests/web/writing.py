"""Writing a section as a person does, and as a page does that saves itself."""

from referral.models import Referral
from tests.browser import Browser, Page

ITSELF = {"Pons-Autosave": "1"}


def at(draft: Referral, section: str) -> str:
    return f"/referrals/{draft.id}/edit/{section}"


def save(
    browser: Browser, draft: Referral, section: str, button: str = "save", status: int = 200, **typed: str
) -> Page:
    """Open a section, type into it, and press a button."""
    fields = browser.visit(at(draft, section)).fields(at(draft, section))
    named = {name.replace("__", "-"): text for name, text in typed.items()}
    sent = fields | named | {button: "yes"}
    return browser.send(at(draft, section), sent, status, content_type="multipart/form-data")


def ids(page: Page) -> set[str | None]:
    return {element.get("id") for element in page.tree.iter()}


def save_itself(
    browser: Browser, draft: Referral, section: str, fields: dict[str, str], status: int = 200
) -> Page:
    """Send a section as the page does that saves itself; the answer is parts of a page."""
    page = browser.open(at(draft, section), method="POST", data=fields, headers=ITSELF)
    assert page.status == status
    return page
