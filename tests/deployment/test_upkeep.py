"""What has to be kept up is named when nobody did: upgrades, advisories, fonts, logs, backups, who watches."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from referral import clock
from referral.deployment import RULES, House, backups, upkeep
from referral.models import Organisation, OrganisationKind, Referral, User
from referral.workflow import Role
from tests.deployment.good import ENVIRONMENT, Rebuilt, fault


@pytest.mark.only_on("sqlite")
def test_an_upgrade_that_stopped_half_way_is_noticed(house: House) -> None:
    holds = "what is installed is what was pinned"
    other = {**house.versions, "werkzeug": "3.1.8"}

    assert fault(replace(house, versions=other), holds) == "not werkzeug"
    assert fault(replace(house, versions={"python": "3.11.15"}), holds).startswith("not ")


@pytest.mark.only_on("sqlite")
def test_a_table_of_holes_that_nobody_reads_is_noticed_and_stops_no_start(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    holds = "the table of known holes was read lately"
    table = tmp_path / "advisories.yaml"
    table.write_text(f"read: {clock.today() - timedelta(days=30)}\nmost_days: 30\nadvisories: []\n")
    monkeypatch.setattr(upkeep, "ADVISORIES", table)
    assert fault(house, holds) == ""
    assert fault(replace(house, now=house.now + timedelta(days=1)), holds) == "that was 31 days ago"

    assert holds in [rule.holds for rule in RULES if not rule.stops]


@pytest.mark.only_on("sqlite")
def test_a_font_that_is_missing_or_another_is_noticed(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    holds = "every font and file from outside is the one that was shipped"
    vendor = tmp_path / "vendor"
    shutil.copytree(upkeep.VENDOR, vendor)
    monkeypatch.setattr(upkeep, "VENDOR", vendor)
    assert fault(house, holds) == ""

    (vendor / "arimo-0.4.3" / "Arimo-Bold.ttf").unlink()
    assert fault(house, holds) == "not arimo-0.4.3/Arimo-Bold.ttf"


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("365", ""),
        ("364", "364 days"),
        ("", "nobody has said for how long"),
        ("a year", "nobody has said for how long"),
    ],
)
def test_logs_are_kept_for_a_year(house: House, days: str, said: str) -> None:
    told = replace(house, environment=ENVIRONMENT | {"LOG_DAYS": days})
    assert fault(told, "logs are kept for a year or longer") == said


@pytest.mark.only_on("sqlite")
def test_heads_of_the_trail_that_nobody_can_write_are_noticed(house: House, rebuilt: Rebuilt) -> None:
    nowhere = rebuilt(audit_anchor=Path("/nowhere/at/all/anchor"))
    assert "cannot be written" in fault(nowhere, "heads of the trail can be written")


def test_an_invented_case_is_noticed(house: House, session: Session) -> None:
    holds = "no case of the demonstration lies here"
    assert fault(house, holds) == ""
    house.connection.rollback()
    clinic = Organisation(name="Lark Clinic", kind=OrganisationKind.CLINIC)
    by = User(email="l@example.org", name="L", role=Role.NEUROLOGIST, organisation=clinic, password_hash="x")
    session.add(by)
    session.flush()
    session.add(Referral(number="R-1", organisation_id=clinic.id, referrer_id=by.id, demonstration=True))
    session.commit()

    assert fault(house, holds) == "1 do"


# Backups, and who watches


@pytest.mark.parametrize(("asked", "days"), [(backups.backed_up, 2), (backups.rehearsed, 101)])
def test_a_backup_and_a_rehearsal_that_are_too_old_are_noticed_and_stop_no_start(
    house: House, session: Session, asked: Callable[[House], str], days: int
) -> None:
    assert asked(house) == ""
    assert asked(replace(house, now=house.now + timedelta(days=days))) == f"the last is {days} days old"

    house.connection.rollback()
    session.execute(text("DELETE FROM house_mark"))
    session.commit()
    assert asked(house) == "there is none"
    assert [rule.stops for rule in RULES if rule.fault is asked] == [False]


def test_a_house_that_says_it_is_well_without_asking_is_noticed(house: House) -> None:
    assert backups.health(house) == ""
    asked = house.app.view_functions["watching.ready"]
    for said, code, told in (
        ("well\n", 200, "it does not ask the database"),
        ("no\n", 503, "it answers 503"),
    ):
        house.app.view_functions["watching.ready"] = lambda said=said, code=code: (said, code)
        assert backups.health(house) == told
    house.app.view_functions["watching.ready"] = lambda: (asked(), "Pons 1.2")[1]
    assert backups.health(house) == "it names a version"
