"""The case record: what is read, what is refused, and in which words."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from referral.facts import PartialDate, RecordError, doubts, read_record
from referral.reference.files import Unreadable, read_json, read_yaml
from tests.core.records import AS_OF, CASES, make_record

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/contracts/case-record.schema.json").read_text(encoding="utf-8")
)


def faults(**facts: Any) -> list[str]:
    """Give the paths that are refused."""
    with pytest.raises(RecordError) as caught:
        make_record(**facts)
    return [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_record_comes_back_as_it_went_in(path: Path) -> None:
    case = read_yaml(path.read_text(encoding="utf-8"))
    record = read_record(case["record"], date.fromisoformat(case["as_of"]))
    plain = record.to_json()
    assert plain == case["record"]
    jsonschema.validate(plain, SCHEMA)
    again = read_record(read_json(json.dumps(plain)), date.fromisoformat(case["as_of"]))
    assert (again, again.sha256) == (record, record.sha256)


@pytest.mark.parametrize("score", [0, 1, 1.5, 9.5, 10])
def test_an_edss_that_exists_is_taken(score: float) -> None:
    assert make_record(edss=[{"date": "2026-10-01", "score": score}]).edss[0].score == score


@pytest.mark.parametrize("score", [0.5, 3.3, 10.5, -1, True, "3", "٤", "1_0", "NaN", float("nan"), [], None])
def test_an_edss_that_does_not_exist_is_refused(score: object) -> None:
    assert faults(edss=[{"date": "2026-10-01", "score": score}]) == ["edss[0].score"]


@pytest.mark.parametrize(
    "day",
    ["2025-02-30", "2025-13", "16", "0001", "9999", "2026-1-1", "２０２５", "2025-05-17T10:00", 2025, ""],
)
def test_a_day_that_does_not_exist_is_refused(day: object) -> None:
    assert faults(patient={"birth_date": day}) == ["patient.birth_date"]


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"patient": {"birth_date": "2026-11-22"}}, "patient.birth_date"),
        ({"mri": [{"date": "2027"}]}, "mri[0].date"),
        (
            {"treatments": {"courses": [{"drug": "dmf", "start": "2024-05", "stop": "2024-04"}]}},
            "treatments.courses[0].stop",
        ),
        (
            {"patient": {"birth_date": "1990"}, "diagnosis": {"symptom_onset": "1989"}},
            "diagnosis.symptom_onset",
        ),
        (
            {"patient": {"birth_date": "1990"}, "relapses": {"events": [{"onset": "1989-12-31"}]}},
            "relapses.events[0].onset",
        ),
        ({"diagnosis": {"symptom_onset": "2020-05", "diagnosed_on": "2020-04"}}, "diagnosis.diagnosed_on"),
    ],
)
def test_dates_that_cannot_be_are_refused(facts: dict[str, Any], path: str) -> None:
    assert faults(**facts) == [path]


def test_partial_dates_that_may_be_in_order_are_taken() -> None:
    make_record(
        patient={"birth_date": "1990"},
        diagnosis={"symptom_onset": "1990", "diagnosed_on": "1990"},
        treatments={"courses": [{"drug": "dmf", "start": "2024-05-20", "stop": "2024-05"}]},
    )


def test_what_is_odd_is_taken_and_pointed_out() -> None:
    record = make_record(
        diagnosis={"symptom_onset": "2020"},
        relapses={"events": [{"onset": "2019"}]},
        mri=[{"date": "2024", "compared_with": "2025"}],
        treatments={"courses": [{"drug": "dmf", "start": "2023", "stop": "2024", "ongoing": True}]},
    )
    assert [doubt.path for doubt in doubts(record)] == [
        "relapses.events[0].onset",
        "mri[0].compared_with",
        "treatments.courses[0].ongoing",
    ]


def test_every_fault_is_listed_with_path_given_and_allowed() -> None:
    with pytest.raises(RecordError) as caught:
        make_record(edss=[{"date": "2026-10-01", "score": 3.3}], patient={"sex": "f", "name": "X"})
    assert [str(fault) for fault in caught.value.faults] == [
        'patient.name: given "X"; allowed: one of the names birth_date, sex',
        'patient.sex: given "f"; allowed: one of female, male, other, unknown',
        "edss[0].score: given 3.3; allowed: an EDSS of 0, 1.0, 1.5, 2.0 and so on by halves up to 9.5, or 10",
    ]


def test_absent_and_null_are_the_same() -> None:
    assert make_record(patient=None, edss=None, diagnosis={"phenotype": None}) == make_record()


def test_a_list_without_end_is_refused() -> None:
    assert faults(edss=[{"date": "2026-10-01", "score": 3}] * 100_000) == ["edss"]


@pytest.mark.parametrize("given", [None, [], "x", 3, {"record": "2"}, {"record": {}}, {}])
def test_what_is_no_record_is_refused(given: object) -> None:
    with pytest.raises(RecordError):
        read_record(given, AS_OF)


def test_yaml_keeps_words_words_and_decimals_exact() -> None:
    read = read_yaml("on: 2026-05-17\nyes: no\nscore: 3.5\nwhole: 3\nempty:\nnone: ~\nodd: 1_0\nexp: 1e3")
    assert read["on"] == "2026-05-17"
    assert read["yes"] == "no"
    assert str(read["score"]) == "3.5"
    assert read["whole"] == 3
    assert read["empty"] is None
    assert read["none"] is None
    assert (read["odd"], read["exp"]) == ("1_0", "1e3")


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2", "a: &x 1\nb: *x", "a: [1", "a: " + "9" * 30, "!!python/object:os.system x", "[" * 5000],
)
def test_yaml_that_means_harm_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_yaml(text)


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, "9" * 5000, "{", "1e4" + "0" * 30]
)
def test_json_that_means_harm_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        read_json(text)


def test_a_partial_date_is_said_in_words() -> None:
    assert [PartialDate.parse(text).words for text in ("2016", "2016-05", "2016-05-17")] == [
        "2016", "May 2016", "17 May 2016",
    ]  # fmt: skip


def test_a_score_is_one_of_the_twenty_to_the_last_digit() -> None:
    given = {"record": "1", "edss": [{"date": "2026-01-01", "score": Decimal("5.4" + "9" * 40)}]}
    with pytest.raises(RecordError, match=r"edss\[0\]\.score"):
        read_record(given, AS_OF)


@pytest.mark.parametrize("as_of", [date(1899, 12, 31), date(2200, 1, 1), date.min, date.max])
def test_a_day_of_the_question_outside_of_the_calendar_is_refused(as_of: date) -> None:
    with pytest.raises(RecordError, match="a day of the years 1900 to 2199"):
        read_record({"record": "1"}, as_of)
