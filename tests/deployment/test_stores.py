"""A database that is not safe for real people is named."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from referral import demo
from referral.deployment import House
from referral.deployment.stores import DEMONSTRATION, file_system
from referral.extensions import db
from referral.models import Organisation, OrganisationKind, User
from referral.workflow import Role
from tests.deployment.good import MOUNTS, Rebuilt, fault, faults


def test_nobody_of_the_demonstration_comes_in(house: House, session: Session) -> None:
    holds = "nobody of the demonstration has an account"
    programme = Organisation(name="Lark", kind=OrganisationKind.PROGRAMME)
    guest = User(
        email=demo.accounts()[0].email, name="G", role=Role.CHAIR, organisation=programme, password_hash="x"
    )
    session.add(guest)
    session.commit()
    assert fault(house, holds) == "1 of them have one"

    guest.active = False
    session.commit()
    house.connection.rollback()
    assert fault(house, holds) == ""


def test_a_clock_that_is_off_is_noticed(house: House) -> None:
    late = replace(house, now=house.now + timedelta(hours=1))

    assert "seconds apart" in fault(late, "database and machine agree on the time")


def test_everybody_of_the_demonstration_is_known_by_their_address() -> None:
    assert {account.email.partition("@")[2] for account in demo.accounts()} <= {
        place.removeprefix("@") for place in DEMONSTRATION
    }


@pytest.mark.only_on("sqlite")
def test_tables_of_another_release_are_noticed(house: House, session: Session) -> None:
    holds = "the tables are those of this release"
    session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    session.commit()

    assert "they are at 0001" in fault(house, holds)


@pytest.mark.only_on("sqlite")
def test_a_setting_of_sqlite_that_did_not_hold_is_noticed(house: House) -> None:
    house.connection.exec_driver_sql("PRAGMA cell_size_check=0")

    assert fault(house, "SQLite keeps every setting") == "not cell_size_check"


@pytest.mark.only_on("sqlite")
def test_a_file_on_a_network_is_noticed(house: House) -> None:
    there = replace(house, mounts=MOUNTS + f"nas:/y {house.database_file.parent} cifs rw 0 0\n")

    assert fault(there, "the file lies on a disk of this machine") == "it lies on cifs"


def test_the_longest_mount_counts() -> None:
    assert file_system("/var/lib/pons/pons.db", MOUNTS) == "ext4"
    assert file_system("/var/lib/ponsibly", MOUNTS) == "overlay"


@pytest.mark.only_on("sqlite")
def test_an_sqlite_that_may_corrupt_its_log_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("referral.database.FIXED_LINES", ((99, 0, 0),))

    assert fault(house, "SQLite cannot corrupt its own log").startswith("it is 3.")


@pytest.mark.only_on("postgresql")
def test_a_server_that_does_not_wait_for_its_disk_is_noticed(house: House) -> None:
    assert "fsync is off" in fault(house, "a commit survives a power cut")


@pytest.mark.only_on("postgresql")
def test_an_owner_is_told_from_who_may_only_use_the_tables(
    house: House, rebuilt: Rebuilt, database: str
) -> None:
    owner = rebuilt(database_url=database)
    with owner.app.app_context(), db.engine.connect() as connection:
        found = faults(replace(owner, connection=connection))

    assert found["the application cannot change the tables"] == "it can"
    assert "DELETE of audit_entry" in found["the application cannot change the trail"]


@pytest.mark.only_on("postgresql")
def test_an_open_way_to_the_database_is_noticed(house: House) -> None:
    holds = "the way to the database is checked and encrypted"
    far = replace(house, settings=replace(house.settings, database_url="postgresql://pons@db.example/pons"))
    checked = replace(far.settings, database_url=f"{far.settings.database_url}?sslmode=verify-full")

    assert fault(far, holds) == "it is not, to db.example"
    assert fault(replace(far, settings=checked), holds) == ""


@pytest.mark.only_on("postgresql")
def test_who_would_wait_for_ever_is_noticed(house: House) -> None:
    house.connection.execute(text("SET lock_timeout = 0"))

    assert fault(house, "nobody waits for ever") == "not lock_timeout"
