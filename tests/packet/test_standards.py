"""The packet as a file: PDF/A-3a and PDF/UA-1 in one, what it carries, and that it is the same every time."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pikepdf import Pdf

from referral.facts import canonical
from referral.packet.make import House, Made, make_packet
from tests.packet.snapshots import draft, worked_case
from tests.packet.test_pdf import pages_of
from tests.packet.vera import faults

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts"


@pytest.fixture(scope="module")
def files(made: Made, house: House, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A typical packet, and one of a case of which nothing is known."""
    folder = tmp_path_factory.mktemp("packets")
    (folder / "typical.pdf").write_bytes(made.pdf)
    (folder / "empty.pdf").write_bytes(make_packet(draft(), house).pdf)
    return sorted(folder.iterdir())


@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_the_reference_checker_finds_nothing(flavour: str, files: list[Path]) -> None:
    assert faults(flavour, *files) == []


def test_the_reference_checker_finds_a_seeded_fault(files: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    with Pdf.open(files[1]) as pdf:
        del pdf.Root.OutputIntents
        pdf.save(broken)
    assert any("6.2.4" in line for line in faults("3a", broken))


def test_the_files_are_sound(files: list[Path]) -> None:
    for file in files:
        checked = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_same_snapshot_gives_the_same_bytes(made: Made, house: House) -> None:
    assert make_packet(worked_case("01-"), house) == made


def test_every_page_bears_seal_address_and_number(made: Made) -> None:
    pages = pages_of(made.pdf)
    short = made.seal[:16]
    words = " ".join(short[place : place + 4] for place in range(0, 16, 4))
    for number, page in enumerate(pages, 1):
        assert f"Seal {words}" in page
        assert f"referrals.example.org/check/{short}" in "".join(page.split())
        assert f"page {number} of {len(pages)}" in page
        assert "Ingrid Halvorsen, born 14 March 1992, NHS number 943 476 5870" in page
        assert "Referral P-2026-0007, Version 1" in page


def carried(pdf: bytes) -> dict[str, bytes]:
    with Pdf.open(io.BytesIO(pdf)) as opened:
        return {name: spec.get_file().read_bytes() for name, spec in opened.attachments.items()}


def test_the_record_and_the_assessment_are_carried_as_they_are_stored(made: Made) -> None:
    snapshot, found = worked_case("01-"), carried(made.pdf)
    assert sorted(found) == ["assessment.json", "bundle.json", "case-record.json", "seal.json"]
    assert found["case-record.json"] == canonical(snapshot["record"])
    assert found["assessment.json"] == canonical(snapshot["assessment"])
    assert json.loads(found["bundle.json"])["type"] == "document"


def test_what_is_carried_keeps_the_contracts(made: Made) -> None:
    found = carried(made.pdf)
    for name in ("case-record", "assessment"):
        schema = json.loads((CONTRACTS / f"{name}.schema.json").read_text())
        Draft202012Validator(schema).validate(json.loads(found[f"{name}.json"]))


def test_every_carried_file_says_what_it_is_and_is_dated_by_the_signature(made: Made) -> None:
    with Pdf.open(io.BytesIO(made.pdf)) as opened:
        for spec in opened.attachments.values():
            plain: Any = spec.obj
            assert str(plain.AFRelationship) == "/Data"
            assert str(plain.Desc)
            held = spec.get_file()
            assert held.mime_type == "application/json"
            assert str(held.obj.Params.ModDate).startswith("D:20261122093000")
        assert len(opened.Root.AF) == len(opened.attachments) == 4


def test_the_file_has_bookmarks_language_and_title(made: Made) -> None:
    with Pdf.open(io.BytesIO(made.pdf)) as opened, opened.open_outline() as outline:
        first = outline.root[0]
        assert [each.title for each in first.children][:2] == [
            "Question to the committee",
            "Person and referral",
        ]
        assert str(opened.Root.Lang) == "en"
        assert bool(opened.Root.ViewerPreferences.DisplayDocTitle)
        assert str(opened.docinfo["/Title"]) == "Referral packet P-2026-0007, version 1"


def test_pictures_have_words_instead(made: Made) -> None:
    """The course of the disease and the code: whoever cannot see them is told what they are."""
    words = set()
    with Pdf.open(io.BytesIO(made.pdf)) as opened:
        for each in opened.objects:
            if isinstance(each, type(opened.Root)) and each.get("/S") == "/Figure":
                words.add(str(each.Alt))
    assert any("EDSS" in each for each in words)
    assert all(words)
