"""What fields say together: order of dates, rows, drugs, identity, judgements."""

import pytest
from werkzeug.datastructures import MultiDict

from forms import read_case
from forms.treatments import TreatmentsForm
from tests.forms.typed import TODAY, read, said

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
        "Course 1: Drug: “natalizumap” was given and is not in the list. Did you mean natalizumab (Tysabri) or "
        "satralizumab? Allowed: a drug of the list, by its international or brand name; or tick “not in the list”. "
        "Until then this course is left out."
    ]
    assert case.record.treatments.courses is None


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("Gelenia", ["fingolimod (Gilenya)"]),
        ("Tisabri", ["natalizumab (Tysabri)"]),
        ("avonexx", ["interferon beta-1a (IM) (Avonex)"]),
        ("Okrevus", ["ocrelizumab (Ocrevus)"]),
        ("cladribin", ["cladribine"]),
        ("a trial drug", []),
        ("Gilenya", []),
        ("fingolimod", []),
    ],
)
def test_a_misspelt_drug_is_offered_and_never_silently_taken(typed: str, offered: list[str]) -> None:
    case = read("treatments", courses__0__drug=typed)

    (course,) = case.forms["treatments"]["courses"].entries
    assert [near.said for near in course.form.drug.near] == offered
    assert bool(case.problems) == (typed not in ("Gilenya", "fingolimod"))
    assert (case.record.treatments.courses is None) == bool(case.problems)


@pytest.mark.parametrize(
    ("typed", "button", "kept"),
    [
        ("Gelenia", "0 fingolimod", "fingolimod"),
        ("Gelenia", "0 natalizumab", "Gelenia"),
        ("Gelenia", "1 fingolimod", "Gelenia"),
        ("Gelenia", "² fingolimod", "Gelenia"),
        ("Tysabri", "0 fingolimod", "Tysabri"),
    ],
)
def test_only_what_is_offered_can_be_taken(typed: str, button: str, kept: str) -> None:
    posted = MultiDict({"courses-0-drug": typed, "take-courses": button})

    assert TreatmentsForm.keep(posted) == {"courses-0-drug": [kept]}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Gilenya", "fingolimod, S1P receptor modulator, ATC L04AE01"),
        ("Ocrevus", "ocrelizumab, anti-CD20, ATC L04AG08"),
        ("interferon beta-1a", "interferon beta-1a, type I interferon, ATC L03AB07"),
        ("Gelenia", ""),
        ("", ""),
    ],
)
def test_class_and_code_are_shown_once_a_drug_is_recognised(typed: str, said: str) -> None:
    case = read("treatments", courses__0__drug=typed, courses__0__start="2020")

    assert case.forms["treatments"]["courses"].entries[0].form.drug.read_as == said


def test_a_drug_said_to_be_unlisted_stays_an_unknown_drug() -> None:
    case = read("treatments", courses__0__drug="a trial drug", courses__0__unlisted="yes")

    assert not case.problems
    assert case.record.to_json()["treatments"]["courses"] == [{"drug": "a trial drug"}]


# Who it is


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
