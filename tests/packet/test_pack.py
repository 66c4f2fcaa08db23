"""The committee pack as a file: tagged and numbered through, sound, the same every time, with what it is made of."""

import io
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from referral.packet.front import Case, Joined, Pack, Sitting, make_pack
from referral.packet.make import Made
from referral.packet.summary import make_summary
from tests.attachments.made import pdf as clinical_pdf
from tests.packet.snapshots import worked_case
from tests.packet.test_pdf import pages_of
from tests.packet.vera import faults

SITTING = Sitting(
    title="Committee pack, meeting of 29 November 2026, 14:00",
    organisation="Westhaven Transplant Programme",
    where="Room 4",
    members=("Dr A, neurology", "Dr B, haematology"),
    of_meeting="a meeting",
    written="2026-11-22T14:02:00+00:00",
    written_words="22 November 2026, 14:02",
)


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 220, 240)).save(drawn, "PNG")
    return drawn.getvalue()


def joined(content: bytes, label: str, pages: int = 1, *, as_picture: bool = False) -> Joined:
    return Joined(
        label=label,
        kind="Report",
        dated="3 March 2026",
        pages=pages,
        sha256=sha256(content).hexdigest(),
        picture=as_picture,
        content=content,
    )


def case(made: Made, number: int, **given: Any) -> Case:
    kept = {"pdf": made.pdf, "sha256": sha256(made.pdf).hexdigest(), "seal": made.seal}
    return Case(snapshot=worked_case("01-"), number=f"P-2026-000{number}", version=1, **{**kept, **given})


@pytest.fixture(scope="module")
def cases(made: Made) -> list[Case]:
    """One with two files, one that was put on late, one without a packet."""
    files = (joined(clinical_pdf(unique=1), "MRI report"), joined(picture(), "Photo", as_picture=True))
    none = {"pdf": None, "sha256": "", "seal": "", "why": "it could not be printed"}
    return [case(made, 1, files=files), case(made, 2, late=True), case(made, 3, **none)]


@pytest.fixture(scope="module")
def pack(cases: list[Case]) -> Pack:
    return make_pack(SITTING, cases)


def marks(pack: Pack) -> list[tuple[str, list[str]]]:
    with pikepdf.open(io.BytesIO(pack.pdf)) as opened, opened.open_outline() as outline:
        return [(each.title, [below.title for below in each.children]) for each in outline.root]


def test_every_page_bears_its_running_number_beside_the_packets_own(pack: Pack, made: Made) -> None:
    pages, own = pages_of(pack.pdf), len(pages_of(made.pdf))

    assert len(pages) == pack.pages
    for number, page in enumerate(pages, 1):
        assert f"pack page {number} of {pack.pages}" in page
    first, last = pack.manifest["cases"][0]["pages"]
    for number in range(first, last + 1):
        assert f"page {number - first + 1} of {own}" in pages[number - 1]
        assert f"Case 1, pack page {number}" in pages[number - 1]


def test_each_case_has_its_bookmarks_and_late_ones_stand_in_an_appendix(pack: Pack) -> None:
    found = marks(pack)

    assert [title.partition(",")[0] for title, _ in found] == [
        "Agenda", "1. Ingrid Halvorsen", "2. Ingrid Halvorsen", "Appendix: late additions",
    ]  # fmt: skip
    assert found[1][1] == ["Summary and outcome", "Packet", "Files"]
    assert found[2][1] == ["Summary and outcome"]


def test_a_case_without_a_packet_is_named_on_the_cover(pack: Pack) -> None:
    cover = pages_of(pack.pdf)[0]

    assert "Without a packet in this pack" in cover
    assert "P-2026-0003, version 1: it could not be printed" in " ".join(cover.split())


def test_the_manifest_inside_names_each_packet_by_its_digest(pack: Pack, made: Made) -> None:
    with pikepdf.open(io.BytesIO(pack.pdf)) as opened:
        held = opened.attachments["manifest.json"].get_file().read_bytes()
    assert sha256(made.pdf).hexdigest().encode() in held
    assert b"Halvorsen" not in held


def test_each_case_has_a_box_to_write_its_outcome_in(pack: Pack) -> None:
    assert sum("Outcome, to be written in" in page for page in pages_of(pack.pdf)) == 3


def test_a_page_that_was_kept_is_joined_as_it_is_with_its_place_written_on_it(made: Made) -> None:
    kept = make_summary(worked_case("02-"))
    pack = make_pack(SITTING, [case(made, 1, summary=kept), case(made, 2, summary=kept, late=True)])

    first, second = [page for page in pages_of(pack.pdf) if "Outcome, to be written in" in page]
    lines = set(filter(None, pages_of(kept)[0].splitlines()))
    assert lines <= set(first.splitlines())
    assert set(first.splitlines()) - lines - {""} == {"Case 1", f"Case 1, pack page 2 of {pack.pages}"}
    assert "Appendix, case 2. Late: put on the agenda after the list was frozen" in second


def test_the_agenda_says_who_stands_aside_who_has_not_declared_and_what_is_not_ready(made: Made) -> None:
    told = {"aside": ("Dr Unwin",), "undeclared": ("Dr Vey",), "overrides": "The window closes"}
    cover = " ".join(pages_of(make_pack(SITTING, [case(made, 1, **told)]).pdf)[0].split())

    assert [word for word in cover.split() if word in ("Unwin", "declared", "Vey")] == [
        "Unwin",
        "declared",
        "Vey",
    ]
    assert "No. 1, referral P-2026-0001: The window closes" in cover


def test_the_same_papers_give_the_same_bytes(pack: Pack, cases: list[Case]) -> None:
    assert make_pack(SITTING, cases) == pack


def test_no_field_for_a_signature_that_no_longer_holds_is_left(pack: Pack) -> None:
    with pikepdf.open(io.BytesIO(pack.pdf)) as opened:
        kinds = {str(each.Subtype) for page in opened.pages for each in page.obj.get("/Annots", ())}
        assert kinds == {"/Link"}
        assert "/AcroForm" not in opened.Root


@pytest.mark.parametrize("flavour", ["3a", "ua1"])
def test_the_reference_checker_finds_nothing(flavour: str, made: Made, tmp_path: Path) -> None:
    """With a file of ours for a clinical one: whether a stranger's brings its fonts, is not ours to say."""
    files = (
        joined(made.pdf, "A report", len(pages_of(made.pdf))),
        joined(picture(), "Photo", as_picture=True),
    )
    whole = tmp_path / "pack.pdf"
    whole.write_bytes(make_pack(SITTING, [case(made, 1, files=files)]).pdf)

    assert faults(flavour, whole) == []
    checked = subprocess.run(["qpdf", "--check", str(whole)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_without_a_meeting_it_is_one_packet_with_its_files(made: Made) -> None:
    alone = Sitting(title="Packet with its files", organisation="Westhaven", written=SITTING.written)
    pack = make_pack(alone, [case(made, 1, files=(joined(clinical_pdf(unique=1), "MRI report"),))])

    assert pack.pages == 1 + len(pages_of(made.pdf)) + 1
    assert marks(pack)[0][0] == "What is in this file"
    assert marks(pack)[1][1] == ["Packet", "Files"]
    assert "Outcome, to be written in" not in "".join(pages_of(pack.pdf))
