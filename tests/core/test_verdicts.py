"""What comes out for one criterion and for an edition: result, reason, sentence and verdict, in every combination."""

from datetime import date
from typing import Any

import pytest

from referral.assessment import assess
from referral.criteria.case import Case
from referral.criteria.edition import Edition
from referral.criteria.evaluate import EditionResult, Finding, evaluate, find
from referral.criteria.load import read_edition
from referral.criteria.quick import ask_all, deciding
from tests.core.records import AS_OF, make_record
from tests.core.test_library import edition

RRMS: dict[str, Any] = {"diagnosis": {"phenotype": "RRMS"}}
NAMED = "source: doi:10.0000/x"


def criterion(test: str, kind: str = "required", **more: str) -> str:
    """Write a criterion in YAML."""
    name = more.get("id", "asked")
    extra = "".join(f", {key}: {value}" for key, value in more.items() if key != "id")
    return f"{{id: {name}, kind: {kind}, statement: A thing., test: {test}, {NAMED}{extra}}}"


def made(*criteria: str, **changes: Any) -> Edition:
    return read_edition(edition(*criteria, **changes), "made-up.yaml")


def found(text: str, **facts: Any) -> Finding:
    """Ask one criterion of a record of these facts."""
    return find(made(text).criteria[0], Case.on(make_record(**facts), AS_OF))


def said(finding: Finding) -> tuple[str, str, str]:
    return finding.result.value, finding.reason.value, finding.sentence


PREGNANT, OLD = "{flag: {path: comorbidity.pregnant, is: true}}", "{age_years: {min: 50}}"
YOUNG = {"patient": {"birth_date": "2000-01-01"}}
ELDER = {"patient": {"birth_date": "1960-01-01"}}


@pytest.mark.parametrize(
    ("kind", "pregnant", "expected"),
    [
        ("required", True, ("met", "ok", "Pregnancy: yes; yes is asked for: met.")),
        ("required", False, ("not_met", "value_out_of_range", "Pregnancy: no; yes is asked for: not met.")),
        (
            "required",
            None,
            ("cannot_say", "missing", "Pregnancy: not recorded; yes is asked for: cannot say."),
        ),
        (
            "exclusion",
            True,
            (
                "not_met",
                "value_out_of_range",
                "Pregnancy: yes; yes is asked for; what would exclude is there: not met.",
            ),
        ),
        (
            "exclusion",
            False,
            ("met", "ok", "Pregnancy: no; yes is asked for; what would exclude is not there: met."),
        ),
        (
            "exclusion",
            None,
            (
                "cannot_say",
                "missing",
                "Pregnancy: not recorded; yes is asked for; what would exclude is neither shown nor ruled out:"
                " cannot say.",
            ),
        ),
    ],
)
def test_a_result_favours_going_on_and_says_so(
    kind: str, pregnant: bool | None, expected: tuple[str, str, str]
) -> None:
    assert said(found(criterion(PREGNANT, kind), comorbidity={"pregnant": pregnant})) == expected


@pytest.mark.parametrize(
    ("kind", "who", "pregnant", "result", "reason"),
    [
        ("required", YOUNG, None, "not_applicable", "ok"),
        ("required", ELDER, True, "met", "ok"),
        ("required", ELDER, False, "not_met", "value_out_of_range"),
        ("required", ELDER, None, "cannot_say", "missing"),
        ("required", {}, True, "met", "ok"),
        ("required", {}, False, "cannot_say", "missing"),
        ("exclusion", YOUNG, True, "not_applicable", "ok"),
        ("exclusion", ELDER, True, "not_met", "value_out_of_range"),
        ("exclusion", ELDER, False, "met", "ok"),
        ("exclusion", {}, False, "met", "ok"),
        ("exclusion", {}, True, "cannot_say", "missing"),
    ],
)
def test_a_criterion_that_is_asked_of_some_only(
    kind: str, who: dict[str, Any], pregnant: bool | None, result: str, reason: str
) -> None:
    asked = criterion(PREGNANT, kind, applies_if=OLD)
    finding = found(asked, comorbidity={"pregnant": pregnant}, **who)
    assert (finding.result.value, finding.reason.value) == (result, reason)


def test_whom_it_is_asked_of_is_said_and_counts_as_a_fact() -> None:
    asked = criterion(PREGNANT, applies_if=OLD)
    nobody = found(asked, **YOUNG)
    assert nobody.sentence == (
        "Age 26 years on 21 November 2026 (born 1 January 2000); it is asked of others only: does not apply."
    )
    assert [fact.path for fact in nobody.facts] == ["patient.birth_date"]
    open_one = found(asked, comorbidity={"pregnant": False})
    assert open_one.sentence == (
        "Pregnancy: no; yes is asked for; whether it applies is open (Date of birth: not recorded): cannot say."
    )
    assert open_one.answer.missing == ("patient.birth_date",)
    both = found(asked, comorbidity={"pregnant": True}, **ELDER)
    assert both.sentence == "Pregnancy: yes; yes is asked for: met."
    assert [fact.path for fact in both.facts] == ["patient.birth_date", "comorbidity.pregnant"]
    neither = found(asked)
    assert neither.answer.missing == ("patient.birth_date", "comorbidity.pregnant")


def test_the_reason_is_the_tests_own_where_that_is_open_else_that_of_whom_it_applies_to() -> None:
    asked = criterion("{judgement: aggressive_ms}", applies_if=OLD)
    assert found(asked).reason.value == "judgement_needed"
    assert found(asked, judgements={"aggressive_ms": {"value": False}}).reason.value == "missing"


def test_what_is_not_tested_says_why_unless_it_does_not_apply() -> None:
    text = criterion("{untested: the source gives no number}")
    assert said(found(text)) == (
        "not_tested", "source_not_operational", "A thing; not tested here (the source gives no number): not tested.",
    )  # fmt: skip
    asked = criterion("{untested: the source gives no number}", applies_if=OLD)
    assert found(asked, **YOUNG).result.value == "not_applicable"
    assert found(asked, **ELDER).result.value == "not_tested"
    assert found(asked).result.value == "not_tested"


def test_a_joined_test_carries_what_its_parts_ask_for() -> None:
    text = criterion(f"{{all: [{OLD}, {PREGNANT}]}}")
    assert found(text, comorbidity={"pregnant": False}).sentence == (
        "Pregnancy: no; yes is asked for: not met."
    )


def judged(*criteria: tuple[str, str | None], **changes: Any) -> Edition:
    """Make an edition of judgements: kind and route of each, or ``untested`` with its route."""
    keys = ("aggressive_ms", "malignant_ms", "highly_active_ms", "active_inflammation")
    texts = []
    for number, ((kind, route), key) in enumerate(zip(criteria, keys, strict=False)):
        test = "{untested: no number}" if kind == "untested" else f"{{judgement: {key}}}"
        on = {"route": route} if route else {}
        texts.append(criterion(test, "required" if kind == "untested" else kind, id=f"c{number}", **on))
    return made(*texts, **changes)


def verdict(asked: Edition, answers: str, **facts: Any) -> str:
    """Answer the judgements in order: y, n, or anything else for not known."""
    keys = ("aggressive_ms", "malignant_ms", "highly_active_ms", "active_inflammation")
    values = {
        key: {"value": answer == "y"} for key, answer in zip(keys, answers, strict=False) if answer in "yn"
    }
    return evaluate(asked, Case.on(make_record(judgements=values, **(facts or RRMS)), AS_OF)).verdict.value


REQUIRED, EXCLUSION, UNTESTED = ("required", None), ("exclusion", None), ("untested", None)


@pytest.mark.parametrize(
    ("criteria", "answers", "expected"),
    [
        ([REQUIRED, REQUIRED], "yy", "met"),
        ([REQUIRED, REQUIRED], "yn", "not_met"),
        ([REQUIRED, REQUIRED], "y?", "cannot_say"),
        ([REQUIRED, REQUIRED], "n?", "not_met"),
        ([REQUIRED, EXCLUSION], "yn", "met"),
        ([REQUIRED, EXCLUSION], "yy", "not_met"),
        ([REQUIRED, EXCLUSION], "y?", "cannot_say"),
        ([REQUIRED, ("preferred", None)], "yn", "met"),
        ([REQUIRED, ("workup", None)], "yn", "met"),
        ([REQUIRED, UNTESTED], "y", "tested_met"),
        ([REQUIRED, UNTESTED], "n", "not_met"),
        ([REQUIRED, UNTESTED], "?", "cannot_say"),
        ([("required", "a"), ("required", "b")], "yn", "met"),
        ([("required", "a"), ("required", "b")], "ny", "met"),
        ([("required", "a"), ("required", "b")], "nn", "not_met"),
        ([("required", "a"), ("required", "b")], "n?", "cannot_say"),
        ([("required", "a"), ("required", "b")], "y?", "met"),
        ([("required", "a"), ("required", "a"), ("required", "b")], "ynn", "not_met"),
        ([("required", "a"), REQUIRED], "yn", "not_met"),
        ([("required", "a"), REQUIRED], "ny", "not_met"),
        ([("required", "a"), ("untested", "a")], "y", "tested_met"),
        ([("required", "a"), ("untested", "a"), ("required", "b")], "n?y", "met"),
        ([("required", "a"), ("untested", "a"), ("required", "b")], "y?y", "tested_met"),
        ([("exclusion", "a"), ("required", "b")], "yn", "not_met"),
        ([("exclusion", "a"), ("required", "b")], "nn", "met"),
    ],
)
def test_the_verdict(criteria: list[tuple[str, str | None]], answers: str, expected: str) -> None:
    assert verdict(judged(*criteria), answers) == expected


def test_a_list_not_read_whole_is_never_more_than_tested() -> None:
    asked = judged(REQUIRED, list_complete=False)
    assert verdict(asked, "y") == "tested_met"
    assert verdict(asked, "n") == "not_met"


@pytest.mark.parametrize(
    ("phenotype", "expected"),
    [("CIS", "met"), ("PRMS", "met"), ("NMOSD", "not_met"), ("MOGAD", "not_met"), ("other", "not_met"),
     (None, "cannot_say")],
)  # fmt: skip
def test_every_set_is_about_multiple_sclerosis(phenotype: str | None, expected: str) -> None:
    assert verdict(judged(REQUIRED), "y", diagnosis={"phenotype": phenotype}) == expected


def test_an_assessment_is_written_as_the_contract_has_it() -> None:
    asked = made(criterion(PREGNANT, "exclusion", route="first line"), criterion("{untested: why}", id="b"))
    record = make_record(comorbidity={"pregnant": False}, **RRMS)
    whole = assess(record, [asked], AS_OF)
    assert whole.to_json() == {
        "assessment": "1",
        "as_of": "2026-11-21",
        "record_sha256": record.sha256,
        "protocols": [
            {
                "protocol": "made-up",
                "definition_sha256": asked.sha256,
                "verdict": "tested_met",
                "criteria": [
                    {
                        "id": "multiple_sclerosis", "route": None, "kind": "required", "result": "met",
                        "reason": "ok", "sentence": "Course: RRMS; CIS, RRMS, SPMS, PPMS or PRMS is asked for: met.",
                        "facts": [{"path": "diagnosis.phenotype", "value": "RRMS", "date": None}],
                    },
                    {
                        "id": "asked", "route": "first line", "kind": "exclusion", "result": "met", "reason": "ok",
                        "sentence": "Pregnancy: no; yes is asked for; what would exclude is not there: met.",
                        "facts": [{"path": "comorbidity.pregnant", "value": False, "date": None}],
                    },
                    {
                        "id": "b", "route": None, "kind": "required", "result": "not_tested",
                        "reason": "source_not_operational", "sentence": "A thing; not tested here (why): not tested.",
                        "facts": [],
                    },
                ],
                "coverage": {"tested": 1, "stated": 2, "list_complete": True, "evidence": "P"},
                "decides": [],
                "changes": [],
            }
        ],
    }  # fmt: skip


def test_only_who_asks_looks_ahead() -> None:
    asked = made(criterion("{age_years: {max: 55}}"))
    record = make_record(patient={"birth_date": "1980"}, **RRMS)
    (ahead,) = assess(record, [asked], AS_OF).answers
    (now,) = assess(record, [asked], AS_OF, ahead=False).answers
    assert (now.decides, now.changes) == ((), ())
    assert ahead.to_json()["changes"] == [
        {"from": "2036-01-01", "to": "2036-01-01", "verdict": "cannot_say", "criterion": "asked"},
        {"from": "2036-01-01", "to": "2036-12-31", "verdict": "not_met", "criterion": "asked"},
    ]
    assert now.result.to_json() == ahead.result.to_json()
    (unborn,) = assess(make_record(**RRMS), [asked], AS_OF).answers
    assert unborn.to_json()["decides"] == [["patient.birth_date"]]
    assert [found.verdict.value for found in assess(record, [asked], AS_OF).results] == ["met"]


# One answer for all the records that a case may be


def quick(asked: Edition, *births: str) -> EditionResult:
    records = [make_record(patient={"birth_date": birth}, **RRMS) for birth in births]
    (result,) = ask_all(records, [asked], AS_OF)
    return result


def test_one_record_alone_is_answered_as_it_is() -> None:
    asked = made(criterion("{age_years: {max: 55}}"))
    assert quick(asked, "1960-01-01").verdict.value == "not_met"


def test_what_all_records_answer_alike_is_an_answer_and_the_rest_cannot_be_said() -> None:
    asked = made(criterion("{age_years: {max: 55}}"))
    assert quick(asked, "1980-01-01", "1985-01-01").verdict.value == "met"
    assert quick(asked, "1960-01-01", "1965-01-01").verdict.value == "not_met"
    split = quick(asked, "1960-01-01", "1985-01-01")
    assert split.verdict.value == "cannot_say"
    assert [(f.result.value, f.reason.value) for f in split.findings] == [
        ("met", "ok"), ("cannot_say", "imprecise_date"),
    ]  # fmt: skip


def result_of(asked: Edition, answers: str, as_of: date = AS_OF) -> EditionResult:
    keys = ("aggressive_ms", "malignant_ms", "highly_active_ms", "active_inflammation")
    values = {
        key: {"value": answer == "y"} for key, answer in zip(keys, answers, strict=False) if answer in "yn"
    }
    return evaluate(asked, Case.on(make_record(judgements=values, **RRMS), as_of))


@pytest.mark.parametrize(
    ("criteria", "answers", "expected"),
    [
        ([REQUIRED, REQUIRED], "yy", []),
        ([REQUIRED, UNTESTED], "y", []),
        ([REQUIRED, REQUIRED], "n?", ["c0"]),
        ([REQUIRED, REQUIRED], "y?", ["c1"]),
        ([REQUIRED, ("preferred", None)], "?n", ["c0"]),
        ([("required", "a"), ("required", "a"), ("required", "b")], "n??", ["c2"]),
        ([("required", "a"), ("required", "b")], "nn", ["c0", "c1"]),
    ],
)
def test_the_criteria_on_which_a_verdict_rests(
    criteria: list[tuple[str, str | None]], answers: str, expected: list[str]
) -> None:
    assert [f.criterion.id for f in deciding(result_of(judged(*criteria), answers))] == expected
