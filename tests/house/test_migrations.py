"""The tables are what the models say, they change whole or not at all, and the trail is not rewritten."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from app import create_app
from referral.criteria import first_shown
from referral.extensions import db
from referral.models import AuditEntry, Base, Referral, User
from tests.conftest import DATA_KEYS, settings_for
from tests.stores import APPLICATION, Store

ROOT = Path(__file__).resolve().parents[2]
(EDITION, *_) = first_shown()


@pytest.fixture
def app(database: str) -> Iterator[Flask]:
    """The application as the owner of the database runs it: the one who may change tables."""
    app = create_app(settings_for(database))
    yield app
    with app.app_context():
        db.engine.dispose()


def rows(session: Session) -> dict[str, int]:
    tables = Base.metadata.sorted_tables
    return {table.name: len(session.execute(select(table)).all()) for table in tables}


def copied_migrations(app: Flask, tmp_path: Path) -> Path:
    """A copy of the migrations' folder, to put a bad one into."""
    ours = Path(app.root_path, "migrations")
    return Path(shutil.copytree(ours, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")))


def head(folder: Path) -> str:
    """The name of the newest migration."""
    return ScriptDirectory(str(folder)).get_current_head() or ""


def test_the_models_are_what_the_migrations_make(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


@pytest.mark.only_on("sqlite")
def test_every_table_is_strict(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        listed = connection.execute(text("SELECT name, strict FROM pragma_table_list"))
        strict = {name for name, is_strict in listed if is_strict}

    assert [table.name for table in Base.metadata.sorted_tables if table.name not in strict] == []


def test_a_filled_database_goes_down_and_up_again(app: Flask, session: Session, case: Referral) -> None:
    before = rows(session)
    session.commit()
    assert min(before[name] for name in ("referral", "referral_version", "packet", "adoption")) == 1

    with app.app_context():
        upgrade()
        assert rows(session) == before, "what is up to date stays as it is"
        session.commit()
        downgrade(revision="base")
        upgrade()
        db.session.remove()

    assert {name for name, count in rows(session).items() if count} == {"data_key"}


def test_a_migration_that_breaks_half_way_leaves_nothing(
    app: Flask, session: Session, case: Referral, tmp_path: Path
) -> None:
    folder = copied_migrations(app, tmp_path)
    newest = head(folder)
    (folder / "versions" / "broken.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        'revision, down_revision = "broken", "HEAD"\n'
        "def upgrade():\n"
        '    op.add_column("packet", sa.Column("half", sa.Text()))\n'
        '    op.execute("DELETE FROM packet")\n'
        '    op.execute("SELECT * FROM nowhere")\n'
        "def downgrade():\n    pass\n".replace("HEAD", newest)
    )
    before = rows(session)
    session.commit()

    with app.app_context():
        with pytest.raises(DatabaseError, match="nowhere"):
            upgrade(directory=str(folder))
        db.engine.dispose()

    assert rows(session) == before
    assert "half" not in [column["name"] for column in inspect(session.connection()).get_columns("packet")]
    assert session.scalar(text("SELECT version_num FROM alembic_version")) == newest


@pytest.mark.only_on("sqlite")  # PostgreSQL refuses the statement itself
def test_a_migration_that_leaves_orphans_is_undone(
    app: Flask, session: Session, case: Referral, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = copied_migrations(app, tmp_path)
    (folder / "versions" / "orphans.py").write_text(
        "from alembic import op\n"
        'revision, down_revision = "orphans", "HEAD"\n'
        'def upgrade():\n    op.execute("DELETE FROM organisation")\n'
        "def downgrade():\n    pass\n".replace("HEAD", head(folder))
    )
    before = rows(session)
    session.commit()

    with app.app_context():
        with pytest.raises(SystemExit):
            upgrade(directory=str(folder))
        db.engine.dispose()

    assert "rows that refer to nothing" in caplog.text

    assert rows(session) == before


@pytest.mark.parametrize("change", [update(AuditEntry).values(deed="nothing"), delete(AuditEntry)])
def test_the_trail_can_be_neither_changed_nor_removed(
    session: Session, case: Referral, change: object
) -> None:
    with pytest.raises(IntegrityError, match="the audit trail is not changed"):
        session.execute(change)  # type: ignore[call-overload]  # an update or a delete
    session.rollback()

    assert session.scalars(select(AuditEntry.deed)).all() == ["edition_adopted", "submitted"]


def test_the_check_on_the_command_line_agrees(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["db", "check"])

    assert done.exit_code == 0, done.output


def test_processes_that_set_up_at_once_take_turns(store: Store) -> None:
    address = store.blank()
    environment = os.environ | {"DATABASE_URL": address, "DATA_KEYS": DATA_KEYS, "DATABASE_ROLE": APPLICATION}
    command = [sys.executable, "-m", "flask", "setup"]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=100)[0].decode() for process in processes]
    app = create_app(settings_for(address))
    with app.app_context():
        with db.engine.connect() as connection:
            administrators = connection.execute(select(User.role)).all()
        db.engine.dispose()
    store.drop(address)

    assert [process.returncode for process in processes] == [0, 0], told
    assert len(administrators) == 1
