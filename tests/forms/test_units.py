"""Measurements in the laboratory's unit: turned into the record's, shown in both, kept as typed."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import read_case, typed_from
from tests.forms.typed import TODAY, read, said


def organ(name: str, **typed: str) -> tuple[Any, str, dict[str, Any]]:
    """What the record, the page and the part beside the record say of one measurement."""
    case = read("organs", **{f"{name}__{field}": text for field, text in ({"date": "2026"} | typed).items()})
    assert not case.problems, said(case)
    held = case.record.to_json()["organ_function"][name]["value"]
    return held, case.forms["organs"][name].form.value.read_as, case.beside.get("organs", {}).get(name, {})


@pytest.mark.parametrize(
    ("typed", "held", "shown"),
    [
        ({"value": "80"}, 80, "80 µmol/L (0.90 mg/dL)"),
        ({"value": "88.4"}, 88.4, "88.4 µmol/L (1.00 mg/dL)"),
        ({"value": "1", "unit": "mg_dl"}, 88.4, "88.4 µmol/L (1 mg/dL)"),
        ({"value": "1.25", "unit": "mg_dl"}, 110.5, "110.5 µmol/L (1.25 mg/dL)"),
    ],
)
def test_creatinine_is_taken_in_either_unit_and_shown_in_both(
    typed: dict[str, str], held: float, shown: str
) -> None:
    assert organ("creatinine_umol_l", **typed)[:2] == (held, shown)


@pytest.mark.parametrize(
    ("name", "typed", "held", "shown"),
    [
        ("bilirubin_x_uln", {"value": "0.8"}, 0.8, ""),
        ("bilirubin_x_uln", {"value": "42", "unit": "umol_l", "upper_limit": "21"}, 2, "2.00 times the upper limit"),
        ("bilirubin_x_uln", {"value": "1.5", "unit": "mg_dl", "upper_limit": "1"}, 1.5, "1.50 times the upper limit"),
        ("alt_x_uln", {"value": "50", "unit": "u_l", "upper_limit": "35"}, 1.428571, "1.43 times the upper limit"),
    ],
)  # fmt: skip
def test_a_value_with_its_upper_limit_becomes_a_multiple_of_it(
    name: str, typed: dict[str, str], held: float, shown: str
) -> None:
    assert organ(name, **typed)[:2] == (held, shown)


def test_what_was_typed_in_another_unit_is_kept_as_typed_and_comes_back() -> None:
    typed = {
        "creatinine_umol_l-value": ["1.10"],
        "creatinine_umol_l-unit": ["mg_dl"],
        "alt_x_uln-value": ["50"],
        "alt_x_uln-unit": ["u_l"],
        "alt_x_uln-upper_limit": ["35"],
        "bmi-value": ["24"],
    }
    case = read_case({"organs": typed}, TODAY)

    assert case.beside == {
        "organs": {
            "creatinine_umol_l": {"value": "1.10", "unit": "mg_dl"},
            "alt_x_uln": {"value": "50", "unit": "u_l", "upper_limit": "35"},
        }
    }
    assert typed_from(case.record, {}, {}, case.beside)["organs"] == typed


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"value": "25", "upper_limit": "21"}, "unit", "An upper limit was given. Choose the unit"),
        ({"value": "25", "unit": "umol_l"}, "upper_limit", "This is missing."),
        ({"value": "25", "unit": "umol_l", "upper_limit": "0"}, "upper_limit", "“0” was given. Allowed: more than 0."),
        ({"value": "25", "unit": "umol_l", "upper_limit": "2_1"}, "upper_limit", "“2_1” was given. Allowed: a number"),
        ({"value": "25", "unit": "stone", "upper_limit": "21"}, "unit", "“stone” was given. Allowed: µmol/L, mg/dL"),
        ({"value": "1,2", "unit": "mg_dl", "upper_limit": "1"}, "value", "Write decimals with a point"),
        ({"unit": "umol_l", "upper_limit": "21"}, "value", "This is missing."),
    ],
)  # fmt: skip
def test_a_value_whose_unit_is_in_doubt_is_left_out_and_said(
    typed: dict[str, str], field: str, message: str
) -> None:
    case = read("organs", **{f"bilirubin_x_uln__{name}": text for name, text in typed.items()})

    (problem,) = case.problems
    assert problem.field_id == f"bilirubin_x_uln-{field}"
    assert message in problem.message
    assert case.record.organ_function.bilirubin_x_uln is None
    assert case.beside == {}


@settings(deadline=None, max_examples=30)
@given(st.decimals(min_value="0.01", max_value=9999, places=2))
def test_a_value_in_the_unit_of_the_record_is_kept_exactly(value: Decimal) -> None:
    case = read("organs", creatinine_umol_l__value=str(value), bilirubin_x_uln__value=str(value))

    found = case.record.organ_function
    assert found.creatinine_umol_l
    assert found.creatinine_umol_l.value == value
    assert found.bilirubin_x_uln
    assert found.bilirubin_x_uln.value == value
    assert case.beside == {}
