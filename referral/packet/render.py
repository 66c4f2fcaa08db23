"""The packet as HTML and as PDF.

Rendering fetches nothing, from anywhere: every address is refused and stops the render. The style sheets are the
packaged ones, read as text. The same contents give the same bytes, since identifier and dates come from the
snapshot. What the printer warns of fails the render, so that no packet goes out with a piece missing.
"""

import gc
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher

from referral.packet.contents import Contents

ROOT = Path(__file__).parents[2]
STYLES = ("results.css", "packet.css")

# What no name and no word needs, yet would run over the page or take the printer minutes to lay out.
MARK = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
PILE = re.compile(f"({MARK}{{4}}){MARK}+")
ENDLESS = re.compile(r"\S{400,}")
PIECE = re.compile(r"\S{20}")
MAY_BREAK = "\u200b"


class PacketError(Exception):
    """A packet that could not be printed whole. Nothing is kept of it."""


class Nothing(URLFetcher):  # type: ignore[misc]  # the library has no types
    """Fetches nothing: no file, no address, no embedded data."""

    def fetch(self, url: str, headers: Any = None) -> NoReturn:
        """Refuse, and stop the render."""
        raise FatalURLFetchingError("the packet loads nothing")


def render_html(contents: Contents) -> str:
    """Give the packet as one HTML document, as it goes to the printer."""
    return render_template("packet/packet.html", contents=contents)


def render_pdf(contents: Contents) -> bytes:
    """Print the packet as a tagged PDF.

    Raises:
        PacketError: if anything would be fetched, or the printer warns of anything.

    """
    return print_pdf(render_html(contents), STYLES, bytes.fromhex(contents.sha256))


def render_template(name: str, **values: Any) -> str:
    """Give a template for the printer as HTML."""
    return _templates().get_template(name).render(**values)


def print_pdf(html: str, styles: tuple[str, ...], identifier: bytes) -> bytes:
    """Print a document as a tagged PDF with these style sheets; the same document gives the same bytes.

    Raises:
        PacketError: if anything would be fetched, or the printer warns of anything.

    """
    fonts = FontConfiguration()
    try:
        with _heard() as warnings, _collector_at_rest():
            sheets = [
                CSS(string=style, base_url=None, url_fetcher=Nothing(), font_config=fonts)
                for style in _read_styles(styles)
            ]
            document = HTML(string=html, base_url=None, url_fetcher=Nothing())
            pdf: bytes = document.write_pdf(
                stylesheets=sheets, font_config=fonts, pdf_identifier=identifier, pdf_variant="pdf/ua-1"
            )
    except FatalURLFetchingError as error:
        raise PacketError(str(error)) from error
    if warnings:
        raise PacketError("; ".join(warnings))
    return pdf


@cache
def _templates() -> Environment:
    """Templates that escape whatever they print and refuse a name that nobody gave."""
    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=_printable,
    )


def _printable(value: Any) -> Any:
    """Let text keep four marks on a letter, and break where it would run on without a space."""
    if type(value) is not str:  # what is escaped already has been here before
        return value
    return ENDLESS.sub(lambda run: PIECE.sub(rf"\g<0>{MAY_BREAK}", run[0]), PILE.sub(r"\1", value))


@cache
def _read_styles(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple((ROOT / "static" / "css" / name).read_text(encoding="utf-8") for name in names)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let the garbage collector rest: it costs a seventh of the time and finds nothing before the end."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Ear(logging.Handler):
    """Hears what the printer says in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, if this thread caused it."""
        if record.thread == self._thread:
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
