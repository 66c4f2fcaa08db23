"""Rebuilding a PDF from its pages alone: nothing in it acts, asks, hides, or leads anywhere. Caged.

Saving a PDF again keeps every active object, and copying its pages keeps those that hang on the pages. So the
pages are stripped first and copied then, and what comes out is walked through once more.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

from referral.attachments.formats import (
    MOST_OBJECTS,
    MOST_PAGES,
    MOST_PIXELS,
    MOST_UNPACKED,
    FileRefusedError,
)

PAGE_KEYS = frozenset(
    {"/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/Contents", "/UserUnit", "/Group"}
)
DROPPED_ANYWHERE = ("/Metadata", "/PieceInfo", "/OPI", "/Alternates", "/AF", "/Measure", "/PtData")
ACTIVE = frozenset(
    {
        "/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/XFA", "/AcroForm",
        "/OpenAction", "/AA", "/A", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/URI", "/RichMedia",
        "/Filespec", "/FileAttachment", "/Annots", "/Ref", "/FFilter",
    }
)  # fmt: skip
NAME_MAPS = frozenset(
    {
        "/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/Properties", "/CharProcs",
        "/Colorants",
    }
)  # fmt: skip  # dictionaries whose names are anybody's choice
SAYS_WHAT_IT_IS = ("/S", "/Type", "/Subtype")
PICTURE_FILTERS = frozenset({"/DCTDecode", "/JPXDecode", "/CCITTFaxDecode", "/JBIG2Decode"})
_START_OF_IMAGE, _START_OF_SCAN = b"\xff\xd8", 0xDA
_NOTES = frozenset(
    {0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE}
)  # of APP0 to APP15: all but JFIF, ICC and Adobe; comments
DAMAGED = "The PDF is damaged. Open it, print it to a new PDF, and choose that one."


def rebuild_pdf(source: Path, target: Path) -> int:
    """Write the pages into a new file, and give how many there are.

    Raises:
        FileRefusedError: it is damaged, locked, too large, or cannot be made harmless.

    """
    try:
        with pikepdf.open(source, attempt_recovery=False, suppress_warnings=True) as given:
            _refuse_what_we_cannot_keep(given)
            _draw_forms_in(given)
            with pikepdf.new() as fresh:
                for page in given.pages:
                    _strip(page.obj)
                    fresh.pages.append(page)
                _clean(fresh)
                fresh.save(target, deterministic_id=True, stream_decode_level=pikepdf.StreamDecodeLevel.none)
                pages = len(fresh.pages)
        return _look_again(target, pages)
    except pikepdf.PasswordError:
        raise FileRefusedError(_LOCKED) from None
    except (
        pikepdf.PdfError,
        pikepdf.ForeignObjectError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
    ) as error:
        raise FileRefusedError(DAMAGED) from error


_LOCKED = "The PDF is locked with a password. Print it to a new PDF without one, and choose that."


def _refuse_what_we_cannot_keep(given: pikepdf.Pdf) -> None:
    if given.is_encrypted:
        raise FileRefusedError(_LOCKED)
    if len(given.objects) > MOST_OBJECTS:
        raise FileRefusedError(
            "The PDF is made of too many parts. Print it to a new PDF, or send part of it."
        )
    pages = len(given.pages)
    if pages == 0:
        raise FileRefusedError("The PDF has no pages.")
    if pages > MOST_PAGES:
        raise FileRefusedError(
            f"The PDF has {pages:,} pages; up to {MOST_PAGES} are taken. Choose the pages that matter."
        )
    root = given.Root
    if "/AcroForm" in root and "/XFA" in root.AcroForm:
        raise FileRefusedError("The PDF is a form that only one program can show. Print it to a new PDF.")
    if _has_hidden_layers(root):
        raise FileRefusedError("The PDF has hidden layers, which would come to light. Print it to a new PDF.")


def _has_hidden_layers(root: Any) -> bool:
    settings = root.get("/OCProperties", {}).get("/D", {})
    return bool(len(settings.get("/OFF", ()))) or settings.get("/BaseState") == pikepdf.Name.OFF


def _draw_forms_in(given: pikepdf.Pdf) -> None:
    """Make what was typed into a form, and what was drawn on a page, part of the page; else it is lost."""
    if "/AcroForm" in given.Root:
        given.generate_appearance_streams()
    if any("/Annots" in page.obj for page in given.pages):
        given.flatten_annotations("all")


def _strip(page: Any) -> None:
    for key in set(page.keys()) - PAGE_KEYS:
        del page[key]


def _clean(fresh: pikepdf.Pdf) -> None:
    """Walk all that the pages reach: drop what describes, refuse what acts, and unpack once what is packed."""
    unpacked = 0
    for thing in _walk(fresh.Root):
        for key in DROPPED_ANYWHERE:
            if key in thing:
                del thing[key]
        if isinstance(thing, pikepdf.Stream):
            _drop_notes(thing)
            unpacked += _unpacked_size(thing)
            if unpacked > MOST_UNPACKED:
                raise FileRefusedError("The PDF unpacks to far more than it should. Print it to a new PDF.")


def _drop_notes(stream: Any) -> None:
    """Drop what a camera wrote into a JPEG picture: where, when, with what. Its pixels are not touched."""
    if _filters(stream) == ["/DCTDecode"]:
        given = stream.read_raw_bytes()
        kept = without_notes(given)
        if kept != given:
            stream.write(kept, filter=pikepdf.Name.DCTDecode, decode_parms=stream.get("/DecodeParms"))


def without_notes(jpeg: bytes) -> bytes:
    """Give a JPEG without the segments that describe it: Exif and XMP, IPTC, comments (ITU-T T.81, B.1.1.3).

    How its colours are meant stays: JFIF, the ICC profile, Adobe's transform. What is no JPEG is given as it is.
    """
    if not jpeg.startswith(_START_OF_IMAGE):
        return jpeg
    kept, place = bytearray(_START_OF_IMAGE), len(_START_OF_IMAGE)
    while jpeg[place : place + 1] == b"\xff" and len(jpeg) >= place + 4:
        marker, length = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if marker == _START_OF_SCAN:
            break
        if marker not in _NOTES:
            kept += jpeg[place : place + 2 + length]
        place += 2 + length
    return bytes(kept) + jpeg[place:]


def _unpacked_size(stream: Any) -> int:
    """Give how large a stream is unpacked; of a picture, how large its pixels are."""
    if "/F" in stream:
        raise FileRefusedError("The PDF fetches a part of itself from elsewhere. Print it to a new PDF.")
    if stream.get("/Subtype") == pikepdf.Name.Image:
        pixels = int(stream.get("/Width", 0)) * int(stream.get("/Height", 0))
        if not 0 <= pixels <= MOST_PIXELS:
            raise FileRefusedError("A picture in the PDF is too large. Print it to a new PDF.")
    if any(name in PICTURE_FILTERS for name in _filters(stream)):
        return 0
    return len(stream.read_bytes())


def _filters(stream: Any) -> list[str]:
    given = stream.get("/Filter", [])
    return [str(given)] if isinstance(given, pikepdf.Name) else [str(name) for name in given]


def _look_again(target: Path, pages: int) -> int:
    """Read what was written as a stranger would, and refuse it if anything in it acts."""
    with pikepdf.open(target, attempt_recovery=False, suppress_warnings=True) as kept:
        if len(kept.pages) != pages:
            raise FileRefusedError(DAMAGED)
        for _ in _walk(kept.Root):
            pass
    return pages


def _walk(root: Any) -> Iterator[Any]:
    """Give every dictionary and stream that can be reached, once.

    Raises:
        FileRefusedError: something in it is a thing by which a PDF acts.

    """
    waiting: list[tuple[Any, bool]] = [(root, False)]
    seen: set[tuple[int, int]] = set()
    while waiting:
        thing, names_are_free = waiting.pop()
        if not isinstance(thing, pikepdf.Object):
            continue  # a number, a truth value
        if thing.is_indirect:
            if thing.objgen in seen:
                continue
            seen.add(thing.objgen)
        if isinstance(thing, pikepdf.Array):
            waiting += ((each, False) for each in thing)
        elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
            yield thing
            for key in thing.keys():  # noqa: SIM118 - a stream gives its keys only so
                value = thing[key]
                if not names_are_free:
                    _refuse_active(key, value)
                waiting.append((value, key in NAME_MAPS))


def _refuse_active(key: str, value: Any) -> None:
    says = str(value) if key in SAYS_WHAT_IT_IS and isinstance(value, pikepdf.Name) else ""
    if key in ACTIVE or says in ACTIVE or says == "/Action":
        raise FileRefusedError(
            "The PDF holds something that acts by itself. Print it to a new PDF, and choose that one."
        )
