"""The trail of deeds, its one writer, and the chain that shows whether somebody has rewritten it.

Each entry carries a digest (HMAC-SHA-256) of itself and of the digest before it. The key lies outside the
database: whoever holds the database alone can neither change an entry, nor take one out, nor put one in, without
the chain telling. What was written before there was a chain is sealed by its first link. A tail that is cut off
leaves a chain that holds, so heads of it are written to a file elsewhere (:func:`due_anchor`).

The key may be exchanged. Which key seals an entry follows from its number and the settings alone, never from what the
database says, and the last entry under an old key is known there by its digest: whoever has an old key can neither
write entries behind that one nor change any up to it.
"""

import hmac
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Select, Text, func, inspect, select, text, type_coerce
from sqlalchemy.orm import Session

from referral import clock, database
from referral.columns import Json
from referral.errors import TooMuchError
from referral.models import AuditEntry, Referral, User

ONE_SITTING = timedelta(minutes=15)
AT_ONCE = 2000  # entries in memory while the chain is walked

AN_HOUR = timedelta(hours=1)
OPENED = (
    "case_read",
    "packet_read",
    "packet_with_files_read",
    "attachment_read",
    "letter_read",
    "person_exported",
)
"""Deeds that show or hand out a case. What is read in an emergency has a bound and a review of its own."""
MOST_CASES = 300
"""So many different cases one person opens within an hour: one every twelve seconds, without a pause.

A meeting has some twenty, and a coordinator's long day opens fewer. Only a machine comes near.
"""

# The id is part of what is sealed, so it is taken before the entry is written; never one that was used before.
HEAD = text("(SELECT digest FROM audit_entry ORDER BY id DESC LIMIT 1)")
PLACE = {
    "sqlite": text(
        "1 + max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit_entry'), 0),"
        " coalesce((SELECT max(id) FROM audit_entry), 0))"
    ),
    "postgresql": text("nextval('audit_entry_id_seq')"),
}


@dataclass(frozen=True, slots=True)
class OldKey:
    """A key of before, and the last entry that it sealed, with its digest."""

    last: int
    digest: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """The key of the trail and those of before, the oldest first."""

    newest: str = field(repr=False)
    older: tuple[OldKey, ...] = ()

    def of(self, number: int) -> str:
        """Give the key that seals the entry of this number."""
        return next((each.key for each in self.older if number <= each.last), self.newest)


def read_old_keys(text: str) -> tuple[OldKey, ...]:
    """Read AUDIT_KEYS_BEFORE: ``number:digest:base64`` of each, with commas between, the oldest first.

    Raises:
        ValueError: it is not that. The text says which entry, and never what stands there.

    """
    found: list[OldKey] = []
    for place, entry in enumerate((each.strip() for each in text.split(",") if each.strip()), 1):
        number, digest, written = (*entry.split(":", 2), "", "")[:3]
        try:
            key = b64decode(written, validate=True).decode()
        except ValueError:
            key = ""
        if not number.isdecimal() or len(digest) != 2 * sha256().digest_size or not key:
            raise ValueError(f"AUDIT_KEYS_BEFORE: key {place} is not a number, a digest and a key in base64")
        if found and int(number) <= found[-1].last:
            raise ValueError(f"AUDIT_KEYS_BEFORE: key {place} is not behind the one before it")
        found.append(OldKey(int(number), digest, key))
    return tuple(found)


def write_old_keys(older: Iterable[OldKey]) -> str:
    """Write them as AUDIT_KEYS_BEFORE."""
    return ",".join(f"{each.last}:{each.digest}:{b64encode(each.key.encode()).decode()}" for each in older)


def record(
    session: Session,
    actor: User | None,
    deed: str,
    referral: Referral | None = None,
    *,
    at: datetime | None = None,
    **detail: Any,
) -> AuditEntry:
    """Write down a deed, in the past tense (``case_read``), in the transaction of the deed itself.

    ``detail`` takes ids, numbers and names of fields; never what somebody typed or a person's name.
    ``at`` is given only where one moment is written in two places, such as a signature.
    """
    entry = AuditEntry(
        at=at or clock.now(),
        actor_id=actor.id if actor else None,
        deed=deed,
        referral_id=referral.id if referral else None,
        detail=detail,
    )
    _chain(session, entry)
    session.add(entry)
    session.flush()
    session.info["last_entry"] = entry
    return entry


def note(session: Session, actor: User, deed: str, referral: Referral | None = None, **detail: Any) -> None:
    """Write down that something is read, where the transaction only reads when it is over: before it is shown.

    Raises:
        TooMuchError: it is a case, and this person has opened too many others within the hour.

    """
    at = clock.now()
    if referral is not None and deed in OPENED:
        refuse_too_many(session, actor, referral, at)
    database.after_reading(session, lambda: record(session, actor, deed, referral, at=at, **detail))


def last_recorded(session: Session) -> str | None:
    """Name the deed of the last entry of this session that stands in the trail; one that was rolled back does not."""
    last = session.info.get("last_entry")
    return str(last.deed) if last is not None and inspect(last).persistent else None


def _chain(session: Session, entry: AuditEntry) -> None:
    """Give an entry its place behind the last one, and its digest. Nobody else writes until we commit."""
    connection = session.connection()
    store, keys = connection.dialect.name, keys_of(session)
    database.one_at_a_time(session, "trail")
    entry.id, before = session.execute(select(PLACE[store], HEAD)).one()
    if before is None:
        before = _digest_of_all(session, keys)
    detail = Json().process_bind_param(entry.detail, connection.dialect)
    link = Link(entry.id, entry.at, entry.actor_id, entry.deed, entry.referral_id, detail, None)
    entry.digest = link.seal(keys.newest, before)


def keys_of(session: Session) -> Keys:
    """Give the keys with which this database was opened."""
    told = session.connection().get_execution_options()
    return Keys(told["audit_key"], told.get("audit_keys_before", ()))


def was_just_read(session: Session, reader: User, referral: Referral) -> bool:
    """Whether the trail says already that this person reads this case in these minutes.

    For the pages on which a case is written: who writes it opens twenty of them in one sitting, and one entry
    says so. A page that shows a whole case writes an entry each time.
    """
    seen = select(AuditEntry.id).where(
        AuditEntry.referral_id == referral.id,
        AuditEntry.actor_id == reader.id,
        AuditEntry.deed == "case_read",
        AuditEntry.at > clock.now() - ONE_SITTING,
    )
    return session.scalar(seen.limit(1)) is not None


def refuse_too_many(session: Session, reader: User, referral: Referral, at: datetime) -> None:
    """Let nobody open one more case who has opened :data:`MOST_CASES` others within the hour, by what the trail says.

    A case of that hour may be opened again. Requests at one moment do not see each other: a few more may slip through.

    Raises:
        TooMuchError: this person has opened so many.

    """
    others = (
        select(AuditEntry.referral_id)
        .where(
            AuditEntry.actor_id == reader.id,
            AuditEntry.at > at - AN_HOUR,
            AuditEntry.deed.in_(OPENED),
            AuditEntry.referral_id != referral.id,
        )
        .distinct()
        .limit(MOST_CASES)
    )
    if (session.scalar(select(func.count()).select_from(others.subquery())) or 0) >= MOST_CASES:
        raise TooMuchError(
            f"You have opened {MOST_CASES} cases within an hour, and one person is shown no more than that. Nothing was"
            " changed. The cases of that hour still open; others will as it goes by: try again in a quarter of an"
            " hour. If a patient needs care meanwhile, ask a colleague to open the case."
        )


# The chain


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as it lies in the database, unread, so that what was made unreadable is found as well."""

    id: int
    at: Any
    actor_id: Any
    deed: str
    referral_id: Any
    detail: str | None
    digest: str | None

    def seal(self, key: str, before: str) -> str:
        """Give the digest of this entry behind that one."""
        told = [self.id, _plain(self.at), _plain(self.actor_id), self.deed, _plain(self.referral_id)]
        entry = json.dumps([before, *told, self.detail], ensure_ascii=False, separators=(",", ":"))
        return hmac.new(key.encode(), entry.encode(errors="surrogatepass"), sha256).hexdigest()


def _plain(value: Any) -> str | None:
    """Write a moment or an id as text, the same for each database."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return None if value is None else str(value)


def _links() -> Select[*tuple[Any, ...]]:
    columns = ("at", "actor_id", "deed", "referral_id", "detail", "digest")
    return select(AuditEntry.id, *(type_coerce(getattr(AuditEntry, name), Text) for name in columns))


def _walk(session: Session) -> Iterator[Link]:
    rows = _links().order_by(AuditEntry.id)
    with session.execute(rows, execution_options={"yield_per": AT_ONCE}) as result:
        for row in result:
            yield Link(*row)


def _digest_of_all(session: Session, keys: Keys) -> str:
    digest = ""
    for link in _walk(session):
        digest = link.seal(keys.of(link.id), digest)
    return digest


def head_fits(session: Session, keys: Keys) -> bool:
    """Tell whether the last entry was sealed with its own key; it takes two that are sealed to tell that it was not."""
    last = session.execute(_links().order_by(AuditEntry.id.desc()).limit(2)).all()
    if len(last) < 2 or last[1].digest is None:
        return True
    head = Link(*last[0])
    return hmac.compare_digest(head.seal(keys.of(head.id), last[1].digest), head.digest or "")


@dataclass(frozen=True)
class Verdict:
    """How many entries hold, in order; and the first that does not, with why, if there is one."""

    holding: int
    broken: int | None = None
    why: str = ""


def verify(session: Session, anchored: Mapping[int, str]) -> Verdict:
    """Walk the whole trail, and hold it against the heads that were written down elsewhere, digest by id."""
    keys = keys_of(session)
    pinned = {each.last: each.digest for each in keys.older}
    digest, holding, sealed, missing = "", 0, False, dict(anchored)
    for link in _walk(session):
        digest = link.seal(keys.of(link.id), digest)
        if link.digest is None and sealed:
            return Verdict(holding, link.id, "it has no digest, and one before it has")
        if link.digest is not None and not hmac.compare_digest(link.digest.encode(), digest.encode()):
            return Verdict(
                holding, link.id, "its digest is not that of what it says behind what comes before"
            )
        if missing.pop(link.id, link.digest) != link.digest:
            return Verdict(holding, link.id, "the anchor file has another digest of it")
        if pinned.pop(link.id, link.digest) != link.digest:
            return Verdict(holding, link.id, "AUDIT_KEYS_BEFORE has another digest of it")
        sealed, holding = sealed or link.digest is not None, holding + 1
    if missing:
        return Verdict(holding, min(missing), "the anchor file has it, and the trail does not")
    if pinned:
        return Verdict(holding, min(pinned), "AUDIT_KEYS_BEFORE has it, and the trail does not")
    return Verdict(holding)


def exchange(session: Session, new: str) -> Keys:
    """Give the keys under which the trail goes on with a new one behind its last entry.

    Nobody may write meanwhile, nor until the installation has started with them.

    Raises:
        ValueError: nothing is sealed yet.

    """
    keys = keys_of(session)
    head = session.execute(
        select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)
    ).one_or_none()
    if head is None or head.digest is None:
        raise ValueError("Nothing is sealed yet: give another AUDIT_KEY, and no more.")
    return Keys(new, (*keys.older, OldKey(head.id, head.digest, keys.newest)))


# The anchor


class AnchorError(Exception):
    """An anchor file with a line that is none. It names the line."""


def read_anchors(path: Path) -> dict[int, str]:
    """Read the heads that were written down, digest by id; no file, no heads.

    Raises:
        AnchorError: a line is none of ours, or two lines contradict each other.

    """
    anchored: dict[int, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        number_of_entry, digest, *_ = (*line.split(), "", "")
        if not number_of_entry.isdecimal() or len(digest) != 2 * sha256().digest_size:
            raise AnchorError(f"line {number} of the anchor file cannot be read")
        if anchored.setdefault(int(number_of_entry), digest) != digest:
            raise AnchorError(f"line {number} of the anchor file contradicts an earlier one")
    return anchored


def write_anchor(session: Session, path: Path, now: datetime) -> int | None:
    """Add the head of the trail to the anchor file, on disk before we go on; ``None`` where it stands there already.

    Only what is committed is anchored: the session has written nothing.
    """
    head = session.execute(
        select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)
    ).one_or_none()
    if head is None or head.digest is None or _last_line(path).startswith(f"{head.id} {head.digest} "):
        return None
    line = f"{head.id} {head.digest} {_plain(now)}\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    return int(head.id)


def _last_line(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 300))
        return (file.read().decode(errors="replace").splitlines() or [""])[-1]


def due_anchor(session: Session, now: datetime) -> int:
    """Write the head of the trail down elsewhere, whenever it has grown."""
    database.begin_reading(session)
    return write_anchor(session, Path(current_app.config["AUDIT_ANCHOR"]), now) is not None
