"""A migration of filled tables that is ended without a word leaves the old tables or the new ones, and is then done."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import downgrade
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.orm import Session

from referral import audit, demo
from referral.extensions import db
from referral.models import Base
from tests.bench.crowd import Crowd
from tests.proofs import report
from tests.proofs.ground import Ground, open_ground
from tests.proofs.sizes import size
from tests.stores import Store

KILLS = size("MIGRATION_KILLS", 4, 20)
CASES, ENTRIES = size("MIGRATION_CASES", 150, 10_000), size("MIGRATION_ENTRIES", 500, 20_000)
FROM = "0019"
"""From here on a migration fills a table from another, row by row."""
ROOT = Path(__file__).resolve().parents[2]


def migrate(laid: Ground, die_at: int) -> "subprocess.CompletedProcess[str]":
    """Migrate in a process of its own, which ends at a statement."""
    command = [sys.executable, "-m", "tests.proofs.migrating", str(die_at)]
    return subprocess.run(
        command, cwd=ROOT, env=laid.environment, capture_output=True, text=True, check=False, timeout=600
    )


def shape(engine: Engine) -> Mapping[str, Any]:
    """The tables with their columns and indexes, and which migration the database says that it is at."""
    with engine.connect() as connection:
        found: dict[str, Any] = {
            table: (
                sorted(column["name"] for column in inspect(connection).get_columns(table)),
                sorted(str(index["name"]) for index in inspect(connection).get_indexes(table)),
            )
            for table in inspect(connection).get_table_names()
        }
        return found | {"at": connection.scalar(text("SELECT version_num FROM alembic_version"))}


def rows(session: Session, tables: list[str]) -> dict[str, int]:
    """How many rows each of some tables has."""
    return {
        name: session.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0
        for name in tables
    }


def test_a_migration_that_is_ended_half_way_leaves_the_old_or_the_new(
    store: Store, migrated_database: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    laid = open_ground(store.copy(migrated_database), tmp_path / "house")
    kind = laid.engine.dialect.name
    new = shape(laid.engine)
    with Session(laid.engine, expire_on_commit=False) as session:
        demo.load(session, with_packets=False)
        crowd = Crowd(session, CASES)
        crowd.fill()
        crowd.write_trail(ENTRIES)
        session.commit()
    with laid.app.app_context():
        downgrade(revision=FROM)
        db.engine.dispose()
    old = shape(laid.engine)
    both = sorted((set(old) & set(new)) - {"at", "alembic_version"})
    with laid.window() as session:
        before = rows(session, both)
    laid.engine.dispose()

    kept = store.copy(laid.settings.database_url)
    whole = migrate_copy(store, kept, laid, 0)
    statements = int(whole[0].stdout.strip() or 0)
    assert statements > KILLS, whole[0].stderr
    outcomes = {"old": 0, "new": 0}
    for number in range(KILLS):
        die_at = 1 + statements * number // max(1, KILLS - 1)  # the last once all is done
        ended, found, after = migrate_copy(store, kept, laid, die_at)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert found in (old, new), f"ended at statement {die_at}: neither the old tables nor the new"
        outcomes["old" if found == old else "new"] += 1
        assert {name: after[name] for name in both} == before
    assert all(outcomes.values()), outcomes
    store.drop(kept)
    store.drop(laid.settings.database_url)
    figures = {
        "cases": CASES, "entries": ENTRIES, "statements": statements, "kills": KILLS,
        "found afterwards": outcomes, "migrated": f"{FROM} to {new['at']}",
    }  # fmt: skip
    for what, many in figures.items():
        record_property("counted", f"{kind}, {what}: {many}")
    seeded = "a migration that breaks half-way is tried in tests/house/test_migrations.py"
    report.write(
        f"killed-migrations-{kind}", f"Ended inside a migration, on {kind}", figures, {"in CI": seeded}
    )


def migrate_copy(
    store: Store, kept: str, laid: Ground, die_at: int
) -> tuple["subprocess.CompletedProcess[str]", Mapping[str, Any], dict[str, int]]:
    """Migrate a copy until it is ended, look at it, then migrate it for good. Give the end, what it left, the rows."""
    ours = open_ground(store.copy(kept), laid.folder)
    try:
        ended = migrate(ours, die_at)
        found = shape(ours.engine)
        ours.engine.dispose()
        if die_at:
            again = migrate(ours, 0)
            assert again.returncode == 0, again.stderr
        tables = sorted(set(found) - {"at", "alembic_version"})
        with ours.window() as session:
            assert audit.verify(session, {}).broken is None
            return ended, found, rows(session, [name for name in tables if name in Base.metadata.tables])
    finally:
        ours.engine.dispose()
        store.drop(ours.settings.database_url)


@pytest.mark.only_on("sqlite")
def test_one_that_is_not_whole_or_nothing_would_be_found(
    store: Store, migrated_database: str, tmp_path: Path
) -> None:
    laid = open_ground(store.copy(migrated_database), tmp_path / "house")
    whole = shape(laid.engine)
    with laid.engine.begin() as connection:
        connection.execute(text("ALTER TABLE packet ADD COLUMN half TEXT"))

    assert shape(laid.engine) != whole
    laid.engine.dispose()
    store.drop(laid.settings.database_url)
