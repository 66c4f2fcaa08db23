"""A ground for proofs: an installation in a folder of its own, with people and cases, that gunicorn can serve."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import create_app
from referral.extensions import db
from referral.models import Meeting, User
from referral.settings import Settings
from referral.workflow import State
from tests.conftest import DATA_KEYS, seat_people, settings_for
from tests.machine.town import spell
from tests.matrix.world import OWN, World, adopt_smallest, bring, call, seat_colleagues
from tests.proofs.serving import FOLDER
from tests.stores import APPLICATION, Postgresql, Server, Store


@dataclass
class Ground:
    """One installation: where its database and its files are, and everybody in it by name."""

    environment: dict[str, str]
    settings: Settings
    app: Flask
    engine: Engine
    folder: Path
    people: dict[str, UUID] = field(default_factory=dict)
    meeting: UUID | None = None
    made: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @contextmanager
    def window(self) -> Iterator[Session]:
        """A transaction beside the server."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def everybody(self, session: Session) -> dict[str, User]:
        """The people as they are now, by name."""
        return {name: session.get_one(User, id_) for name, id_ in self.people.items()}

    def world(self, session: Session) -> World:
        """The people as they are now, and the meeting that is called."""
        world = World(self.everybody(session))
        if self.meeting is not None:
            world.meetings[""] = session.get_one(Meeting, self.meeting)
        return world

    def case(self, state: State) -> UUID:
        """Bring another case to a state, by the deeds themselves."""
        self.made += 1
        with self.window() as session:
            return bring(session, self.world(session), state, OWN, f"Quixwort{spell(self.made)}").id

    def email(self, who: str) -> str:
        return f"{who}@example.org"


@contextmanager
def ground(
    store: Store, migrated: str, folder: Path, password_hash: str, *, whole: bool = True
) -> Iterator[Ground]:
    """Lay one out on a copy of an empty database: ``whole`` with colleagues, an edition and a meeting."""
    address = store.copy(migrated)
    folder.mkdir(parents=True, exist_ok=True)
    laid = open_ground(store.for_application(address), folder)
    try:
        with laid.window() as session:
            people = seat_people(session, password_hash)
            if whole:
                seat_colleagues(session, people)
                adopt_smallest(session, people)
                session.flush()
                laid.meeting = call(session, people, "coordinator", "").id
            laid.people = {name: person.id for name, person in people.items()}
        yield laid
    finally:
        laid.engine.dispose()
        store.drop(address)


@contextmanager
def own_ground(store: Store, folder: Path, password_hash: str) -> Iterator[tuple[Ground, Server | None]]:
    """A ground whose database nobody else uses: on PostgreSQL with a server of its own, which may be ended."""
    own = Server(lasting=True) if isinstance(store, Postgresql) else None
    ours: Store = Postgresql(str(own.folder)) if own else store
    try:
        address = ours.blank()
        app = create_app(settings_for(address))
        with app.app_context():
            upgrade()
            db.engine.dispose()
        with ground(ours, address, folder, password_hash) as laid:
            yield laid, own
    finally:
        if own:
            own.stop()


def open_ground(address: str, folder: Path) -> Ground:
    """Open the installation of a folder: its keys are made there when it is first opened."""
    own = {"DATABASE_URL": address, "DATABASE_ROLE": APPLICATION, "PROXIES": "1", FOLDER: str(folder)}
    own["PROOF_HOLDS_MINUTES"] = "720"  # nobody here stops to show once more who they are
    own["DATA_KEYS"] = DATA_KEYS
    environment = {**os.environ, **own}
    settings = Settings.from_environment(own, folder)
    app = create_app(settings)
    with app.app_context():
        engine = db.engine
    return Ground(environment, settings, app, engine, folder)
