"""The numbers by which a person is known: each by the rule of its kind, none of them read for anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.identifiers import KINDS, SCHEMES, check
from tests.forms.typed import read

CHECK_DIGIT = "The check digit does not fit the others"
NO_DATE = "begins with a date of birth; this is no date"


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("NHS number", "9434765870", "943 476 5870"),
        ("NHS number", "943-476-5870", "943 476 5870"),
        ("CHI number", "0101011237", "0101011237"),
        ("CHI number", "010101 1237", "0101011237"),
        ("Personnummer (Sweden)", "8803200016", "880320-0016"),
        ("Personnummer (Sweden)", "198803200016", "19880320-0016"),
        ("Fødselsnummer (Norway)", "15108695088", "151086 95088"),
        ("CPR number (Denmark)", "2110625629", "211062-5629"),
        ("Henkilötunnus (Finland)", "131052-308t", "131052-308T"),
        ("Aadhaar number (India)", "234123412346", "2341 2341 2346"),
        ("ABHA (India)", "12 3456 7890 1234", "12-3456-7890-1234"),
        ("ABHA (India)", "some.body@abdm", "some.body@abdm"),
        ("Hospital number", "RXH 00123", "RXH 00123"),
        ("Other number", "943 476 5871", "943 476 5871"),
    ],
)
def test_a_number_is_kept_with_its_kind_and_as_its_kind_is_written(kind: str, value: str, kept: str) -> None:
    case = read("person", identifiers__0__type=kind, identifiers__0__value=value)

    assert not case.problems
    assert case.identity == {"identifiers": [{"type": kind, "value": kept}]}


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("NHS number", "943 476 5871", CHECK_DIGIT),
        ("NHS number", "943 476 587", "Allowed: ten digits, such as 943 476 5870."),
        ("NHS number", "٩٤٣٤٧٦٥٨٧٠", "Allowed: ten digits, such as 943 476 5870."),
        ("NHS number", "９４３４７６５８７０", "Allowed: ten digits, such as 943 476 5870."),
        ("CHI number", "0101011238", CHECK_DIGIT),
        ("CHI number", "9434765870", NO_DATE),
        ("Personnummer (Sweden)", "880320-0017", CHECK_DIGIT),
        ("Personnummer (Sweden)", "881320-0016", NO_DATE),
        ("Fødselsnummer (Norway)", "15108695089", CHECK_DIGIT),
        ("CPR number (Denmark)", "991362-5629", NO_DATE),
        ("Henkilötunnus (Finland)", "131052-308X", CHECK_DIGIT),
        ("Aadhaar number (India)", "234123412347", CHECK_DIGIT),
        ("Aadhaar number (India)", "1234", "Allowed: twelve digits, such as 2341 2341 2346."),
        (
            "ABHA (India)",
            "12-3456-7890-123",
            "Allowed: fourteen digits, such as 12-3456-7890-1234, or an address",
        ),
        ("ABHA (India)", "somebody@example", "or an address such as name@abdm."),
        ("", "943 476 5870", "This is missing."),
    ],
)
def test_a_number_that_fails_the_check_of_its_kind_is_refused(kind: str, value: str, message: str) -> None:
    case = read("person", identifiers__0__type=kind, identifiers__0__value=value)

    (problem,) = case.problems
    assert message in problem.message
    assert not kind or problem.message.startswith(f"“{value}” was given.")
    assert "identifiers" not in case.identity


def test_sex_and_date_of_birth_are_never_read_out_of_a_number() -> None:
    case = read("person", identifiers__0__type="Personnummer (Sweden)", identifiers__0__value="880320-0016")

    assert case.record.to_json() == {"record": "1"}
    assert set(case.identity) == {"identifiers"}


@given(st.sampled_from(sorted(KINDS)), st.text("0123456789-+ A:./xT²٤", max_size=16) | st.text(max_size=40))
def test_whatever_stands_there_is_taken_or_refused_in_words(kind: str, number: str) -> None:
    said = refusal(kind, number)

    if said is None:
        assert refusal(kind, check(kind, number)) is None
    else:
        assert SCHEMES[kind].allowed in said or "Other number" in said


def refusal(kind: str, number: str) -> str | None:
    try:
        check(kind, number)
    except ValueError as refused:
        return str(refused)
    return None
