"""The packet as data: what stands in it, in which order and words."""

import json
from collections import Counter
from typing import Any

import pytest

from referral.packet import Contents, contents
from referral.packet.contents import DECIDES
from tests.packet.snapshots import CASES, draft, signed, worked_case


@pytest.fixture(scope="module")
def packet() -> Contents:
    return contents(worked_case("01-"))


def table(packet: Contents, key: str) -> Any:
    return next(each for each in packet.facts if each.key == key)


def test_a_signed_packet_says_who_sent_whom_where_and_when(packet: Contents) -> None:
    assert packet.person.name == "Ingrid Halvorsen"
    assert packet.person.birth_date == "14 March 1992"
    assert packet.person.identifiers[0].value == "943 476 5870"
    assert packet.referrer == "Dr Miriam Adeyemi"
    assert packet.programme == "Westhaven Transplant Programme"
    assert packet.version == "Version 1"
    assert packet.signed is not None
    assert packet.signed.at == "22 November 2026, 09:30 UTC"
    assert packet.as_of == "21 November 2026"


def test_the_title_holds_no_personal_data(packet: Contents) -> None:
    assert packet.title == "Referral packet P-2026-0007, version 1"


def test_every_page_bears_two_identifiers(packet: Contents) -> None:
    assert packet.running.person == "Ingrid Halvorsen, born 14 March 1992, NHS number 943 476 5870"


def test_what_is_not_signed_is_a_draft() -> None:
    packet = contents(draft())
    assert packet.draft
    assert packet.version == "Draft, not signed"
    assert packet.title == "Referral packet, draft, not signed"
    assert packet.history == ()


def test_a_draft_of_a_person_of_whom_nothing_is_known_says_so() -> None:
    packet = contents(draft())
    assert packet.person.name is None
    assert packet.running.person == "Name not recorded, date of birth not recorded, no identifier recorded"
    assert all(not each.rows for each in packet.facts)


@pytest.mark.parametrize("case", sorted(path.stem for path in CASES.glob("*.yaml")))
def test_the_grid_counts_every_criterion_of_every_edition_once(case: str) -> None:
    snapshot = worked_case(case)
    packet = contents(snapshot)
    for place, protocol in enumerate(snapshot["assessment"]["protocols"]):
        counted: Counter[str] = Counter()
        for row in packet.grids[0].rows:
            for line in row.cells[place]:
                counted[line.result] += int(line.words.split()[0])
        assert counted == Counter(each["result"] for each in protocol["criteria"])


def test_verdicts_and_sentences_are_those_of_the_assessment(packet: Contents) -> None:
    snapshot = worked_case("01-")
    for part, protocol in zip(packet.editions, snapshot["assessment"]["protocols"], strict=True):
        assert part.verdict == protocol["verdict"]
        shown = [criterion for block in part.blocks for criterion in block.criteria]
        assert {(each.id, each.result, each.sentence) for each in shown} == {
            (each["id"], each["result"], each["sentence"]) for each in protocol["criteria"]
        }
        assert len(shown) == len(protocol["criteria"])


def test_routes_stand_apart_and_the_ideal_profile_beside_the_verdict(packet: Contents) -> None:
    headings = [block.heading for block in packet.editions[0].blocks]
    assert headings == [
        "On every route", "Route: escalation", "Route: progressive", "Route: first line", "Beside the verdict",
    ]  # fmt: skip


def test_a_cell_names_the_route_on_which_something_is_not_met(packet: Contents) -> None:
    diagnosis = packet.grids[0].rows[0].cells[0]
    assert [(line.words, line.qualifier) for line in diagnosis] == [
        ("1 not met", "progressive"),
        ("2 met", ""),
    ]


def test_how_far_a_verdict_reaches_is_said_in_words(packet: Contents) -> None:
    london = packet.editions[2]
    assert london.coverage == (
        "9 of 10 stated criteria tested",
        "its list was not read whole",
        "known from secondary sources only",
    )
    assert london.untested == ("An exclusion list exists.",)
    assert london.untested_because == ("An exclusion list exists (the list was not readable).",)


def test_a_source_is_numbered_and_linked_only_to_the_web(packet: Contents) -> None:
    first, second = packet.editions[0].sources
    assert (first.number, first.href) == (1, "https://doi.org/10.1038/s41582-024-01050-x")
    assert second.href is not None
    assert second.href.startswith("https://")


def test_the_criterion_that_the_engine_adds_says_whose_it_is(packet: Contents) -> None:
    own = packet.editions[0].criteria[0]
    assert own.statement == "The disease is multiple sclerosis."
    assert "by this software" in own.reading
    assert own.source is None


def test_the_next_date_of_a_verdict_is_told_with_its_criterion(packet: Contents) -> None:
    (change,) = packet.editions[1].changes
    assert (change.when, change.verdict) == ("16 August 2027", "cannot say")
    assert change.statement.startswith("In the last year: two relapses")


def test_what_would_settle_a_verdict_is_named_in_words() -> None:
    packet = contents(worked_case("11-"))
    assert packet.editions[0].settled_by == ("whether every treatment is listed",)
    assert "a recent MRI study with its counts" in packet.editions[2].settled_by[0]


def test_what_is_not_known_has_its_reason() -> None:
    packet = contents(draft())
    for part in packet.editions:
        assert {each.result for each in part.cannot_say} == {"cannot_say"}
        assert all(each.reason[0].isupper() for each in part.cannot_say)


def test_blanks_are_blank_and_never_no(packet: Contents) -> None:
    relapses = table(packet, "relapses")
    assert relapses.rows[0][4] is None
    assert relapses.rows[1][4] == "yes"
    assert "MOG antibodies" in table(packet, "mimics").blanks
    assert table(packet, "organs").rows == ()


def test_scores_dates_and_drugs_are_worded(packet: Contents) -> None:
    assert table(packet, "edss").rows[0][:2] == ("1 December 2025", "3.0")
    drugs = table(packet, "treatments").rows
    assert drugs[0][0] == "Dimethyl fumarate"
    assert drugs[1][2] == "ongoing"
    assert table(packet, "mri").rows[0][4] == "new 3, enlarging 1, all not recorded"


def test_a_judgement_is_told_in_its_meaning_with_who_said_it(packet: Contents) -> None:
    judgement = table(packet, "judgements").rows[0]
    assert judgement == (
        "The disease is highly active.",
        "yes",
        "treating neurologist",
        "20 October 2026",
        None,
    )


def test_more_than_four_editions_make_a_second_grid() -> None:
    snapshot = worked_case("01-")
    snapshot["assessment"]["protocols"] *= 2
    assert [len(grid.editions) for grid in contents(snapshot).grids] == [4, 4]


def test_an_edition_that_the_snapshot_forgot_is_shown_by_its_id() -> None:
    packet = contents(worked_case("01-", editions=[]))
    assert packet.editions[0].title == "ectrims-ebmt-2025"
    assert packet.editions[0].criteria[3].statement == "Dmt failure"


def test_the_digest_changes_with_any_part_of_the_snapshot() -> None:
    one, other = (contents(signed({"record": "1"}, question=question)) for question in ("Now?", "Later?"))
    assert one.sha256 != other.sha256


def test_the_team_decides(packet: Contents) -> None:
    assert packet.decides == DECIDES == "The multidisciplinary team decides."


def test_the_order_in_which_a_record_was_stored_changes_nothing() -> None:
    plain = worked_case("19-")
    stored = json.loads(json.dumps(plain, sort_keys=True))
    backwards = {**plain, "record": _backwards(plain["record"])}

    assert contents(plain) == contents(stored) == contents(backwards)


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _backwards(value[name]) for name in reversed(value)}
    return [_backwards(each) for each in value] if isinstance(value, list) else value


def test_an_edition_is_printed_with_who_adopted_it() -> None:
    plain = worked_case("01-")
    adoption = {"by": "Prof. Ada Lind", "on": "2026-09-10", "note": "Read with the pharmacist."}
    first, *others = plain["editions"]
    editions = [first | {"adopted": adoption}, *(edition | {"adopted": None} for edition in others)]

    parts = contents({**plain, "editions": editions}).editions

    assert [part.adopted for part in parts] == [
        "Prof. Ada Lind, 10 September 2026", *["not reviewed here"] * len(others)
    ]  # fmt: skip
    assert parts[0].adoption_note == "Read with the pharmacist."
    assert {part.adopted for part in contents(plain).editions} == {None}, "older than adoption"


def test_a_result_names_the_facts_it_rests_on_those_of_one_entry_together(packet: Contents) -> None:
    facts = {
        (edition.id, criterion.id): criterion.facts
        for edition in packet.editions
        for criterion in edition.criteria
    }
    assert facts["ectrims-ebmt-2025", "age"] == ("the date of birth: 14 March 1992",)
    assert facts["ectrims-ebmt-2025", "edss"] == ("EDSS of 20 October 2026: score 4.0, during relapse no",)
    assert facts["ectrims-ebmt-2025", "dmt_failure"] == (
        "Ocrelizumab (IV): ongoing yes, outcome failed: not effective enough",
    )
    (judged,) = facts["ectrims-ebmt-2025", "highly_active"]
    assert judged.endswith(": yes (20 October 2026)")
    assert facts["ectrims-ebmt-2025", "first_line_setting"] == ()
