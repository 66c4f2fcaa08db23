"""Files made by code: good ones, and the innocent parts of bad ones."""

import io
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import pikepdf
from PIL import Image

Name, Dictionary, Array = pikepdf.Name, pikepdf.Dictionary, pikepdf.Array
A4 = (595, 842)


def picture(
    kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", colour: Any = None, **how: Any
) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new(mode, size, 120 if colour is None else colour).save(out, kind, **how)
    return out.getvalue()


def new_pdf(pages: int = 1, words: str = "Letter", unique: int = 0) -> pikepdf.Pdf:
    """A document with a line of words on each page."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )
    for number in range(1, pages + 1):
        drawn = f"BT /F1 24 Tf 72 720 Td ({words} {unique or ''} page {number}) Tj ET".encode()
        page = pdf.add_blank_page(page_size=A4)
        page.obj.Resources = Dictionary(Font=Dictionary(F1=font))
        page.obj.Contents = pdf.make_stream(drawn)
    return pdf


def saved(pdf: pikepdf.Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, static_id=True, **how)
    return out.getvalue()


def pdf(pages: int = 1, words: str = "Letter", unique: int = 0) -> bytes:
    return saved(new_pdf(pages, words, unique))


def pdf_with_root(**entries: Any) -> bytes:
    """A document whose root has something in it."""
    made = new_pdf()
    for key, value in entries.items():
        made.Root[f"/{key}"] = value(made) if callable(value) else value
    return saved(made)


def pdf_with_page(**entries: Any) -> bytes:
    """A document whose first page has something on it."""
    made = new_pdf()
    for key, value in entries.items():
        made.pages[0].obj[f"/{key}"] = value(made) if callable(value) else value
    return saved(made)


def pdf_with_annotation(**entries: Any) -> bytes:
    """A document with one thing to click on."""
    return pdf_with_page(
        Annots=Array([Dictionary(Type=Name.Annot, Rect=Array([72, 700, 300, 750]), **entries)])
    )


def raw_pdf(objects: Mapping[int, bytes], root: int = 1, trailer: bytes = b"") -> bytes:
    """A document written by hand, with a good table of its objects, whatever these say."""
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    begins, last = len(out), max(objects)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (last + 1)
    for number in range(1, last + 1):
        out += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    out += b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        last + 1,
        root,
        trailer,
        begins,
    )
    return bytes(out)


def stream(body: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(body), entries, body)


@cache
def packed(size: int) -> bytes:
    """So many blanks, packed."""
    packer = zlib.compressobj(9)
    chunk = b" " * 1_000_000
    return b"".join(packer.compress(chunk) for _ in range(size // len(chunk))) + packer.flush()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return len(body).to_bytes(4, "big") + kind + body + check.to_bytes(4, "big")


def png_that_says(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG with a size of its own choice and next to no pixels."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + png_chunk(b"IDAT", body or zlib.compress(b"\0" * 100))
        + png_chunk(b"IEND", b"")
    )
