"""The limits that are written down are those that hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from referral.cli_criteria import assess_command
from referral.criteria import BadEdition
from referral.criteria.calendar import YEARS_AHEAD
from referral.criteria.decides import LARGEST_SET, MOST_WORLDS
from referral.criteria.load import HERE, load_edition
from referral.facts import EARLIEST_YEAR, LATEST_YEAR, LONGEST_TEXT, RecordError, read_record
from referral.facts.values import LARGEST_NUMBER, LONGEST_LIST
from referral.reference.files import LARGEST_FILE
from tests.core.records import AS_OF

WRITTEN = (Path(__file__).parents[2] / "docs/limits.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("LARGEST_FILE", LARGEST_FILE),
        ("LONGEST_LIST", LONGEST_LIST),
        ("LONGEST_TEXT", LONGEST_TEXT),
        ("LARGEST_NUMBER", LARGEST_NUMBER),
        ("EARLIEST_YEAR", EARLIEST_YEAR),
        ("LATEST_YEAR", LATEST_YEAR),
        ("LARGEST_SET", LARGEST_SET),
        ("MOST_WORLDS", MOST_WORLDS),
        ("YEARS_AHEAD", YEARS_AHEAD),
    ],
)
def test_a_limit_is_written_down_as_it_holds(name: str, limit: int) -> None:
    (row,) = (line for line in WRITTEN.splitlines() if f"`{name}`" in line)
    assert f"{limit:,}" in row or f"{limit}" in row


def refused(**facts: Any) -> str:
    with pytest.raises(RecordError) as caught:
        read_record({"record": "1", **facts}, AS_OF)
    (fault,) = caught.value.faults
    return str(fault)


def test_a_hundred_thousand_relapses_are_refused_by_their_number() -> None:
    events = [{"onset": "2026-01-01"}] * 100_000
    assert refused(relapses={"events": events}) == (
        'relapses.events: given "100000 entries"; allowed: at most 500 entries'
    )


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_year_out_of_all_bounds_is_refused_by_its_path(year: str) -> None:
    assert refused(patient={"birth_date": year}).startswith(f'patient.birth_date: given "{year}"; allowed: ')


def test_a_file_of_ten_megabytes_ends_with_two_and_one_line(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_text(json.dumps({"record": "1", "judgements": {"x": {"why": "y" * LARGEST_FILE}}}))
    result = CliRunner().invoke(assess_command, [str(large)])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "large.json" in line
    assert str(LARGEST_FILE) in line


def test_an_edition_with_a_route_that_asks_for_nothing_does_not_load(tmp_path: Path) -> None:
    text = (HERE / "protocols/ebmt-2020.yaml").read_text(encoding="utf-8")
    kept = "  kind: required\n  route: aggressive\n"
    assert text.count(kept) == 1
    bad = tmp_path / "ebmt-2020.yaml"
    bad.write_text(text.replace(kept, kept.replace("required", "exclusion")), encoding="utf-8")
    with pytest.raises(BadEdition) as refused:
        load_edition(bad)
    assert str(refused.value) == (
        "ebmt-2020.yaml, criterion 'aggressive_disability': route 'aggressive' asks for nothing; "
        "give it a required criterion or take it out"
    )
