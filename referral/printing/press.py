"""The printer, as it works inside its cage: a document, its style sheets and its files in, a PDF out.

What comes out is PDF/A-3a and PDF/UA-1 in one file: it keeps, it is tagged, it carries files. Nothing is fetched,
from anywhere: every address is refused and stops the work. What the printer warns of stops it too, so that no
paper goes out with a piece missing. The same job gives the same bytes.
"""

import gc
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn

import pydyf
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from referral.printing.job import HOLE, REASON, STYLES_FOLDER, TITLE, File, Job, moment

VARIANT = "pdf/a-3a"
ACCESSIBLE = (
    b'<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />'
    b'<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    b' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    b' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>PDF/UA version identifier</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)
"""Says that the file is PDF/UA-1 too, by a schema of its own, as PDF/A asks (ISO 19005-3, 6.6.2.3)."""


def compress_quickly(level: int) -> Any:
    """Compress at the usual level: the highest takes a tenth of a paper's time for a fortieth of its size."""
    return zlib.compressobj(min(level, 6))


pydyf.zlib = SimpleNamespace(compressobj=compress_quickly)  # the library has no setting for it


class JamError(Exception):
    """The printer would have fetched something, or warned of something. Nothing is kept of the paper."""


class Nothing(URLFetcher):  # type: ignore[misc]  # the library has no types
    """Fetches nothing: no file, no address, no embedded data."""

    def fetch(self, url: str, headers: Any = None) -> NoReturn:
        """Refuse, and stop the work."""
        raise FatalURLFetchingError("the packet loads nothing")


def press(job: Job) -> bytes:
    """Print a job.

    Raises:
        JamError: anything would be fetched, or the printer warns of anything.

    """
    try:
        with _heard() as warnings, _collector_at_rest():
            document = HTML(string=job.html, base_url=None, url_fetcher=Nothing()).render(
                stylesheets=[_sheet(name) for name in job.styles], font_config=_fonts(), pdf_variant=VARIANT
            )
            _say_accessible(document.metadata)
            pdf: bytes = document.write_pdf(
                finisher=lambda _document, pdf: _finish(pdf, job),
                attachments=[  # by name, as a tree of names is in order
                    _attachment(file, job.written) for file in sorted(job.files, key=lambda file: file.name)
                ],
                pdf_identifier=job.identifier,
                pdf_variant=VARIANT,
            )
    except FatalURLFetchingError as error:
        raise JamError(str(error)) from error
    if warnings:
        raise JamError("; ".join(warnings))
    return pdf


def _say_accessible(metadata: Any) -> None:
    """Put the mark of PDF/UA into the one description of the file: a second one is not read by anybody."""
    plain = metadata.generate_rdf_metadata
    metadata.generate_rdf_metadata = lambda *given: plain(*given).replace(
        b"</rdf:RDF>", ACCESSIBLE + b"</rdf:RDF>"
    )


def _attachment(file: File, written: str) -> Attachment:
    dated = moment(written)
    return Attachment(
        string=file.content,
        name=file.name,
        description=file.description,
        created=dated,
        modified=dated,
        relationship="Data",
    )


class _Plain(pydyf.Dictionary):  # type: ignore[misc]  # the library has no types
    """A dictionary that stands in the file as it is, where its bytes can be found and filled in."""

    compressible = False


def _finish(pdf: Any, job: Job) -> None:
    """Add what the printer has not: each carried file named once, and the place for a signature."""
    if job.files:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    if job.hole:
        _leave_a_hole(pdf, job.hole, moment(job.written))


def _leave_a_hole(pdf: Any, size: int, signed_at: datetime) -> None:
    """Put an invisible field for a signature on page 1, with room for ``size`` bytes of it.

    It certifies the file: whoever changes anything later breaks it (DocMDP, level 1).
    """
    certifies = pydyf.Dictionary(
        {
            "Type": "/SigRef",
            "TransformMethod": "/DocMDP",
            "TransformParams": pydyf.Dictionary({"Type": "/TransformParams", "P": 1, "V": "/1.2"}),
        }
    )
    signature = _Plain(
        {
            "Type": "/Sig",
            "Filter": "/Adobe.PPKLite",
            "SubFilter": "/ETSI.CAdES.detached",
            "Name": pydyf.String(TITLE),
            "Reason": pydyf.String(REASON),
            "M": pydyf.String(signed_at.strftime("D:%Y%m%d%H%M%SZ")),
            "Reference": pydyf.Array([certifies]),
            "ByteRange": HOLE.decode(),
            "Contents": f"<{'0' * 2 * size}>",
        }
    )
    pdf.add_object(signature)
    page: Any = next(each for each in pdf.objects if isinstance(each, dict) and each.get("Type") == "/Page")
    field = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Widget",
            "FT": "/Sig",
            "T": pydyf.String("seal"),
            "TU": pydyf.String(TITLE),
            "V": signature.reference,
            "P": page.reference,
            "Rect": pydyf.Array([0, 0, 0, 0]),
            "F": 132,  # printed and locked, as PDF/A wants every field
        }
    )
    pdf.add_object(field)
    page["Annots"] = pydyf.Array([*page.get("Annots", ()), field.reference])
    form = pydyf.Dictionary({"Fields": pydyf.Array([field.reference]), "SigFlags": 3})
    pdf.catalog["AcroForm"] = form
    pdf.catalog["Perms"] = pydyf.Dictionary({"DocMDP": signature.reference})


@cache
def _fonts() -> FontConfiguration:
    """Give the house's fonts: no paper brings any of its own, so all may share them."""
    return FontConfiguration()


@cache
def _sheet(name: str) -> CSS:
    style = (STYLES_FOLDER / name).read_text(encoding="utf-8")
    return CSS(string=style, base_url=None, url_fetcher=Nothing(), font_config=_fonts())


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let the garbage collector rest: it costs a seventh of the time and finds nothing before the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Ear(logging.Handler):
    """Hears what the printer says."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.heard.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Listen to the printer while it works."""
    ear, logger = _Ear(), logging.getLogger("weasyprint")
    logger.addHandler(ear)
    try:
        yield ear.heard
    finally:
        logger.removeHandler(ear)
