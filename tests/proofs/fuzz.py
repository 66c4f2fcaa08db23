"""Everything that reads what comes from outside, tried with what nobody means: it is read or refused, and never breaks.

A reader refuses by an error of its own; any other is a fault, and so is one that takes longer than it may.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import yaml
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from forms import SECTIONS, dates, drugs, identifiers, read_case, texts, typed_from
from forms.decision import read_decision
from referral import clock
from referral.actions.finding import words_of
from referral.attachments import formats, inside
from referral.audit import AnchorError, read_anchors
from referral.criteria.load import BadEdition, read_edition
from referral.demo import read_people
from referral.facts import RecordError, read_record
from referral.packet.opening import NotTakenError, open_file
from referral.packet.sandbox import TemplateFault, render_text
from referral.reference import find_drug
from referral.reference.files import Unreadable, read_json, read_yaml
from tests.attachments.made import pdf
from tests.fhir.snapshots import bundle_of, snapshots
from tests.packet.mutated import of_bytes, structured

SLOW = 5.0
"""Seconds that one input may take; a machine that does other things at the same time takes longer."""
ROOT = Path(__file__).resolve().parents[2]
CORPUS: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "corpus.yaml").read_text("utf-8"))
KINDS = sorted(identifiers.KINDS)


@dataclass(frozen=True)
class Reader:
    """One reader: what it is begun with, how that is spoilt, and by which errors it may refuse."""

    name: str
    good: Callable[[], Sequence[Any]]
    spoil: Callable[[Any, Random], Any]
    read: Callable[[Any], object]
    refuses: tuple[type[Exception], ...] = ()
    share: int = 100


@dataclass
class Found:
    """What came of it."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


# ------------------------------------------------------------------------------------------- spoiling


def text(good: str, chance: Random) -> str:
    """Spoil a text: parts put in, left out, doubled, turned round, or another text altogether."""
    spoilt = good
    for _ in range(chance.randint(0, 4)):
        place, what = chance.randint(0, len(spoilt)), chance.random()
        end = place + chance.randint(1, 4)
        if what < 0.35:
            spoilt = spoilt[:place] + chance.choice(CORPUS["odd"]) + spoilt[place:]
        elif what < 0.5:
            spoilt = (
                spoilt[:place]
                + chr(chance.choice((chance.randrange(128), chance.randrange(0x11000))))
                + spoilt[place:]
            )
        elif what < 0.65:
            spoilt = spoilt[:place] + spoilt[end:]
        elif what < 0.75:
            spoilt = spoilt[:place] + spoilt[place:end] * chance.randint(2, 200) + spoilt[end:]
        elif what < 0.85:
            spoilt = spoilt[::-1]
        else:
            spoilt = spoilt[:place] + chance.choice(CORPUS[chance.choice(sorted(CORPUS))]) + spoilt[place:]
    return spoilt[:6000].encode("utf-8", "replace").decode()


def plain(good: Any, chance: Random) -> Any:
    """Spoil plain data."""
    return json.loads(structured(good, chance))


def draft(good: dict[str, dict[str, list[str]]], chance: Random) -> dict[str, dict[str, list[str]]]:
    """Spoil what was typed into a form: some fields of one section."""
    key = chance.choice(sorted(good))
    section = {name: list(values) for name, values in good[key].items()}
    for _ in range(chance.randint(1, 4)):
        name = chance.choice(sorted(section) or ["x"])
        section[text(name, chance) if chance.random() < 0.1 else name] = [
            text(chance.choice(section.get(name) or [""]), chance) for _ in range(chance.randint(0, 2))
        ]
    return {key: section}


def of_file(good: bytes, chance: Random) -> bytes:
    """Spoil a file: its values, or its bytes."""
    return of_bytes(good, chance) if chance.random() < 0.5 else structured(json.loads(good), chance)


def edition(good: str, chance: Random) -> str:
    """Spoil an edition: its text, or what it says."""
    if chance.random() < 0.5:
        return of_bytes(good.encode(), chance).decode(errors="replace")
    return structured(_simple(good), chance).decode()


@cache
def _simple(good: str) -> Any:
    return yaml.safe_load(good)


def multipart(good: str, chance: Random) -> bytes:
    """A form in parts, spoilt in its frame and in its names."""
    name, value = text(good, chance), text(good, chance)
    lines = (
        "--mark", f'Content-Disposition: form-data; name="files"; filename="{name}"', "Content-Type: application/pdf",
        "", value, "--mark", f'Content-Disposition: form-data; name="{value}"', "", name, "--mark--", "",
    )  # fmt: skip
    body = "\r\n".join(lines).encode()
    return of_bytes(body, chance) if chance.random() < 0.5 else body


# ------------------------------------------------------------------------------------------- readers


def _read_edition(content: str) -> object:
    given = read_yaml(content)
    name = given.get("id") if isinstance(given, dict) else None
    return read_edition(given, f"{name}.yaml")


def _read_form(typed: dict[str, dict[str, list[str]]]) -> object:
    ((key, section),) = typed.items()
    (kind,) = (each for each in SECTIONS if each.key == key)
    kept = kind.keep(MultiDict([(name, value) for name, values in section.items() for value in values]))
    form = kind(kept)
    return form.problems()


def _read_case(typed: dict[str, dict[str, list[str]]]) -> object:
    return read_case(typed, clock.today())


class _InMemory(Request):
    """A request whose files lie in memory, so that one that is broken off leaves none open."""

    max_form_parts, max_form_memory_size = 300, 2**20

    def _get_file_stream(self, *_how: Any, **_more: Any) -> BytesIO:
        return BytesIO()


def _read_parts(body: bytes) -> object:
    how = {
        "method": "POST",
        "input_stream": None,
        "data": body,
        "content_type": "multipart/form-data; boundary=mark",
    }
    request = _InMemory(EnvironBuilder(**how).get_environ())  # type: ignore[arg-type]  # as its documentation has it
    found = [formats.label_from(each.filename or "") for each in request.files.values()]
    return found, list(request.form.items(multi=True))


def _take_out(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, inside.RECEIVED).write_bytes(content)
        Path(folder, inside.WANTED).write_text('{"case-record.json": 1000000}')
        return inside.take_out(Path(folder))


def _anchors(content: str) -> object:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        return read_anchors(Path(file.name))


def _decision(content: str) -> object:
    today = clock.today()
    posted = MultiDict(
        [
            (name, content)
            for name in ("decided_on", "text", "conditions", "items", "comes_back_on", f"member.{content}")
        ]
    )
    for outcome in ("accepted", "deferred", "more_information_needed", content):
        posted["outcome"] = outcome
        read_decision(posted, (), {content: "Somebody"}, {}, signed_on=today, today=today)
    return posted


def _letter(template: str) -> object:
    return render_text(template, {"name": "Ada", "lines": ["one", "two"], "case": {"number": "P-2026-0001"}})


def _texts(content: str) -> object:
    texts.keepable(content, 200)
    texts.what_is_wrong(content)
    return texts.visible(content), texts.one_line(content), texts.quoted(content)


def _name(content: str) -> object:
    formats.clean_label(content)
    formats.label_from(content)
    return formats.recognise(content, content.encode()[:8])


@cache
def _records() -> list[Any]:
    return [person.record for person in read_people(clock.today())]


@cache
def _typed() -> list[Any]:
    today = clock.today()
    return [
        dict(typed_from(read_record(each.record, today), each.who, {}, each.beside))
        for each in read_people(today)
    ]


@cache
def _bundles() -> list[bytes]:
    return [bundle_of(snapshot) for snapshot in list(snapshots().values())[:6]]


@cache
def _editions() -> list[str]:
    return [path.read_text("utf-8") for path in sorted((ROOT / "referral/criteria/protocols").glob("*.yaml"))]


@cache
def _pdfs() -> list[bytes]:
    return [pdf(), pdf(3, "Case record")]


def _of(name: str) -> Callable[[], Sequence[str]]:
    return lambda: CORPUS[name]


def _numbers(content: str, kind: str) -> object:
    return identifiers.check(kind, content)


READERS = (
    Reader("dates", _of("dates"), text, dates.read_date, (ValueError,), 3000),
    *(
        Reader(f"identifiers: {kind}", _of("identifiers"), text, partial(_numbers, kind=kind), (ValueError,), 150)
        for kind in KINDS
    ),
    Reader("texts", _of("names"), text, _texts, (), 1500),
    Reader("words of a search", _of("names"), text, words_of, (), 1000),
    Reader("drug names", _of("drugs"), text, find_drug, (), 1500),
    Reader("drug names, those near", _of("drugs"), text, drugs.names_near, (), 60),
    Reader("file names and their first bytes", _of("file_names"), text, _name, (formats.FileRefusedError,), 1500),
    Reader("decisions as posted", _of("dates"), text, _decision, (), 300),
    Reader("templates of letters", _of("templates"), text, _letter, (TemplateFault,), 150),
    Reader("heads of the trail", _of("identifiers"), text, _anchors, (AnchorError,), 300),
    Reader("forms in parts", _of("file_names"), multipart, _read_parts, (HTTPException,), 150),
    Reader("JSON", _of("numbers"), text, read_json, (Unreadable,), 500),
    Reader("YAML", _of("numbers"), text, read_yaml, (Unreadable,), 150),
    Reader("records", _records, plain, partial(read_record, as_of=clock.today()), (RecordError,), 60),
    Reader("sections of the form", _typed, draft, _read_form, (), 60),
    Reader("drafts", _typed, draft, _read_case, (), 10),
    Reader("records as files", lambda: [json.dumps(each).encode() for each in _records()], of_file,
           partial(open_file, today=clock.today()), (NotTakenError,), 40),
    Reader("FHIR Bundles", _bundles, of_file, partial(open_file, today=clock.today()), (NotTakenError,), 20),
    Reader("editions", _editions, edition, _read_edition, (BadEdition, Unreadable), 15),
    Reader("PDF, taken apart", _pdfs, of_bytes, _take_out, (), 40),
)  # fmt: skip
"""``share``: of all inputs so many, beside the others; what is slow gets fewer."""


def run(times: int, seed: int, readers: Iterable[Reader] = READERS, *, least: int = 20) -> Found:
    """Try so many inputs, shared out among the readers; the same for the same seed."""
    found, readers = Found(), tuple(readers)
    all_shares = sum(reader.share for reader in readers)
    for reader in readers:
        chance = Random(f"{seed} {reader.name}")  # noqa: S311  # no secret
        good = reader.good()
        for _ in range(max(least, -(-times * reader.share // all_shares))):
            _try(reader, reader.spoil(chance.choice(good), chance), found)
    return found


def _try(reader: Reader, spoilt: Any, found: Found) -> None:
    found.tried[reader.name] += 1
    began = time.process_time()
    try:
        reader.read(spoilt)
    except reader.refuses:
        found.refused[reader.name] += 1
    except Exception as fault:
        found.faults.append(
            f"{reader.name}: {type(fault).__name__}: {str(fault)[:200]} of {str(spoilt)[:300]!r}"
        )
    took = time.process_time() - began
    if took > SLOW:
        found.faults.append(f"{reader.name}: {took:.1f} s for {str(spoilt)[:300]!r}")


def with_fault(reader: Reader) -> Reader:
    """The same reader, which breaks on one odd sign, as one that a version of a library has changed."""

    def breaks(spoilt: Any) -> object:
        told = spoilt if isinstance(spoilt, str) else repr(spoilt)
        if any(sign in told for sign in ("\u202e", "\\u202e", "٤", "\\xff", "\\xd9", "x" * 50, "NaN")):
            raise ZeroDivisionError("a fault of the proofs")
        return reader.read(spoilt)

    return replace(reader, read=breaks)
