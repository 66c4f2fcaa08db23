"""What tests stand on: an application on its own database, people in it, and a browser that checks pages.

Whatever stands on ``store`` runs on each database that ``--database`` names; ``@pytest.mark.only_on`` chooses.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from app import create_app
from referral import auth
from referral.actions.packets import this_house
from referral.extensions import db
from referral.models import Organisation, OrganisationKind, User
from referral.packet.make import House
from referral.sealing import Key
from referral.settings import Settings
from referral.workflow import Role
from tests.browser import PASSWORD, Browser, Page
from tests.stores import APPLICATION, Postgresql, Server, Sqlite, Store

CLINIC, OTHER_CLINIC = "Northfield Neurology", "Southmere Neurology"
PROGRAMME, OTHER_PROGRAMME = "Eastgate Transplant Programme", "Westhaven Transplant Programme"


DATA_KEYS = Key("fortests", b"a third key, which is for tests!").entry
STORES = ("sqlite", "postgresql")
SERVER = pytest.StashKey[Server]()
ANCHORS = TemporaryDirectory()  # never in the folder of an installation


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=(*STORES, "both", "everywhere"),
        default="sqlite",
        help="what tests keep data in; 'both' asks the pages on SQLite only, 'everywhere' on either",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what touches a database on each of the databases that are asked for."""
    if "store" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--database")
        mark = metafunc.definition.get_closest_marker("only_on")
        stores = [name for name in (mark.args if mark else STORES) if asked in (name, "both", "everywhere")]
        pages = "web" in metafunc.definition.path.parts and asked == "both"
        if pages or metafunc.definition.get_closest_marker("journey"):
            stores = stores[:1]  # what pages add to the deeds behind them is seldom the database
        metafunc.parametrize("store", stores, indirect=True, scope="session")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker of a run where the run's one server is."""
    if node.config.getoption("--database") != "sqlite":
        node.workerinput["postgresql"] = str(server_of(node.config).folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER].stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests have counted: how much a test has walked through that walks through all of something."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    counted = sorted(
        f"{report.nodeid.partition('::')[2]}: {said}"
        for report in reports
        for name, said in report.user_properties
        if name == "counted"
    )
    if counted:
        terminalreporter.section("counted")
        terminalreporter.write("\n".join(counted) + "\n")


def server_of(config: pytest.Config) -> Server:
    """The server of this run, started when it is first asked for."""
    if SERVER not in config.stash:
        config.stash[SERVER] = Server()
    return config.stash[SERVER]


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The kind of database that a test runs on."""
    if request.param == "sqlite":
        return Sqlite(tmp_path_factory.mktemp("databases"))
    from_controller: dict[str, str] = getattr(request.config, "workerinput", {})
    return Postgresql(from_controller.get("postgresql") or str(server_of(request.config).folder))


def settings_for(address: str) -> Settings:
    key = "a key for tests, and for tests only"
    return Settings(
        secret_key=key,
        database_url=address,
        database_role=APPLICATION,
        audit_key="another key, for tests only",
        data_keys=DATA_KEYS,
        audit_anchor=Path(ANCHORS.name, "audit_anchor"),
        packet_key=Path(ANCHORS.name, "packet_key.pem"),
    )


@pytest.fixture(scope="session")
def migrated_database(store: Store) -> str:
    """A database with all tables and nothing in them, made once, to be copied."""
    address = store.blank()
    app = create_app(settings_for(address))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return address


@pytest.fixture
def database(store: Store, migrated_database: str) -> Iterator[str]:
    """An empty database of the test's own, as its owner opens it."""
    address = store.copy(migrated_database)
    yield address
    store.drop(address)


@pytest.fixture
def app(store: Store, database: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on an empty database of its own, with a folder of its own for files."""
    app = create_app(settings_for(store.for_application(database)))
    app.config["ATTACHMENTS"] = tmp_path / "attachments"
    app.config["MAIL_FOLDER"] = tmp_path / "mail"
    app.config["AUDIT_ANCHOR"] = tmp_path / "audit_anchor"
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


@pytest.fixture
def house(app: Flask) -> House:
    """The address and the key of the application's house."""
    with app.app_context():
        return this_house()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return auth.hash_password(PASSWORD)


@pytest.fixture
def people(session: Session, password_hash: str) -> dict[str, User]:
    """Two clinics, two programmes, a person for each role, found by role; ``other_`` works at the other place."""
    return seat_people(session, password_hash)


def seat_people(session: Session, password_hash: str) -> dict[str, User]:
    """Put everybody in their places, and commit it."""
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
