"""``flask packet``: an anonymous packet from a file, without a database."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from referral.cli_packet import packet_command
from tests.packet.snapshots import CASES


def text_of(file: Path) -> str:
    return subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout


def test_a_case_file_becomes_a_packet_without_a_name(tmp_path: Path) -> None:
    output = tmp_path / "packet.pdf"
    case = next(CASES.glob("01-*.yaml"))
    answered = CliRunner().invoke(packet_command, [str(case), "-o", str(output)])
    assert (answered.exit_code, answered.output) == (0, "")
    text = text_of(output)
    assert "Name not recorded, born 14 March 1992, no identifier recorded" in text
    assert "Draft, not signed" in text
    assert "As of 21 November 2026" in text


def test_the_day_may_be_given(tmp_path: Path) -> None:
    output = tmp_path / "packet.pdf"
    case = next(CASES.glob("01-*.yaml"))
    CliRunner().invoke(packet_command, [str(case), "--as-of", "2027-01-31", "-o", str(output)])
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
def test_a_bad_file_is_refused_with_its_fault(tmp_path: Path, given: str, told: str) -> None:
    file, output = tmp_path / "bad.json", tmp_path / "packet.pdf"
    file.write_text(given)
    answered = CliRunner().invoke(packet_command, [str(file), "--as-of", "2026-11-22", "-o", str(output)])
    assert answered.exit_code == 2
    assert f"{file}: " in answered.output
    assert told in answered.output
    assert not output.exists()
