"""Rows as CSV that a spreadsheet opens as text and numbers: no cell of it is ever a formula."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

BYTE_ORDER_MARK = "\ufeff"  # by this a spreadsheet knows the letters
FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠﹦﹢﹣")  # the full-width forms too


def safe_cell(value: object) -> str:
    """Give the text of a cell; what a spreadsheet would work out gets an apostrophe before it.

    ``None`` is an empty cell. Zeros in front are kept, since every cell is text in quotes.
    """
    text = "" if value is None else str(value)
    begins = text.lstrip(" \u00a0")[:1]
    return f"'{text}" if begins and begins in FORMULA else text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """Give the rows one by one as lines of a file, each cell in quotes; nothing is gathered in memory."""
    yield BYTE_ORDER_MARK.encode()
    line = StringIO()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()
