"""Further hostile files, made by code: what else can stand in a PDF, in a picture and in a name.

Each is refused or made harmless; which of the two is not said here.
"""

import io
import zlib
from typing import Any

import pikepdf
from PIL import Image

from tests.attachments.hostile import (
    CATALOG,
    PAGE,
    PAGES,
    SCRIPT,
    SVG,
    Make,
    embedded,
    in_form_xobject,
    jpeg_that_says,
    launch,
    script,
)
from tests.attachments.made import (
    Array,
    Dictionary,
    Name,
    new_pdf,
    packed,
    pdf,
    pdf_with_annotation,
    pdf_with_page,
    pdf_with_root,
    picture,
    png_chunk,
    png_that_says,
    raw_pdf,
    saved,
    stream,
)

SECRET = pikepdf.String("SecretAuthor")


def acting(kind: str, **entries: Any) -> Make:
    """A document that does something of a kind when it is opened."""
    return lambda: pdf_with_root(OpenAction=Dictionary(S=Name(f"/{kind}"), **entries))


def marked(kind: str, **entries: Any) -> Make:
    """A document with something of a kind to click on."""
    return lambda: pdf_with_annotation(Subtype=Name(f"/{kind}"), Contents=SECRET, **entries)


def contents(entries: bytes, body: bytes) -> Make:
    """A document whose page is packed in its own way."""
    return lambda: raw_pdf({1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(body, entries)})


def drawn_picture(**entries: Any) -> bytes:
    """A document that draws a picture with something odd about it."""
    made = new_pdf()
    image = made.make_stream(b"\0" * 100)
    image.Type, image.Subtype, image.Width, image.Height = Name.XObject, Name.Image, 10, 10
    image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8
    for key, value in entries.items():
        image[f"/{key}"] = value(made) if callable(value) else value
    made.pages[0].obj.Resources.XObject = Dictionary(X=image)
    made.pages[0].obj.Contents = made.make_stream(b"/X Do")
    return saved(made)


def pages_without_end(depth: int = 30) -> bytes:
    """A tree of pages in which each branch stands twice: a billion pages in two kilobytes."""
    objects = {1: CATALOG}
    for number in range(2, depth):
        objects[number] = b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (number + 1, number + 1)
    objects[depth] = b"<< /Type /Page /MediaBox [0 0 9 9] >>"
    return raw_pdf(objects)


def later_script() -> bytes:
    """A good document with a later edition of itself behind it, which acts."""
    good = pdf()
    begins = int(good[good.rindex(b"startxref") + 9 :].split()[0])
    more = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>\nendobj\n"
    place = len(good)
    table = b"xref\n1 1\n%010d 00000 n \ntrailer\n<< /Size 9 /Root 1 0 R /Prev %d >>\n" % (place, begins)
    return good + more + table + b"startxref\n%d\n%%%%EOF\n" % (place + len(more))


def outlined() -> bytes:
    made = new_pdf()
    entry = made.make_indirect(Dictionary(Title=SECRET, A=script()))
    made.Root.Outlines = made.make_indirect(Dictionary(Type=Name.Outlines, First=entry, Last=entry, Count=1))
    entry.Parent = made.Root.Outlines
    return saved(made)


def signed() -> bytes:
    made = new_pdf()
    value = made.make_indirect(Dictionary(Type=Name.Sig, Filter=Name("/Adobe.PPKLite"), Reason=SECRET))
    field = made.make_indirect(
        Dictionary(FT=Name.Sig, T=SECRET, V=value, Type=Name.Annot, Subtype=Name.Widget)
    )
    made.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)
    made.Root.Perms = Dictionary(DocMDP=value)
    return saved(made)


def told_about() -> bytes:
    made = new_pdf()
    made.docinfo["/Author"] = SECRET
    made.docinfo["/Subject"] = pikepdf.String("<script>alert(1)</script>")
    return saved(made)


def png_with(*chunks: bytes) -> bytes:
    whole = picture("PNG")
    end = whole.index(b"IEND") - 4
    return whole[:end] + b"".join(chunks) + whole[end:]


def png_of(size: int, depth: int, colour: int, body: bytes, interlaced: int = 0) -> bytes:
    """A PNG whose head says what it likes."""
    head = size.to_bytes(4, "big") * 2 + bytes([depth, colour, 0, 0, interlaced])
    parts = png_chunk(b"IHDR", head) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def wrong_sum() -> bytes:
    whole = bytearray(picture("PNG"))
    whole[whole.index(b"IDAT") + 6] ^= 0xFF
    return bytes(whole)


def jpeg_with(marker: int, body: bytes) -> bytes:
    whole = picture("JPEG")
    return whole[:2] + bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body + whole[2:]


def many_scans() -> bytes:
    """A progressive JPEG that begins its last scan again, thousands of times."""
    whole = picture("JPEG", (400, 400), progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * 5000 + whole[-2:]


def two_pictures() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(
        out, "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40), "red")]
    )
    return out.getvalue()


def of_kind(kind: str, mode: str = "RGB") -> Make:
    return lambda: picture(kind, mode=mode)


FURTHER: tuple[tuple[str, str, Make], ...] = (
    # What acts.
    ("opening plays a sound", "a.pdf", acting("Sound", Sound=Dictionary(R=8000))),
    ("opening plays a film", "a.pdf", acting("Movie", T=SECRET)),
    ("opening renders", "a.pdf", acting("Rendition", JS=pikepdf.String("app.alert(1)"), OP=0)),
    ("opening hides", "a.pdf", acting("Hide", T=SECRET)),
    ("opening prints", "a.pdf", acting("Named", N=Name.Print)),
    ("opening shows layers", "a.pdf", acting("SetOCGState", State=Array([Name.ON]))),
    ("opening empties a form", "a.pdf", acting("ResetForm")),
    ("opening leads through a thread", "a.pdf", acting("Thread", F=pikepdf.String("\\\\evil\\x.pdf"))),
    ("opening turns a model", "a.pdf", acting("GoTo3DView")),
    ("opening leads away", "a.pdf", acting("URI", URI=pikepdf.String("https://evil.example"))),
    ("opening does one thing after another", "a.pdf", acting(
        "Named", N=Name.NextPage, Next=Array([script(), launch()]))),
    ("bookmark with a script", "a.pdf", outlined),
    ("addresses from elsewhere", "a.pdf", lambda: pdf_with_root(
        URI=Dictionary(Base=pikepdf.String("https://evil.example")))),
    ("a folder of files", "a.pdf", lambda: pdf_with_root(
        Collection=Dictionary(View=Name.T), AF=lambda made: Array([embedded(made)]))),
    ("requirements with a script", "a.pdf", lambda: pdf_with_root(
        Requirements=Array([Dictionary(S=Name.EnableJavaScripts, RH=Array([script()]))]))),
    ("a signature and what it permits", "a.pdf", signed),
    ("notes about the document", "a.pdf", lambda: pdf_with_root(PieceInfo=Dictionary(X=Dictionary(Private=SECRET)))),
    ("metadata", "a.pdf", lambda: pdf_with_root(Metadata=lambda made: made.make_stream(b"<x>SecretAuthor</x>"))),
    ("who has made it", "a.pdf", told_about),
    ("a later edition that acts", "a.pdf", later_script),
    ("a small picture of the page", "a.pdf", lambda: pdf_with_page(
        Thumb=lambda made: made.make_stream(b"SecretPlace"))),
    ("a page that moves on", "a.pdf", lambda: pdf_with_page(Trans=Dictionary(S=Name.Wipe), Dur=1)),
    ("beads of a thread on a page", "a.pdf", lambda: pdf_with_page(B=Array([Dictionary(T=SECRET)]))),
    ("a screen on a page", "a.pdf", marked("Screen", A=script())),
    ("a sound on a page", "a.pdf", marked("Sound", Sound=Dictionary(R=8000))),
    ("a model on a page", "a.pdf", marked("3D", **{"3DD": Dictionary(Type=Name("/3D"))})),
    ("a stamp on a page", "a.pdf", marked("Stamp", AP=Dictionary(N=Dictionary()))),
    ("a popup on a page", "a.pdf", marked("Popup", Open=True)),
    ("a trap net on a page", "a.pdf", marked("TrapNet")),
    ("a projection on a page", "a.pdf", marked("Projection")),
    ("a watermark on a page", "a.pdf", marked("Watermark", FixedPrint=Dictionary(Type=Name.FixedPrint))),
    ("something to be blacked out", "a.pdf", marked("Redact", OverlayText=SECRET)),
    ("a form in PostScript", "a.pdf", lambda: in_form_xobject(
        Subtype2=Name.PS, PS=lambda made: made.make_stream(b"quit"))),
    ("a form with a picture elsewhere", "a.pdf", lambda: in_form_xobject(
        OPI=Dictionary(F=pikepdf.String("\\\\evil\\x.tif")))),
    ("a picture with others in its place", "a.pdf", lambda: drawn_picture(
        Alternates=lambda made: Array([Dictionary(Image=made.make_stream(b"x"), OC=script())]))),
    ("a picture that says JPEG 2000", "a.pdf", lambda: drawn_picture(Filter=Name.JPXDecode)),
    ("a picture that says JBIG2", "a.pdf", lambda: drawn_picture(Filter=Name.JBIG2Decode)),
    ("a picture of minus ten", "a.pdf", lambda: drawn_picture(Width=-10, Height=-10)),
    # What costs.
    ("a billion pages in two kilobytes", "a.pdf", pages_without_end),
    ("a page packed a hundred times", "a.pdf", contents(
        b"/Filter [%s]" % (b"/FlateDecode " * 100), zlib.compress(b"q Q"))),
    ("a page packed by runs", "a.pdf", contents(b"/Filter /RunLengthDecode", b"\x81 " * 1_000_000)),
    ("a page packed with a wide predictor", "a.pdf", contents(
        b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2000000000 /Colors 32 /BitsPerComponent 16 >>",
        packed(1_000_000))),
    ("a page with a filter of its own", "a.pdf", contents(b"/Filter /Crypt", b"q Q")),
    ("a page packed by nobody knows what", "a.pdf", contents(b"/Filter /Unheard", b"q Q")),
    ("a page whose length is a lie", "a.pdf", lambda: raw_pdf(
        {1: CATALOG, 2: PAGES, 3: PAGE, 4: b"<< /Length 2000000000 >>\nstream\nq Q\nendstream"})),
    ("a name of a million letters", "a.pdf", lambda: raw_pdf(
        {1: CATALOG[:-2] + b"/" + b"x" * 1_000_000 + b" 1 >>", 2: PAGES, 3: PAGE, 4: stream(b"")})),
    ("dictionaries 20,000 deep", "a.pdf", lambda: raw_pdf(
        {1: CATALOG[:-2] + b"/X " + b"<< /X " * 20_000 + b"1 " + b">> " * 20_000 + b">>",
         2: PAGES, 3: PAGE, 4: stream(b"")})),
    ("a unit a billion wide", "a.pdf", lambda: pdf_with_page(UserUnit=1_000_000_000)),
    ("a page turned by 37 degrees", "a.pdf", lambda: pdf_with_page(Rotate=37)),
    ("version 9.9", "a.pdf", lambda: pdf().replace(b"%PDF-1.", b"%PDF-9.", 1)),
    # Pictures.
    ("png of 40,000 rows, interlaced", "a.png", lambda: png_of(40_000, 8, 2, packed(5_000_000), 1)),
    ("png of 16 bits, 8,000 by 8,000", "a.png", lambda: png_of(8_000, 16, 6, packed(50_000_000))),
    ("png of a colour that is none", "a.png", lambda: png_of(30, 8, 5, zlib.compress(b"\0" * 4000))),
    ("png of 3 bits", "a.png", lambda: png_of(30, 3, 0, zlib.compress(b"\0" * 4000))),
    ("png with a wrong sum", "a.png", wrong_sum),
    ("png with a bomb for a profile", "a.png", lambda: png_with(png_chunk(b"iCCP", b"x\0\0" + packed(300_000_000)))),
    ("png in a hundred thousand parts", "a.png", lambda: png_with(*[png_chunk(b"tEXt", b"a\0SecretPlace")] * 100_000)),
    ("png with a part of 2 GB", "a.png", lambda: png_with(b"\x7f\xff\xff\xffzTXtx")),
    ("png of negative size", "a.png", lambda: png_that_says(2**32 - 1, 2**32 - 1)),
    ("png with a pdf inside", "a.png", lambda: png_with(png_chunk(b"prVt", pdf_with_root(OpenAction=script())))),
    ("png with svg as text", "a.png", lambda: png_with(png_chunk(b"tEXt", b"x\0" + SVG))),
    ("jpeg of no size", "a.jpg", lambda: jpeg_that_says(0, 0)),
    ("jpeg with svg as comment", "a.jpg", lambda: jpeg_with(0xFE, SVG)),
    ("jpeg with a pdf as comment", "a.jpg", lambda: jpeg_with(0xFE, pdf()[:60_000])),
    ("jpeg with a profile that is none", "a.jpg", lambda: jpeg_with(0xE2, b"ICC_PROFILE\0\1\1" + SCRIPT)),
    ("jpeg with notes that go round", "a.jpg", lambda: jpeg_with(
        0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\0\0\0\0SecretPlace")),
    ("jpeg of 5,000 scans", "a.jpg", many_scans),
    ("two pictures in one", "a.jpg", two_pictures),
    ("jpeg in four colours", "a.jpg", of_kind("JPEG", "CMYK")),
    ("icon as png", "a.png", of_kind("ICO")),
    ("jpeg 2000 as jpeg", "a.jpg", of_kind("JPEG2000")),
    ("portable pixels as png", "a.png", of_kind("PPM")),
    ("pdf in a picture's name", "a.png", pdf),
    # Names.
    ("a name with two endings, the last one ours", "report.exe.pdf", pdf),
    ("a name with two endings, the last one theirs", "report.pdf.exe", pdf),
    ("a name with a NUL before another ending", "letter.pdf\0.exe", pdf),
    ("a name with a blank at its end", "letter.pdf ", pdf),
    ("a name with a stream of NTFS", "letter.pdf:evil.exe", pdf),
    ("a name that Windows keeps for itself", "con.pdf", pdf),
    ("a name that is quoted", "%2e%2e%2f%2e%2e%2fetc%2fpasswd.pdf", pdf),
    ("a name with a semicolon", "letter.pdf;.exe", pdf),
    ("a name that is an ending", ".pdf", pdf),
    ("a name with a wide stop", "letter．pdf", pdf),
    ("a name that is a formula", "=cmd|' /C calc'!A0.pdf", pdf),
    ("a name that is a switch", "-rf.pdf", pdf),
    ("a name of ten thousand marks", "e" + "\u0301" * 10_000 + ".pdf", pdf),
)  # fmt: skip
