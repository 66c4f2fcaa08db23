"""The EDSS and the indices that the pages work out, as pressed in a browser without scripts."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral.models import Referral
from tests.browser import Browser, Page

SignIn = Callable[[str], Browser]
GRADES = {"visual": "0", "brainstem": "0", "pyramidal": "3", "cerebellar": "2", "sensory": "0",
          "bowel_bladder": "0", "cerebral": "0", "ambulation": "0", "ambulation_scale": "score"}  # fmt: skip


@pytest.fixture
def neurologist(sign_in: SignIn) -> Browser:
    return sign_in("neurologist")


@pytest.fixture
def draft(neurologist: Browser, session: Session) -> Referral:
    neurologist.send("/referrals")
    return session.scalars(select(Referral)).one()


def press(browser: Browser, draft: Referral, section: str, typed: dict[str, str]) -> Page:
    """Type into a section and press a button of it."""
    address = f"/referrals/{draft.id}/edit/{section}"
    fields = browser.visit(address).fields(address)
    return browser.send(address, fields | typed, content_type="multipart/form-data")


def graded(**more: str) -> dict[str, str]:
    row = (
        {f"functional_systems-{name}": grade for name, grade in GRADES.items()} | {"date": "May 2026"} | more
    )
    return {f"edss-0-{name}": text for name, text in row.items()}


def take_buttons(page: Page) -> list[str]:
    return [button.get("value") or "" for button in page.all(".//button[@name='take-edss']")]


def test_a_score_is_worked_out_offered_and_taken(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    page = press(neurologist, draft, "edss", graded() | {"work-out-edss": "0"})

    assert "Worked out: EDSS 3.5" in page.text
    assert take_buttons(page) == ["0 3.5"]
    assert "edss-0-score" not in session.get_one(Referral, draft.id).typed["edss"]

    page = press(neurologist, draft, "edss", {"take-edss": "0 3.5"})

    assert session.get_one(Referral, draft.id).typed["edss"]["edss-0-score"] == ["3.5"]
    assert page.fields(f"/referrals/{draft.id}/edit/edss")["edss-0-score"] == "3.5"
    assert take_buttons(page) == []


def test_a_typed_score_that_differs_stands_beside_what_was_worked_out(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    page = press(neurologist, draft, "edss", graded(score="6.5") | {"save": "here"})

    assert "“6.5” was given; the functional systems come to 3.5. What was given stands." in page.text
    assert take_buttons(page) == []
    assert session.get_one(Referral, draft.id).typed["edss"]["edss-0-score"] == ["6.5"]


def test_ambulation_without_its_scale_works_nothing_out(neurologist: Browser, draft: Referral) -> None:
    page = press(
        neurologist, draft, "edss", graded(**{"functional_systems-ambulation_scale": ""}) | {"save": "here"}
    )

    assert "was given without its scale" in page.text
    assert "Worked out" not in page.text


def test_the_pages_say_what_creatinine_and_the_items_come_to(
    neurologist: Browser, draft: Referral, session: Session
) -> None:
    press(neurologist, draft, "person", {"birth_date": "14 March 1980", "sex": "female", "save": "here"})
    creatinine = {"creatinine_umol_l-value": "80", "creatinine_umol_l-date": "October 2026"}
    organs = press(neurologist, draft, "organs", creatinine | {"save": "here"})
    illness = press(neurologist, draft, "comorbidity", {"hct_ci-diabetes": "yes", "save": "here"})

    assert "by CKD-EPI 2021 (creatinine 80 µmol/L" in organs.text
    assert "HCT-CI 1 to 26, 16 items not known." in illness.text
    assert "egfr-value" not in session.get_one(Referral, draft.id).typed["organs"]
