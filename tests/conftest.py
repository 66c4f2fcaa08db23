"""What tests stand on: an application on its own database, people in it, and a browser that checks pages."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from app import create_app
from referral import auth
from referral.extensions import db
from referral.models import Organisation, OrganisationKind, User
from referral.settings import Settings
from referral.workflow import Role
from tests.browser import PASSWORD, Browser, Page

CLINIC, OTHER_CLINIC = "Northfield Neurology", "Southmere Neurology"
PROGRAMME, OTHER_PROGRAMME = "Eastgate Transplant Programme", "Westhaven Transplant Programme"


def settings_for(database: Path) -> Settings:
    return Settings(
        secret_key="a key for tests, and for tests only",
        database_url=f"sqlite:///{database}",
        attachments=database.parent / "attachments",
    )


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in them, made once."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    app = create_app(settings_for(path))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return path


@pytest.fixture
def app(migrated_database: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application on an empty database of its own."""
    database = tmp_path / "pons.db"
    shutil.copy(migrated_database, database)
    app = create_app(settings_for(database))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The test's own view of the database. A browser commits it before each request."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="session")
def password_hash() -> str:
    return auth.hash_password(PASSWORD)


@pytest.fixture
def people(session: Session, password_hash: str) -> dict[str, User]:
    """Two clinics, two programmes, a person for each role, found by role; ``other_`` works at the other place."""
    places = {
        name: Organisation(name=name, kind=kind)
        for name, kind in (
            (CLINIC, OrganisationKind.CLINIC),
            (OTHER_CLINIC, OrganisationKind.CLINIC),
            (PROGRAMME, OrganisationKind.PROGRAMME),
            (OTHER_PROGRAMME, OrganisationKind.PROGRAMME),
        )
    }
    session.add_all(places.values())
    session.flush()
    found = {}
    for role in Role:
        here, there = (PROGRAMME, OTHER_PROGRAMME) if role in auth.RECEIVERS else (CLINIC, OTHER_CLINIC)
        for prefix, place in (("", here), ("other_", there)):
            name = f"{prefix}{role}"
            found[name] = User(
                email=f"{name}@example.org",
                name=name.replace("_", " ").title(),
                role=role,
                organisation=places[place],
                password_hash=password_hash,
            )
    session.add_all(found.values())
    session.flush()
    found["delegate"].works_for = found["neurologist"]
    session.commit()
    return found


@pytest.fixture
def browser(app: Flask, session: Session) -> Browser:
    """A browser of somebody who is not signed in."""
    return Browser(app.test_client(), session)


@pytest.fixture
def visit(browser: Browser) -> Callable[..., Page]:
    """Open a page as somebody who is not signed in."""
    return browser.visit


@pytest.fixture
def sign_in(app: Flask, session: Session, people: dict[str, User]) -> Callable[[str], Browser]:
    """Sign a person in, by role (``sign_in(Role.COORDINATOR)``) or ``"other_neurologist"``; a browser each."""

    def enter(who: str) -> Browser:
        browser = Browser(app.test_client(), session)
        page = browser.sign_in(people[who].email)
        assert page.status == 200, page.text
        return browser

    return enter
