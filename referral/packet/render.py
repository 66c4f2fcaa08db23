"""Papers as HTML, and what makes PDFs of them.

Templates escape whatever they print. The printer itself works in a cage (:mod:`referral.printing.worker`); it fetches
nothing, and what it warns of fails the paper, so that none goes out with a piece missing. The same paper gives the
same bytes, since identifier and dates come from the snapshot.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forms.texts import visible
from referral.packet.contents import Contents
from referral.packet.seal import Seal, make_seal
from referral.printing.fonts import spell_out
from referral.printing.job import ROOT, File, Job
from referral.printing.worker import PacketError, printer

__all__ = ["PacketError", "print_packet", "print_pdf", "render_html", "render_pdf", "render_template"]

STYLES = ("results.css", "packet.css")

# What no name and no word needs, yet would run over the page or take the printer minutes to lay out.
MARK = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
PILE = re.compile(f"({MARK}{{4}}){MARK}+")
ENDLESS = re.compile(r"\S{400,}")
PIECE = re.compile(r"\S{20}")
MAY_BREAK = "\u200b"
OURS = "\u2068\u2069"
"""Around a name that is written from the right (:mod:`referral.packet.contents`): they stay."""


def render_html(contents: Contents, seal: Seal | None = None) -> str:
    """Give the packet as one HTML document, as it is printed. Without a seal it bears one over itself alone."""
    return render_template("packet/packet.html", contents=contents, seal=seal or make_seal(contents))


def render_pdf(contents: Contents) -> bytes:
    """Print the packet alone: nothing carried, nothing signed.

    Raises:
        PacketError: it could not be printed whole.

    """
    return print_packet(contents, make_seal(contents))


def print_packet(contents: Contents, seal: Seal, files: Sequence[File] = (), *, hole: int = 0) -> bytes:
    """Print the packet with the files that it carries, and leave so many bytes for a signature.

    Raises:
        PacketError: it could not be printed whole.

    """
    return printer.print(
        Job(
            html=render_html(contents, seal),
            styles=STYLES,
            identifier=bytes.fromhex(seal.digest),
            files=tuple(files),
            written=contents.written,
            hole=hole,
        )
    )


def render_template(name: str, **values: Any) -> str:
    """Give a template for the printer as HTML."""
    return _templates().get_template(name).render(**values)


def print_pdf(html: str, styles: tuple[str, ...], identifier: bytes) -> bytes:
    """Print a document with these style sheets; the same document gives the same bytes.

    Raises:
        PacketError: it could not be printed whole.

    """
    return printer.print(Job(html=html, styles=styles, identifier=identifier))


@cache
def _templates() -> Environment:
    """Templates that escape whatever they print and refuse a name that nobody gave."""
    papers = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=_printable,
    )
    papers.globals["on_paper"] = True
    return papers


def _printable(value: Any) -> Any:
    """Let text keep four marks on a letter and none that nobody sees, break where it has no space, show no box."""
    if type(value) is not str:  # what is escaped already has been here before
        return value
    seen = "".join(part if part in OURS else visible(part)[0] for part in re.split(f"([{OURS}])", value))
    value = spell_out(PILE.sub(r"\1", seen))
    return ENDLESS.sub(lambda run: PIECE.sub(rf"\g<0>{MAY_BREAK}", run[0]), value)
