"""``flask packet`` and ``flask packet-check``: a packet from a file without a database, and whether it is whole."""

import subprocess
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from referral.actions import packets
from referral.facts import canonical
from referral.models import Referral, User
from tests.at_hand import make_draft, send
from tests.conftest import settings_for
from tests.packet.snapshots import CASES, worked_case

CASE = str(next(CASES.glob("01-*.yaml")))


@pytest.fixture
def nowhere(tmp_path: Path) -> Flask:
    """The application where no database has been set up."""
    return create_app(settings_for(f"sqlite:///{tmp_path / 'nothing.db'}"))


def text_of(file: Path) -> str:
    return subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout


def run(app: Flask, *typed: str) -> tuple[int, str]:
    answered = app.test_cli_runner().invoke(args=typed)
    return answered.exit_code, answered.output


def test_a_case_file_becomes_a_packet_without_a_name(nowhere: Flask, tmp_path: Path) -> None:
    output = tmp_path / "packet.pdf"
    assert run(nowhere, "packet", CASE, "-o", str(output)) == (0, "")
    text = text_of(output)
    assert "Name not recorded, born 14 March 1992, no identifier recorded" in text
    assert "Draft, not signed" in text
    assert "As of 21 November 2026" in text
    assert not (tmp_path / "nothing.db").exists()


def test_the_day_may_be_given(nowhere: Flask, tmp_path: Path) -> None:
    output = tmp_path / "packet.pdf"
    run(nowhere, "packet", CASE, "--as-of", "2027-01-31", "-o", str(output))
    assert "As of 31 January 2027" in text_of(output)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            '{"record": "1", "edss": [{"date": "2026", "score": 3.3}]}',
            "edss[0].score: given 3.3; allowed: an EDSS",
        ),
        ('{"record": "1", "edss": NaN}', "NaN is no number"),
    ],
)
def test_a_bad_file_is_refused_with_its_fault(nowhere: Flask, tmp_path: Path, given: str, told: str) -> None:
    file, output = tmp_path / "bad.json", tmp_path / "packet.pdf"
    file.write_text(given)
    code, said = run(nowhere, "packet", str(file), "--as-of", "2026-11-22", "-o", str(output))
    assert code == 2
    assert f"{file}: " in said
    assert told in said
    assert not output.exists()


def test_a_whole_packet_says_what_it_is_and_gives_what_it_carries(nowhere: Flask, tmp_path: Path) -> None:
    output, folder = tmp_path / "packet.pdf", tmp_path / "out"
    run(nowhere, "packet", CASE, "-o", str(output))
    code, said = run(nowhere, "packet-check", str(output), "--extract", str(folder))
    assert code == 0
    for words in (
        "whole",
        "draft, not signed",
        "the key of this installation",
        "there is no database at hand",
    ):
        assert words in said
    assert (folder / "case-record.json").read_bytes() == canonical(worked_case("01-")["record"])
    assert sorted(each.name for each in folder.iterdir()) == [
        "assessment.json", "bundle.json", "case-record.json", "seal.json",
    ]  # fmt: skip
    again = tmp_path / "again.pdf"
    case = folder / "case-record.json"
    run(nowhere, "packet", str(case), "--as-of", "2026-11-21", "-o", str(again))
    assert again.read_bytes() == output.read_bytes()


def test_an_altered_one_and_a_stranger_are_told_apart(nowhere: Flask, tmp_path: Path) -> None:
    output, folder = tmp_path / "packet.pdf", tmp_path / "out"
    run(nowhere, "packet", CASE, "-o", str(output))
    altered = bytearray(output.read_bytes())
    altered[len(altered) // 2] ^= 1
    output.write_bytes(altered)
    code, said = run(nowhere, "packet-check", str(output), "--extract", str(folder))
    assert code == 1
    assert "ALTERED" in said
    assert not folder.exists()
    code, said = run(nowhere, "packet-check", CASE)
    assert code == 2
    assert "no packet of ours" in said


def test_with_a_database_it_says_what_has_superseded_it(
    app: Flask, session: Session, people: dict[str, User], tmp_path: Path
) -> None:
    draft: Referral = make_draft(session, people)
    version = send(session, draft, people["neurologist"])
    with app.app_context():
        packet = packets.issue_packet(session, version, actor=people["neurologist"])
    session.commit()
    output = tmp_path / "packet.pdf"
    output.write_bytes(packet.pdf)

    code, said = run(app, "packet-check", str(output))
    assert code == 0
    assert f"referral {draft.number}, version 1" in said
    assert "no, nothing later was signed" in said
