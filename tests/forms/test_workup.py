"""The work-up: what is listed, what is read of it, what is said of its days."""

from forms.workup import WorkupForm
from referral.reference.workup import workup
from tests.forms.typed import read, said


def listed(form: WorkupForm) -> dict[str, list[str]]:
    return {group.heading: [field.item.id for field in group.fields] for group in form.shown()}


def test_only_what_the_source_names_is_listed_as_long_as_nobody_asks_for_more() -> None:
    groups = listed(WorkupForm({}))

    shown = [item for items in groups.values() for item in items]
    assert shown == [item.id for item in workup().values() if item.verified]
    assert "jcv_index" not in shown


def test_what_the_programme_asks_for_comes_first_checked_or_not() -> None:
    form = WorkupForm({})
    form.offer({"jcv_index", "hiv"}, "Eastgate")

    groups = listed(form)
    assert next(iter(groups.items())) == ("Asked for by Eastgate", ["jcv_index", "hiv"])
    assert "hiv" not in groups["Infection"]


def test_what_was_typed_stays_listed_though_nobody_asks_for_it_any_more() -> None:
    assert listed(WorkupForm({"beside-jcv_index-status": ["done"]}))["Neurology"][-1] == "jcv_index"


def test_an_item_is_read_beside_the_record_and_an_untouched_one_is_not_known() -> None:
    case = read(
        "workup", beside__cmv__status="done", beside__cmv__on="3/3/2026", beside__heart__status="booked"
    )

    assert case.beside == {
        "workup": {"heart": {"status": "booked"}, "cmv": {"status": "done", "on": "2026-03-03"}}
    }
    assert case.record.to_json() == {"record": "1"}


def test_a_date_without_a_status_says_nothing_and_says_so() -> None:
    case = read("workup", beside__cmv__on="2026")

    assert said(case) == ["CMV: Status: This is missing. Until then this item is left out."]
    assert case.beside == {}


def test_a_booking_that_has_passed_and_a_deed_in_future_are_pointed_out() -> None:
    case = read(
        "workup",
        beside__cmv__status="booked",
        beside__cmv__on="1/11/2026",
        beside__ebv__status="done",
        beside__ebv__on="December 2026",
        beside__hiv__status="booked",
        beside__hiv__on="November 2026",
    )

    assert [(doubt.label, doubt.message) for doubt in case.doubts] == [
        ("CMV: Date", "Booked for 1 November 2026, which has passed. Was it done?"),
        ("EBV: Date", "Done on December 2026, which is still to come. Is it booked?"),
    ]


def test_the_section_is_filled_once_all_that_comes_first_has_a_status() -> None:
    form = WorkupForm({"beside-jcv_index-status": ["missing"]})

    form.offer({"jcv_index", "hiv"}, "Eastgate")
    assert form.state == "part"
    form.offer({"jcv_index"}, "Eastgate")
    assert form.state == "filled"
