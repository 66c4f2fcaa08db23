"""How one says a number of things."""

from typing import Any

import pytest

from referral.criteria.case import in_unit
from referral.criteria.language import read_test
from referral.criteria.load import shared_vocabulary
from referral.scores.hct_ci import items
from tests.core.records import answer


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("any", "no disease-modifying drugs, one disease-modifying drug, two disease-modifying drugs"),
        (["mitoxantrone"], "no mitoxantrone, mitoxantrone, two of mitoxantrone"),
        (["interferon_beta"], "no interferon beta, interferon beta, two of interferon beta"),
        (["immunosuppressant"], "no immunosuppressants, one immunosuppressant, two immunosuppressants"),
        (
            ["glatiramer", "cytotoxic"],
            "none of glatiramer acetate or cytotoxic drugs, one of glatiramer acetate or cytotoxic drugs, "
            "two of glatiramer acetate or cytotoxic drugs",
        ),
    ],
)
def test_a_number_of_drugs_is_said_as_one_says_it(given: Any, said: str) -> None:
    drugs = shared_vocabulary().keys(given)
    assert ", ".join(drugs.number(count) for count in (0, 1, 2)) == said


def test_what_one_is_on_has_its_article() -> None:
    said = [
        shared_vocabulary().keys(given).given for given in ("any", ["immunosuppressant"], ["mitoxantrone"])
    ]
    assert said == ["a disease-modifying drug", "an immunosuppressant", "mitoxantrone"]


def test_one_of_a_kind_is_singular() -> None:
    assert [in_unit(number, "months") for number in (0, 1, 2)] == ["0 months", "1 month", "2 months"]
    known = {item: False for item in items() if item != "diabetes"}
    assert (
        answer("{hct_ci: {max: 2}}", comorbidity={"hct_ci": known})
        .tell()
        .startswith("HCT-CI 0 to 1, 1 item not known")
    )
    whole = known | {"diabetes": True}
    assert answer("{hct_ci: {max: 2}}", comorbidity={"hct_ci": whole}).tell().startswith("HCT-CI 1")


def test_a_rise_asked_of_no_window_is_said_without_one() -> None:
    asked = read_test({"edss_rise": {"min": 1}}, shared_vocabulary())
    assert asked.asks() == "a rise of 1 or more is asked for"
