"""The quick check without its page: what its answers may mean, and what of that can be said."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from forms.quick_check import MOST_RELAPSES, years_elapsed
from referral.criteria import library
from referral.criteria.answer import Reason
from referral.criteria.days import add_months, age_in_years
from referral.criteria.evaluate import Result, Verdict
from referral.criteria.language.pairs import RelapseAndMri
from referral.criteria.quick import ask_all, deciding
from referral.facts import read_record
from tests.forms.quick_answers import AS_OF, EXAMPLE, asked, results_of, typed

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
