"""The picture of the course: everything recorded has its place, and nothing that is not recorded."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from referral.criteria import library
from referral.facts import read_record
from referral.packet import contents
from referral.packet.course import MOST_ROWS, course, course_on_screen
from referral.packet.drawing import NARROW, WIDE, Bar, Layout, Mark, Picture, hatching
from tests.packet.snapshots import worked_case

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


def shade(edition: str, **facts: Any) -> Picture:
    return course_on_screen(read_record({"record": "1", **facts}, AS_OF), AS_OF, library()[edition])


def test_nothing_is_shaded_unless_an_edition_is_chosen() -> None:
    picture = draw(relapses={"events": [{"onset": "2026-01-01"}]})
    assert (picture.bands, picture.shaded, picture.windows) == ((), "", ())


def test_each_window_is_a_band_in_its_lane_and_a_line_in_words() -> None:
    picture = shade("beat-ms-current", relapses={"events": [{"onset": "2020-01-01"}]})
    assert [band.label for band in picture.bands] == ["12 months", "36 months", "12 months"]
    edss, relapses = picture.lanes[1:3]
    tops = [band.top for band in picture.bands]
    assert tops == [edss.top, relapses.top, relapses.top]
    assert all(band.end == WIDE.now for band in picture.bands)
    _, long, short = picture.bands
    assert long.x < short.x
    assert long.line < short.line, "brackets stand one below the other"
    assert picture.windows[0].words == "Relapses in the last 36 months: 22 November 2023 to 22 November 2026"
    assert "confirmed and documented by a neurologist" in " ".join(picture.windows[0].statements)


def test_marks_stand_below_the_brackets_of_their_lane() -> None:
    picture = shade("beat-ms-current", relapses={"events": [{"onset": day} for day in every(20, 40)]})
    lowest = max(band.line for band in picture.bands)
    assert min(mark.y for mark in picture.marks if mark.shape == "circle") > lowest


def test_a_window_that_begins_before_the_disease_widens_the_axis() -> None:
    short, wide = draw(), shade("beat-ms-current")
    assert wide.ticks[0].label != short.ticks[0].label
    assert min(band.x for band in wide.bands) >= WIDE.left


def test_a_window_whose_date_is_not_known_is_said_and_not_drawn() -> None:
    (name,) = (each.id for each in library().values() if any(c.id for c in each.criteria if _since(c)))
    picture = shade(name)
    said = [window for window in picture.windows if window.words.endswith("the date is not recorded")]
    assert said
    assert not any(band.label.startswith("since") for band in picture.bands)


def _since(criterion: Any) -> bool:
    return any(getattr(getattr(leaf, "window", None), "since", None) for leaf in criterion.test.leaves())


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=lambda layout: layout.name)
def test_marks_bars_and_legend_stay_on_either_page(layout: Layout) -> None:
    wide = shade(
        "ram-ms",
        relapses={"complete_since": "2020", "events": [{"onset": day} for day in every(95, 40)]},
        mri=[{"date": day, "gd_lesions": 1} for day in every(130, 30)],
        edss=[{"date": day, "score": 3} for day in every(180, 20)],
        treatments={"courses": [{"drug": "W" * 100, "start": day, "stop": day} for day in every(200, 20)]},
    )
    picture = wide if layout is WIDE else wide.narrow
    assert picture
    assert picture.layout is layout
    assert all(layout.left <= mark.x <= layout.now for mark in picture.marks)
    for bar in picture.bars:
        length = len(bar.label) * layout.letter
        start = bar.label_x - length if bar.label_before else bar.label_x
        assert layout.left - 8 <= start <= layout.width + 8 - length
    assert all(key.x + 16 + len(key.text) * layout.letter * 0.92 <= layout.width + 20 for key in picture.keys)
    assert max(key.y for key in picture.keys) < picture.height
    assert_nothing_overlaps(picture.marks)
    assert_nothing_overlaps(picture.bars)


def test_the_legend_explains_what_is_drawn_and_nothing_else() -> None:
    assert draw().keys == ()
    said = {key.text for key in draw(relapses={"events": [{"onset": "2026-01-01", "pseudo": True}]}).keys}
    assert said == {"Relapses", "pseudo-relapse"}
    counted = {key.text for key in draw(mri=[{"date": "2026-01-01", "new_t2": 1}]).keys}
    assert counted == {"MRI", "lesions counted", "count not recorded"}


def test_a_label_goes_below_a_point_onto_which_the_step_falls() -> None:
    up, down = draw(edss=[{"date": "2024-01-01", "score": 6}, {"date": "2025-06-01", "score": 4}]).edss
    assert (up.label_below, down.label_below) == (False, True)


def test_hatching_stays_within_its_rectangle() -> None:
    for number in range(3):
        places = [pair.split() for pair in hatching(10, 90, 5, 45, number).replace("L", "M").split("M")[1:]]
        assert places
        assert all(10 <= float(x) <= 90 and 5 <= float(y) <= 45 for x, y in places)


def test_paper_shades_the_first_adopted_edition_and_only_as_it_was_signed() -> None:
    snapshot = worked_case("01-")
    assert contents(snapshot).course.shaded == ""
    second = snapshot["editions"][1]
    second["adopted"] = {"by": "Professor A", "on": "2026-01-01", "note": None}
    printed = contents(snapshot).course
    assert (printed.shaded, printed.narrow) == (second["title"], None)
    second["sha256"] = "0" * 64
    assert contents(snapshot).course.shaded == "", "it reads differently by now"


def test_a_page_shades_what_is_chosen_there() -> None:
    snapshot = worked_case("01-")
    snapshot["editions"][0]["adopted"] = {"by": "Professor A", "on": "2026-01-01", "note": None}
    assert contents(snapshot, shaded="").course.shaded == ""
    assert contents(snapshot, shaded="ram-ms").course.shaded == library()["ram-ms"].title
