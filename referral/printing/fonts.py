"""The fonts of papers: the ones in ``static/vendor/`` and our own signs, none of the machine's.

They hold Latin with Vietnamese and marks that combine, Greek, Cyrillic, Hebrew, Devanagari, Tamil and Arabic. A sign
of another script is printed as its number: the printer refuses to draw an empty box.
"""

import unicodedata
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from referral.printing.job import ROOT

FOLDER = ROOT / "static"
CONFIGURATION = Path(__file__).with_name("fonts.conf")
SILENT = frozenset(
    chr(code)
    for code in (
        *(0x09, 0x0A, 0x0D, 0xAD, 0x61C, 0x180E, 0xFEFF),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),  # joiners, directions
        *(*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)),  # forms of the sign before them, tags
    )
)
"""What is never drawn (Unicode: Default_Ignorable_Code_Point), with the controls that are white space."""
NEVER_DRAWN = frozenset({0x890, 0x891, 0x2028})
"""In the fonts, and yet the printer finds no glyph: two marks before a price, the end of a line."""


def spell_out(text: str) -> str:
    """Write each character that no font has as its number in Unicode, so that it can be looked up."""
    foreign = {sign for sign in set(text) if not _has_shape(sign)}
    if not foreign:
        return text
    return "".join(f"[U+{ord(sign):04X}]" if sign in foreign else sign for sign in text)


def _has_shape(sign: str) -> bool:
    return ord(sign) in _drawn() or sign in SILENT or unicodedata.category(sign) == "Zs"


@cache
def _drawn() -> frozenset[int]:
    """Give every character that one of the fonts can draw."""
    drawn: set[int] = set()
    for path in sorted(FOLDER.rglob("*-Regular.ttf")):
        with TTFont(path, lazy=True) as font:
            drawn.update(font.getBestCmap())
    return frozenset(drawn - NEVER_DRAWN)
