"""What the process itself writes down, a line an event, to its standard error: ids, patterns and numbers only.

Names, words of a case, addresses and what was typed never get into a line, nor what an error says of itself, since
errors quote what they choked on. What others' code writes is told by its template and its place. Every line is one
line, whatever was put into it. ``LOG=json`` is for a collector, ``plain`` for eyes.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from flask import g, has_app_context
from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import Mapper, Session, SessionTransaction, object_session

from referral.models import AuditEntry

ROOT = Path(__file__).resolve().parents[1]
OURS = "referral"
MOST_FRAMES = 30
TOLD = logging.getLogger("referral.told")
"""Where requests and acts go; only a server lets them through (:func:`tell`)."""


class Formatter(logging.Formatter):
    """One line an event."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.json = kind == "json"

    def format(self, record: logging.LogRecord) -> str:
        """Write an event in one line of JSON, or of words."""
        told = _fields(record)
        if self.json:
            return json.dumps(told)  # with every sign outside of ASCII, and every line break, written out
        at, level, event_ = told.pop("at"), told.pop("level"), told.pop("event")
        rest = " ".join(f"{name}={_word(value)}" for name, value in told.items())
        return f"{at} {level} {_word(event_)} {rest}".rstrip()


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if text.isascii() and text.isprintable() else json.dumps(text)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    moment = datetime.fromtimestamp(record.created, UTC)
    told: dict[str, Any] = {
        "at": moment.isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": _said(record),
        "logger": record.name,
    }
    if has_app_context() and (request_id := g.get("request_id")):
        told["request"] = request_id
    told |= getattr(record, "told", {})
    if record.exc_info and record.exc_info[1] is not None:
        told |= _error(record.exc_info[1])
    return told


def _said(record: logging.LogRecord) -> str:
    """Say what our code said; of others' code the template, since its values are not looked at by us."""
    if record.name.split(".")[0] == OURS:
        return record.getMessage()
    return str(record.msg) if record.args else f"text withheld, from {record.module}:{record.lineno}"


def _error(error: BaseException) -> dict[str, Any]:
    """Name an error, what caused it, and the places in the code; not what it says, and no value."""
    kinds: list[str] = []
    frames: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(kinds) < 5:
        kinds.append(type(seen).__name__)
        frames += [_place(frame) for frame in traceback.extract_tb(seen.__traceback__)][-MOST_FRAMES:]
        seen = seen.__cause__ or seen.__context__
    return {"error": kinds, "places": frames[:MOST_FRAMES]}


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    shown = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return f"{shown}:{frame.lineno} {frame.name}"


class ToStandardError(logging.StreamHandler[IO[str]]):
    """Writes to whatever is the standard error at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> IO[str]:  # type: ignore[override]  # as Python's own handler of last resort has it
        """Give the standard error."""
        return sys.stderr


def set_up(kind: str) -> None:
    """Let everything that is logged in this process go out in our form, once."""
    root = logging.getLogger()
    handler = next((each for each in root.handlers if isinstance(each, ToStandardError)), None)
    if handler is None:
        handler = ToStandardError()
        root.addHandler(handler)
    handler.setFormatter(Formatter(kind))


def tell(kind: str, *others: str) -> None:
    """Let requests and acts through, as a server does, and give loggers with handlers of their own our form."""
    set_up(kind)
    logging.raiseExceptions = False  # a line that cannot be written would be printed with its values
    TOLD.setLevel(logging.INFO)
    for name in others:
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(Formatter(kind))


# A line an act


@event.listens_for(AuditEntry, "after_insert")
def _remember(_mapper: Mapper[AuditEntry], _connection: Connection, entry: AuditEntry) -> None:
    session = object_session(entry)
    if session is not None and TOLD.isEnabledFor(logging.INFO):
        told = {
            "deed": entry.deed,
            "entry": entry.id,
            "person": entry.actor_id,
            "referral": entry.referral_id,
        }
        session.info.setdefault("acts", []).append((entry, told))


@event.listens_for(Session, "after_commit")
def _tell_acts(session: Session) -> None:
    """Tell each act once it is certain; what was rolled back, or to a savepoint, is told by nobody."""
    for entry, told in session.info.pop("acts", ()):
        if not inspect(entry).transient:
            TOLD.info("act", extra={"told": {name: plain(value) for name, value in told.items()}})


@event.listens_for(Session, "after_soft_rollback")
def _forget_acts(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:  # not only to a savepoint
        session.info.pop("acts", None)


def plain(value: Any) -> Any:
    """Write an id as text."""
    return str(value) if isinstance(value, UUID) else value
