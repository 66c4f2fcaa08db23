"""Text as people type and paste it: what may be kept, and what of it is read."""

import re
import unicodedata

from referral.facts import LONGEST_TEXT

LONGEST_KEPT = 20_000
"""What is kept of one text: more than may be recorded, so that nothing is lost while it is shortened."""
LONGEST_KEPT_SHORT = 400
MOST_MARKS = 8

# Marks that turn, hide or join what a reader sees: bidirectional controls, zero-width characters, C0 and C1.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")
_MARK = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_HEAPED_MARKS = re.compile(f"{_MARK}{{{MOST_MARKS + 1},}}")


def keepable(text: str, longest: int) -> str:
    """Give the text as it is stored: line ends made one kind, cut to ``longest``; nothing else is touched.

    What no database stores (NUL, half characters) becomes a visible replacement character.
    """
    text = _NOT_STORABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text[:longest]


def visible(text: str) -> tuple[str, int]:
    """Give the text as it is read: composed (NFC), without unseen marks; and how many of those there were."""
    text, unseen = _UNSEEN.subn("", unicodedata.normalize("NFC", text))
    return text, unseen


def one_line(text: str) -> str:
    """Give what was typed into a short field: visible, without blanks around it or several in a row."""
    return " ".join(visible(text.replace("\n", " ").replace("\t", " "))[0].split())


def quoted(text: str) -> str:
    """Quote what was given, cut short where it is long."""
    shown = one_line(text[:400])
    return f"“{shown}”" if len(shown) <= 60 else f"“{shown[:57]}…”"


def what_is_wrong(text: str, longest: int = LONGEST_TEXT) -> str | None:
    """Say why a free text cannot be recorded as it stands; ``None`` where it can."""
    if len(text) > longest:
        return f"{len(text):,} characters were given. Allowed: at most {longest:,}. Please shorten it."
    if _HEAPED_MARKS.search(text):
        return f"More than {MOST_MARKS} accents stand on one letter. Allowed: at most {MOST_MARKS} in a row."
    return None


def whole_number(text: str, most_digits: int = 7) -> int:
    """Read a number of ours that comes back; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else 0
