"""A town on a watched database of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import create_app
from referral import auth
from referral.extensions import db
from tests.conftest import seat_people, settings_for
from tests.machine.town import Town, Wall
from tests.matrix import watch
from tests.matrix.world import adopt_smallest, seat_colleagues
from tests.stores import Store, held_in_memory


@pytest.fixture
def watched(store: Store, migrated_database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on an empty database that is watched."""
    with held_in_memory(store, migrated_database) as address:
        owner = create_app(settings_for(address))
        with owner.app_context():
            watch.watch(db.engine)
            db.engine.dispose()
        app = create_app(settings_for(store.for_application(address)))
        app.config.update(ATTACHMENTS=tmp_path / "attachments", MAIL_FOLDER=tmp_path / "mail")
        app.config["AUDIT_ANCHOR"] = tmp_path / "audit_anchor"
        with app.app_context():
            if db.engine.dialect.name == "postgresql":
                event.listen(db.engine, "connect", be_patient)
        yield app
        with app.app_context():
            db.engine.dispose()


def be_patient(connection: Any, _record: object) -> None:
    """Break off nothing for its time: a step may have to wait for the machine, and that is no fault of the house."""
    connection.autocommit = True
    connection.execute("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0")
    connection.autocommit = False


@pytest.fixture
def town(watched: Flask, password_hash: str, monkeypatch: pytest.MonkeyPatch) -> Town:
    """Two houses on either side, everybody in office, one edition adopted, and a clock that can be moved."""
    quick = PasswordHasher(
        time_cost=1, memory_cost=8, parallelism=1
    )  # how strong a hash is is tried elsewhere
    monkeypatch.setattr(auth.passwords, "_hasher", quick)
    wall = Wall()
    wall.hang(monkeypatch)
    with watched.app_context():
        engine = db.engine
    town = Town(watched, engine, wall)
    with Session(engine, expire_on_commit=False) as session:
        people = seat_people(session, password_hash)
        seat_colleagues(session, people)
        adopt_smallest(session, people)
        session.commit()
        town.settle(people)
    return town
