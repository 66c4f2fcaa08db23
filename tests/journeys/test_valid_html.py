"""The Nu HTML checker on the pages of writing, all in one go."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from forms import SECTIONS
from referral.models import User
from tests.at_hand import make_draft, page_of
from tests.browser import Browser
from tests.journeys.checkers import html_errors
from tests.web.test_drafts import WRONG
from tests.web.writing import at


def test_the_checker_finds_no_error_on_the_pages_of_writing(
    sign_in: Callable[[str], Browser], session: Session, people: dict[str, User], tmp_path: Path
) -> None:
    browser = sign_in("neurologist")
    full, wrong = make_draft(session, people), make_draft(session, people)
    wrong.typed = {
        section: {name: [text] for name, text in given.items()} for section, given in WRONG.items()
    }
    pages = {f"{kind}-{section.key}": at(case, section.key)
             for kind, case in (("full", full), ("wrong", wrong)) for section in SECTIONS}  # fmt: skip
    pages |= {
        "home": "/",
        "list": "/referrals",
        "case": page_of(full),
        "review": page_of(full, "/submission"),
    }
    for name, address in pages.items():
        (tmp_path / f"{name}.html").write_text(browser.visit(address).html)
    stale = browser.visit(at(full, "diagnosis")).fields(at(full, "diagnosis"))
    both = browser.send(
        at(full, "diagnosis"), stale | {"opened": "older", "symptom_onset": "2001"}, status=409
    )
    (tmp_path / "both.html").write_text(both.html)

    assert html_errors(tmp_path) == []
