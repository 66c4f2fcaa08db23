"""Opening a case that comes from elsewhere as a file: a packet, a FHIR Bundle, a case record.

What is read here is nobody's word but the sender's. It is measured and refused before it is parsed, a PDF is taken
apart in a cage, and of a packet only the files inside it are read, never its pages. What the sender's software
found is given apart from the case and compared later; nothing rests on it.
"""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from referral import caged
from referral.errors import PonsError
from referral.facts import CaseRecord, Fault, RecordError, read_record
from referral.fhir.left import Left
from referral.fhir.reading import ReadBundle, read_bundle
from referral.packet.checking import ALTERED, WHOLE, check_packet
from referral.packet.make import ASSESSMENT
from referral.packet.make import BUNDLE as FHIR
from referral.packet.make import RECORD as CASE_RECORD
from referral.packet.plain_json import LARGEST, LARGEST_BUNDLE, read_strictly

PACKET, BUNDLE, RECORD = "packet", "bundle", "record"
LARGEST_FILE = 25 * 1024 * 1024
MOST_FAULTS = 20
RECEIVED, WANTED = "received", "wanted"
WORK = "referral.attachments.inside:take_out"
VERDICTS = ("met", "tested_met", "cannot_say", "not_met")
EDITION = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
DIGEST = re.compile(r"[0-9a-f]{64}")

DO_RECORD = "Mend it in the system that wrote the file, and write it anew; or type the case in."
DO_FILE = "Choose a packet (PDF), a FHIR Bundle (JSON) or a case record (JSON), as it came."
DO_ALTERED = "Do not type it in either. Ask the sender for it anew, and tell them that this one was altered."
DO_PDF = (
    "Ask the sender for the packet as it was issued: a PDF that was printed or scanned anew carries no case."
)


class NotTakenError(PonsError):
    """A file that is not taken: where it is wrong, what was given, what is allowed, and what to do."""

    def __init__(self, faults: Sequence[Fault], what_to_do: str) -> None:
        """Keep the first faults; how many there are in all is said."""
        super().__init__("The file was not taken. " + what_to_do)
        self.faults = tuple(
            each._replace(path=each.path or "a name without letters") for each in faults[:MOST_FAULTS]
        )
        self.more = max(0, len(faults) - MOST_FAULTS)
        self.what_to_do = what_to_do


@dataclass(frozen=True)
class Opened:
    """A file that was read: the case in it, as plain data, and what its sender says beside it.

    ``record`` holds what the reader of records takes, ``exact`` that it is the sender's own record and not put
    together from resources. ``verdicts`` are the sender's, by edition; ``None`` where the file has none.
    ``seal`` names the key that sealed a whole packet; ``None`` where nothing shows whether the file was altered.
    """

    kind: str
    sha256: str
    record: CaseRecord
    exact: bool
    identity: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)
    question: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    verdicts: Mapping[str, Any] | None = None
    seal: Mapping[str, str] | None = None
    left: tuple[Left, ...] = ()


def open_file(content: bytes, today: date) -> Opened:
    """Read a file from elsewhere, as of a day. Nothing is stored and nobody is told.

    Raises:
        NotTakenError: it is none of the three, or cannot be taken as it stands.
        BusyError: too many files are being read at the moment.

    """
    if len(content) > LARGEST_FILE:
        raise _refuse("the file", f"{len(content):,} bytes", f"at most {LARGEST_FILE:,} bytes", DO_FILE)
    if content.startswith(b"%PDF-"):
        return _open_packet(content, today)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        raise _refuse("the file", _begins(content), "a PDF, or JSON: { … }", DO_FILE)
    try:
        plain = read_strictly(content, "the file", LARGEST_BUNDLE)
        if "resourceType" in plain:
            return _opened_bundle(BUNDLE, content, read_bundle(plain), today)
        return _open_record(content, plain, today)
    except RecordError as error:
        raise NotTakenError(error.faults, DO_RECORD) from error


def _refuse(where: str, given: str, allowed: str, what_to_do: str) -> NotTakenError:
    return NotTakenError([Fault(where, given, allowed)], what_to_do)


def _begins(content: bytes) -> str:
    if not content.strip():
        return "an empty file"
    shown = content.lstrip()[:12].decode("ascii", "replace")
    return f"a file that begins with “{''.join(each if each.isprintable() else '�' for each in shown)}”"


def _open_record(content: bytes, plain: dict[str, Any], today: date) -> Opened:
    """Read a bare case record, or a case with its record inside."""
    if len(content) > LARGEST:
        raise _refuse(
            "the file", f"{len(content):,} bytes", f"at most {LARGEST:,} bytes of case record", DO_FILE
        )
    inner = plain.get("record")
    record = read_record(inner if isinstance(inner, dict) else plain, today)
    return Opened(RECORD, sha256(content).hexdigest(), record, exact=True)


def _opened_bundle(kind: str, content: bytes, read: ReadBundle, today: date) -> Opened:
    return Opened(
        kind,
        sha256(content).hexdigest(),
        read_record(read.record, today),
        read.exact,
        identity=read.identity,
        beside=read.beside,
        question=read.question,
        source=read.source,
        left=tuple(read.left),
    )


# A packet


def _open_packet(content: bytes, today: date) -> Opened:
    """Read a packet: a sealed one only if it is whole, one without a seal for what it is."""
    checked = check_packet(content)
    if checked.state == ALTERED:
        raise _refuse(
            "the packet", f"an altered packet: {checked.why}", "a packet as it was issued", DO_ALTERED
        )
    whole = checked.state == WHOLE
    inside = checked.files if whole else files_inside(content)
    if CASE_RECORD not in inside:
        raise _refuse("the PDF", "no case record inside", f"a packet, with {CASE_RECORD} inside", DO_PDF)
    try:
        plain = read_strictly(inside[CASE_RECORD], CASE_RECORD)
        record = read_record(plain, today)
        read = ReadBundle(plain, {}, {}, exact=True)
        if FHIR in inside:
            read = read_bundle(read_strictly(inside[FHIR], FHIR, LARGEST_BUNDLE))
            _same_record(read, record, today)
        verdicts = read_verdicts(inside[ASSESSMENT]) if ASSESSMENT in inside else None
    except RecordError as error:
        raise NotTakenError(error.faults, DO_RECORD) from error
    read.record, read.exact = plain, True
    opened = _opened_bundle(PACKET, content, read, today)
    seal = {"signer": checked.signer, "fingerprint": checked.fingerprint} if whole else None
    return replace(opened, verdicts=verdicts, seal=seal)


def _same_record(read: ReadBundle, record: CaseRecord, today: date) -> None:
    """Refuse a packet whose files are about different cases."""
    if read.exact and read_record(read.record, today) != record:
        raise RecordError([Fault(FHIR, "another case record", f"the same case record as {CASE_RECORD}")])


def files_inside(content: bytes) -> dict[str, bytes]:
    """Give the files of ours that a PDF carries, by name. The PDF is taken apart in a cage.

    Raises:
        NotTakenError: it is damaged or locked, or what it carries is too large.
        BusyError: too many files are being read at the moment.

    """
    with tempfile.TemporaryDirectory(prefix="pons-") as name:
        folder = Path(name)
        (folder / RECEIVED).write_bytes(content)
        (folder / WANTED).write_text(
            json.dumps(dict.fromkeys((CASE_RECORD, ASSESSMENT, FHIR), LARGEST_BUNDLE))
        )
        try:
            answer = caged.run(WORK, folder)
        except caged.BusyError:
            raise
        except caged.TooMuchError as error:
            raise _refuse("the PDF", "more work than a packet takes", "a packet as issued", DO_PDF) from error
        except caged.CageError as error:
            raise _refuse("the PDF", "a PDF that cannot be read", "a packet as issued", DO_PDF) from error
        if "refused" in answer:
            raise _refuse("the PDF", str(answer["refused"]), "a packet as issued", DO_PDF)
        return {each: (folder / each).read_bytes() for each in answer["files"]}


def read_verdicts(content: bytes) -> dict[str, Any]:
    """Read what the sender's software found: the verdict of each edition, and on which record and day it rests.

    Raises:
        RecordError: it is no assessment.

    """
    plain = read_strictly(content, ASSESSMENT)
    protocols = plain.get("protocols")
    if not isinstance(protocols, list):
        raise RecordError([Fault(f"{ASSESSMENT}: protocols", type(protocols).__name__, "a list")])
    return {
        "as_of": _day(plain.get("as_of")),
        "record_sha256": str(plain.get("record_sha256"))[:64],
        "editions": dict(_verdict(each, number) for number, each in enumerate(protocols)),
    }


def _day(given: Any) -> str:
    try:
        return date.fromisoformat(given).isoformat()
    except (TypeError, ValueError):
        raise RecordError([Fault(f"{ASSESSMENT}: as_of", str(given)[:40], "a day: 2026-11-22")]) from None


def _verdict(plain: Any, number: int) -> tuple[str, dict[str, str | None]]:
    """Read one edition's verdict; a name that cannot be one of an edition is refused, not shown."""
    given = plain if isinstance(plain, dict) else {}
    id_, verdict, digest = (given.get(name) for name in ("protocol", "verdict", "definition_sha256"))
    where = f"{ASSESSMENT}: protocols[{number}]"
    if not isinstance(id_, str) or not EDITION.fullmatch(id_):
        raise RecordError([Fault(f"{where}.protocol", str(id_)[:40], "the id of an edition")])
    if verdict not in VERDICTS:
        raise RecordError([Fault(f"{where}.verdict", str(verdict)[:40], f"one of {', '.join(VERDICTS)}")])
    known = digest if isinstance(digest, str) and DIGEST.fullmatch(digest) else None
    return id_, {"verdict": verdict, "sha256": known}
