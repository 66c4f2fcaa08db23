"""Editions: what loads, what is refused and in which words."""

from typing import Any

import pytest

from referral.criteria import BadEdition, Edition, library
from referral.criteria.boundaries import as_yaml, dead_limits, worked_cases
from referral.criteria.check import WORKED, check_library
from referral.criteria.edition import GROUPS
from referral.criteria.load import HERE, read_edition
from referral.reference.files import read_file, read_yaml

AGE = """
{id: age, kind: required, statement: Aged 18 to 55., test: {age_years: {min: 18, max: 55}}, source: doi:10.0000/x}
"""


def edition(*criteria: str, **changes: Any) -> dict[str, Any]:
    """Give a made-up edition of these criteria."""
    return {
        "id": "made-up", "title": "T", "organisation": "O", "year": 2026, "jurisdiction": "J",
        "purpose": "centre", "status": "current", "citation": {"authors": "A", "doi": "10.0000/x"},
        "evidence": "P", "list_complete": True, "notes": "N",
        "criteria": [read_yaml(text) for text in criteria or (AGE,)],
    } | changes  # fmt: skip


def refusal(*criteria: str, **changes: Any) -> str:
    with pytest.raises(BadEdition) as caught:
        read_edition(edition(*criteria, **changes), "made-up.yaml")
    return str(caught.value)


def test_a_whole_edition_loads() -> None:
    assert read_edition(edition(), "made-up.yaml").citation == "A. doi:10.0000/x"
    assert read_edition(edition(), "made-up.yaml").tested == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("age_years", "age_yaers", "there is no word 'age_yaers'"),
        ("min: 18", "minimum: 18", "there is no setting 'minimum'"),
        ("min: 18", "min: eighteen", "min is a number, not 'eighteen'"),
        ("source: doi:10.0000/x", "source: ''", "source is missing"),
        ("kind: required", "kind: wanted", "kind is one of required"),
        (
            "{age_years: {min: 18, max: 55}}",
            "{judgement: nobody_knows}",
            "there is no judgement 'nobody_knows'",
        ),
        (
            "{age_years: {min: 18, max: 55}}",
            "{failed_treatments: {class: [elixir], at_least: 1}}",
            "no drug or group 'elixir'",
        ),
        ("{age_years: {min: 18, max: 55}}", "{phenotype: {in: [RRSM]}}", "in is a list out of CIS, RRMS"),
        ("{age_years: {min: 18, max: 55}}", "{relapses: {within_months: 12}}", "give at_least or at_most"),
        ("{age_years: {min: 18, max: 55}}", "{flag: {path: patient.mood, is: true}}", "no coded fact"),
    ],
)
def test_a_mistake_in_a_criterion_names_file_criterion_and_remedy(old: str, new: str, said: str) -> None:
    message = refusal(AGE.replace(old, new))
    assert message.startswith("made-up.yaml, criterion 'age': ")
    assert said in message


def test_an_edition_without_a_citation_or_with_a_strange_name_is_refused() -> None:
    assert "citation is empty" in refusal(citation={})
    assert "there is no extra" in refusal(extra=1)
    assert "purpose is one of" in refusal(purpose="fun")
    assert "stands twice" in refusal(AGE, AGE)
    assert "is not the file's name" in refusal(id="other")


def test_check_finds_contradictions_and_dead_ends() -> None:
    nothing = AGE.replace("min: 18, max: 55", "min: 56, max: 55")
    found = read_edition(edition(nothing, superseded_by="ghost"), "made-up.yaml")
    said = list(check_library({"made-up": found}))
    assert any("nothing lies within 56 to 55" in fault for fault in said)
    assert any("superseded_by names 'ghost'" in fault for fault in said)
    preferred = read_edition(edition(AGE.replace("required", "preferred")), "made-up.yaml")
    assert any("no criterion decides" in fault for fault in check_library({"made-up": preferred}))


def test_the_library_holds_and_every_definition_has_its_own_digest() -> None:
    assert list(check_library(library())) == []
    assert len({found.sha256 for found in library().values()}) == len(library())


def test_a_changed_definition_has_another_digest() -> None:
    given = read_file(HERE / "protocols" / "austin-2016.yaml")
    before = read_edition(given, "austin-2016.yaml").sha256
    given["criteria"][0]["test"]["age_years"]["max"] = 56
    assert read_edition(given, "austin-2016.yaml").sha256 != before


def test_every_criterion_says_what_it_asks_and_which_group_it_belongs_to() -> None:
    for found in library().values():
        for criterion in found.criteria:
            plain = criterion.to_json()
            assert plain["asks"] or plain["untested_because"]
            assert plain["group"] in GROUPS


@pytest.mark.parametrize("found", library().values(), ids=lambda found: found.id)
def test_every_limit_has_worked_cases_that_turn_at_it(found: Edition) -> None:
    assert list(dead_limits(worked_cases(found))) == []
    assert (WORKED / f"{found.id}.yaml").read_text(encoding="utf-8") == as_yaml(found)


def test_a_moved_limit_is_noticed_by_its_worked_cases() -> None:
    given = read_file(HERE / "protocols" / "austin-2016.yaml")
    given["criteria"][0]["test"]["age_years"]["max"] = 56
    moved = read_edition(given, "austin-2016.yaml")
    assert any(
        "worked cases are missing or come out otherwise" in fault for fault in check_library({"x": moved})
    )


def test_a_limit_at_which_nothing_turns_is_noticed() -> None:
    idle = AGE.replace("{age_years: {min: 18, max: 55}}", "{edss: {min: 0, max: 10}}")
    found = read_edition(edition(idle.replace("max: 10", "max: 10, above: 20")), "made-up.yaml")
    assert any("nothing turns at" in fault for fault in check_library({"made-up": found}))
