"""From record to form and back: nothing is added, nothing is lost. From any text: nothing breaks."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from forms import SECTIONS, read_case, typed_from
from forms.parts import Rows
from referral.facts import read_record
from referral.reference.files import read_case_file

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.yaml"))
TODAY = date(2026, 11, 22)
IDENTITY = {
    "family_name": "Kowalczyk",
    "given_name": "Jan",
    "identifiers": [{"type": "NHS number", "value": "943 476 5870"}, {"type": "Other number", "value": "7"}],
}
REQUEST = {"programme_id": "b2a2c1de-9d2b-4a51-8f0e-0a7c2a9f1c11", "question": "A question\nin two lines?"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_record_put_into_the_form_comes_back_the_same(path: Path) -> None:
    plain, as_of = read_case_file(path)
    assert as_of
    record = read_record(plain, as_of)

    case = read_case(typed_from(record, IDENTITY, REQUEST), as_of)

    assert case.record.to_json() == record.to_json()
    assert case.identity == IDENTITY | plain.get("patient", {})
    assert case.request == REQUEST
    assert not case.problems


def test_the_way_back_survives_being_stored_and_read_again() -> None:
    plain, as_of = read_case_file(CASES[-4])
    typed = typed_from(read_record(plain, as_of or TODAY), IDENTITY, REQUEST)

    for section in SECTIONS:
        posted = MultiDict((name, text) for name, given in typed[section.key].items() for text in given)
        assert section.keep(posted) == typed[section.key]


def names_of(section: type) -> list[str]:
    page = section({"x": []})
    for rows in (field for field in page if isinstance(field, Rows)):
        rows.offer_blank()
    return [fact.name for fact in page.facts()]


NAMES = {section: names_of(section) for section in SECTIONS}
NASTY = st.sampled_from(
    [
        "yes",
        "no",
        "2016",
        "2031",
        "1/1/1950",
        "NaN",
        "sNaN",
        "²",
        "1_0",
        "\x00",
        "\ud800",
        "3 to 5",
        "0.5",
        "Tysabri",
    ]
)


@st.composite
def drafts(draw: st.DrawFn) -> dict[str, dict[str, list[str]]]:
    """Any text in any field of any section, and fields that no section has."""
    text = NASTY | st.text(max_size=40)
    typed: dict[str, dict[str, list[str]]] = {}
    for section in draw(st.lists(st.sampled_from(SECTIONS), unique_by=lambda s: s.key)):
        name = st.sampled_from(NAMES[section]) | st.from_regex(r"[a-z_]{1,10}(-[0-9²]{1,5}-[a-z]{1,8})?")
        typed[section.key] = draw(st.dictionaries(name, st.lists(text, max_size=3), max_size=12))
    return typed


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(drafts())
def test_whatever_is_typed_can_be_kept_and_read(typed: dict[str, dict[str, list[str]]]) -> None:
    kept = {
        section.key: section.keep(
            MultiDict((name, text) for name, given in typed.get(section.key, {}).items() for text in given)
        )
        for section in SECTIONS
    }
    case = read_case(kept, TODAY)

    assert read_record(case.record.to_json(), TODAY) == case.record
    ids = {fact.id for form in case.forms.values() for fact in form.facts()}
    assert {problem.field_id for problem in case.problems} <= ids
