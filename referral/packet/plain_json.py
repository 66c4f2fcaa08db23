"""Reading JSON of strangers: measured before it is parsed, and refused whole if anything in it is odd."""

import json
import re
from decimal import Decimal
from typing import Any

from referral.facts import Fault, RecordError
from referral.reference.files import DEEPEST, Unreadable, read_json

LARGEST = 1024 * 1024
LARGEST_BUNDLE = 4 * LARGEST  # it says every fact twice: of a hundred rows in each list it takes one
BYTES_OF_AN_ENTRY = 12  # at the least, on the average: our own fullest Bundle has 15, a record 20
_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SIGN = re.compile(r"[\[\]{},]")


def read_strictly(content: bytes, what: str, most: int = LARGEST) -> dict[str, Any]:
    """Read JSON whose outermost thing has names with values; ``what`` names the file in what is said of it.

    Raises:
        RecordError: it is too large, too deep, no JSON, or holds what no file should: a name twice, NaN, half
            characters, numbers out of all bounds.

    """
    if len(content) > most:
        raise _refuse(what, f"{len(content):,} bytes", f"at most {most:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(what, f"a byte that is no UTF-8, at {error.start:,}", "JSON in UTF-8") from error
    _measure(text, what, most // BYTES_OF_AN_ENTRY)
    try:
        plain = read_json(text)
        json.dumps(plain, default=_number, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _refuse(what, "half of a character", "whole characters") from error
    except Unreadable as error:
        raise _refuse(what, str(error)[:200], "JSON in which each name stands once, with numbers") from error
    if not isinstance(plain, dict):
        raise _refuse(what, f"a {type(plain).__name__}", "names with values: { … }")
    return plain


def _measure(text: str, what: str, most_entries: int) -> None:
    """Refuse what would cost too much to parse, before anybody tries."""
    deep = deepest = signs = 0
    for sign in _SIGN.findall(_TEXT.sub("", text)):
        signs += 1
        if sign in "[{":
            deep += 1
            deepest = max(deepest, deep)
        elif sign in "]}":
            deep -= 1
    if deepest > DEEPEST:
        raise _refuse(what, f"lists and objects {deepest:,} deep", f"at most {DEEPEST} deep")
    if signs > most_entries:
        raise _refuse(what, f"{signs:,} entries", f"at most {most_entries:,} entries")


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(value)


def _refuse(what: str, given: str, allowed: str) -> RecordError:
    return RecordError([Fault(what, given, allowed)])
