"""Bringing a backup back into an empty place, step by step, and saying at each what does not hold."""

import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from referral import database
from referral.actions import ledger
from referral.attachments import FileLostError, Store
from referral.errors import PonsError
from referral.keeping import copies, marks
from referral.keeping.archive import ANCHOR, DATABASES, FILES, Manifest, unpack
from referral.keeping.lost import Head, Lost, compare, go_on_behind, read_heads
from referral.keeping.settling import Standing, settle, shut, take_over
from referral.models import Attachment


class NotRestoredError(PonsError):
    """Nothing was put in its place. The text says why and what to do."""


@dataclass
class Restored:
    """What came back. With ``faults`` the house stays shut until somebody opens it in spite of them."""

    rows: int = 0
    files: int = 0
    entries: int = 0
    lost: Lost = field(default_factory=Lost)
    put_out: int = 0
    ended: Mapping[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where a backup comes back to: the installation that is running, and what it knew before."""

    app: Flask
    engine: Engine
    audit_key: str
    passphrase: str = ""
    newer: Mapping[UUID, Standing] = field(default_factory=dict)
    """Who may come in by a newer word, such as that of the database that is replaced."""
    heads: tuple[Head, ...] = ()
    """More heads of the trail than the anchor file of this installation has."""

    @property
    def files(self) -> Path:
        """The folder of the files of the cases."""
        return Path(self.app.config["ATTACHMENTS"])

    @property
    def anchor(self) -> Path:
        """The file of heads of this installation."""
        return Path(self.app.config["AUDIT_ANCHOR"])


def check_empty(place: Place) -> None:
    """Refuse where something would be written over.

    Raises:
        NotRestoredError: there are tables or files.

    """
    if not copies.is_empty(place.engine):
        raise NotRestoredError(
            "The database is not empty. Name an empty one, or replace this one (--replace)."
        )
    if place.files.is_dir() and any(place.files.iterdir()):
        raise NotRestoredError("The folder of files is not empty. Name an empty one in ATTACHMENTS.")


def clear(place: Place, stamp: str) -> str:
    """Put what is there aside under another name, and say under which."""
    aside = copies.put_aside(place.engine, stamp)
    if place.files.is_dir():
        place.files.rename(place.files.with_name(f"{place.files.name}.{copies.ASIDE}{stamp}"))
    return aside


def restore(source: Path, place: Place, now: datetime, replace: bool = False) -> Restored:
    """Bring a backup back. Before the parts of it are known to be whole, nothing in the place is touched.

    Raises:
        UnreadableError: the backup is damaged, or keys are other ones.
        NotRestoredError: it does not fit here, or the place is not empty.
        CopyError: the database in it does not come back.

    """
    if not replace:
        check_empty(place)
    place.files.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staging = place.files.with_name(f".restoring-{secrets.token_hex(8)}")
    staging.mkdir(mode=0o700)
    try:
        manifest = unpack(source, staging, place.passphrase, place.audit_key)
        _check_fits(manifest, place)
        if replace:
            clear(place, f"{now:%Y%m%d%H%M%S}")
        copies.put_back(place.engine, staging / DATABASES[manifest.database])
        with place.engine.connect().execution_options(reading=True) as connection:
            if place.engine.dialect.name == "postgresql":
                copies.read_at_leisure(connection)
            faults = _other_rows(manifest, connection)
            connection.rollback()
        if (staging / FILES).is_dir():
            place.files.rmdir() if place.files.is_dir() else None
            (staging / FILES).rename(place.files)
        heads = (*place.heads, *read_heads(staging / ANCHOR))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    with place.app.app_context():
        upgrade()
    found = finish(place, now, heads, manifest)
    found.faults[:0] = faults
    return found


def _check_fits(manifest: Manifest, place: Place) -> None:
    kind = place.engine.dialect.name
    if manifest.database != kind:
        raise NotRestoredError(f"It holds a {manifest.database} database, and DATABASE_URL names {kind}.")
    folder = place.app.extensions["migrate"].directory
    try:
        ScriptDirectory(str(Path(place.app.root_path, folder))).get_revision(manifest.revision)
    except CommandError:
        raise NotRestoredError(
            f"Its tables are of a later release ({manifest.revision}) than this one: restore with that one."
        ) from None


def _other_rows(manifest: Manifest, connection: Connection) -> list[str]:
    """Hold each table against what was counted when the backup was made."""
    found = copies.count(connection)
    other = sorted(
        name for name in manifest.tables.keys() | found.keys() if manifest.tables.get(name) != found.get(name)
    )
    return [f"the table {name} is not as it was copied" for name in other]


def finish(place: Place, now: datetime, heads: Iterable[Head], manifest: Manifest | None) -> Restored:
    """Check what came back, end what was under way, and shut the house. After a recovery to a point in time, too."""
    with Session(place.engine) as session:
        _take_time(session)
        every = {(head.id, head.digest): head for head in (*heads, *read_heads(place.anchor))}
        faults, lost = compare(session, sorted(every.values(), key=lambda head: head.id), manifest)
        files, missing = _check_files(session, Store(place.files, place.app.config["DATA_KEYS"]))
        faults += missing
        go_on_behind(session, place.anchor, f"{now:%Y%m%d%H%M%S}")
        ended = settle(session, now)
        put_out = take_over(session, place.newer)
        rows = sum(each.rows for each in manifest.tables.values()) if manifest else 0
        shut(
            session,
            now,
            len(faults),
            backup_made_at=manifest.made_at if manifest else None,
            last_entry=manifest.head[0] if manifest and manifest.head else None,
            lost_until=lost.until.isoformat() if lost.until else None,
            files=files,
            put_out=put_out,
        )
        session.commit()
        entries = manifest.tables["audit_entry"].rows if manifest else 0
        again = ledger.reapply(session, Store(place.files), place.anchor.with_name(ledger.NAME))
        faults += [
            f"{number} was deleted since, and is under a legal hold in this backup" for number in again.held
        ]
    return Restored(rows, files, entries, lost, put_out, ended, faults)


def _take_time(session: Session) -> None:
    """Let PostgreSQL not cut us off: this is one long transaction, and nobody else is there."""
    if session.get_bind().dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            session.connection().exec_driver_sql(f"SET LOCAL {name} = 0")


def _check_files(session: Session, store: Store) -> tuple[int, list[str]]:
    """Read each file of each case, and hold it against the digest in its row."""
    whole, faults = 0, []
    for id_, name, digest in session.execute(
        select(Attachment.id, Attachment.stored_as, Attachment.sha256).order_by(Attachment.id)
    ):
        try:
            store.content(name, digest)
        except FileLostError:
            faults.append(f"the file {id_} is missing or not what was stored")
        else:
            whole += 1
    return whole, faults


def open_house(session: Session, despite_faults: bool) -> bool:
    """Let people write again; tell whether the house was shut.

    Raises:
        NotRestoredError: something did not hold when it was brought back.

    """
    database.one_at_a_time(session, "shut")
    found = marks.last(session, marks.SHUT)
    if found is None:
        return False
    if found.detail.get("faults") and not despite_faults:
        raise NotRestoredError(
            f"{found.detail['faults']} faults were found when it was brought back."
            " Mend them, or open with --despite-faults."
        )
    marks.open_up(session)
    return True
