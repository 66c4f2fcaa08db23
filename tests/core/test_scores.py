"""Scores, against the values that their papers and the reference give."""

import itertools
from decimal import Decimal

import pytest

from referral.scores.edss import (
    SCALES,
    SYSTEMS,
    CannotScore,
    EdssFound,
    edss_from_systems,
    highest_grade,
)
from referral.scores.egfr import egfr
from referral.scores.hct_ci import group, hct_ci, hct_ci_with_age, items, words

NONE = dict.fromkeys(SYSTEMS, 0) | {"ambulation": 0}


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        ({}, "0"),
        ({"sensory": 1}, "1.0"),
        ({"sensory": 1, "visual": 1}, "1.5"),
        ({"visual": 3}, "2.0"),
        ({"visual": 6}, "4.0"),
        ({"bowel_bladder": 5}, "4.0"),
        ({"bowel_bladder": 6}, "5.0"),
        ({"pyramidal": 2, "sensory": 2}, "2.5"),
        ({"pyramidal": 2, "sensory": 2, "cerebellar": 2}, "3.0"),
        (dict.fromkeys(SYSTEMS[1:6], 2), "3.5"),
        (dict.fromkeys(SYSTEMS[1:], 2), "4.0"),
        ({"pyramidal": 3}, "3.0"),
        ({"pyramidal": 3, "sensory": 2, "cerebellar": 2}, "3.5"),
        ({"pyramidal": 3, "sensory": 2, "cerebellar": 2, "brainstem": 2}, "4.0"),
        ({"pyramidal": 3, "sensory": 3}, "3.5"),
        ({"pyramidal": 3, "sensory": 3, "cerebral": 2}, "4.0"),
        (dict.fromkeys(SYSTEMS[1:6], 3), "4.5"),
        ({"pyramidal": 4}, "4.0"),
        ({"pyramidal": 4, "sensory": 2}, "4.5"),
        ({"pyramidal": 4, "sensory": 3}, "4.5"),
        ({"pyramidal": 4, "sensory": 3, "cerebellar": 3, "brainstem": 3}, "5.0"),
        ({"pyramidal": 4, "sensory": 4}, "5.0"),
        ({"pyramidal": 5}, "5.0"),
        ({"ambulation": 1}, "2.0"),
        ({"ambulation": 2}, "4.5"),
        ({"ambulation": 3}, "5.0"),
        ({"pyramidal": 4, "sensory": 4, "ambulation": 2}, "5.0"),
        ({"pyramidal": 4, "sensory": 4, "ambulation": 7}, "6.0"),
        ({"ambulation": 16}, "10"),
    ],
)
def test_edss_from_functional_systems(grades: dict[str, int], expected: str) -> None:
    assert edss_from_systems(NONE | grades).score == Decimal(expected)


def test_every_combination_of_grades_has_one_score_that_exists() -> None:
    scores = {
        edss_from_systems(dict(zip(SYSTEMS, grades, strict=True)) | {"ambulation": 0}).score
        for grades in itertools.product((0, 1, 2, 3, 4), repeat=len(SYSTEMS))
    }
    assert scores == {Decimal(half) / 2 for half in range(11)} - {Decimal("0.5")}


def test_a_higher_grade_never_lowers_the_score() -> None:
    for grades in itertools.product((0, 2, 3, 4), repeat=len(SYSTEMS)):
        known = dict(zip(SYSTEMS, grades, strict=True)) | {"ambulation": 0}
        score = edss_from_systems(known).score
        assert edss_from_systems(known | {"pyramidal": min(6, known["pyramidal"] + 1)}).score >= score


def test_a_system_not_tested_is_never_zero() -> None:
    open_one: dict[str, int | None] = {**NONE, "sensory": None}
    with pytest.raises(CannotScore, match="sensory: not known"):
        edss_from_systems(open_one)
    assert edss_from_systems({**open_one, "ambulation": 4}).score == Decimal("5.5")
    with pytest.raises(CannotScore, match="ambulation is not known"):
        edss_from_systems({**NONE, "ambulation": None})


def test_the_two_ambulation_scales_are_never_mixed_up() -> None:
    assert edss_from_systems({"ambulation": 6}, scale="score").score == Decimal("6.0")
    assert edss_from_systems({"ambulation": 6}, scale="index").score == Decimal("6.5")
    assert edss_from_systems({"ambulation": 1}, scale="index").score == Decimal("4.0")
    with pytest.raises(CannotScore, match="given 13; allowed: a whole number from 0 to 12"):
        edss_from_systems({"ambulation": 13}, scale="index")


@pytest.mark.parametrize(
    ("name", "grade"), [("brainstem", 6), ("visual", 7), ("ambulation", 17), ("mood", 1)]
)
def test_grades_out_of_range_are_refused(name: str, grade: int) -> None:
    with pytest.raises(CannotScore):
        edss_from_systems(NONE | {name: grade})


def test_what_rests_on_a_silent_row_says_so_and_doubts_are_told() -> None:
    assert edss_from_systems(NONE | {"pyramidal": 4, "sensory": 2}).derived
    assert not edss_from_systems(NONE | {"pyramidal": 4}).derived
    assert edss_from_systems(NONE | {"ambulation": 2}).doubts
    assert edss_from_systems(NONE | {"pyramidal": 5}).doubts
    assert edss_from_systems(NONE | {"cerebral": 1}, cerebral1_counts=False).score == 0


def test_the_comorbidity_index_is_a_range() -> None:
    assert hct_ci({}) == (0, 26)
    nothing = dict.fromkeys(items(), False)
    assert hct_ci(nothing) == (0, 0)
    assert hct_ci(nothing | {"hepatic_mild": True, "hepatic_modsev": True}) == (3, 3)
    assert hct_ci(nothing | {"pulm_moderate": True, "pulm_severe": None}) == (2, 3)
    assert group(hct_ci(nothing)) == "low"
    assert group((1, 3)) is None
    assert group((3, 9)) == "high"
    assert hct_ci_with_age(nothing, 39) == (0, 0)
    assert hct_ci_with_age(nothing, 40) == (1, 1)
    assert group((3, 4), with_age=True) == "3 to 4"


@pytest.mark.parametrize(
    ("mg_dl", "age", "sex", "expected"),
    [
        ("0.7", 35, "female", 115.59),
        ("0.9", 35, "male", 114.22),
        ("1.0", 50, "female", 68.63),
        ("1.2", 50, "male", 73.67),
        ("2.0", 45, "male", 41.17),
        ("0.5", 25, "female", 133.40),
    ],
)
def test_egfr_by_ckd_epi_2021(mg_dl: str, age: int, sex: str, expected: float) -> None:
    assert round(egfr(Decimal(mg_dl) * Decimal("88.4"), age, sex), 2) == expected


@pytest.mark.parametrize(
    ("creatinine", "age", "sex"), [("80", 17, "male"), ("80", 30, "other"), ("0", 30, "male")]
)
def test_egfr_says_no_where_the_formula_does_not_hold(creatinine: str, age: int, sex: str) -> None:
    with pytest.raises(ValueError, match="given"):
        egfr(Decimal(creatinine), age, sex)


def found(**grades: int) -> EdssFound:
    return edss_from_systems(NONE | grades)


@pytest.mark.parametrize(
    ("grades", "said"),
    [
        ({"mood": 1}, "there is no functional system 'mood'"),
        ({"visual": 7}, "visual: given 7; allowed: a whole number from 0 to 6"),
        ({"visual": -1}, "visual: given -1; allowed: a whole number from 0 to 6"),
        ({"brainstem": 6}, "brainstem: given 6; allowed: a whole number from 0 to 5"),
        ({"ambulation": 17}, "ambulation: given 17; allowed: a whole number from 0 to 16"),
        ({"ambulation": None}, "ambulation is not known"),
        (
            {"visual": None, "sensory": None},
            "visual, sensory: not known, and walking alone does not settle it",
        ),
    ],
)
def test_why_a_score_cannot_be_worked_out(grades: dict[str, int | None], said: str) -> None:
    with pytest.raises(CannotScore) as refused:
        edss_from_systems({**NONE, **grades})
    assert str(refused.value) == said


def test_the_highest_grades() -> None:
    assert {name: highest_grade(name) for name in (*SYSTEMS, "ambulation")} == {
        "visual": 6, "brainstem": 5, "pyramidal": 6, "cerebellar": 5, "sensory": 6, "bowel_bladder": 6, "cerebral": 5,
        "ambulation": 16,
    }  # fmt: skip
    assert highest_grade("ambulation", "index") == 12
    assert highest_grade("visual", "index") == 6
    assert SCALES == ("score", "index")


def test_a_score_says_what_it_rests_on() -> None:
    raised = found(visual=6, bowel_bladder=5, cerebral=1)
    assert raised.converted == {
        "visual": 4, "brainstem": 0, "pyramidal": 0, "cerebellar": 0, "sensory": 0, "bowel_bladder": 4, "cerebral": 1,
    }  # fmt: skip
    assert (raised.score, raised.derived, raised.doubts) == (
        Decimal("5.0"), False, ("a grade of 5 or more, yet walking is hardly restricted",),
    )  # fmt: skip
    walked = found(ambulation=7, visual=1)
    assert (walked.score, walked.converted, walked.derived, walked.doubts) == (Decimal("6.0"), {}, False, ())
    by_index = edss_from_systems({"ambulation": 12}, scale="index")
    assert (by_index.score, by_index.converted, by_index.derived, by_index.doubts) == (
        Decimal("9.5"),
        {},
        False,
        (),
    )
    assert edss_from_systems(NONE, scale="index").score == 0


def test_what_walking_alone_asks_for_hides_a_silent_row() -> None:
    silent = {"pyramidal": 4, "sensory": 2}
    assert found(**silent).derived
    assert found(**silent, ambulation=2).derived  # both come to 4.5
    assert not found(**silent, ambulation=3).derived  # walking asks for more


RESTRICTED = "walking is restricted, yet pyramidal, cerebellar and sensory grades are 0 or 1"


@pytest.mark.parametrize(
    ("grades", "doubts"),
    [
        ({"ambulation": 1}, (RESTRICTED,)),
        ({"ambulation": 1, "pyramidal": 1}, (RESTRICTED,)),
        ({"ambulation": 1, "pyramidal": 2}, ()),
        ({"ambulation": 1, "cerebellar": 2}, ()),
        ({"ambulation": 1, "sensory": 2}, ()),
        ({"ambulation": 0}, ()),
        ({"pyramidal": 5, "ambulation": 1}, ("a grade of 5 or more, yet walking is hardly restricted",)),
        ({"pyramidal": 5, "ambulation": 2}, ()),
        ({"pyramidal": 4}, ()),
    ],
)
def test_what_one_would_look_at_again(grades: dict[str, int], doubts: tuple[str, ...]) -> None:
    assert found(**grades).doubts == doubts


def test_mild_fatigue_counts_or_not_as_one_says() -> None:
    assert found(cerebral=1).score == Decimal("1.0")
    assert found(cerebral=1, visual=1).score == Decimal("1.5")
    assert edss_from_systems(NONE | {"cerebral": 1, "visual": 1}, cerebral1_counts=False).score == Decimal(
        "1.0"
    )
    assert edss_from_systems(NONE | {"cerebral": 2}, cerebral1_counts=False).score == Decimal("2.0")
    assert edss_from_systems(NONE | {"cerebral": 1}, cerebral1_counts=False).converted["cerebral"] == 1


def test_the_items_of_the_comorbidity_index() -> None:
    assert (
        sum(weight for weight, _ in items().values()) == 29
    )  # of two grades of one organ only the higher counts
    assert items()["valve"] == (3, "valve")
    assert words()["valve"][0]
    assert set(words()) == set(items())
    nothing = dict.fromkeys(items(), False)
    for item, (weight, _) in items().items():
        assert hct_ci(nothing | {item: True}) == (weight, weight), item
    assert hct_ci(nothing | {"valve": None, "diabetes": True}) == (1, 4)
    assert hct_ci_with_age({}, 40) == (1, 27)


@pytest.mark.parametrize(
    ("sums", "name"),
    [((0, 0), "low"), ((1, 1), "intermediate"), ((1, 2), "intermediate"), ((2, 3), None), ((3, 3), "high"),
     ((0, 1), None), ((3, 26), "high")],
)  # fmt: skip
def test_a_group_is_named_where_both_ends_lie_in_it(sums: tuple[int, int], name: str | None) -> None:
    assert group(sums) == name


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "said"),
    [
        ("80", 17, "male", "age: given 17; the formula holds from 18 years"),
        ("80", 30, "other", "sex: given 'other'; the formula has constants for female and male only"),
        ("0", 30, "male", "creatinine_umol_l: given 0; allowed: more than 0"),
        ("-1", 30, "male", "creatinine_umol_l: given -1; allowed: more than 0"),
    ],
)
def test_why_the_filtration_rate_cannot_be_estimated(creatinine: str, age: int, sex: str, said: str) -> None:
    with pytest.raises(ValueError, match="given") as refused:
        egfr(Decimal(creatinine), age, sex)
    assert str(refused.value) == said


def test_the_formula_holds_from_eighteen_and_for_any_creatinine_above_none() -> None:
    assert round(egfr(Decimal("88.4"), 18, "male"), 1) == 111.9
    assert egfr(Decimal("0.5"), 30, "female") > 200
