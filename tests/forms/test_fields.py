"""What people type into a field, and what is made of it."""

from typing import Any

import pytest

from forms import read_case
from tests.forms.typed import TODAY, read, said

DATES = "a year, a month or a day, such as 2016, May 2016, 2016-05, 17 May 2016 or 17/05/2016 (day first)"
EDSS = "an EDSS of 0, 1.0, 1.5, 2.0 and so on by halves up to 9.5, or 10"
COUNTS = "a whole number, “at least 3” or “3 to 5”"


def relapse(**typed: str) -> dict[str, Any]:
    """The first relapse of a page on which this was typed."""
    case = read("relapses", **{f"events__0__{name}": text for name, text in typed.items()})
    assert not case.problems, said(case)
    found: dict[str, Any] = case.record.to_json()["relapses"]["events"][0]
    return found


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("2016", "2016"),
        ("May 2016", "2016-05"),
        ("may 2016", "2016-05"),
        ("Sept 2016", "2016-09"),
        ("2016-05", "2016-05"),
        ("05/2016", "2016-05"),
        ("5/2016", "2016-05"),
        ("2016-05-17", "2016-05-17"),
        ("17/05/2016", "2016-05-17"),
        ("5/6/2016", "2016-06-05"),
        ("17.5.2016", "2016-05-17"),
        ("17 May 2016", "2016-05-17"),
        ("17-May-2016", "2016-05-17"),
        ("  17  May  2016 ", "2016-05-17"),
        ("29/02/2024", "2024-02-29"),
        ("2016\u200b", "2016"),
    ],
)
def test_a_date_may_be_a_day_a_month_or_a_year_and_the_day_comes_first(typed: str, recorded: str) -> None:
    assert relapse(onset=typed)["onset"] == recorded


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("31/02/2020", f"“31/02/2020” was given. There is no such day. Allowed: {DATES}."),
        ("29/02/2023", f"“29/02/2023” was given. There is no such day. Allowed: {DATES}."),
        ("05/17/2016", f"“05/17/2016” was given. There is no such day. Allowed: {DATES}."),
        ("13/2016", f"“13/2016” was given. There is no such month. Allowed: {DATES}."),
        ("Maj 2016", f"“Maj 2016” was given. There is no month of that name. Allowed: {DATES}."),
        ("last spring", f"“last spring” was given. Allowed: {DATES}."),
        ("17/05/16", f"“17/05/16” was given. Allowed: {DATES}."),
        ("٢٠١٦", f"“٢٠١٦” was given. Allowed: {DATES}."),
        ("２０１６", f"“２０１６” was given. Allowed: {DATES}."),
        ("0001-01-01", "“0001-01-01” was given. Allowed: a year from 1900 to today."),
        ("9999", "“9999” was given. Allowed: a year from 1900 to today."),
        ("23 November 2026", "“23 November 2026” was given. Allowed: a date up to 22 November 2026."),
        ("2031", "“2031” was given. Allowed: a date up to 22 November 2026."),
    ],
)
def test_a_date_that_cannot_be_is_refused_in_words_and_left_out(typed: str, message: str) -> None:
    case = read("diagnosis", symptom_onset=typed)

    assert said(case) == [f"First symptom: {message}"]
    assert case.record.diagnosis.symptom_onset is None


def test_a_date_may_be_today() -> None:
    assert relapse(onset="22/11/2026")["onset"] == "2026-11-22"


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [("0", 0), ("0.0", 0), ("3", 3), ("3.0", 3), ("3.5", 3.5), ("9.5", 9.5), ("10", 10)],
)
def test_an_edss_of_the_scale_is_taken_and_zero_is_one(typed: str, recorded: float) -> None:
    assert relapse(onset="2026", edss_peak=typed)["edss_peak"] == recorded


@pytest.mark.parametrize(
    "typed",
    [
        "0.5",
        "3.3",
        "10.5",
        "11",
        "3.50",
        "03.5",
        "٤",
        "４.５",
        "1_0",
        "NaN",
        "sNaN",
        "1e0",
        "-0",
        "-1",
        "+3",
        "three",
    ],
)
def test_what_is_no_edss_is_refused_in_words(typed: str) -> None:
    case = read("edss", edss__0__date="2026", edss__0__score=typed)

    assert said(case) == [
        f"EDSS 1: EDSS: “{typed}” was given. Allowed: {EDSS}. Until then this EDSS is left out."
    ]
    assert case.record.edss == ()


def test_a_decimal_comma_is_not_guessed_at() -> None:
    case = read("relapses", events__0__onset="2026", events__0__edss_peak="3,5")

    assert said(case) == [
        "Relapse 1: EDSS at its worst: “3,5” was given. Write decimals with a point, not a comma: “3.5”, if that is "
        "meant."
    ]
    assert case.record.to_json()["relapses"]["events"] == [{"onset": "2026"}]


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("0", 0),
        ("3", 3),
        ("at least 3", {"min": 3}),
        ("At least 3", {"min": 3}),
        (">=3", {"min": 3}),
        ("≥ 3", {"min": 3}),
        ("3+", {"min": 3}),
        ("3 or more", {"min": 3}),
        ("3 to 5", {"min": 3, "max": 5}),
        ("3-5", {"min": 3, "max": 5}),
        ("3 – 5", {"min": 3, "max": 5}),
    ],
)
def test_a_count_may_be_exact_at_least_or_a_range(typed: str, recorded: Any) -> None:
    case = read("mri", mri__0__date="2026", mri__0__new_t2=typed)

    assert case.record.to_json()["mri"] == [{"date": "2026", "new_t2": recorded}]


def test_a_range_the_wrong_way_round_is_turned_and_said() -> None:
    case = read("mri", mri__0__date="2026", mri__0__new_t2="5 to 3")

    assert case.record.to_json()["mri"][0]["new_t2"] == {"min": 3, "max": 5}
    assert [doubt.message for doubt in case.doubts] == ["“5 to 3” was given and is read as 3 to 5."]


@pytest.mark.parametrize("typed", ["a few", "٣", "1_0", "-1", "3.5", "1e2", "3 to", "NaN"])
def test_what_is_no_count_is_refused_in_words(typed: str) -> None:
    case = read("mri", mri__0__date="2026", mri__0__new_t2=typed)

    assert said(case) == [f"MRI study 1: New T2 lesions: “{typed}” was given. Allowed: {COUNTS}."]
    assert case.record.to_json()["mri"] == [{"date": "2026"}]


@pytest.mark.parametrize("typed", ["62 %", "٦٢", "1_0", "1e2", "Infinity", "62."])
def test_a_measurement_is_a_bare_number(typed: str) -> None:
    case = read("organs", lvef_pct__value=typed, lvef_pct__date="2026")

    assert said(case) == [
        f"Left ventricular ejection fraction, %: Value: “{typed}” was given. Allowed: a number in "
        "figures, with a point before decimals, such as 62 or 1.5; no unit. Until then this measurement is left out."
    ]
    assert case.record.organ_function.lvef_pct is None


def test_a_measurement_without_a_value_is_asked_for() -> None:
    case = read("organs", lvef_pct__date="2026")

    assert [problem.message for problem in case.problems] == [
        "This is missing. Until then this measurement is left out."
    ]


def test_bounds_of_the_record_hold_in_the_form() -> None:
    case = read("edss", edss__0__date="2026", edss__0__score="3", edss__0__functional_systems__visual="7")

    assert said(case) == [
        "EDSS 1: Functional systems: Visual: “7” was given. Allowed: 0, 1, 2, 3, 4, 5, 6, Not known."
    ]
    assert case.record.to_json()["edss"] == [{"date": "2026", "score": 3}]


def test_a_forged_choice_is_refused_in_words() -> None:
    case = read("diagnosis", phenotype="eligible", csf_oligoclonal_bands="maybe")

    assert [problem.field_id for problem in case.problems] == ["phenotype", "csf_oligoclonal_bands"]
    assert case.problems[1].message == "“maybe” was given. Allowed: Yes, No, Not known."
    assert case.record.to_json() == {"record": "1"}


def test_what_nobody_touched_is_not_known() -> None:
    case = read_case({}, TODAY)

    assert case.record.to_json() == {"record": "1"}
    assert case.identity == {}
    assert not case.problems
    assert {form.state for form in case.forms.values()} == {"empty"}


def test_what_is_left_on_not_known_is_not_known() -> None:
    case = read("diagnosis", phenotype="", csf_oligoclonal_bands="", symptom_onset="  ")

    assert case.record.to_json() == {"record": "1"}
