"""Every worked case, typed into the pages section by section, is the same case afterwards."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms import SECTIONS, read_case, typed_from
from referral.facts import read_record
from referral.models import Referral
from referral.reference.files import read_case_file
from tests.browser import Browser
from tests.forms.answers import UNITS, everything

SignIn = Callable[[str], Browser]
CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.yaml"))
IDENTITY = {
    "family_name": "Kowalczyk",
    "given_name": "Jan",
    "identifiers": [
        {"type": "NHS number", "value": "943 476 5870"},
        {"type": "Henkilötunnus (Finland)", "value": "131052-308T"},
    ],
}
REQUEST = {"question": "A question\nin two lines?"}


def type_in(
    browser: Browser, session: Session, typed: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, Any]:
    """Open a draft, send each section's form with this text, and see each page show it; give what is stored."""
    browser.send("/referrals")
    draft = session.scalars(select(Referral)).one()
    for section in (section for section in SECTIONS if typed[section.key]):
        address = f"/referrals/{draft.id}/edit/{section.key}"
        sent = {name: list(given) for name, given in typed[section.key].items()}
        blank = browser.visit(address).fields(address)
        page = browser.send(address, blank | sent | {"save": "here"}, content_type="multipart/form-data")
        shown = page.fields(address)
        shown = {name: given if isinstance(given, list) else [given] for name, given in shown.items()}
        assert {name: sorted(shown[name]) for name in sent} == {name: sorted(sent[name]) for name in sent}
        assert not page.all(".//*[@id='problems']"), page.text
    return dict(session.get_one(Referral, draft.id).typed)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_typed_into_the_pages_comes_back_the_same(
    sign_in: SignIn, session: Session, path: Path
) -> None:
    plain, as_of = read_case_file(path)
    assert as_of
    record = read_record(plain, as_of)

    stored = type_in(sign_in("neurologist"), session, typed_from(record, IDENTITY, REQUEST))

    case = read_case(stored, as_of)
    assert case.record.to_json() == record.to_json()
    assert case.record.sha256 == record.sha256
    assert case.identity == IDENTITY | plain.get("patient", {})
    assert case.request == REQUEST
    assert not case.problems


def test_everything_asked_beside_the_record_comes_back_from_the_pages(
    sign_in: SignIn, session: Session
) -> None:
    plain, as_of = read_case_file(next(path for path in CASES if path.stem == "18-everything-known"))
    assert as_of
    organs = {
        "creatinine_umol_l": {"value": 97.24},
        "bilirubin_x_uln": {"value": 0.571429},
        "alt_x_uln": {"value": 1.428571},
    }
    record = read_record(plain | {"organ_function": plain["organ_function"] | organs}, as_of)
    beside = everything() | {"organs": UNITS}

    stored = type_in(sign_in("neurologist"), session, typed_from(record, IDENTITY, REQUEST, beside))

    case = read_case(stored, as_of)
    assert case.beside == beside
    assert case.record.to_json() == record.to_json()
    assert not case.problems
