"""However many write at once, an act is whole, exactly one wins, and who reads waits for nobody: on each database."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pysqlite3
import pytest
from flask import Flask
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app import create_app
from referral import audit, database
from referral.extensions import db
from referral.models import AuditEntry, Organisation, User
from tests.conftest import settings_for

NAME = "Marrowfield Clinic"


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def two(engine: Engine) -> Iterator[tuple[Session, Session]]:
    """Two who are at work at the same moment."""
    with Session(engine) as first, Session(engine) as second:
        yield first, second


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(act, range(count)))


def put(session: Session, name: str = NAME) -> None:
    session.add(Organisation(name=name, kind="clinic"))
    session.flush()


# How it is opened


@pytest.mark.only_on("sqlite")
def test_an_sqlite_connection_is_opened_with_every_setting(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in database.PRAGMAS}

    assert found == database.PRAGMAS
    assert found["journal_mode"] == "wal"


@pytest.mark.only_on("postgresql")
def test_a_postgresql_connection_is_opened_with_every_setting(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in database.POSTGRESQL}
        isolation = connection.exec_driver_sql("SHOW transaction_isolation").scalar()

    assert found == database.POSTGRESQL
    assert isolation == "read committed"


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False),
        ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 53, 4), True), ((4, 0, 0), True),
    ],
)  # fmt: skip
def test_an_sqlite_that_may_corrupt_its_log_is_known(version: tuple[int, ...], safe: bool) -> None:
    assert database.is_safe_in_wal(version) is safe


def test_the_application_does_not_start_on_an_sqlite_that_may_corrupt_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 51, 2))

    with pytest.raises(RuntimeError, match="may corrupt"):
        create_app(settings_for("sqlite://"))


def test_the_application_does_not_start_on_a_database_that_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="names mysql"):
        create_app(settings_for("mysql://somewhere/pons"))


# Who only reads


def test_who_only_reads_waits_for_nobody_and_sees_nothing_half_done(two: tuple[Session, Session]) -> None:
    writer, reader = two
    put(writer)
    database.begin_reading(reader)

    assert reader.scalars(select(Organisation)).all() == []
    writer.commit()


def test_who_only_reads_sees_the_data_as_at_one_moment(two: tuple[Session, Session]) -> None:
    writer, reader = two
    database.begin_reading(reader)
    assert reader.scalars(select(Organisation)).all() == []
    put(writer)
    writer.commit()

    assert reader.scalars(select(Organisation)).all() == [], "still"
    reader.commit()
    assert len(reader.scalars(select(Organisation)).all()) == 1, "and now the new one"


def test_who_said_that_they_only_read_cannot_write(two: tuple[Session, Session]) -> None:
    first, _ = two
    database.begin_reading(first)
    with pytest.raises(DatabaseError, match=r"(?i)read-?only"):
        put(first)
    first.rollback()

    put(first)
    first.commit()
    assert first.scalars(select(Organisation.name)).all() == [NAME], "the next transaction may"


@pytest.mark.only_on("postgresql")
def test_what_a_connection_has_planned_outlives_whoever_only_reads(engine: Engine) -> None:
    for _ in range(9):
        with Session(engine) as reader:
            database.begin_reading(reader)
            reader.scalars(select(Organisation)).all()
            database.finish_reading(reader)

    with engine.connect() as connection:
        planned = text("SELECT statement FROM pg_prepared_statements")
        assert any("organisation" in statement for statement in connection.scalars(planned))


def test_more_may_ask_at_once_than_a_process_has_threads_and_none_opens_a_connection_anew(
    engine: Engine,
) -> None:
    opened: list[object] = []
    event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
    for _ in range(3):
        held = [engine.connect() for _ in range(16)]
        for connection in held:
            connection.close()

    assert len(opened) <= 16


# At once


def test_a_row_that_is_held_is_changed_by_one_after_the_other(engine: Engine) -> None:
    with Session(engine) as session:
        put(session, "0")
        session.commit()

    def count_up(_: int) -> None:
        with Session(engine) as session:
            place = session.scalars(database.held(select(Organisation), Organisation)).one()
            place.name = str(int(place.name) + 1)
            session.commit()

    at_once(40, count_up)
    with Session(engine) as session:
        assert session.scalars(select(Organisation.name)).one() == "40"


def test_one_at_a_time_lets_nobody_read_what_another_is_about_to_change(engine: Engine) -> None:
    def add_the_next(_: int) -> None:
        with Session(engine) as session:
            database.one_at_a_time(session, "names")
            put(session, str(len(session.scalars(select(Organisation.id)).all())))
            session.commit()

    at_once(40, add_the_next)
    with Session(engine) as session:
        assert len(session.scalars(select(Organisation)).all()) == 40


@pytest.mark.only_on("postgresql")
def test_whoever_waits_too_long_for_a_lock_is_told_so(two: tuple[Session, Session]) -> None:
    first, second = two
    database.one_at_a_time(first, "names")
    second.execute(text("SET LOCAL lock_timeout = '50ms'"))

    with pytest.raises(OperationalError, match="lock timeout"):
        database.one_at_a_time(second, "names")


@pytest.mark.only_on("postgresql")
def test_other_names_are_not_waited_for(two: tuple[Session, Session]) -> None:
    first, second = two
    database.one_at_a_time(first, "names")
    second.execute(text("SET LOCAL lock_timeout = '50ms'"))
    database.one_at_a_time(second, "numbers")


# What an error says


@contextmanager
def refusal(kind: type[DatabaseError], session: Session, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Expect a refusal, of which neither the error nor its cause nor the log names what was refused."""
    with pytest.raises(kind) as refused:
        yield
    session.rollback()
    logging.getLogger(__name__).error("refused", exc_info=refused.value)

    assert "Error" in caplog.text
    assert NAME not in caplog.text
    assert NAME not in str(refused.value.orig)


def test_an_error_names_no_value_that_is_there_twice(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    put(session)
    with refusal(IntegrityError, session, caplog):
        put(session)


def test_an_error_names_no_value_of_a_row_that_breaks_a_rule(
    session: Session, people: dict[str, User], caplog: pytest.LogCaptureFixture
) -> None:
    with refusal(IntegrityError, session, caplog):
        session.execute(update(User).values(name=NAME, email=NAME))


@pytest.mark.only_on("postgresql")
def test_an_error_names_no_value_that_is_of_the_wrong_kind(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    with refusal(DataError, session, caplog):
        session.execute(text("SELECT CAST(:name AS integer)"), {"name": NAME})


# Whose database it is


@pytest.mark.only_on("postgresql")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET deed = 'nothing'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_not_changed",
        "DROP TABLE packet",
        "CREATE TABLE beside (id integer)",
        "UPDATE alembic_version SET version_num = 'other'",
    ],
)
def test_the_application_may_change_neither_the_trail_nor_the_tables(
    session: Session, people: dict[str, User], statement: str
) -> None:
    audit.record(session, people["chair"], "something")
    session.commit()

    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        session.execute(text(statement))
    session.rollback()
    assert session.scalars(select(AuditEntry.deed)).all() == ["something"]
