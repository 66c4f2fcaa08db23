"""One house for all that asks it from outside: the application with people in it, behind nginx."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import create_app
from referral.extensions import db
from referral.models import User
from tests.conftest import seat_people, settings_for
from tests.operations.front import Front, application, proxy
from tests.stores import Store


@dataclass
class House:
    """The application as it serves, before any proxy."""

    folder: Path
    engine: Engine
    people: dict[str, User]


@pytest.fixture(scope="module")
def house(store: Store, migrated_database: str, password_hash: str) -> Iterator[House]:
    """The application with people in it, started as its unit starts it. A socket's name is short, so its folder is."""
    folder = Path(mkdtemp(prefix="pons-"))
    address = store.copy(migrated_database)
    app = create_app(settings_for(address))
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        people = seat_people(session, password_hash)
    settings = settings_for(store.for_application(address))
    environment = {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "AUDIT_KEY": settings.audit_key,
        "DATA_KEYS": settings.data_keys,
        "AUDIT_ANCHOR": str(folder / "anchor"),
        "ATTACHMENTS": str(folder / "attachments"),
        "MAIL_FOLDER": str(folder / "mail"),
        "SECURE_COOKIES": "yes",
        "PROXIES": "1",
        "TRUSTED_HOSTS": "pons.example",
    }
    with application(folder, environment):
        yield House(folder, engine, people)
    engine.dispose()
    store.drop(address)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def served(house: House) -> Iterator[Front]:
    """The house behind nginx as it is shipped."""
    with proxy(house.folder) as front:
        yield front


@pytest.fixture
def front(served: Front) -> Front:
    """The same, to a browser that has no cookies yet."""
    return Front(served.folder, served.plain, served.tls, served.watch, served.trust)
