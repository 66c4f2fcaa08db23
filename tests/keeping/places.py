"""A house with something in it to lose, and empty places to bring it back to."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from app import create_app
from referral.attachments import Rebuilt, Store
from referral.attachments.rebuild import CONTENT, THUMBNAIL
from referral.database import engine_options
from referral.extensions import db
from referral.keeping.archive import Counted
from referral.keeping.copies import count
from referral.models import Attachment, Referral, User
from referral.sealing import Ring
from tests.attachments.made import pdf
from tests.conftest import DATA_KEYS, settings_for
from tests.stores import Store as Databases

KEY = "another key, for tests only"  # of the trail, as tests/conftest.py gives it
PASSPHRASE = "a passphrase for backups, of tests only"


def attach(
    session: Session, folder: Path, referral: Referral, person: User, content: bytes | None = None
) -> Attachment:
    """A file on a case, kept as an upload is, without the cage."""
    content = content or pdf(1, unique=secrets.randbits(32))
    coming = folder / f"coming-{secrets.token_hex(8)}"
    coming.mkdir(parents=True)
    (coming / CONTENT).write_bytes(content)
    (coming / THUMBNAIL).write_bytes(b"small")
    digest = sha256(content).hexdigest()
    rebuilt = Rebuilt(coming, "application/pdf", 1, len(content), digest, len(content), digest)
    row = Attachment(
        referral_id=referral.id, kind="letter", label="Letter", dated=None, media_type="application/pdf", pages=1,
        size=len(content), sha256=digest, received_size=len(content), received_sha256=digest,
        stored_as=Store(folder, Ring.read(DATA_KEYS)).keep(rebuilt), uploaded_by_id=person.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@dataclass(frozen=True)
class Place:
    """An installation of which nothing is there yet."""

    app: Flask
    run: FlaskCliRunner
    folder: Path

    def tables(self) -> Mapping[str, Counted]:
        """What lies in its tables."""
        with self.app.app_context(), db.engine.connect() as connection:
            return count(connection)

    def look(self) -> Session:
        """A view of its database."""
        with self.app.app_context():
            return Session(db.engine)


def furnish(app: Flask, folder: Path) -> None:
    """Give an application folders of its own, and the passphrase of backups."""
    app.config["ATTACHMENTS"] = folder / "attachments"
    app.config["MAIL_FOLDER"] = folder / "mail"
    app.config["AUDIT_ANCHOR"] = folder / "audit_anchor"
    app.config["BACKUP_KEY"] = PASSPHRASE


@contextmanager
def empty_place(databases: Databases, folder: Path) -> Iterator[Place]:
    """A place to restore to, as the owner of its database."""
    folder.mkdir()
    address = databases.blank()
    app = create_app(settings_for(address))
    furnish(app, folder)
    yield Place(app, app.test_cli_runner(), folder)
    with app.app_context():
        db.engine.dispose()
    databases.drop(address)


def cut_the_tail(database: str) -> None:
    """Take the last entry away, as somebody can who owns the tables."""
    owner = create_engine(database, **engine_options(database, KEY))
    with owner.begin() as connection:
        for trigger in guards(connection):
            connection.execute(text(trigger))
        connection.execute(text("DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)"))
    owner.dispose()


def guards(connection: Connection) -> list[str]:
    """What takes the guards of the trail away."""
    if connection.dialect.name == "postgresql":
        return ["ALTER TABLE audit_entry DISABLE TRIGGER USER"]
    named = connection.execute(
        text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit_entry'")
    )
    return [f"DROP TRIGGER {name}" for name in named.scalars()]
