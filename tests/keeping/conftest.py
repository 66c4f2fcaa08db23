"""A house with cases and files, and an empty place."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from referral.models import Attachment, User
from tests.at_hand import make_draft, send
from tests.keeping.places import Place, attach, empty_place, furnish
from tests.stores import Store

Back = Callable[..., Result]


@pytest.fixture
def app(app: Flask, tmp_path: Path) -> Flask:
    """The application with a passphrase for backups."""
    furnish(app, tmp_path)
    return app


@pytest.fixture
def files(app: Flask, session: Session, people: dict[str, User]) -> list[Attachment]:
    """Two cases, one of them sent, with three files."""
    first, second = make_draft(session, people), make_draft(session, people)
    send(session, first, people["neurologist"])
    kept = [
        attach(session, app.config["ATTACHMENTS"], case, people["neurologist"])
        for case in (first, second, second)
    ]
    session.commit()
    return kept


@pytest.fixture
def backup(app: Flask, files: list[Attachment], tmp_path: Path) -> Callable[..., Path]:
    """Make a backup, and give its file."""

    def make(name: str = "one.backup", *, plain: bool = False) -> Path:
        if plain:
            app.config["BACKUP_KEY"] = ""
        done = app.test_cli_runner().invoke(args=["backup", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        return tmp_path / name

    return make


@pytest.fixture
def place(store: Store, tmp_path: Path) -> Iterator[Place]:
    """An empty place, as the owner of its database."""
    with empty_place(store, tmp_path / "elsewhere") as place:
        yield place


@pytest.fixture
def anchored(app: Flask) -> Callable[[], None]:
    """Write the head of the trail down elsewhere, as every minute does."""

    def write() -> None:
        assert app.test_cli_runner().invoke(args=["audit", "anchor"]).exit_code == 0

    return write
