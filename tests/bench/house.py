"""A house to measure in: the application on a new database, with the invented people in it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import create_app
from referral import demo
from referral.extensions import db
from referral.models import ReferralVersion, User
from referral.sealing import Key
from referral.settings import Settings


@dataclass(frozen=True)
class House:
    """The application, its settings, and the engine of its database."""

    app: Flask
    settings: Settings
    engine: Engine


@contextmanager
def open_house(address: str | None = None) -> Iterator[House]:
    """Make one on an empty database, by default in a file that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            secret_key="a key for the bench only",
            database_url=address or f"sqlite:///{folder}/bench.db",
            audit_key="another key for the bench only",
            data_keys=Key.new().entry,
            audit_anchor=Path(folder, "audit_anchor"),
        )
        app = create_app(settings)
        with app.app_context():
            upgrade()
            engine = db.engine
        with Session(engine) as session:
            demo.load(session, with_packets=False)
            session.commit()
        yield House(app, settings, engine)
        engine.dispose()


def account(session: Session, key: str) -> User:
    """One of the invented people who work here."""
    (email,) = (known.email for known in demo.accounts() if known.key == key)
    return session.scalars(select(User).where(User.email == email)).one()


def first_version(session: Session) -> ReferralVersion:
    """What an invented person's neurologist signed first: a real snapshot with real text."""
    found = session.scalars(select(ReferralVersion).order_by(ReferralVersion.signed_at)).first()
    assert found is not None
    return found
