"""What is asked beside the record: kept, read back, and never in the record."""

import pytest

from forms import read_case, typed_from
from referral.reference.beside import mimics, questions
from tests.forms.answers import UNITS, everything
from tests.forms.typed import TODAY, read, said

SIMPLE = [
    (section, name, question)
    for section, asked in questions().items()
    for name, question in asked.items()
    if question.kind != "table"
]


def test_everything_beside_the_record_comes_back_and_none_of_it_is_recorded() -> None:
    empty = read_case({}, TODAY).record
    beside = everything()

    case = read_case(typed_from(empty, {}, {}, beside), TODAY)

    assert not case.problems
    assert case.record == empty
    assert case.beside == beside


@pytest.mark.parametrize(("section", "name", "question"), SIMPLE, ids=lambda value: str(value)[:40])
def test_hostile_text_is_kept_and_said_or_taken_as_text(section: str, name: str, question: object) -> None:
    kind = questions()[section][name].kind
    given = "<b>1e999\u202e</b>"
    case = read(section, **{f"beside__{name}": given})

    field = case.forms[section]["beside"].form[name]
    assert field.typed == given
    if kind in ("text", "long"):
        assert case.beside[section][name] == "<b>1e999</b>"
        assert [doubt.field_id for doubt in case.doubts] == [field.id]
    else:
        (problem,) = case.problems
        assert problem.field_id == field.id
        assert "Allowed:" in problem.message
        assert case.beside == {}


def test_a_day_to_come_is_refused_beside_the_record_too() -> None:
    case = read("mimics", beside__aqp4_on="2031", beside__considered__pml__on="23 November 2026",
                beside__considered__pml__state="excluded")  # fmt: skip

    assert said(case) == [
        "Aquaporin-4 sample of: “2031” was given. Allowed: a date up to 22 November 2026.",
        "What else was considered: PML: Date: “23 November 2026” was given. Allowed: a date up to 22 November 2026.",
    ]
    assert case.beside == {"mimics": {"considered": {"pml": {"state": "excluded"}}}}


def test_how_a_mimic_was_excluded_says_nothing_without_that_it_was() -> None:
    case = read("mimics", beside__considered__susac__by="angiogram")

    assert said(case) == [
        "What else was considered: Susac syndrome: Considered: This is missing. Until then this mimic is left out."
    ]
    assert case.beside == {}


def test_every_mimic_of_the_reference_is_asked_and_its_notes_say_that_nobody_checked_them() -> None:
    assert list(questions()["mimics"]["considered"].rows) == list(mimics())
    assert not any(mimic.verified for mimic in mimics().values())


def test_a_section_of_which_several_share_a_part_of_the_record_overwrites_nothing() -> None:
    typed = {
        "diagnosis": {"phenotype": ["RRMS"]},
        "mimics": {"mog_igg": ["negative"]},
        "comorbidity": {"malignancy": ["none"]},
        "fertility": {"pregnant": ["no"]},
        "mind": {"severe_depression": ["no"]},
    }

    assert read_case(typed, TODAY).record.to_json() == {
        "record": "1",
        "diagnosis": {"phenotype": "RRMS", "mog_igg": "negative"},
        "comorbidity": {"pregnant": False, "malignancy": "none", "severe_depression": False},
    }


@pytest.mark.parametrize(
    ("section", "typed", "state"),
    [
        ("goals", {"beside-own": "To walk"}, "part"),
        (
            "goals",
            {
                "beside-own": "To walk",
                "beside-discussed": "Aims",
                "beside-consent_refer": "yes",
                "beside-consent_share": "no",
            },
            "filled",
        ),
        ("mimics", {"aqp4_igg": "negative"}, "part"),
        ("mimics", {"aqp4_igg": "negative", "mog_igg": "not_tested"}, "filled"),
        ("comorbidity", {"beside-smoking": "never"}, "part"),
        ("comorbidity", {"beside-pack_years": "many"}, "problem"),
        ("organs", {"creatinine_umol_l-unit": "mg_dl"}, "problem"),
    ],
)
def test_a_section_says_how_far_it_has_come(section: str, typed: dict[str, str], state: str) -> None:
    assert read(section, **typed).forms[section].state == state


def test_units_are_the_only_thing_beside_organ_function() -> None:
    assert "organs" not in questions()
    assert set(UNITS) == {"creatinine_umol_l", "bilirubin_x_uln", "alt_x_uln"}
