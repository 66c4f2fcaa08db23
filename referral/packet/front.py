"""The committee pack before it is joined: who meets on what, what stands in front of the packets, where each begins."""

import json
import string
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2

from referral import caged
from referral.facts import canonical
from referral.packet.contents import DECIDES, Contents, contents
from referral.packet.pack import MANIFEST, OUT, PLAN
from referral.packet.render import PacketError, print_pdf, render_template
from referral.packet.summary import STYLES, make_summary

WORK = "referral.packet.pack:join"
FIGURES = string.ascii_letters + string.digits + " ,.:-/"
MEBIBYTE = 1024 * 1024
LIMITS = caged.Limits(cpu_seconds=60, seconds=180, memory=1024 * MEBIBYTE, file_size=256 * MEBIBYTE)
LONGEST_REASON, LONGEST_LABEL = 700, 120
ON_A_PAGE = 13
"""So many cases, about, of an agenda stand on one page."""
TOO_MUCH = "The pack needs more time or memory than it may have."
BROKEN = "The papers could not be joined."
LATE = ". Late: put on the agenda after the list was frozen"


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A clinical file as it was signed with its case. ``content`` is empty where it is not joined, and ``why`` not."""

    label: str
    kind: str
    dated: str | None
    pages: int
    sha256: str
    picture: bool
    content: bytes = b""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a pack. ``pdf`` is its kept packet, byte for byte; ``None``: there is none, and ``why`` not.

    ``summary`` is the page kept beside it; where none was kept, it is made for the pack.
    """

    snapshot: Mapping[str, Any]
    number: str
    version: int
    late: bool = False
    overrides: str = ""
    aside: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()
    pdf: bytes | None = None
    summary: bytes | None = None
    why: str = ""
    sha256: str = ""
    seal: str = ""
    files: tuple[Joined, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """The meeting a pack is for, in words; without one it is a packet with its files. ``written`` dates the pack."""

    title: str
    organisation: str
    where: str = ""
    members: tuple[str, ...] = ()
    of_meeting: str = ""
    written: str = ""
    written_words: str = ""


@dataclass(frozen=True)
class Pack:
    """A pack that was made."""

    pdf: bytes
    pages: int
    manifest: dict[str, Any]


class Span(NamedTuple):
    """Pages of the whole, the first and the last, counted from 1."""

    first: int
    last: int

    @property
    def words(self) -> str:
        """Say which pages they are."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One case with its place on the agenda, and where in the pack it is found."""

    place: int
    case: Case
    page: Contents
    summary: Span | None
    packet: Span | None
    files: tuple[Span | None, ...]

    @property
    def person(self) -> str:
        """Who it is about."""
        return self.page.person.name or "Name not recorded"


def make_pack(sitting: Sitting, cases: Sequence[Case]) -> Pack:
    """Make the pack: those that were listed in time in their order, late additions as an appendix.

    Raises:
        PacketError: a paper could not be printed, or the whole not joined.

    """
    ordered = [*(case for case in cases if not case.late), *(case for case in cases if case.late)]
    pages = [contents(case.snapshot) for case in ordered]
    if sitting.of_meeting:
        ordered = [replace(case, summary=case.summary or make_summary(case.snapshot)) for case in ordered]
    length = 1 + len(ordered) // ON_A_PAGE
    for _ in range(3):  # how long the cover is, is known once it is printed
        rows = _rows(length, ordered, pages)
        cover = _cover(sitting, rows)
        if (printed := _pages_of(cover)) == length:
            break
        length = printed
    return _join(sitting, rows, cover, _manifest(sitting, rows))


def _cover(sitting: Sitting, rows: Sequence[Row]) -> bytes:
    html = render_template(
        "pack/cover.html",
        sitting=sitting,
        rows=rows,
        decides=DECIDES,
        longest=LONGEST_LABEL,
        longest_reason=LONGEST_REASON,
    )
    return print_pdf(html, STYLES, sha256(html.encode()).digest())


@cache
def _figures() -> bytes:
    """Print every sign with which pages are numbered, for the sake of its letters."""
    return print_pdf(render_template("pack/figures.html", figures=FIGURES), STYLES, b"figures")


def _pages_of(pdf: bytes | None) -> int:
    if not pdf:
        return 0
    with pypdfium2.PdfDocument(pdf) as opened:
        return len(opened)


# Where everything is


def _rows(length: int, cases: Sequence[Case], pages: Sequence[Contents]) -> list[Row]:
    """Count the pages through, from behind the cover on: the page of each case, then their packets and files."""
    rows, count = [], length
    numbered = list(zip(range(1, len(cases) + 1), cases, pages, strict=True))
    for late in (False, True):
        those = [each for each in numbered if each[1].late is late]
        summaries, count = _spans(count, [_pages_of(case.summary) for _, case, _ in those])
        for (place, case, page), summary in zip(those, summaries, strict=True):
            lengths = [_pages_of(case.pdf), *(each.pages if each.content else 0 for each in case.files)]
            (packet, *files), count = _spans(count, lengths)
            rows.append(
                Row(place=place, case=case, page=page, summary=summary, packet=packet, files=tuple(files))
            )
    return rows


def _spans(count: int, lengths: Sequence[int]) -> tuple[list[Span | None], int]:
    """Say on which pages papers of these lengths lie behind so many, and how many pages there are then."""
    spans: list[Span | None] = []
    for length in lengths:
        spans.append(Span(count + 1, count + length) if length else None)
        count += length
    return spans, count


def _manifest(sitting: Sitting, rows: Sequence[Row]) -> dict[str, Any]:
    """Tell for machines, and for the minutes, what the pack is made of. It names nobody."""
    return {
        "pack": 1,
        "of": sitting.of_meeting or None,
        "ordered_at": sitting.written,
        "cases": [
            {
                "place": row.place,
                "referral": row.case.number,
                "version": row.case.version,
                "late": row.case.late,
                "packet_sha256": row.case.sha256 or None,
                "seal": row.case.seal or None,
                "pages": list(row.packet) if row.packet else None,
                "files": [
                    {"sha256": file.sha256, "pages": list(span) if span else None}
                    for file, span in zip(row.case.files, row.files, strict=True)
                ],
            }
            for row in rows
        ],
    }


# Joining


def _join(sitting: Sitting, rows: Sequence[Row], cover: bytes, manifest: dict[str, Any]) -> Pack:
    with tempfile.TemporaryDirectory(prefix="pons-") as name:
        folder = Path(name)
        parts = []
        for part, content in _parts(rows, cover):
            (folder / part["file"]).write_bytes(content)
            parts.append(part if sitting.of_meeting else part | {"case": ""})
        (folder / "figures.pdf").write_bytes(_figures())
        (folder / MANIFEST).write_bytes(canonical(manifest))
        plan = {
            "figures": "figures.pdf",
            "parts": parts,
            "running": "pack page {page} of {pages}"
            if sitting.of_meeting
            else "with files: page {page} of {pages}",
            "written": f"D:{''.join(filter(str.isdigit, sitting.written[:19]))}Z",
            "bookmarks": _bookmarks(sitting, rows),
        }
        (folder / PLAN).write_text(json.dumps(plan))
        try:
            answer = caged.run(WORK, folder, LIMITS)
        except caged.BusyError as busy:
            raise PacketError(str(busy)) from busy
        except caged.TooMuchError as error:
            raise PacketError(TOO_MUCH) from error
        except caged.CageError as error:
            raise PacketError(BROKEN) from error
        return Pack((folder / OUT).read_bytes(), int(answer["pages"]), manifest)


def _parts(rows: Sequence[Row], cover: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    yield {"file": "cover.pdf", "kind": "paper"}, cover
    for late in (False, True):
        those = [row for row in rows if row.case.late is late]
        for row in those:
            if row.case.summary:
                says = f"{'Appendix, case' if late else 'Case'} {row.place}{LATE if late else ''}"
                part = {"file": f"summary-{row.place}.pdf", "kind": "paper", "head": says}
                yield part | {"case": f"Case {row.place}, "}, row.case.summary
        for row in those:
            yield from _parts_of(row)


def _parts_of(row: Row) -> Iterator[tuple[dict[str, str], bytes]]:
    foot = f"Case {row.place}, "
    if row.case.pdf:
        yield {"file": f"packet-{row.place}.pdf", "kind": "paper", "case": foot}, row.case.pdf
    for number, file in enumerate(row.case.files, 1):
        if file.content:
            kind = "picture" if file.picture else "pages"
            says = f"Referral {row.case.number}, file {number}"
            name = f"file-{row.place}-{number}"
            yield {"file": name, "kind": kind, "case": foot, "says": _plain(says)}, file.content


def _plain(words: str) -> str:
    """Keep what the figures have letters for: a referral's number is of our own making."""
    return "".join(letter for letter in words if letter in FIGURES)


def _bookmarks(sitting: Sitting, rows: Sequence[Row]) -> list[dict[str, Any]]:
    front = "Agenda" if sitting.of_meeting else "What is in this file"
    marks: list[dict[str, Any]] = [{"title": front, "page": 0}]
    timely = [_bookmark(row) for row in rows if not row.case.late]
    late = [_bookmark(row) for row in rows if row.case.late]
    if late:
        appendix = {"title": "Appendix: late additions", "page": min(each["page"] for each in late)}
        return [*marks, *timely, appendix | {"below": late}]
    return [*marks, *timely]


def _bookmark(row: Row) -> dict[str, Any]:
    below: list[dict[str, Any]] = []
    if row.summary:
        below.append({"title": "Summary and outcome", "page": row.summary.first - 1})
    if row.packet:
        below.append({"title": "Packet", "page": row.packet.first - 1, "of": f"packet-{row.place}.pdf"})
    files = [
        {"title": file.label, "page": span.first - 1}
        for file, span in zip(row.case.files, row.files, strict=True)
        if span
    ]
    if files:
        below.append({"title": "Files", "page": files[0]["page"], "below": files})
    title = f"{row.place}. {row.person}, {row.case.number}, version {row.case.version}"
    return {"title": title, "page": below[0]["page"] if below else 0, "below": below}
