"""How fields make up a page: parts, rows of parts, and the sections that stand for pages.

A part has the shape of its part of the case record, name by name, so that one walk reads all of them and one
walk writes them back.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, ClassVar, NamedTuple

from werkzeug.datastructures import MultiDict
from wtforms import Field, FieldList, Form, FormField

from forms.fields import Fact
from forms.texts import keepable
from referral.facts import CaseRecord

MOST_ROWS = 100
MOST_TICKS = 60
BLANK_ROW = "__row__"

Typed = dict[str, list[str]]
Found = dict[str, Fact]


class Problem(NamedTuple):
    """What is wrong with, or doubtful about, one field: where it stands, what it is called, what to say."""

    section: str
    field_id: str
    label: str
    message: str


class Difference(NamedTuple):
    """One field of which two versions of a page say different things."""

    field_id: str
    label: str
    stored: str
    mine: str


class Part(Form):  # type: ignore[misc]  # WTForms ships no types
    """Some fields that belong together: an entry of a list, a measurement, a section."""

    needed: ClassVar[tuple[str, ...]] = ()
    """The names without which the entry means nothing and is left out."""
    noun: ClassVar[str] = "entry"

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Find what is wrong between the fields of one entry, by field name. Most parts have nothing."""
        yield from ()

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give this part of the record; note in ``found`` which field each path came from.

        ``None`` where nothing was given, or where what is needed is missing or wrong.
        """
        for name, message in self.clashes():
            self[name].fault(message)
        if self.needed and not self.touched:
            return None
        plain = {}
        for field in self:
            value = _read(field, f"{path}.{field.short_name}".lstrip("."), found)
            if value is not None and getattr(field, "recorded", True):
                plain[field.short_name] = value
        for name in self.needed:
            if name not in plain and not self[name].errors:
                self[name].fault("This is missing.")
        return None if any(name not in plain for name in self.needed) else plain

    def write(self, plain: Mapping[str, Any], typed: Typed) -> None:
        """Put into ``typed`` what a person would have typed to give this part of the record."""
        for field in self:
            value = plain.get(field.short_name)
            if value is None:
                continue
            if isinstance(field, Fact):
                typed[field.name] = field.write(value)
            elif isinstance(field, Rows):
                for row, entry in zip(field.blanks(len(value)), value, strict=True):
                    row.form.write(entry, typed)
            else:
                field.form.write(value, typed)

    @property
    def touched(self) -> bool:
        """Whether anything was typed or chosen in it."""
        return any(field.touched for field in self.facts())

    def facts(self) -> Iterator[Fact]:
        """Give every field of it that holds one fact."""
        for field in self:
            yield from _facts(field)


class Group(FormField):  # type: ignore[misc]  # WTForms ships no types
    """A part inside a part, such as one measurement."""

    kind: ClassVar[str] = "group"

    def __init__(self, part: type[Part], label: str = "", hint: str = "", **kwargs: Any) -> None:
        """Take the part, and what it is called."""
        super().__init__(part, label, description=hint, **kwargs)


class Beside(Group):
    """What a section asks that the case record has no place for: beside it, and read by no criterion."""

    recorded = False


class Rows(FieldList):  # type: ignore[misc]  # WTForms ships no types
    """A list of parts that grows and shrinks on the page."""

    def __init__(self, part: type[Part], label: str, hint: str = "", **kwargs: Any) -> None:
        """Take the part of each row, and what the list is called."""
        super().__init__(Group(part), label, description=hint, max_entries=MOST_ROWS + 1, **kwargs)
        self.part = part

    @property
    def noun(self) -> str:
        """What one row is called."""
        return self.part.noun

    @property
    def touched_rows(self) -> int:
        """How many rows somebody wrote something into, readable or not."""
        return sum(row.form.touched for row in self.entries)

    @property
    def pattern(self) -> Any:
        """A blank row under a name that stands for any number, for copying in the browser."""
        return self._row(BLANK_ROW)

    def blanks(self, count: int) -> list[Any]:
        """Give blank rows, numbered from 0."""
        return [self._row(str(index)) for index in range(count)]

    def offer_blank(self) -> None:
        """Add one blank row at the end of the page's list; a row that stays empty is no row."""
        if len(self.entries) < MOST_ROWS:
            self.entries.append(self._row(str(len(self.entries))))

    def _row(self, index: str) -> Any:
        name = f"{self.name}-{index}"
        row = self.meta.bind_field(self._form, self.unbound_field, {"name": name, "_meta": self.meta})
        row.short_name = index
        row.process(None)
        return row


class Section(Part):
    """One page of the form."""

    key: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    root: ClassVar[str] = ""
    """Where its part stands in the case record."""
    asked: ClassVar[tuple[str, ...]] = ()
    """The names that are asked for first: with all of them answered the section counts as filled in.

    A name inside a part is written with a dash: ``beside-own``.
    """
    recorded: ClassVar[bool] = True
    """Whether the case record holds it."""

    def __init__(self, typed: Mapping[str, Sequence[str]] | None = None) -> None:
        """Build the page from what was typed, or blank. Names that it does not have are passed over."""
        super().__init__(formdata=None if typed is None else _posted(self.keep(_posted(typed))))
        self.validate()

    @classmethod
    def keep(cls, posted: "MultiDict[str, str]") -> Typed:
        """Give what is stored of a posted page: known names only, blanks left out, rows numbered from 0.

        A button named ``remove-events`` takes the row of its value out. Nothing else is changed; what is
        longer than can be kept is cut, and the field says so.
        """
        known = _names(cls)  # type: ignore[arg-type]  # a class is hashable, whatever its untyped base
        kept: dict[tuple[str, int, str], list[str]] = {}
        for name in posted:
            stem, row, rest = _split(name)
            field = known.get((stem, rest))
            if field is None or (row >= 0 and posted.get(f"remove-{stem}") == str(row)):
                continue
            given = [text for text in posted.getlist(name) if isinstance(text, str) and text.strip()]
            given = [keepable(text, field.longest) for text in given[:MOST_TICKS]]
            if given:
                kept[stem, row, rest] = given
        return _numbered(kept)

    def problems(self) -> list[Problem]:
        """List what is wrong, in the order of the page."""
        return [
            Problem(self.key, field.id, label, f"{message}{ending}")
            for field, label, ending in _walk(self, "", "")
            for message in field.errors
        ]

    def doubts(self) -> list[Problem]:
        """List what is taken as it stands but is worth a second look."""
        return [
            Problem(self.key, field.id, label, message)
            for field, label, _ in _walk(self, "", "")
            for message in field.doubts
        ]

    def doubt_days(self, as_of: date) -> None:
        """Point out days that do not fit the day they are read on. Most pages have none."""

    def work_out(self, record: CaseRecord, as_of: date) -> None:
        """Work out what the page says of the whole record beside what was typed. Most pages say nothing."""

    def read_beside(self) -> dict[str, Any]:
        """Give what this page knows that the record has no place for; empty where nothing was given."""
        return next((field.form.read("", {}) or {} for field in self if isinstance(field, Beside)), {})

    @property
    def state(self) -> str:
        """*empty*, *part*, *filled* or *problem*."""
        if self.problems():
            return "problem"
        if not self.touched:
            return "empty"
        return "filled" if all(map(self._answered, self.asked)) else "part"

    def _answered(self, name: str) -> bool:
        """Whether something stands in a field, a list or a part; ``beside-own`` is a field of a part."""
        if name in self:
            return _touched(self[name])
        return any(fact.touched for fact in self.facts() if fact.name == name)


def differences(stored: Section, mine: Section) -> list[Difference]:
    """List the fields that differ, in the order of the page; a field that one version lacks is blank there."""
    theirs = {field.name: (field, label) for field, label, _ in _walk(stored, "", "")}
    ours = {field.name: (field, label) for field, label, _ in _walk(mine, "", "")}
    found = []
    for name, (field, label) in (ours | {k: v for k, v in theirs.items() if k not in ours}).items():
        there = theirs[name][0].shown if name in theirs else ""
        here = ours[name][0].shown if name in ours else ""
        if there != here:
            found.append(Difference(field.id, label, there, here))
    return found


def _posted(typed: Mapping[str, Sequence[str]]) -> "MultiDict[str, str]":
    """Give stored text the shape of a posted page."""
    return MultiDict([(name, text) for name, given in typed.items() for text in given])


def _read(field: Field, path: str, found: Found) -> Any:
    if isinstance(field, Fact):
        found[path] = field
        return field.fact
    if isinstance(field, Rows):
        rows: list[dict[str, Any]] = []
        for row in field.entries[MOST_ROWS:]:
            next(row.form.facts()).fault(f"At most {MOST_ROWS} can be listed here; what follows is left out.")
        for row in field.entries[:MOST_ROWS]:
            inner: Found = {}
            entry = row.form.read("", inner)
            if entry is not None:
                found |= {f"{path}[{len(rows)}].{name}": fact for name, fact in inner.items()}
                rows.append(entry)
        return rows or None
    return field.form.read(path, found) or None


def _facts(field: Field) -> Iterator[Fact]:
    if isinstance(field, Fact):
        yield field
    elif isinstance(field, Rows):
        for row in field.entries:
            yield from row.form.facts()
    else:
        yield from field.form.facts()


def _touched(field: Field) -> bool:
    return any(fact.touched for fact in _facts(field))


def _walk(part: Part, before: str, ending: str) -> Iterator[tuple[Fact, str, str]]:
    """Give every fact of a part with its full name and what follows from its being wrong."""
    for field in part:
        label = f"{before}{field.label.text}"
        if isinstance(field, Fact):
            yield field, label, ending if field.short_name in part.needed else ""
        elif isinstance(field, Rows):
            for number, row in enumerate(field.entries, start=1):
                entry = f"{field.noun} {number}"
                left_out = f" Until then this {field.noun} is left out."
                yield from _walk(row.form, f"{entry[0].upper()}{entry[1:]}: ", left_out)
        else:
            inner = f"{label}: " if field.label.text else before
            yield from _walk(field.form, inner, f" Until then this {field.form.noun} is left out.")


_ROW_NAME = re.compile(r"([a-z_]+)-([0-9]{1,4})-([a-z0-9_-]+)")


def _split(name: str) -> tuple[str, int, str]:
    """Take ``events-3-onset`` apart; a name without a row number has the row -1."""
    row = _ROW_NAME.fullmatch(name)
    return (row[1], int(row[2]), row[3]) if row else (name, -1, "")


def _numbered(kept: Mapping[tuple[str, int, str], list[str]]) -> Typed:
    """Name what is kept, each list's rows numbered from 0, and no more of them than can be shown."""
    rows: dict[str, dict[int, int]] = {}
    typed: Typed = {}
    for (stem, row, rest), given in sorted(kept.items(), key=lambda item: item[0]):
        if row < 0:
            typed[stem] = given
            continue
        numbers = rows.setdefault(stem, {})
        number = numbers.setdefault(row, len(numbers))
        if number <= MOST_ROWS:
            typed[f"{stem}-{number}-{rest}"] = given
    return typed


@cache
def _names(section: type[Section]) -> dict[tuple[str, str], Fact]:
    """Give the names a page has; for a list, its name with each name of its row."""
    names: dict[tuple[str, str], Fact] = {}
    for field in section():
        if isinstance(field, Rows):
            row = field.pattern
            names |= {(field.name, fact.name.removeprefix(f"{row.name}-")): fact for fact in row.form.facts()}
        else:
            names |= {(fact.name, ""): fact for fact in _facts(field)}
    return names
