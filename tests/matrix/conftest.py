"""One application on one database for a whole file of tests: the world in it is built once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from referral.extensions import db
from referral.models import User
from tests.conftest import seat_people, settings_for
from tests.matrix import watch
from tests.matrix.house import House
from tests.matrix.laying import lay
from tests.matrix.world import World, build
from tests.stores import Store, held_in_memory


@pytest.fixture(scope="module")
def application(
    store: Store, migrated_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The application on a database of a file's own, which is watched."""
    folder = tmp_path_factory.mktemp("house")
    with held_in_memory(store, migrated_database) as address:
        owner = create_app(settings_for(address))
        with owner.app_context():
            watch.watch(db.engine)
            db.engine.dispose()
        app = create_app(settings_for(store.for_application(address)))
        app.config.update(ATTACHMENTS=folder / "attachments", MAIL_FOLDER=folder / "mail")
        app.config["AUDIT_ANCHOR"] = folder / "audit_anchor"
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def window(application: Flask) -> Iterator[Session]:
    with application.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as window:
        yield window


@pytest.fixture(scope="module")
def everybody(window: Session, password_hash: str) -> dict[str, User]:
    return seat_people(window, password_hash)


@pytest.fixture(scope="module")
def world(window: Session, everybody: dict[str, User]) -> World:
    return build(window, everybody)


@pytest.fixture(scope="session")
def house(
    store: Store, migrated_database: str, password_hash: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The house as the matrix of routes walks through it, with everything laid ready. Each test puts it back."""
    folder = tmp_path_factory.mktemp("house")
    with held_in_memory(store, migrated_database) as address:
        app = create_app(settings_for(address))
        app.config.update(ATTACHMENTS=folder / "attachments", MAIL_FOLDER=folder / "mail")
        app.config["AUDIT_ANCHOR"] = folder / "audit_anchor"
        with app.app_context():
            watch.watch(db.engine)
            with Session(db.engine, expire_on_commit=False) as session:
                world = build(session, seat_people(session, password_hash))
                house = House(app, Path(address.removeprefix("sqlite:///")), world)
                lay(house, session)
        house.keep()
        yield house
        with app.app_context():
            db.engine.dispose()
