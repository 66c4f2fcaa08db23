"""What people type, and what is made of it."""

from datetime import date
from typing import Any

import pytest

from forms import ReadCase, read_case

TODAY = date(2026, 11, 22)
DATES = "a year, a month or a day, such as 2016, May 2016, 2016-05, 17 May 2016 or 17/05/2016 (day first)"
EDSS = "an EDSS of 0, 1.0, 1.5, 2.0 and so on by halves up to 9.5, or 10"
COUNTS = "a whole number, “at least 3” or “3 to 5”"


def read(section: str, **typed: str | list[str]) -> ReadCase:
    """Read one section; ``__`` in a name stands for the dash of the page."""
    names = {
        name.replace("__", "-"): [text] if isinstance(text, str) else text for name, text in typed.items()
    }
    return read_case({section: names}, TODAY)


def said(case: ReadCase) -> list[str]:
    return [f"{problem.label}: {problem.message}" for problem in case.problems]


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
    case = read("fitness", organ_function__lvef_pct__value=typed, organ_function__lvef_pct__date="2026")

    assert said(case) == [
        f"Organ function: Left ventricular ejection fraction, %: Value: “{typed}” was given. Allowed: a number in "
        "figures, with a point before decimals, such as 62 or 1.5; no unit. Until then this measurement is left out."
    ]
    assert case.record.organ_function.lvef_pct is None


def test_a_measurement_without_a_value_is_asked_for() -> None:
    case = read("fitness", organ_function__lvef_pct__date="2026")

    assert [problem.message for problem in case.problems] == [
        "This is missing. Until then this measurement is left out."
    ]


def test_bounds_of_the_record_hold_in_the_form() -> None:
    case = read("edss", edss__0__date="2026", edss__0__score="3", edss__0__functional_systems__visual="7")

    assert said(case) == [
        "EDSS 1: Functional systems: Visual: “7” was given. Allowed: a whole number from 0 to 6."
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


# Between fields


def test_a_relapse_before_birth_is_left_out_and_said_at_its_field() -> None:
    case = read_case(
        {
            "person": {"birth_date": ["9 April 1989"]},
            "relapses": {"events-0-onset": ["1950"], "events-1-onset": ["2026"]},
        },
        TODAY,
    )

    assert [(problem.field_id, problem.message) for problem in case.problems] == [
        (
            "events-0-onset",
            "“1950” was given. Allowed: a date from birth (9 April 1989) on. Until then this relapse is left out.",
        )
    ]
    assert case.record.to_json()["relapses"]["events"] == [{"onset": "2026"}]


def test_a_stop_before_its_start_is_said_at_the_stop() -> None:
    case = read(
        "treatments",
        courses__0__drug="natalizumab",
        courses__0__start="May 2022",
        courses__0__stop="March 2021",
    )

    assert said(case) == [
        "Course 1: Stop (the switch or decision): “March 2021” was given. Allowed: a date from its start (May 2022) on."
    ]
    assert case.record.to_json()["treatments"]["courses"] == [{"drug": "natalizumab", "start": "2022-05"}]


def test_a_diagnosis_before_the_first_symptom_is_said_at_the_diagnosis() -> None:
    case = read("diagnosis", symptom_onset="2016", diagnosed_on="2010")

    assert said(case) == [
        "Diagnosis made: “2010” was given. Allowed: a date from the first symptom (2016) on."
    ]


def test_what_is_odd_is_taken_and_pointed_out() -> None:
    case = read_case(
        {
            "diagnosis": {"symptom_onset": ["2016"]},
            "relapses": {"events-0-onset": ["2010"]},
            "treatments": {
                "courses-0-drug": ["Tysabri"],
                "courses-0-stop": ["2021"],
                "courses-0-ongoing": ["yes"],
            },
        },
        TODAY,
    )

    assert not case.problems
    assert [(doubt.field_id, doubt.message) for doubt in case.doubts] == [
        ("events-0-onset", "“2010” was given; usually a date from the first symptom (2016) on."),
        ("courses-0-ongoing", '“Yes” was given with a stop of "2021"; usually one or the other.'),
    ]


# Rows


def test_an_empty_row_is_no_row_and_zero_is_not_empty() -> None:
    case = read("edss", edss__0__date="", edss__1__date="2025", edss__1__score="0")

    assert case.record.to_json()["edss"] == [{"date": "2025", "score": 0}]


def test_a_row_without_what_it_needs_is_left_out_and_said() -> None:
    case = read("edss", edss__0__source="examined")

    assert said(case) == [
        "EDSS 1: Date: This is missing. Until then this EDSS is left out.",
        "EDSS 1: EDSS: This is missing. Until then this EDSS is left out.",
    ]


def test_more_rows_than_can_be_listed_are_said() -> None:
    case = read(
        "edss",
        **{
            f"edss__{row}__{name}": text
            for row in range(150)
            for name, text in (("date", "2025"), ("score", "3"))
        },
    )

    assert len(case.record.edss) == 100
    assert [problem.message for problem in case.problems] == [
        "At most 100 can be listed here; what follows is left out. Until then this EDSS is left out."
    ]


def test_a_date_with_no_relapse_says_that_there_was_none() -> None:
    assert read("relapses", complete_since="2024").record.relapses.events == ()
    assert read("relapses").record.relapses.events is None


def test_a_complete_list_without_courses_says_never_treated() -> None:
    assert read("treatments", complete="yes").record.treatments.courses == ()
    assert read("treatments", complete="no").record.treatments.courses is None


# Drugs


@pytest.mark.parametrize(
    ("typed", "drug"),
    [
        ("natalizumab", "natalizumab"),
        ("NATALIZUMAB", "natalizumab"),
        ("Tysabri", "natalizumab"),
        ("rebif", "ifnb1a_sc"),
        ("ocrelizumab (SC)", "ocrelizumab_sc"),
        ("ocrelizumab", "ocrelizumab"),
        ("Ocrevus", "ocrelizumab"),
    ],
)
def test_a_drug_is_found_by_its_international_or_brand_name(typed: str, drug: str) -> None:
    case = read("treatments", courses__0__drug=typed)

    assert not case.problems, said(case)
    assert case.record.to_json()["treatments"]["courses"] == [{"drug": drug}]


def test_an_unknown_drug_is_refused_with_what_it_may_have_been() -> None:
    case = read("treatments", courses__0__drug="natalizumap")

    assert said(case) == [
        "Course 1: Drug: “natalizumap” was given and is not in the list. Did you mean natalizumab? Allowed: a drug of "
        "the list, by its international or brand name; or tick “not in the list”. Until then this course is left out."
    ]
    assert case.record.treatments.courses is None


def test_a_drug_said_to_be_unlisted_stays_an_unknown_drug() -> None:
    case = read("treatments", courses__0__drug="a trial drug", courses__0__unlisted="yes")

    assert not case.problems
    assert case.record.to_json()["treatments"]["courses"] == [{"drug": "a trial drug"}]


# Who it is


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("NHS number", "9434765870", "943 476 5870"),
        ("NHS number", "943-476-5870", "943 476 5870"),
        ("CHI number", "0101011237", "0101011237"),
        ("Hospital number", "RXH 00123", "RXH 00123"),
    ],
)
def test_a_number_is_kept_with_its_kind(kind: str, value: str, kept: str) -> None:
    case = read("person", identifiers__0__type=kind, identifiers__0__value=value)

    assert case.identity == {"identifiers": [{"type": kind, "value": kept}]}


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("NHS number", "943 476 5871", "Its last digit does not fit the others, as in NHS numbers it must."),
        ("NHS number", "943 476 587", "Allowed: ten digits, as NHS numbers have."),
        ("NHS number", "٩٤٣٤٧٦٥٨٧٠", "Allowed: ten digits, as NHS numbers have."),
        ("CHI number", "0101011238", "Its last digit does not fit the others, as in CHI numbers it must."),
        ("CHI number", "9434765870", "CHI numbers begin with a date of birth"),
        ("", "943 476 5870", "This is missing."),
    ],
)
def test_a_number_that_fails_the_check_of_its_kind_is_refused(kind: str, value: str, message: str) -> None:
    case = read("person", identifiers__0__type=kind, identifiers__0__value=value)

    assert len(case.problems) == 1
    assert message in case.problems[0].message
    assert "identifiers" not in case.identity


def test_birth_and_sex_reach_the_record_and_the_name_does_not() -> None:
    case = read("person", family_name="Kowalczyk", birth_date="9/4/1989", sex="male")

    assert case.record.to_json() == {"record": "1", "patient": {"birth_date": "1989-04-09", "sex": "male"}}
    assert case.identity == {"family_name": "Kowalczyk", "birth_date": "1989-04-09", "sex": "male"}


# Words


def test_words_are_composed_and_what_cannot_be_seen_is_taken_out_and_said() -> None:
    case = read("person", family_name="Mu\u0308ller\u202e\u200b")

    assert case.identity["family_name"] == "Müller"
    assert [doubt.message for doubt in case.doubts] == ["2 characters that cannot be seen were left out."]


def test_a_heap_of_accents_is_refused() -> None:
    case = read("request", question="Z" + "\u0301\u0302" * 20)

    assert "More than 8 accents stand on one letter" in case.problems[0].message
    assert case.request == {}


def test_text_may_be_4000_characters_long() -> None:
    assert read("request", question="a" * 4000).request == {"question": "a" * 4000}
    assert [problem.message for problem in read("request", question="a" * 4001).problems] == [
        "4,001 characters were given. Allowed: at most 4,000. Please shorten it."
    ]


def test_a_huge_paste_is_cut_and_the_field_says_so() -> None:
    case = read("request", question="a" * 500_000)

    assert [problem.message for problem in case.problems] == [
        "20,000 characters or more were given; only the first 20,000 are kept. Please shorten it."
    ]
    assert len(case.forms["request"]["question"].typed) == 20_000


def test_a_huge_paste_into_a_date_is_cut_and_the_field_says_so() -> None:
    case = read("relapses", complete_since="9" * 500_000)

    assert [problem.message for problem in case.problems] == [
        "400 characters or more were given; only the first 400 are kept. Please shorten it."
    ]


# Judgements


def test_an_answer_takes_the_common_name_and_day_unless_it_has_its_own() -> None:
    case = read(
        "judgements",
        **{
            "by": "Dr Halloran",
            "on": "October 2026",
            "highly_active_ms__value": "yes",
            "cirrhosis__value": "no",
            "cirrhosis__by": "hepatologist",
            "malignant_ms__value": "",
        },
    )

    assert case.record.to_json()["judgements"] == {
        "highly_active_ms": {"value": True, "by": "Dr Halloran", "on": "2026-10"},
        "cirrhosis": {"value": False, "by": "hepatologist", "on": "2026-10"},
    }


def test_a_common_day_after_today_is_said_once_at_its_field() -> None:
    case = read("judgements", on="2031", highly_active_ms__value="yes", cirrhosis__value="no")

    assert [(problem.field_id, problem.message) for problem in case.problems] == [
        ("on", "“2031” was given. Allowed: a date up to 22 November 2026.")
    ]
    assert case.record.to_json()["judgements"] == {
        "highly_active_ms": {"value": True},
        "cirrhosis": {"value": False},
    }
