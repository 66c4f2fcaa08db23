"""The picture of the course: everything recorded has its place, and nothing that is not recorded."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from referral.facts import read_record
from referral.packet.course import MOST_ROWS, course
from referral.packet.drawing import WIDE, Bar, Mark, Picture

AS_OF = date(2026, 11, 22)


def draw(**facts: Any) -> Picture:
    return course(read_record({"record": "1", **facts}, AS_OF), AS_OF)


def every(days: int, number: int) -> list[str]:
    return [(AS_OF - timedelta(days=days * place)).isoformat() for place in range(number)]


def assert_nothing_overlaps(things: tuple[Mark, ...] | tuple[Bar, ...]) -> None:
    rows: dict[float, list[tuple[float, float]]] = defaultdict(list)
    for thing in things:
        rows[thing.y].append((thing.left, thing.right))
    for row in rows.values():
        for before, after in pairwise(sorted(row)):
            assert before[1] <= after[0]


def test_a_record_of_nothing_says_that_nothing_is_recorded() -> None:
    picture = draw()
    assert [lane.empty for lane in picture.lanes] == ["none recorded"] * 5
    assert not any((picture.marks, picture.edss, picture.bars, picture.rows))
    assert picture.edss_path == ""


def test_no_relapse_in_a_complete_list_is_said_as_that() -> None:
    lane = draw(relapses={"complete_since": "2024-05"}).lanes[2]
    assert lane.empty == "none listed; list complete since May 2024"
    assert lane.complete_from is not None


def test_a_blank_list_of_treatments_is_not_never_treated() -> None:
    assert draw().lanes[4].empty == "none recorded"
    assert draw(treatments={"complete": True}).lanes[4].empty == "none listed; list complete: never treated"


def test_a_date_known_to_the_year_is_a_range_that_ends_today() -> None:
    picture = draw(
        relapses={"events": [{"onset": "2025"}, {"onset": "2026"}]}, diagnosis={"symptom_onset": "2020-05-01"}
    )
    onset, *relapses = picture.marks
    assert not onset.ranged
    assert all(mark.ranged for mark in relapses)
    assert relapses[1].latest == WIDE.now


def test_severity_and_recovery_show_without_colour() -> None:
    marks = draw(
        relapses={
            "events": [
                {"onset": "2026-01-01", "severity": "mild", "recovery": "complete"},
                {"onset": "2026-03-01", "severity": "severe", "recovery": "incomplete"},
                {"onset": "2026-05-01", "severity": "moderate", "recovery": "ongoing"},
                {"onset": "2026-07-01"},
                {"onset": "2026-09-01", "pseudo": True},
            ]
        }
    ).marks
    assert [(mark.shape, mark.fill) for mark in marks] == [
        ("triangle", "open"), ("triangle", "full"), ("triangle", "half"), ("circle", "dotted"), ("cross", "full"),
    ]  # fmt: skip
    assert marks[0].size < marks[2].size < marks[1].size


def test_an_edss_taken_in_a_relapse_has_another_shape() -> None:
    picture = draw(
        edss=[
            {"date": "2024-01-01", "score": 2, "during_relapse": False},
            {"date": "2025-01-01", "score": 4.5, "during_relapse": True},
            {"date": "2026-01-01", "score": 3},
        ]
    )
    assert [mark.shape for mark in picture.edss] == ["disc", "diamond", "ring"]
    assert [mark.label for mark in picture.edss] == ["2.0", "4.5", "3.0"]
    low, high, last = picture.edss
    assert high.y < last.y < low.y
    assert picture.edss_path.startswith(f"M{low.x} {low.y} H{high.x} V{high.y}")


@pytest.mark.parametrize(
    ("study", "fill", "label"),
    [
        ({"contrast": True, "gd_lesions": 2, "new_t2": 3}, "full", "2 Gd, 3 T2"),
        ({"contrast": True, "gd_lesions": 0, "new_t2": 0}, "open", "0 Gd, 0 T2"),
        ({"contrast": False, "new_t2": {"min": 3}}, "full", "no contrast, at least 3 T2"),
        ({}, "dotted", "? Gd, ? T2"),
    ],
)
def test_a_study_shows_what_was_counted_and_what_was_not(
    study: dict[str, Any], fill: str, label: str
) -> None:
    (mark,) = draw(mri=[{"date": "2026-05-01", **study}]).marks
    assert (mark.fill, mark.label) == (fill, label)


def test_an_ongoing_course_runs_past_today_and_one_without_an_end_may_have_ended() -> None:
    ongoing, open_end = draw(
        treatments={"courses": [{"drug": "natalizumab", "start": "2020-01-01", "ongoing": True},
                                {"drug": "dmf", "start": "2022-01-01"}]}
    ).bars  # fmt: skip
    assert ongoing.ongoing
    assert ongoing.surely_to == WIDE.now
    assert open_end.may_end == WIDE.now
    assert open_end.surely_to <= open_end.surely_from


def test_a_course_dated_by_years_is_sure_only_between_them() -> None:
    (bar,) = draw(treatments={"courses": [{"drug": "dmf", "start": "2018", "stop": "2021"}]}).bars
    assert bar.may_start < bar.surely_from < bar.surely_to < bar.may_end


def test_a_treatment_without_a_date_is_left_to_the_table() -> None:
    picture = draw(treatments={"courses": [{"drug": "dmf"}]})
    assert picture.bars == ()
    assert picture.lanes[4].empty == "none with a date"
    assert picture.left_out == "Treatments: 1 without a date; the table lists all"
    assert picture.rows[0].when == "date not recorded"


@pytest.mark.parametrize("days", [12, 90, 400])
def test_forty_rows_of_each_kind_are_drawn_without_overlap(days: int) -> None:
    picture = draw(
        relapses={"events": [{"onset": day, "severity": "severe"} for day in every(days, 40)]},
        mri=[{"date": day, "gd_lesions": 1} for day in every(days, 40)],
        edss=[{"date": day, "score": 3} for day in every(days, 40)],
        treatments={"courses": [{"drug": "dmf", "start": day, "stop": day} for day in every(days, 40)]},
    )
    assert "close together" not in picture.left_out
    assert (len(picture.marks), len(picture.bars), len(picture.edss)) == (80, 40, 40)
    assert_nothing_overlaps(picture.marks)
    assert_nothing_overlaps(picture.bars)


def test_studies_without_room_for_their_counts_are_drawn_without_them() -> None:
    picture = draw(
        diagnosis={"symptom_onset": "1980"}, mri=[{"date": day, "gd_lesions": 1} for day in every(60, 40)]
    )
    assert {mark.label for mark in picture.marks if mark.shape == "square"} == {""}
    assert picture.left_out == "MRI: drawn without their counts, for want of room; the table has them"


def test_a_hundred_relapses_on_one_day_are_counted_where_they_cannot_be_drawn() -> None:
    picture = draw(relapses={"events": [{"onset": "2026-01-01"}] * 100})
    assert len(picture.marks) == MOST_ROWS
    assert picture.left_out == "Relapses: 84 more lie too close together to be drawn; the table lists all"
    assert len(picture.rows) == 100


@pytest.mark.parametrize("first", ["1960", "2001-04", "2025-11-01", "2026-11-22"])
def test_everything_lies_on_the_page_and_years_have_room(first: str) -> None:
    picture = draw(
        diagnosis={"symptom_onset": first}, treatments={"courses": [{"drug": "W" * 100, "start": first}]}
    )
    for mark in picture.marks:
        assert WIDE.left <= mark.earliest <= mark.x <= mark.latest <= WIDE.now
    for bar in picture.bars:
        assert 0 <= bar.label_x < WIDE.width
    places = [tick.x for tick in picture.ticks]
    assert len(places) >= 2
    assert all(after - before >= 30 for before, after in pairwise(places))


def test_the_table_tells_the_course_in_order() -> None:
    rows = draw(
        diagnosis={"symptom_onset": "2019", "diagnosed_on": "2019-06"},
        relapses={"events": [{"onset": "2021-03-04", "severity": "mild", "recovery": "complete"}]},
        mri=[{"date": "2020-02", "contrast": False, "new_t2": 1}],
        treatments={
            "courses": [{"drug": "dmf", "start": "2020-01", "stop": "2021-02", "outcome": "intolerance"}]
        },
    ).rows
    assert [(row.when, row.what) for row in rows] == [
        ("2019", "First symptom"), ("June 2019", "Diagnosis"), ("January 2020", "Dimethyl fumarate"),
        ("February 2020", "MRI"), ("4 March 2021", "Relapse"),
    ]  # fmt: skip
    assert rows[2].detail == "January 2020 to February 2021; stopped: not tolerated"
    assert "without contrast" in rows[3].detail
    assert "enhancing lesions not recorded" in rows[3].detail
