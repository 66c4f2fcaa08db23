"""The packet on paper: what its pages say, that it is tagged, the same every time, and fetches nothing."""

import io
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from referral.packet import PacketError, contents, render_pdf
from referral.printing.press import Nothing
from tests.packet.snapshots import IDENTITY, draft, signed, worked_case


def squeezed(text: str) -> str:
    """Text without white space and hyphens, since lines break anywhere and a hyphen at their end is dropped."""
    return re.sub(r"[\s\u200b-]+", "", text)


def pages_of(pdf: bytes) -> list[str]:
    told = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    return told.decode().split("\f")[:-1]


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render_pdf(contents(worked_case("01-")))


@pytest.fixture(scope="module")
def pages(pdf: bytes) -> list[str]:
    return pages_of(pdf)


@pytest.fixture(scope="module")
def hostile() -> bytes:
    """Give a packet of somebody who typed whatever could do harm, into every field."""
    endless, piled = "W" * 1500, "e" + "\u0301\u0323\u0308" * 1300
    record = {
        "record": "1",
        "diagnosis": {"symptom_onset": "2019"},
        "treatments": {"courses": [{"drug": "M" * 100, "start": "2021", "ongoing": True}]},
        "judgements": {"highly_active_ms": {"value": True, "by": "W" * 200, "why": endless},
                       "aggressive_ms": {"value": True, "by": piled[:200], "why": piled}},
        "organ_function": {"lvef_pct": {"value": 60, "method": "W" * 200}},
    }  # fmt: skip
    identity = {
        "family_name": endless,
        "birth_date": "1992",
        "identifiers": [{"type": piled, "value": endless}],
    }
    return render_pdf(contents(signed(record, identity=identity, question=endless + piled, reason=piled)))


def test_every_page_names_person_referral_version_and_page(pages: list[str]) -> None:
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert "Ingrid Halvorsen, born 14 March 1992, NHS number 943 476 5870" in page
        assert "Referral P-2026-0007, Version 1" in page
        assert f"page {number} of {len(pages)}" in page
        assert "Demonstration: invented person" in page


def test_page_one_holds_purpose_question_person_and_the_whole_grid(pages: list[str]) -> None:
    first = squeezed(pages[0])
    told = (
        "Published criteria and recorded facts", "Is a transplant an option now?", "Dr Miriam Adeyemi",
        "All tested criteria met", "Stated, but not tested here", "The multidisciplinary team decides.",
    )  # fmt: skip
    for words in told:
        assert squeezed(words) in first
    assert "Courseofthedisease" in squeezed(pages[1])


def test_every_verdict_and_every_sentence_is_on_paper(pages: list[str]) -> None:
    text = squeezed(" ".join(pages))
    packet = contents(worked_case("01-"))
    for edition in packet.editions:
        assert squeezed(edition.title) in text
        assert squeezed("; ".join(edition.coverage)) in text
        for criterion in edition.criteria:
            assert squeezed(criterion.statement) in text
            assert squeezed(criterion.sentence) in text
        for source in edition.sources:
            assert squeezed(source.text) in text


def test_a_draft_says_so_on_every_page() -> None:
    for page in pages_of(render_pdf(contents(draft()))):
        assert "Draft, not signed" in page
        assert "Version" not in page
        assert "Demonstration" not in page


def test_the_file_is_tagged_titled_and_in_english(pdf: bytes) -> None:
    reader = PdfReader(io.BytesIO(pdf))
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/StructTreeRoot" in root
    assert b'pdfuaid:part="1"' in reader.xmp_metadata.stream.get_data()  # type: ignore[union-attr]  # a packet has both
    assert reader.metadata is not None
    assert reader.metadata.title == "Referral packet P-2026-0007, version 1"


def test_what_the_file_says_about_itself_holds_no_personal_data(pdf: bytes) -> None:
    reader = PdfReader(io.BytesIO(pdf))
    told = f"{reader.metadata} {reader.xmp_metadata.stream.get_data()!r}"  # type: ignore[union-attr]  # a packet has both
    for name in ("Halvorsen", "Ingrid", "1992", "943 476 5870"):
        assert name not in told


def test_the_same_snapshot_gives_the_same_bytes(pdf: bytes) -> None:
    assert render_pdf(contents(worked_case("01-"))) == pdf


def test_nothing_is_fetched_whatever_is_typed(listener: tuple[str, list[bytes]]) -> None:
    address, heard = listener
    evil = f'<img src="{address}"><link rel=stylesheet href="{address}"><style>@import url({address})</style>{address}'
    identity = IDENTITY | {"family_name": evil, "identifiers": [{"type": evil, "value": evil}]}
    record = {
        "record": "1",
        "judgements": {"highly_active_ms": {"value": True, "by": evil[:200], "why": evil}},
    }
    pdf = render_pdf(contents(signed(record, identity=identity, question=evil, reason=evil)))
    assert heard == []
    assert squeezed(evil) in squeezed(" ".join(pages_of(pdf)))


@pytest.mark.parametrize(
    "markup",
    [
        '<img alt="x" src="{}">',
        '<link rel="stylesheet" href="{}">',
        '<link rel="attachment" href="{}">',
        "<style>@import url({});</style>",
        "<p style=\"background: url('{}')\">x",
        '<img alt="x" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
        '<img alt="x" src="file:///etc/hostname">',
    ],
)
def test_the_printer_would_stop_rather_than_fetch(listener: tuple[str, list[bytes]], markup: str) -> None:
    address, heard = listener
    with pytest.raises(FatalURLFetchingError):
        HTML(string=markup.format(address), url_fetcher=Nothing()).write_pdf()
    assert heard == []


def test_a_warning_of_the_printer_fails_the_packet() -> None:
    packet = replace(contents(draft()), written="the day before yesterday")
    with pytest.raises(PacketError, match="dcterms"):
        render_pdf(packet)


def test_endless_and_piled_text_stays_on_the_page(hostile: bytes, tmp_path: Path) -> None:
    file = tmp_path / "hostile.pdf"
    file.write_bytes(hostile)
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
    width, height = (
        float(number) for number in re.findall(r'<page width="([\d.]+)" height="([\d.]+)"', boxes)[0]
    )
    words = re.findall(r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', boxes)
    assert len(words) > 500
    for left, top, right, bottom in (map(float, word) for word in words):
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height


def test_a_hundred_relapses_are_all_on_paper() -> None:
    onsets = [f"{1960 + place // 2}-0{1 + place % 2 * 6}-11" for place in range(100)]
    record = {
        "record": "1",
        "relapses": {"events": [{"onset": onset, "severity": "mild"} for onset in onsets]},
    }
    text = " ".join(pages_of(render_pdf(contents(signed(record)))))
    assert len(set(re.findall(r"11\s(?:January|July)\s(?:19|20)\d\d", text))) >= 100
    assert "completeness not known" in text
