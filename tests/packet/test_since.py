"""A version prints what it changed: the verdicts, the fields with both texts, the files; and a consent refused."""

from typing import Any

from referral.actions.versions import changes_json
from referral.packet import contents, render_html
from tests.packet.snapshots import signed


def two_versions() -> dict[str, Any]:
    """A case of which the EDSS was not known at first."""
    before = signed({"record": "1"})
    after = signed({"record": "1", "edss": [{"date": "2026-10-01", "score": 4}]})
    after["referral"] = {**after["referral"], "version": 2}
    after["attachments"] = []
    return after | {"since": changes_json(before, after) | {"files": ["The letter of June"]}}


def test_a_first_version_says_nothing_of_changes() -> None:
    assert contents(signed({"record": "1"})).since is None


def test_a_second_version_prints_each_field_with_both_texts() -> None:
    shown = contents(two_versions()).since

    assert shown is not None
    assert shown.since == "version 1"
    rows = {row.label: (row.before, row.after) for part in shown.sections for row in part.rows}
    assert ("", "4.0") in rows.values() or ("", "4") in rows.values()
    assert shown.files == ("The letter of June",)


def test_what_is_compared_is_in_words_and_the_team_decides() -> None:
    version = two_versions()
    version["since"]["verdicts"] = [
        {"edition": "one", "title": "Edition one", "before": "cannot_say", "after": "not_met"},
        {"edition": "two", "title": "Edition two", "before": None, "after": "tested_met"},
    ]
    shown = contents(version).since

    assert shown is not None
    assert [(each.before, each.after) for each in shown.verdicts] == [
        ("cannot say", "not met"),
        ("not asked", "all tested criteria met"),
    ]


def test_it_stands_on_the_paper_once_and_only_where_there_is_an_earlier_version() -> None:
    html = render_html(contents(two_versions()))

    assert html.count("What has changed since version 1</h2>") == 1
    assert "Files added: The letter of June." in html
    assert "What has changed" not in render_html(contents(signed({"record": "1"})))


def test_a_consent_that_was_refused_stands_with_the_question_and_one_not_asked_for_does_not() -> None:
    refused = signed({"record": "1"}, beside={"goals": {"consent_refer": False, "consent_share": True}})

    assert contents(refused).refused == ("Agrees to being referred",)
    assert contents(signed({"record": "1"}, beside={"goals": {}})).refused == ()
    assert contents(signed({"record": "1"})).refused == ()
