"""A good installation, which each test spoils in one place."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from referral import clock
from referral.deployment import House
from referral.deployment.machine import installed
from referral.extensions import db
from referral.keeping import marks
from referral.settings import Settings
from tests.conftest import DATA_KEYS
from tests.deployment.good import ENVIRONMENT, KEY, MOUNTS, Build, Rebuilt
from tests.stores import Store


@pytest.fixture
def settings(store: Store, database: str, tmp_path: Path) -> Settings:
    """A good installation's."""
    (tmp_path / "elsewhere").mkdir()
    return Settings(
        secret_key=KEY,
        database_url=store.for_application(database),
        secure_cookies=True,
        trusted_hosts=("pons.example",),
        proxies=1,
        attachments=tmp_path / "attachments",
        mail_url="smtps://mail.example",
        house_url="https://pons.example",
        audit_key=KEY[::-1],
        audit_anchor=tmp_path / "elsewhere" / "anchor",
        backup_key=f"{KEY[::2]}{KEY[1::2]}",
        data_keys=DATA_KEYS,
        second_factor="required",
        factor_key=KEY[8:] + KEY[:8],
        oidc_issuer="https://login.hospital.example",
        oidc_client_id="pons",
        oidc_client_secret=KEY,
    )


@pytest.fixture(autouse=True)
def built() -> Iterator[list[Flask]]:
    """The applications of a test, whose connections are closed after it."""
    apps: list[Flask] = []
    yield apps
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def build(built: list[Flask]) -> Build:
    def build(settings: Settings) -> Flask:
        built.append(create_app(settings))
        return built[-1]

    return build


@pytest.fixture
def house(settings: Settings, build: Build, tmp_path: Path) -> Iterator[House]:
    """A good installation, but for what a server for tests does without."""
    app = build(settings)
    with app.app_context():
        for name in (marks.BACKUP, marks.REHEARSAL):
            marks.note(db.session(), name, clock.now())
        db.session.commit()
    with app.app_context(), db.engine.connect().execution_options(reading=True) as connection:
        yield House(
            app,
            settings,
            connection,
            environment=ENVIRONMENT,
            now=clock.now(),
            user=1000,
            mounts=MOUNTS,
            versions=installed() | {"python": "3.11.15"},
            keys=tmp_path,
            least_free=1,
        )


@pytest.fixture
def rebuilt(house: House, build: Build) -> Rebuilt:
    """The same house, built with other settings."""

    def rebuild(**values: Any) -> House:
        settings = replace(house.settings, **values)
        return replace(house, settings=settings, app=build(settings))

    return rebuild
