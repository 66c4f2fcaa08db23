"""What the pages work out beside what was typed: shown, compared, never put in its place."""

from datetime import date
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from forms import ReadCase, read_case, typed_from
from forms.comorbidity import ComorbidityForm, HctCiForm
from forms.edss import EdssForm
from forms.organs import OrgansForm
from referral.facts import read_record
from referral.scores.hct_ci import items
from tests.forms.typed import TODAY, read, said

SYSTEMS = "visual brainstem pyramidal cerebellar sensory bowel_bladder cerebral".split()  # noqa: SIM905 - easier to read so


def graded(*grades: int, walking: str = "0", scale: str = "score", score: str = "") -> dict[str, list[str]]:
    """Type one EDSS row with grades, in the order of the systems."""
    row = {"date": "May 2026", "score": score}
    row |= {f"functional_systems-{name}": str(grade) for name, grade in zip(SYSTEMS, grades, strict=False)}
    row |= {"functional_systems-ambulation": walking, "functional_systems-ambulation_scale": scale}
    return {f"edss-0-{name}": [text] for name, text in row.items() if text}


def row_of(typed: dict[str, list[str]]) -> tuple[ReadCase, Any]:
    case = read_case({"edss": typed}, TODAY)
    return case, case.forms["edss"]["edss"].entries[0].form.worked_out


def test_the_functional_systems_come_to_a_score() -> None:
    _, found = row_of(graded(3, 0, 2, 2, 0, 0, 0))

    assert found == ("3.0", ("Converted grades: visual 3 counts as 2.",))


def test_ambulation_without_its_scale_gives_no_score_and_no_record() -> None:
    case, found = row_of(graded(0, 0, 3, 0, 0, 0, 0, walking="5", scale="", score="6"))

    assert found is None
    (problem,) = case.problems
    assert problem.field_id == "edss-0-functional_systems-ambulation_scale"
    assert "without its scale" in problem.message
    assert "ambulation" not in case.record.to_json()["edss"][0]["functional_systems"]


def test_the_same_figure_on_the_two_scales_is_two_scores() -> None:
    grades = (0, 0, 3, 0, 0, 0, 0)
    _, score = row_of(graded(*grades, walking="5", scale="score"))
    _, index = row_of(graded(*grades, walking="5", scale="index"))

    assert score[0] == "6.0"
    assert index[0] == "6.0"
    _, score = row_of(graded(*grades, walking="9", scale="score"))
    _, index = row_of(graded(*grades, walking="9", scale="index"))
    assert (score[0], index[0]) == ("6.5", "8.0")


def test_an_index_never_becomes_the_ambulation_of_the_record() -> None:
    case, _ = row_of(graded(0, 0, 3, 0, 0, 0, 0, walking="9", scale="index", score="8"))

    assert case.record.to_json()["edss"][0]["functional_systems"] == {
        "visual": 0, "brainstem": 0, "pyramidal": 3, "cerebellar": 0, "sensory": 0, "bowel_bladder": 0, "cerebral": 0,
    }  # fmt: skip
    assert not case.problems


def test_an_index_has_no_grade_above_its_highest() -> None:
    case, found = row_of(graded(walking="14", scale="index", score="8"))

    assert said(case) == [
        "EDSS 1: Functional systems: Ambulation: “14” was given. Allowed: Older index, 0 to 12."
    ]
    assert found == ("", ("Not worked out: ambulation is not known.",))


def test_a_system_not_tested_is_named() -> None:
    _, found = row_of(graded(0, 0, 3, 0, 0))

    assert found == (
        "",
        ("Not worked out: bowel and bladder, cerebral: not known, and walking alone does not settle it.",),
    )


def test_a_row_that_the_published_table_lacks_is_said_to_be_derived() -> None:
    _, found = row_of(graded(0, 3, 2, 2, 2, 0, 0, walking="0"))

    assert found[0] == "4.0"
    assert any("published table" in note for note in found[1])


def test_what_one_would_look_at_again_is_said() -> None:
    _, found = row_of(graded(0, 0, 1, 0, 0, 0, 0, walking="2"))

    assert any(note.startswith("Please check: walking is restricted") for note in found[1])


def test_a_score_that_differs_stands_and_both_are_said() -> None:
    case, _ = row_of(graded(0, 0, 3, 0, 0, 0, 0, score="4.5"))

    assert case.record.to_json()["edss"][0]["score"] == 4.5
    assert [doubt.message for doubt in case.doubts] == [
        "“4.5” was given; the functional systems come to 3.0. What was given stands."
    ]


def test_a_score_that_agrees_raises_no_doubt() -> None:
    case, _ = row_of(graded(0, 0, 3, 0, 0, 0, 0, score="3"))

    assert not case.doubts
    assert not case.problems


@pytest.mark.parametrize(
    ("typed", "button", "kept"),
    [
        ("", "0 3.0", "3.0"),
        ("4.5", "0 3.0", "4.5"),  # what is typed stands
        ("", "0 3.5", None),  # the grades have changed since the button was drawn
        ("", "7 3.0", None),  # there is no such row
        ("", "٠ 3.0", None),
        ("", "0", None),
    ],
)
def test_a_score_is_taken_only_as_shown_and_only_where_none_is_typed(
    typed: str, button: str, kept: str | None
) -> None:
    posted = MultiDict(
        (name, text) for name, given in graded(0, 0, 3, 0, 0, 0, 0, score=typed).items() for text in given
    )
    posted["take-edss"] = button

    assert EdssForm.keep(posted).get("edss-0-score", [None])[0] == kept


# Organ function and the comorbidity index


def organs(typed: dict[str, str], **person: str) -> OrgansForm:
    case = with_person(person, organs=typed)
    form = case.forms["organs"]
    assert isinstance(form, OrgansForm)
    assert case.record.organ_function.egfr is None
    return form


def illness(typed: dict[str, str], **person: str) -> ComorbidityForm:
    form = with_person(person, comorbidity=typed).forms["comorbidity"]
    assert isinstance(form, ComorbidityForm)
    return form


def with_person(person: dict[str, str], **sections: dict[str, str]) -> ReadCase:
    return read_case(
        {
            key: {name: [text] for name, text in typed.items()}
            for key, typed in ({"person": person} | sections).items()
        },
        TODAY,
    )


CREATININE = {"creatinine_umol_l-value": "80", "creatinine_umol_l-date": "2026"}


def test_the_egfr_is_worked_out_and_not_recorded() -> None:
    form = organs(CREATININE, birth_date="14 March 1992", sex="female")

    assert form.egfr_said.startswith("eGFR, worked out: 85 by CKD-EPI 2021 (creatinine 80 µmol/L, age 34")


def test_a_year_of_birth_gives_the_egfr_as_a_range() -> None:
    assert "age 33 or 34" in organs(CREATININE, birth_date="1992", sex="male").egfr_said


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({}, "An eGFR can be worked out once the date of birth and the sex are known."),
        ({"birth_date": "1992", "sex": "other"}, "An eGFR can be worked out once the sex is known."),
        ({"birth_date": "2012", "sex": "male"}, "No eGFR can be worked out: age: given"),
    ],
)
def test_what_the_egfr_lacks_is_said(person: dict[str, str], said: str) -> None:
    assert organs(CREATININE, **person).egfr_said.startswith(said)


def test_without_a_creatinine_nothing_is_said_of_the_egfr() -> None:
    assert organs({}, birth_date="1992", sex="male").egfr_said == ""


def answered(**answers: str) -> dict[str, str]:
    return {f"hct_ci-{item}": answer for item, answer in answers.items()}


def test_the_form_has_every_item_of_the_index() -> None:
    assert [field.name for field in HctCiForm()] == list(items())


def test_the_index_is_a_range_while_items_are_not_known() -> None:
    known = dict.fromkeys(items(), "no") | {"diabetes": "yes", "renal": "", "valve": ""}

    form = illness(answered(**known), birth_date="14 March 1980")

    assert form.hct_ci_said == "HCT-CI 1 to 6, 2 items not known. HCT-CI/Age 2 to 7."


def test_an_index_known_whole_is_one_figure() -> None:
    form = illness(answered(**dict.fromkeys(items(), "no")))

    assert form.hct_ci_said == "HCT-CI 0. HCT-CI/Age needs the date of birth."


def test_an_age_that_may_be_forty_widens_the_index_with_age() -> None:
    form = illness(answered(**dict.fromkeys(items(), "no")), birth_date="1986")

    assert form.hct_ci_said == "HCT-CI 0. HCT-CI/Age 0 to 1."


def test_an_index_that_nobody_began_is_not_shown() -> None:
    assert illness({}, birth_date="1986").hct_ci_said == ""


def test_items_and_ambulation_come_back_from_a_record() -> None:
    plain = {
        "record": "1",
        "edss": [{"date": "2026-05", "score": 6, "functional_systems": {"pyramidal": 3, "ambulation": 5}}],
        "comorbidity": {"hct_ci": {"diabetes": True, "valve": False}},
    }
    record = read_record(plain, date(2026, 11, 22))

    case = read_case(typed_from(record, {}, {}), TODAY)

    assert case.record.to_json() == plain
    assert not case.problems


def test_a_wrong_grade_is_said_and_nothing_is_worked_out() -> None:
    case = read("edss", edss__0__functional_systems__visual="7")

    assert case.problems
