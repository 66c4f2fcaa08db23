"""``flask import-check``: what a file holds, on the command line."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from referral.cli_imports import import_check
from tests.fhir.snapshots import bundle_of, snapshots


def run(*typed: str) -> Result:
    return CliRunner().invoke(import_check, typed)


def test_what_would_be_taken_in_is_said_without_the_name_of_the_person(tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_bytes(bundle_of(snapshots()["whinfell_tadeusz"]))

    told = run(str(file))

    assert told.exit_code == 0
    assert "bundle, sha256" in told.stdout
    assert "seal: none" in told.stdout
    assert "the person: family_name, given_name, identifiers" in told.stdout
    assert "Whinfell" not in told.stdout


def test_the_record_alone_is_given_as_it_was_sent(tmp_path: Path) -> None:
    snapshot = snapshots()["whinfell_tadeusz"]
    file = tmp_path / "bundle.json"
    file.write_bytes(bundle_of(snapshot))

    assert json.loads(run(str(file), "--record").stdout) == snapshot["record"]


def test_a_file_that_is_not_taken_says_in_a_line_each_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text('{"record": "1", "status": "ready", "edss": [{"date": "2026", "score": 0.5}]}')

    told = run(str(file))

    assert told.exit_code == 2
    assert "status: given" in told.stderr
    assert "edss[0].score: given 0.5; allowed: an EDSS of 0, 1.0" in told.stderr
