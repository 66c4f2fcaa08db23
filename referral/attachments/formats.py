"""Which files we take: what they are called, how they begin, how large they may be."""

import re
import unicodedata
from dataclasses import dataclass

from referral.errors import PonsError

MEBIBYTE = 1024 * 1024
LARGEST_FILE = 25 * MEBIBYTE
MOST_PAGES = 60
MOST_OBJECTS = 50_000
MOST_PIXELS = 40_000_000
MOST_UNPACKED = 200 * MEBIBYTE  # of all streams of one PDF together
LONGEST_LABEL = 100
UNNAMED = "Untitled"


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its endings, its first bytes, and what we keep of it."""

    name: str
    endings: tuple[str, ...]
    magic: bytes
    kept_as: str


PDF = Format("PDF", (".pdf",), b"%PDF-", "application/pdf")
PNG = Format("PNG", (".png",), b"\x89PNG\r\n\x1a\n", "image/png")
JPEG = Format("JPEG", (".jpg", ".jpeg"), b"\xff\xd8\xff", "image/png")
FORMATS = (PDF, PNG, JPEG)
ENDINGS = tuple(ending for each in FORMATS for ending in each.endings)
KEPT_ENDINGS = {PDF.kept_as: ".pdf", PNG.kept_as: ".png"}


class FileRefusedError(PonsError):
    """A file that we do not take. The text says what is wrong with it, and what to do."""


def recognise(name: str, begins: bytes) -> Format:
    """Tell what a file is by its ending and its first bytes, which must agree.

    Raises:
        FileRefusedError: it is none of what we take, or not what it is called.

    """
    by_ending = next((each for each in FORMATS if name.lower().endswith(each.endings)), None)
    by_magic = next((each for each in FORMATS if begins.startswith(each.magic)), None)
    if by_ending is None:
        raise FileRefusedError("Only PDF, PNG and JPEG files are taken. Print or save it as a PDF.")
    if by_magic is not by_ending:
        raise FileRefusedError(
            f"It is called a {by_ending.name} file but is not one. Save it again as a PDF, PNG or JPEG."
        )
    return by_ending


def label_from(name: str) -> str:
    """Make a label of a file's name: its last part without ending, without marks that turn or hide text."""
    last = re.split(r"[/\\]", name)[-1]
    for ending in ENDINGS:
        if last.lower().endswith(ending):
            last = last[: -len(ending)]
            break
    return clean_label(last)


def clean_label(text: str) -> str:
    """Give what people call a file on one line, without marks that turn or hide text, and not too long."""
    shown = "".join(
        " " if letter.isspace() else letter
        for letter in unicodedata.normalize("NFC", text[: 10 * LONGEST_LABEL])
        if letter.isspace() or not unicodedata.category(letter).startswith("C")
    )
    return " ".join(shown.split())[:LONGEST_LABEL].strip() or UNNAMED
