"""The form on paper: every section with lines to write on and boxes to tick, and nobody's data."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import groupby
from typing import Any

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from wtforms import Field

from forms import SECTIONS, Section
from forms.fields import Fact
from forms.parts import Part, Rows
from forms.workup import WorkupForm
from referral.auth import requires
from referral.packet.render import print_pdf, render_template
from referral.workflow import Role

blank_form = Blueprint("blank_form", __name__)

STYLES = ("blank-form.css",)
MOST_BOXES = 9
"""An answer out of more than these is written down, not ticked."""
LONG_BOXES = 60
"""Answers whose words are longer than this, taken together, have the width of the page."""
MOST_COLUMNS = 5
ENTRIES = 3
"""How many entries of a list have room; more go on a second form."""


@dataclass(frozen=True)
class Blank:
    """One thing to write or tick. ``kind`` is *line*, *lines*, *boxes* or *box*; ``wide`` takes the whole width."""

    label: str
    hint: str
    kind: str
    choices: tuple[str, ...]
    wide: bool


@dataclass(frozen=True)
class Table:
    """Many things of which the same is asked: a row each."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Blank, ...]], ...]
    kind: str = "table"


@dataclass(frozen=True)
class Entries:
    """A list, with room for some entries."""

    title: str
    noun: str
    hint: str
    blanks: tuple[Blank, ...]
    count: int = ENTRIES
    kind: str = "entries"


@dataclass(frozen=True)
class Page:
    """One section of the form."""

    number: int
    title: str
    why: str
    parts: tuple[Any, ...]


@blank_form.get("/blank-form.pdf")
@requires(*Role)
def show() -> ResponseReturnValue:
    """Hand out the blank form."""
    response = Response(print_form(), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename="referral-form.pdf")
    return response


@cache
def print_form() -> bytes:
    """Print the form, once for as long as the application runs."""
    html = render_template("blank/form.html", pages=pages())
    return print_pdf(html, STYLES, sha256(html.encode()).digest())


def pages() -> tuple[Page, ...]:
    """Give every section of the form as it stands on paper."""
    return tuple(
        Page(number, section.title, section.why, tuple(_parts(section())))
        for number, section in enumerate(SECTIONS, start=1)
    )


def _parts(form: Section) -> Iterator[Any]:
    if isinstance(form, WorkupForm):
        for group in form.shown():
            yield _table(group.heading, group.fields)
        return
    # What only other published sets ask is left to the screen: the paper has what is asked first.
    names = ("by", "on", *form.asked) if form.key == "judgements" else None
    yield from _arranged(field for field in form if names is None or field.short_name in names)


def _arranged(fields: Iterator[Field]) -> Iterator[Any]:
    """Give the blanks in the order of the page; neighbours of which the same is asked become one table."""
    for kind, some in groupby(fields, key=_kind):
        same = list(some)
        if kind is Fact:
            yield from map(_blank, same)
        elif kind is Rows:
            yield from map(_entries, same)
        elif same[0].label.text and _fits_a_row(same[0].form):
            yield _table("", same)
        else:
            for group in same:
                yield from _arranged(iter(group.form))


def _fits_a_row(part: Part) -> bool:
    inner = list(part)
    return len(inner) <= MOST_COLUMNS and all(isinstance(field, Fact) for field in inner)


def _kind(field: Field) -> type:
    if isinstance(field, Fact):
        return Fact
    return Rows if isinstance(field, Rows) else type(field.form)


def _table(title: str, groups: list[Any]) -> Table:
    columns = tuple(inner.label.text for inner in groups[0].form)
    rows = tuple((group.label.text, tuple(_blank(inner) for inner in group.form)) for group in groups)
    return Table(title, columns, rows)


def _entries(rows: Rows) -> Entries:
    blanks = tuple(_blank(fact) for fact in rows.pattern.form.facts())
    return Entries(rows.label.text, rows.noun, rows.description, blanks)


def _blank(fact: Fact) -> Blank:
    choices = tuple(getattr(fact, "choices", {}).values())
    label, hint = fact.label.text, fact.description or ""
    if fact.kind == "tick":
        return Blank(label, hint, "box", (), wide=False)
    if 0 < len(choices) <= MOST_BOXES:
        return Blank(label, hint, "boxes", choices, wide=len("".join(choices)) > LONG_BOXES)
    lines = "lines" if fact.kind == "textarea" else "line"
    return Blank(label, hint, lines, (), wide=lines == "lines")
