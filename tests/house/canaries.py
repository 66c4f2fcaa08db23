"""Canaries: words that nobody else writes, one in every field in which people type, and where they were seen."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask import session as cookie
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms import SECTIONS, read_case, typed_from
from forms.fields import TextField
from forms.parts import Rows, Section
from referral import clock
from referral.actions.export import GIVEN
from referral.facts import read_record
from referral.logs import Formatter
from referral.models import Base
from tests.at_hand import COMPLETE, QUESTION, invented

MARK = "zqxwv"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Typed = dict[str, dict[str, list[str]]]
SILENT = frozenset({"stay", "standing_verdict", "agenda_item", "hand_over"})
MAY_HOLD = (GIVEN.keys() - SILENT) | {
    "person_key", "search_word", "pack", "same_person", "legal_hold", "erasure_request",
}  # fmt: skip
"""The tables in which what was typed about a person may stand, as long as the case is kept."""
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
ERRORS = frozenset({400, 403, 404, 405, 410, 413, 429, 500, 503})
"""Answers that show nothing of what was typed."""


def canaries() -> Iterator[str]:
    """Give one word after another, each with the mark, as a name may be spelt."""
    for number in count():
        yield f"Zqxwv{LETTERS[number // 676 % 26]}{LETTERS[number // 26 % 26]}{LETTERS[number % 26]}"


def has_mark(told: Any) -> bool:
    """Tell whether a canary stands in something, however it is spelt."""
    found = bytes(told) if isinstance(told, bytes | memoryview) else str(told).encode()
    return MARK.encode() in found.lower()


def text_fields(section: type[Section]) -> list[str]:
    """Walk a page for the fields that take words: a new one is among them by itself."""
    page = section({"x": []})
    for rows in (each for each in page if isinstance(each, Rows)):
        rows.offer_blank()
    return [fact.name for fact in page.facts() if isinstance(fact, TextField)]


def whole_case(programme: str, words: Iterator[str]) -> tuple[Typed, Typed]:
    """Type an invented person's case with a canary in every field that takes words; and as far as it can be signed.

    A number that has to be one, and words that are of no use without an answer beside them, are kept in a draft and
    cannot be signed: of those the second has the person's own.
    """
    person = invented(COMPLETE)
    request_ = {"programme_id": programme, "question": QUESTION}
    record = read_record(person.record, clock.today())
    own = {key: dict(given) for key, given in typed_from(record, person.who, request_, person.beside).items()}
    canary = {section.key: {name: [next(words)] for name in text_fields(section)} for section in SECTIONS}
    draft = {each.key: each.keep(_posted(own.get(each.key, {}) | canary[each.key])) for each in SECTIONS}
    wrong = {
        (each.section, each.field_id.rpartition("-")[0] or each.field_id)
        for each in read_case(draft, clock.today()).problems
    }
    signable = {}
    for section in SECTIONS:
        fine = {
            name: given
            for name, given in canary[section.key].items()
            if (section.key, name.rpartition("-")[0] or name) not in wrong
        }
        signable[section.key] = section.keep(_posted(own.get(section.key, {}) | fine))
    return draft, signable


def fields_with_marks(typed: Typed) -> int:
    """Count the fields in which a canary was typed."""
    return sum(has_mark(given) for section in typed.values() for given in section.values())


def _posted(typed: dict[str, list[str]]) -> Any:
    return MultiDict((name, text) for name, given in typed.items() for text in given)


# ------------------------------------------------------------------------------------------------ where they show


@dataclass
class Ear(logging.Handler):
    """Hears every line of the log as it would be written, and what each answer tells beside its page."""

    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(Formatter("json"))

    def __hash__(self) -> int:
        return id(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"log: {self.format(record)}")

    def listen(self, app: Flask) -> None:
        """Stand behind every answer."""

        @app.after_request
        def look(response: Response) -> Response:
            self.heard += [f"address: {request.full_path}"]
            self.heard += [
                f"header {name}: {value}" for name, value in response.headers if name != "Set-Cookie"
            ]
            self.heard += [f"flash: {said}" for _, said in cookie.get("_flashes", ())]
            if response.mimetype == "text/html" and not response.direct_passthrough:
                page = response.get_data(as_text=True)
                self.heard += [f"title: {title}" for title in TITLE.findall(page)]
                if response.status_code in ERRORS:
                    self.heard.append(f"error {response.status_code}: {page}")
            return response

    def caught(self) -> list[str]:
        """Give the first words of what had a canary in it."""
        return [each[:120] for each in self.heard if has_mark(each)]


def columns_with_marks(session: Session) -> set[str]:
    """Read every column of every table that the database has, and name those in which a canary stands."""
    connection = session.connection()
    found = set()
    for name in inspect(connection).get_table_names():
        table = Base.metadata.tables.get(name)
        if table is None:  # alembic's own
            continue
        for row in connection.execute(select(table).execution_options(yield_per=200)).mappings():
            found |= {f"{name}.{column.name}" for column in table.columns if has_mark(row[column])}
    session.rollback()
    return found


def files_with_marks(folders: Sequence[Path]) -> list[str]:
    """Name the files under some folders that have a canary in their name or in what they hold."""
    paths = [path for folder in folders for path in folder.rglob("*")]
    return [
        path.name for path in paths if has_mark(path.name) or (path.is_file() and has_mark(path.read_bytes()))
    ]
