"""The quick check: what its answers may mean, what of that can be said, its page and its paper."""

import re
import subprocess
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.quick_check import DRUGS, MOST_RELAPSES, QuickCheck, years_elapsed
from referral import clock
from referral.criteria import library
from referral.criteria.answer import Reason
from referral.criteria.days import add_months, age_in_years
from referral.criteria.evaluate import EditionResult, Result, Verdict
from referral.criteria.language.pairs import RelapseAndMri
from referral.criteria.quick import ask_all, deciding
from referral.facts import read_record
from referral.models import AuditEntry
from referral.packet import render, words
from referral.printing.worker import Worker
from referral.web.layout import day
from referral.web.quick_check import print_answer, put
from referral.workflow import Role
from tests.browser import Browser, Page

SignIn = Callable[[str], Browser]
AS_OF = date(2026, 11, 22)
EXAMPLE: dict[str, str | list[str]] = {
    "age": "34", "phenotype": "RRMS", "since_diagnosis": "6", "since_onset": "7", "relapses": "2", "mri": "yes",
    "gd_lesions": "1", "new_t2": "3", "edss": "3.5", "failed": ["natalizumab", "ocrelizumab"], "all_named": "yes",
}  # fmt: skip


def typed(**answers: str | list[str]) -> QuickCheck:
    return QuickCheck({name: [text] if isinstance(text, str) else text for name, text in answers.items()})


def asked_on(as_of: date, **answers: str | list[str]) -> dict[str, EditionResult]:
    results = ask_all(typed(**answers).records(as_of), library().values(), as_of)
    return {result.edition.id: result for result in results}


def asked(**answers: str | list[str]) -> dict[str, EditionResult]:
    return asked_on(AS_OF, **answers)


def results_of(result: EditionResult) -> dict[str, Result]:
    return {finding.criterion.id: finding.result for finding in result.findings}


# ------------------------------------------------------------------------------- what an answer may mean


@pytest.mark.parametrize(
    "as_of", [AS_OF, date(2027, 1, 1), date(2028, 2, 29), date(2027, 2, 28), date(2027, 3, 1)]
)
@pytest.mark.parametrize("years", [0, 1, 2, 3, 44, 45, 120])
def test_completed_years_become_the_first_and_last_day_that_they_may_count_from(
    as_of: date, years: int
) -> None:
    for name, path, completed in (
        ("age", "patient.birth_date", age_in_years),
        ("since_diagnosis", "diagnosis.diagnosed_on", years_elapsed),
        ("since_onset", "diagnosis.symptom_onset", years_elapsed),
    ):
        days = sorted({record.get(path).first for record in typed(**{name: str(years)}).records(as_of)})
        earliest, latest = days
        assert (completed(earliest, as_of), completed(latest, as_of)) == (years, years)
        assert completed(date.fromordinal(earliest.toordinal() - 1), as_of) == years + 1
        after = date.fromordinal(latest.toordinal() + 1)
        assert after > as_of or completed(after, as_of) == years - 1


def test_no_criterion_turns_on_the_exact_date_of_birth() -> None:
    for years in range(10, 80, 5):
        for age in (years - 1, years):
            for result in asked(age=str(age)).values():
                for finding in result.findings:
                    assert finding.reason is not Reason.IMPRECISE_DATE, f"{result.edition.id} at {age}"


def test_relapses_lie_in_the_twelve_months_and_never_fold_into_one_another() -> None:
    start = add_months(AS_OF, -12)
    for count in range(MOST_RELAPSES + 1):
        for record in typed(relapses=str(count)).records(AS_OF):
            onsets = [relapse.onset.first for relapse in record.relapses.events or ()]
            assert len(onsets) == count
            assert all(start <= onset <= AS_OF for onset in onsets)
            assert all((b - a).days >= 30 for a, b in pairwise(onsets))


def test_no_record_says_more_than_was_typed() -> None:
    (record,) = {record.sha256: record for record in typed().records(AS_OF)}.values()
    assert record.to_json() == {"record": "1"}

    for record in typed(failed=["natalizumab"], edss="3.5").records(AS_OF):
        assert record.treatments.complete is None
        (course,) = record.treatments.courses or ()
        assert (course.start, course.stop, course.ongoing) == (None, None, None)
        assert record.edss[0].score == Decimal("3.5")


def test_no_pair_of_relapse_and_scan_has_a_window_shorter_than_the_placing_of_both_allows_for() -> None:
    leaves = [leaf for e in library().values() for c in e.criteria for leaf in c.test.leaves()]
    pairs = [leaf for leaf in leaves if isinstance(leaf, RelapseAndMri)]

    assert pairs
    assert all((pair.window.months or 12) >= 12 and pair.window.days is None for pair in pairs)


# ------------------------------------------------------------------------------------- what can be said


def test_with_nothing_known_no_edition_is_met_and_none_is_not_met() -> None:
    for result in asked().values():
        assert result.verdict is Verdict.CANNOT_SAY, result.edition.id
        assert not {Result.MET, Result.NOT_MET} & set(results_of(result).values()), result.edition.id


def test_a_worked_example_read_by_hand() -> None:
    """34 years, relapsing-remitting, 2 relapses, 1 enhancing and 3 new T2 lesions, two drugs failed, no other given.

    EBMT 2020: relapsing-remitting, two relapses in the last year, one drug failed: the route holds, its list was not
    read whole. London 2016: age, duration, EDSS and new T2 lesions hold; the neurologist's word, walking, McDonald and
    six months on the drug were not asked. The Sydney table of 2000 asks for another course than relapsing-remitting.
    """
    found = asked(**EXAMPLE)

    assert found["ebmt-2020"].verdict is Verdict.TESTED_MET
    assert deciding(found["ebmt-2020"]) == ()
    london = found["london-2016"]
    assert london.verdict is Verdict.CANNOT_SAY
    assert [finding.criterion.id for finding in deciding(london)] == [
        "diagnosis_by_neurologist", "ambulation", "diagnosis_criteria", "dmt_failure",
    ]  # fmt: skip
    assert results_of(london) | {
        "age": Result.MET,
        "disease_duration": Result.MET,
        "edss": Result.MET,
    } == results_of(london)
    assert results_of(london)["mri_activity"] is Result.MET
    table = found["arthritis-res-2000"]
    assert table.verdict is Verdict.NOT_MET
    assert [finding.criterion.id for finding in deciding(table)] == ["phenotype"]


@pytest.mark.parametrize(
    ("years", "result"), [(14, Result.MET), (15, Result.CANNOT_SAY), (16, Result.NOT_MET)]
)
def test_a_duration_at_the_limit_depends_on_the_exact_date(years: int, result: Result) -> None:
    found = asked(since_diagnosis=str(years))["london-2016"]

    (duration,) = [finding for finding in found.findings if finding.criterion.id == "disease_duration"]
    assert duration.result is result
    assert (duration.reason is Reason.IMPRECISE_DATE) == (result is Result.CANNOT_SAY)


def test_a_window_of_twelve_months_is_answered_and_a_shorter_one_is_not() -> None:
    """MIST asks for two relapses in twelve months; the Alfred protocol excludes a relapse in the last days."""
    none, two = (asked(phenotype="RRMS", relapses=count) for count in ("0", "2"))

    assert results_of(two["ebmt-2020"])["activity"] is Result.MET
    assert results_of(none["ebmt-2020"])["activity"] is Result.NOT_MET
    assert results_of(two["alfred"])["relapse_free"] is Result.CANNOT_SAY


def test_one_relapse_and_one_scan_may_have_been_on_one_day() -> None:
    answers = {"phenotype": "RRMS", "mri": "yes", "gd_lesions": "1"}

    assert results_of(asked(relapses="1", **answers)["ebmt-2020"])["activity"] is Result.CANNOT_SAY
    assert results_of(asked(relapses="2", **answers)["ebmt-2020"])["activity"] is Result.MET


@pytest.mark.parametrize("count", ["3", "at least 3", "3 to 10000"])
def test_a_count_of_lesions_may_be_exact_or_a_bound(count: str) -> None:
    found = asked(phenotype="RRMS", relapses="2", mri="yes", gd_lesions=count, new_t2=count)

    assert results_of(found["london-2016"])["mri_activity"] is Result.MET


def test_no_mri_is_never_a_scan_without_lesions() -> None:
    for answer in ("no", "yes"):
        assert results_of(asked(mri=answer)["london-2016"])["mri_activity"] is Result.CANNOT_SAY


def test_a_failed_drug_without_dates_leaves_the_exposure_open() -> None:
    found = asked(phenotype="RRMS", failed=["natalizumab"], all_named="yes")

    assert results_of(found["ebmt-2020"])["dmt_failure"] is Result.MET
    assert results_of(found["london-2016"])["dmt_failure"] is Result.CANNOT_SAY


def test_every_treatment_named_and_none_ticked_is_never_treated() -> None:
    assert results_of(asked(all_named="yes")["ebmt-2020"])["dmt_failure"] is Result.NOT_MET
    assert results_of(asked()["ebmt-2020"])["dmt_failure"] is Result.CANNOT_SAY


def test_an_unreadable_drug_is_never_taken_for_no_further_treatment() -> None:
    assert (
        results_of(asked(all_named="yes", failed=["moonshine"])["ebmt-2020"])["dmt_failure"]
        is Result.CANNOT_SAY
    )


def test_every_day_that_was_possible_agrees_with_what_is_said() -> None:
    """Of the days between the ends none gives another answer than the merged one, unless that is *cannot say*."""
    answers = {"phenotype": "RRMS", "relapses": "2", "mri": "yes", "gd_lesions": "1", "new_t2": "0"}
    said = asked(**answers)
    form = typed(**answers)
    plain = form.records(AS_OF)[0].to_json()
    start = add_months(AS_OF, -12).toordinal()
    for onset in range(start, AS_OF.toordinal() - 30, 61):
        for second in range(onset + 31, AS_OF.toordinal() + 1, 67):
            for scan in range(start, AS_OF.toordinal() + 1, 53):
                plain["relapses"]["events"] = [{"onset": _day(onset)}, {"onset": _day(second)}]
                plain["mri"] = [{**plain["mri"][0], "date": _day(scan)}]
                for result in ask_all([read_record(plain, AS_OF)], library().values(), AS_OF):
                    merged = results_of(said[result.edition.id])
                    for name, each in results_of(result).items():
                        assert merged[name] in (each, Result.CANNOT_SAY), f"{result.edition.id}: {name}"


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


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
