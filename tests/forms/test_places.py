"""Every fact that the record can hold has a field, and a link finds it."""

import dataclasses
import types
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from forms import SECTIONS, find_place
from forms.parts import Rows, Section
from referral.criteria import judgements
from referral.facts import CaseRecord
from referral.facts.record import Judgement
from referral.scores.hct_ci import items


def paths_of(part: type, before: str = "") -> Iterator[str]:
    """Every path of the record, from the types that read it; lists and measurements whole as well as part by part."""
    hints = get_type_hints(part)
    for field in dataclasses.fields(part):
        path = f"{before}{field.name}"
        inner = [each for each in _parts(hints[field.name]) if dataclasses.is_dataclass(each)]
        is_list = "tuple" in str(hints[field.name])
        yield path
        for each in inner:
            if isinstance(each, type) and each.__module__.endswith("record") and each is not Judgement:
                yield from paths_of(each, f"{path}[0]." if is_list else f"{path}.")


def _parts(hint: Any) -> Iterator[Any]:
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        yield hint
    for inner in get_args(hint):
        yield from _parts(inner)


PATHS = [path for path in paths_of(CaseRecord) if path != "record"]
PATHS += [f"comorbidity.hct_ci.{item}" for item in items()]
PATHS += [f"judgements.{key}" for key in judgements()]


def test_the_paths_of_the_record_are_all_there() -> None:
    assert "organ_function.creatinine_umol_l.value" in PATHS
    assert "relapses.events[0].onset" in PATHS
    assert len(PATHS) > 150


@pytest.mark.parametrize("path", PATHS)
def test_every_path_of_the_record_finds_its_section_and_field(path: str) -> None:
    place = find_place(path)

    page = place.section()
    ids = {fact.id for fact in page.facts()} | {field.id for field in page if isinstance(field, Rows)}
    assert place.field_id in ids


@pytest.mark.parametrize(
    ("path", "section", "field_id"),
    [
        ("patient.birth_date", "person", "birth_date"),
        ("diagnosis.mog_igg", "mimics", "mog_igg"),
        ("diagnosis.phenotype", "diagnosis", "phenotype"),
        ("relapses.events[3].onset", "relapses", "events"),
        ("edss", "edss", "edss"),
        ("treatments.complete", "treatments", "complete"),
        ("ambulation.distance_m", "walking", "ambulation-distance_m"),
        ("performance.karnofsky", "walking", "performance-karnofsky-value"),
        ("organ_function.dlco_pct", "organs", "dlco_pct-value"),
        ("organ_function.dlco_pct.date", "organs", "dlco_pct-date"),
        ("infection.pml_suspected", "infection", "pml_suspected"),
        ("comorbidity.prior_hsct", "comorbidity", "prior_hsct"),
        ("comorbidity.pregnant", "fertility", "pregnant"),
        ("comorbidity.severe_depression", "mind", "severe_depression"),
        ("comorbidity.hct_ci.valve", "comorbidity", "hct_ci-valve"),
        ("judgements.highly_active_ms", "judgements", "highly_active_ms-value"),
    ],
)
def test_a_fact_is_typed_where_one_expects_it(path: str, section: str, field_id: str) -> None:
    place = find_place(path)

    assert (place.section.key, place.field_id) == (section, field_id)


def test_a_path_that_no_record_has_has_no_place() -> None:
    with pytest.raises(LookupError, match=r"No section asks for horoscope\.sign"):
        find_place("horoscope.sign")


def test_the_sections_stand_in_their_order() -> None:
    keys = [section.key for section in SECTIONS]

    assert keys == [
        "person",
        "diagnosis",
        "mimics",
        "relapses",
        "mri",
        "edss",
        "treatments",
        "walking",
        "organs",
        "infection",
        "comorbidity",
        "fertility",
        "mind",
        "judgements",
        "workup",
        "goals",
        "request",
    ]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_a_section_is_empty_until_somebody_types(section: type[Section]) -> None:
    assert section({}).state == "empty"
    assert section.why
