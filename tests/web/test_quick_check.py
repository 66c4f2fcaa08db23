"""The quick check as a page and as a paper."""

import re
import subprocess
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.quick_check import DRUGS
from referral import clock
from referral.criteria import library
from referral.criteria.evaluate import Verdict
from referral.models import AuditEntry
from referral.packet import render, words
from referral.printing.worker import Worker
from referral.web.layout import day
from referral.web.quick_check import print_answer, put
from referral.workflow import Role
from tests.browser import Browser, Page
from tests.forms.quick_answers import AS_OF, EXAMPLE, asked_on, typed

SignIn = Callable[[str], Browser]


# --------------------------------------------------------------------------------------------- the page


@pytest.fixture
def doctor(sign_in: SignIn) -> Browser:
    return sign_in(Role.NEUROLOGIST)


def check(browser: Browser, **answers: str | list[str]) -> Page:
    return _send(browser, answers, 200)


def check_in_vain(browser: Browser, **answers: str) -> Page:
    return _send(browser, answers, 422)


def _send(browser: Browser, answers: Mapping[str, str | list[str]], status: int) -> Page:
    fields = browser.visit("/quick-check").fields("/quick-check")
    return browser.send("/quick-check", {**fields, **answers}, status=status)


def verdicts(page: Page) -> list[str]:
    marks = (mark for mark in page.all(".//span[@class]") if (mark.get("class") or "").startswith("verdict "))
    return [(mark[0].tail or "").strip() for mark in marks]


def test_a_stranger_is_sent_to_sign_in(browser: Browser) -> None:
    assert "Sign in" in browser.visit("/quick-check").title


@pytest.mark.parametrize("role", Role)
def test_every_role_may_check(sign_in: SignIn, role: Role) -> None:
    assert len(verdicts(check(sign_in(role)))) == len(library())


def test_the_page_shows_every_edition_with_its_verdict_and_who_decides(doctor: Browser) -> None:
    page = check(doctor, **EXAMPLE)

    assert page.path == "/quick-check"
    assert page.response.request.query_string == b""
    said = [result.verdict for result in asked_on(clock.today(), **EXAMPLE).values()]
    shown = verdicts(page)
    assert shown.count("All tested criteria met") == said.count(Verdict.TESTED_MET)
    assert shown.count("Not met") == said.count(Verdict.NOT_MET)
    assert "The multidisciplinary team decides" in page.text
    for edition in library().values():
        assert edition.title in page.text


def test_what_is_not_tested_stands_beside_every_verdict(doctor: Browser) -> None:
    page = check(doctor, **EXAMPLE)

    for edition in library().values():
        for criterion in edition.criteria:
            if not criterion.tested:
                assert " ".join(criterion.statement.split()) in page.text, f"{edition.id}: {criterion.id}"


def test_the_answers_stay_in_the_form(doctor: Browser) -> None:
    fields = check(doctor, **EXAMPLE).fields("/quick-check")

    assert {name: fields[name] for name in EXAMPLE} == EXAMPLE


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("edss", "3.3", "“3.3” was given. Allowed: an EDSS of 0, 1.0, 1.5"),
        ("edss", "3,5", "Write decimals with a point, not a comma"),
        ("age", "-1", "“-1” was given. Allowed: a whole number in figures, from 0 to 120."),
        ("age", "121", "“121” was given. Allowed: a whole number in figures, from 0 to 120."),
        ("relapses", "٤", "“٤” was given. Allowed: a whole number in figures, from 0 to"),
        ("since_onset", "7" * 10_240, "Allowed: a whole number in figures"),
        (
            "gd_lesions",
            "<b>many</b>",
            "“<b>many</b>” was given. Allowed: a whole number, “at least 3” or “3 to 5”, and no more than",
        ),
        ("gd_lesions", "10001", "“10001” was given. Allowed: a whole number"),
        ("new_t2", "at least 10001", "“at least 10001” was given. Allowed: a whole number"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept_and_counts_as_not_known(
    doctor: Browser, field: str, text: str, said: str
) -> None:
    page = check_in_vain(doctor, **{field: text})

    assert said in page.text
    assert page.fields("/quick-check")[field] == text
    assert set(verdicts(page)) == {"Cannot say"}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "not known"),
        ({"all_named": "yes"}, "none: never treated"),
        ({"failed": ["natalizumab"]}, "Natalizumab"),
        (
            {"failed": ["natalizumab"], "all_named": "yes"},
            "Natalizumab (no other treatment ever given)",
        ),
        ({"failed": ["moonshine"], "all_named": "yes"}, "not known"),
    ],
)
def test_what_counts_as_treated_is_said_beside_the_answer(
    answers: dict[str, str | list[str]], said: str
) -> None:
    assert dict(typed(**answers).given())["Treatments that failed for lack of effect"] == said


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"age": "20", "since_diagnosis": "21"}, "21 years are more than the age of 20."),
        ({"age": "20", "since_onset": "21"}, "21 years are more than the age of 20."),
        ({"since_diagnosis": "5", "since_onset": "4"}, "would come before the first symptom"),
        ({"mri": "no", "gd_lesions": "1"}, "No MRI is chosen, yet lesions are given."),
    ],
)
def test_answers_that_cannot_both_be_true_are_named(
    doctor: Browser, answers: dict[str, str], said: str
) -> None:
    page = check_in_vain(doctor, **answers)

    assert said in page.text
    assert len(verdicts(page)) == len(library())


def test_nothing_of_it_is_kept(doctor: Browser, session: Session) -> None:
    doctor.visit("/quick-check")
    before = session.scalar(select(func.count(AuditEntry.id)))

    check(doctor, **EXAMPLE)

    assert session.scalar(select(func.count(AuditEntry.id))) == before
    assert doctor.visit("/quick-check").fields("/quick-check")["age"] == ""


@pytest.mark.parametrize("path", ["/quick-check", "/quick-check.pdf"])
def test_an_answer_without_the_token_of_the_page_is_refused(doctor: Browser, path: str) -> None:
    page = doctor.open(path, method="POST", data={"age": "34"})

    assert page.status != 200
    assert page.response.mimetype != "application/pdf"
    assert not verdicts(page)


# -------------------------------------------------------------------------------------------- the paper

FULLEST = EXAMPLE | {
    "age": "120", "since_diagnosis": "119", "since_onset": "120", "phenotype": "NMOSD", "failed": [*DRUGS],
    "gd_lesions": "at least 10000", "new_t2": "9999 to 10000",
}  # fmt: skip
SIGN = "."
"""The shape of a verdict is one letter of a font of ours."""


def squeezed(text: str) -> str:
    """Text without blanks and hyphens, since a line may break anywhere."""
    return re.sub(r"[\s\u200b-]+", "", text)


def printed(pdf: bytes) -> str:
    """What stands on the paper, in the order in which it is read."""
    told = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return squeezed(told.stdout.decode())


@pytest.mark.parametrize("answers", [{}, EXAMPLE, FULLEST], ids=["nothing", "example", "fullest"])
def test_the_paper_has_every_answer_and_every_edition_on_one_page(
    answers: dict[str, str | list[str]],
) -> None:
    form = typed(**answers)
    assert not form.problems()

    pdf = print_answer(form, AS_OF)

    assert len(PdfReader(BytesIO(pdf)).pages) == 1
    text = printed(pdf)
    assert squeezed(f"as of {day(AS_OF)}") in text
    assert squeezed("The multidisciplinary team decides") in text
    for question, answer in form.given():
        assert squeezed(question + answer) in text
    said = [(line.result, line.short) for _, lines in put(form, AS_OF) for line in lines]
    assert len(said) == len(library())
    rows = ".*?".join(
        re.escape(squeezed(result.edition.title + ("superseded" * (result.edition.status == "superseded"))))
        + SIGN
        + re.escape(squeezed(words.sentence_case(words.VERDICTS[result.verdict.value])))
        + re.escape(squeezed(words.sentence_case(short)))
        for result, short in said
    )
    assert re.search(rows, text)


def test_the_paper_is_tagged_and_the_same_each_time() -> None:
    pdf = print_answer(typed(**EXAMPLE), AS_OF)

    root: Any = PdfReader(BytesIO(pdf)).root_object
    assert root["/MarkInfo"]["/Marked"]
    assert print_answer(typed(**EXAMPLE), AS_OF) == pdf


def test_the_form_is_printed_for_whoever_asks_and_names_nobody(doctor: Browser, session: Session) -> None:
    page = check(doctor, **EXAMPLE)
    before = session.scalar(select(func.count(AuditEntry.id)))
    assert {button.get("formaction") for button in page.all(".//button[@formaction]")} == {"/quick-check.pdf"}

    paper = doctor.send("/quick-check.pdf", page.fields("/quick-check")).response

    assert paper.mimetype == "application/pdf"
    assert paper.headers["Content-Disposition"] == "inline; filename=quick-check.pdf"
    assert paper.headers["Cache-Control"] == "no-store"
    assert paper.data == print_answer(typed(**EXAMPLE), clock.today())  # whoever asks, it is the same
    assert session.scalar(select(func.count(AuditEntry.id))) == before
    assert doctor.visit("/quick-check").fields("/quick-check")["age"] == ""


def test_what_cannot_be_read_is_shown_again_and_not_printed(doctor: Browser) -> None:
    page = doctor.send("/quick-check.pdf", {"edss": "3.3", "age": "34"}, status=422)

    assert "“3.3” was given. Allowed: an EDSS of 0, 1.0, 1.5" in page.text
    fields = page.fields("/quick-check")
    assert (fields["edss"], fields["age"]) == ("3.3", "34")


def test_who_cannot_be_given_the_paper_is_told_what_became_of_it(
    doctor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "printer", Worker(command=("false",)))

    page = doctor.send("/quick-check.pdf", {"age": "34"}, status=503)

    assert "what you typed is still there" in page.text
