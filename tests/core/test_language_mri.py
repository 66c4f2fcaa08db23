"""The meaning of MRI studies: what they speak of, the rate of new lesions, a relapse and a scan apart."""

from typing import Any

import pytest

from referral.criteria.answer import Truth
from referral.criteria.case import Case
from referral.criteria.language import read_test
from referral.criteria.load import shared_vocabulary
from referral.reference.files import read_yaml
from tests.core.records import AS_OF, answer, ask, make_record, relapses

YES, NO, UNKNOWN = "yes", "no", "unknown"


def mri(*studies: dict[str, Any]) -> dict[str, Any]:
    return {"mri": [{"date": "2026-09-01", "contrast": True} | study for study in studies]}


GD = "mri: {findings: [gd_lesions], at_least: 1, within_months: 12}"


def test_no_study_is_not_no_lesion() -> None:
    nothing = answer(GD)
    assert (nothing.truth, nothing.reason.value) == (Truth.UNKNOWN, "no_study")
    assert ask(GD, **mri({"date": "2024-01-01", "gd_lesions": 0})) == UNKNOWN
    assert ask(GD, **mri({"gd_lesions": 0})) == NO
    assert ask(GD, **mri({"gd_lesions": 1})) == YES


def test_contrast() -> None:
    assert ask(GD, **mri({"contrast": False, "gd_lesions": 2})) == UNKNOWN
    assert ask(GD, mri=[{"date": "2026-09-01", "gd_lesions": 2}]) == YES  # not recorded, a count given
    assert ask(GD, **mri({"contrast": False}, {"gd_lesions": 0})) == NO


def test_a_study_without_the_count_is_passed_over_once_another_speaks() -> None:
    assert ask(GD, **mri({}, {"gd_lesions": 0})) == NO
    assert ask(GD, **mri({})) == UNKNOWN


def test_new_or_enlarging_with_one_count_not_known_is_never_a_no() -> None:
    test = "mri: {findings: [new_or_enlarging_t2], at_least: 2, within_months: 12}"
    assert ask(test, **mri({"new_t2": 2})) == YES
    assert ask(test, **mri({"new_t2": 0})) == UNKNOWN
    assert ask(test, **mri({"new_t2": 1, "enlarging_t2": 1})) == YES
    assert ask(test, **mri({"new_t2": 1, "enlarging_t2": 0})) == NO
    assert ask(test, **mri({"new_t2": 0}, {"new_t2": 0, "enlarging_t2": 0})) == UNKNOWN


def test_a_study_that_fails_a_filter_was_a_study() -> None:
    steroid = "mri: {findings: [gd_lesions], at_least: 1, within_months: 12, min_days_since_steroids: 30}"
    assert ask(steroid, **mri({"gd_lesions": 2, "days_since_steroids": 10})) == NO
    assert ask(steroid, **mri({"gd_lesions": 2, "days_since_steroids": 30})) == YES
    assert ask(steroid, **mri({"gd_lesions": 2})) == UNKNOWN
    large = "mri: {findings: [gd_lesions], at_least: 1, within_months: 12, diameter_mm: {above: 3}}"
    assert ask(large, **mri({"gd_lesions": 1, "gd_max_diameter_mm": 3})) == NO
    assert ask(large, **mri({"gd_lesions": 1})) == UNKNOWN
    assert ask(large, **mri({"gd_lesions": 0})) == NO


def test_counts_may_be_ranges() -> None:
    two = "mri: {findings: [new_t2], at_least: 2, within_months: 12}"
    assert ask(two, **mri({"new_t2": {"min": 2}})) == YES
    assert ask(two, **mri({"new_t2": {"min": 1}})) == UNKNOWN
    assert ask(two, **mri({"new_t2": {"min": 1, "max": 3}})) == UNKNOWN
    assert ask(two, **mri({"new_t2": {"min": 0, "max": 2}})) == UNKNOWN
    assert ask(two, **mri({"new_t2": {"min": 0, "max": 1}})) == NO


def test_a_study_that_only_may_lie_in_the_window_settles_nothing() -> None:
    assert ask(GD, **mri({"date": "2025", "gd_lesions": 2})) == UNKNOWN
    assert ask(GD, **mri({"date": "2025", "gd_lesions": 0})) == UNKNOWN


RATE = "mri_t2_rate: {min_per_month: 0.3, interval_months: {min: 6, max: 12}, within_months: 24}"


@pytest.mark.parametrize(
    ("compared", "new", "expected"),
    [
        ("2026-03-02", 2, YES),  # 183 days, 6.01 months: 0.33 a month
        ("2026-03-03", 9, UNKNOWN),  # 182 days are less than 6 months: not such a study
        ("2025-09-01", 3, NO),  # 365 days: 0.25 a month
        ("2025-09-01", 4, YES),
        ("2025-08-31", 9, UNKNOWN),  # 366 days are more than 12 months
        (None, 9, UNKNOWN),
    ],
)
def test_the_rate_of_new_lesions(compared: str | None, new: int, expected: str) -> None:
    study: dict[str, Any] = {"new_t2": new} | ({"compared_with": compared} if compared else {})
    assert ask(RATE, **mri(study)) == expected


PAIR = """
relapse_and_mri:
  within_months: 12
  gap_days: {above: 0}
  relapse: {}
  mri: {findings: [gd_lesions], at_least: 1}
"""


def test_a_relapse_and_a_scan_on_another_day() -> None:
    assert ask(PAIR, **relapses("2026-05-01"), **mri({"gd_lesions": 1})) == YES
    assert ask(PAIR, **relapses("2026-09-01"), **mri({"gd_lesions": 1})) == NO
    assert ask(PAIR, **relapses("2026-09"), **mri({"gd_lesions": 1})) == UNKNOWN
    assert ask(PAIR, **relapses("2026-09-01", since=None), **mri({"gd_lesions": 1})) == UNKNOWN
    assert ask(PAIR, **relapses("2026-05-01"), **mri({"gd_lesions": 0})) == NO
    assert ask(PAIR, **relapses(), **mri({"gd_lesions": 1})) == NO
    assert ask(PAIR, **relapses("2026-05-01")) == UNKNOWN


def test_a_gap_of_months_that_differs_by_the_end_it_is_counted_from_cannot_be_said() -> None:
    test = PAIR.replace("gap_days: {above: 0}", "gap_months: {min: 1}").replace("12", "24")
    assert ask(test, **relapses("2026-01-31"), **mri({"date": "2026-02-28", "gd_lesions": 1})) == UNKNOWN
    assert ask(test, **relapses("2026-01-28"), **mri({"date": "2026-02-28", "gd_lesions": 1})) == YES
    assert ask(test, **relapses("2026-01-31"), **mri({"date": "2026-02-27", "gd_lesions": 1})) == NO


def test_the_distance_is_judged_over_the_days_that_lie_in_the_window() -> None:
    test = PAIR.replace("within_months: 12", "within_days: 356")  # from 30 November 2025 on
    assert ask(test, **relapses("2025-11"), **mri({"date": "2025-11-30", "gd_lesions": 1})) == NO
    assert ask(test, **relapses("2025-11"), **mri({"date": "2025-12-01", "gd_lesions": 1})) == UNKNOWN
    assert ask(test, **relapses("2025-12"), **mri({"date": "2025-11-30", "gd_lesions": 1})) == YES


def test_the_interval_is_judged_on_days_that_lie_in_the_window() -> None:
    rate = "mri_t2_rate: {min_per_month: 1, interval_months: {min: 6, max: 12}, within_months: 24}"
    speaks = {"date": "2026-09-01", "new_t2": 0, "compared_with": "2026-01-01"}
    partly = {"date": "2024", "new_t2": 30, "compared_with": "2023-11-01"}
    assert ask(rate, mri=[speaks, partly]) == "no", "in the window they lie more than twelve months apart"
    assert ask(rate, mri=[speaks, partly | {"compared_with": "2024-01-01"}]) == "unknown"


def test_however_many_lesions_are_said_no_day_lies_beyond_the_calendar() -> None:
    rate = "mri_t2_rate: {min_per_month: 0.1, interval_months: {min: 6}, within_months: 24}"
    test = read_test(read_yaml(rate), shared_vocabulary())
    study = {"date": "2026", "new_t2": 10_000, "compared_with": "2025-01-01"}
    case = Case.on(make_record(mri=[study]), AS_OF)
    assert all(day.year < 2100 for day in case.turns(test))
