"""Help by role, the glossary, which editions read a section, and whose look-back windows are shaded."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from forms import SECTIONS
from referral.criteria import first_shown, library
from referral.models import Referral
from referral.reference.glossary import glossary
from referral.web.pages import GUIDES
from referral.web.which_editions import editions_with_windows, sections_read
from referral.workflow import Role, State, moves_for
from tests.browser import Browser, Page

TEMPLATES = Path(__file__).parents[2] / "templates"
SignIn = Callable[[str], Browser]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_shows_every_move_of_its_roles_and_no_other(visit: Callable[..., Page], guide: str) -> None:
    page = visit(f"/help/{guide}")
    _, roles = GUIDES[guide]
    cells = ["".join(cell.itertext()).strip() for cell in page.all(".//main//td")]
    assert cells == [
        ", ".join(move.words for move in moves_for(role, state)) or "nothing moves it"
        for state in State
        for role in roles
    ]


def test_every_role_has_a_guide() -> None:
    assert {role for _, roles in GUIDES.values() for role in roles} == set(Role)


def test_a_guide_that_there_is_not_is_not_found(visit: Callable[..., Page]) -> None:
    visit("/help/surgeon", status=404)


def test_what_a_guide_calls_a_button_is_written_on_some_page() -> None:
    pages = [path for path in TEMPLATES.rglob("*.html") if path.parent.name != "help"]
    written = " ".join(path.read_text() for path in pages)
    written += " ".join(move.words for role in Role for state in State for move in moves_for(role, state))
    written += (TEMPLATES.parent / "referral" / "web" / "layout.py").read_text()
    for path in sorted((TEMPLATES / "help").glob("_*.html")):
        for name in re.findall(r"<b>(.*?)</b>", path.read_text()):
            assert name in written, (path.name, name)


def test_every_word_of_the_glossary_has_an_address_of_its_own(visit: Callable[..., Page]) -> None:
    page = visit("/glossary")
    for _, terms in glossary():
        for term in terms:
            assert f'id="{term.id}"' in page.html
            assert term.name in page.text


def test_a_clinical_word_has_its_source() -> None:
    unsourced = {group for group, terms in glossary() if not all(term.source for term in terms)}
    assert unsourced == {"What Pons says", "Who does what"}


def test_a_word_belongs_to_sections_that_there_are() -> None:
    named = {section for _, terms in glossary() for term in terms for section in term.sections}
    assert named <= {section.key for section in SECTIONS}


def test_a_section_says_which_editions_read_it(sign_in: SignIn, draft: Referral) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    for key in ("relapses", "goals"):
        page = browser.visit(f"/referrals/{draft.id}/edit/{key}")
        number = len(sections_read().get(key, ()))
        said = f"Read by {number} of {len(library())} editions" if number else "Read by none of the"
        assert said in page.text
    assert len(sections_read()["relapses"]) < len(library())


def test_no_window_is_shaded_until_somebody_chooses_an_edition(sign_in: SignIn, draft: Referral) -> None:
    browser = sign_in(Role.NEUROLOGIST)
    for path in (f"/referrals/{draft.id}", f"/referrals/{draft.id}/edit/edss"):
        assert "Shaded: how far back" not in browser.visit(path).text
        edition = library()["beat-ms-current"]
        page = browser.visit(f"{path}?windows={edition.id}")
        assert f"Shaded: how far back “{edition.title}” looks" in page.text
        assert "Relapses in the last 36 months" in page.text
        assert f'value="{edition.id}" selected' in page.html
        assert "Shaded: how far back" not in browser.visit(f"{path}?windows=nobody").text


def test_what_the_case_is_put_against_stands_first_among_the_editions(
    sign_in: SignIn, draft: Referral
) -> None:
    page = sign_in(Role.NEUROLOGIST).visit(f"/referrals/{draft.id}")
    windows = [name for name, _ in editions_with_windows()]
    shown = re.findall(r'<option value="([^"]*)"', page.html[page.html.index('id="windows"') :])
    first = [edition.id for edition in first_shown() if edition.id in windows]
    assert set(shown[1 : 1 + len(first)]) == set(first)
    assert sorted(shown[1:]) == sorted(windows)
