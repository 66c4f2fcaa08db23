"""Each rule of a safe installation fails on a bad one and passes on a good one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import create_app
from referral import clock, demo
from referral.deployment import RULES, House, backups, check, upkeep
from referral.deployment.machine import ADVISORIES, SERVED, holes, installed
from referral.deployment.stores import file_system
from referral.extensions import db
from referral.keeping import marks
from referral.models import Organisation, OrganisationKind, Referral, User
from referral.sealing import Key
from referral.settings import Settings
from referral.workflow import Role
from tests.conftest import DATA_KEYS
from tests.stores import Store

KEY = "0123456789abcdef" * 4
MOUNTS = "overlay / overlay rw 0 0\n/dev/sda1 /var/lib/pons ext4 rw 0 0\nnas:/x /mnt/nas nfs4 rw 0 0\n"
ENVIRONMENT = {
    "AUDIT_KEY": KEY[::-1],
    "DATA_KEYS": DATA_KEYS,
    "AUDIT_ANCHOR": "/mnt/elsewhere/anchor",
    "PROXIES": "1",
    "LOG_DAYS": "400",
}
Build = Callable[[Settings], Flask]
Rebuilt = Callable[..., House]
NETWORK_STAYS = "there is a network"  # on a machine that lets no process go without it


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


def faults(house: House) -> dict[str, str]:
    """What is wrong, by what should hold."""
    return {finding.rule.holds: finding.fault for finding in check(house) if finding.fault}


def fault(house: House, holds: str) -> str:
    (found,) = [finding for finding in check(house) if finding.rule.holds == holds]
    return found.fault


def test_there_are_twenty_rules_or_more_on_either_database() -> None:
    for kind in ("sqlite", "postgresql"):
        assert len([rule for rule in RULES if rule.database in (None, kind)]) >= 20
    assert len({rule.holds for rule in RULES}) == len(RULES)


def test_nothing_is_wrong_with_a_good_installation(house: House) -> None:
    found = faults(house)
    if found.get("files from outside are read without a network and within limits") == NETWORK_STAYS:
        del found["files from outside are read without a network and within limits"]
    # the server of the tests is told not to wait for its disk
    found.pop("a commit survives a power cut", None)

    assert found == {}


ENVIRONMENTS = {
    "no debugger answers": {"FLASK_DEBUG": "1"},
    "kept apart from the data": {"AUDIT_KEY": ""},
    "what opens the data is kept apart from them": {"DATA_KEYS": ""},
    "heads of the trail go elsewhere": {"AUDIT_ANCHOR": ""},
}


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(("holds", "given"), ENVIRONMENTS.items(), ids=ENVIRONMENTS)
def test_what_the_environment_gives_or_lacks(house: House, holds: str, given: dict[str, str]) -> None:
    assert fault(replace(house, environment=ENVIRONMENT | given), holds)


@pytest.mark.only_on("sqlite")
def test_a_key_that_is_lost_and_one_that_is_to_be_given_up_are_told(house: House, rebuilt: Rebuilt) -> None:
    lost = replace(house, settings=replace(house.settings, data_keys=Key.new().entry))
    assert "not at hand: fortests" in fault(lost, "each key that is needed is at hand")

    changing = rebuilt(data_keys=f"{Key.new().entry},{DATA_KEYS}")
    with changing.app.app_context(), db.engine.connect():
        pass  # the first connection writes the new key down
    house.connection.rollback()
    assert fault(changing, "each key that is needed is at hand") == ""
    assert fault(changing, "no older key is needed") == "1 older keys are"


@pytest.mark.only_on("sqlite")
def test_the_number_of_proxies_is_given_and_not_guessed(house: House, rebuilt: Rebuilt) -> None:
    holds = "the number of proxies in front is exact"

    assert fault(replace(house, environment={}), holds) == "it was not given"
    assert "it is 0" in fault(rebuilt(proxies=0), holds)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("long and random", {"secret_key": "short"}, "5 characters"),
    ("long and random", {"secret_key": "aaaaaaab" * 8}, "hardly changes"),
    ("long, random and no other key", {"audit_key": KEY}, "SECRET_KEY too"),
    ("long, random and no other key", {"audit_key": "short"}, "5 characters"),
    ("cookies by https only, for this host only", {"secure_cookies": False}, "in the clear"),
    ("browsers are told to come by https for a year", {"secure_cookies": False}, "they are not"),
    ("the house answers to its own names only", {"trusted_hosts": None}, "any name"),
    ("the house answers to its own names only", {"trusted_hosts": (".example",)}, "below a dot"),
    ("the address in notices is https and one of ours", {"house_url": "http://pons.example"}, "http://"),
    ("the address in notices is https and one of ours", {"house_url": "https://other.example"}, "not in"),
    ("notices leave by an encrypted way", {"mail_url": ""}, "nobody is told"),
    ("notices leave by an encrypted way", {"mail_url": "smtp://mail.example"}, "in the clear"),
    ("everybody signs in with a second factor", {"second_factor": "offered"}, "a password alone"),
    ("what cannot be undone asks who it is", {"proof_holds": timedelta(hours=2)}, "120 minutes"),
    ("long, random and only for apps", {"factor_key": KEY}, "another key too"),
    ("long, random and only for apps", {"factor_key": ""}, "0 characters"),
    ("what cannot be undone asks who it is", {"proof_holds": timedelta(0)}, "0 minutes"),
    ("the hospital's sign-on is asked by https", {"oidc_issuer": "http://localhost:8080"}, "http://"),
    ("the sign-on's secret is long", {"oidc_client_secret": "short"}, "5 characters"),
    ("backups are encrypted, with a key of their own", {"backup_key": ""}, "not encrypted"),
    ("backups are encrypted, with a key of their own", {"backup_key": KEY}, "another key too"),
    ("backups are encrypted, with a key of their own", {"backup_key": "short"}, "5 characters"),
    ("files of cases are served by nobody", {"attachments": SERVED / "files"}, "is served"),
]


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(("holds", "values", "said"), WRONG, ids=[f"{w[0]}: {w[2]}" for w in WRONG])
def test_a_setting_that_is_wrong_is_named(
    house: House, rebuilt: Rebuilt, holds: str, values: dict[str, Any], said: str
) -> None:
    assert said in fault(rebuilt(**values), holds)


@pytest.mark.only_on("sqlite")
def test_mail_to_this_very_machine_needs_no_encryption(house: House, rebuilt: Rebuilt) -> None:
    local = rebuilt(mail_url="smtp://localhost")

    assert fault(local, "notices leave by an encrypted way") == ""


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("holds", "name", "value"),
    [
        ("no old key still opens", "SECRET_KEY_FALLBACKS", ["old"]),
        ("a form has bounds", "MAX_CONTENT_LENGTH", None),
        ("a form has bounds", "MAX_FORM_PARTS", None),
        ("cookies by https only, for this host only", "SESSION_COOKIE_SAMESITE", "None"),
    ],
)
def test_the_application_itself_is_looked_at(house: House, holds: str, name: str, value: object) -> None:
    house.app.config[name] = value

    assert fault(house, holds)


def answers_with(app: Flask, name: str, value: str) -> None:
    app.after_request_funcs.setdefault(None, []).insert(0, lambda answer: _add(answer, name, value))


def _add(answer: Any, name: str, value: str) -> Any:
    answer.headers[name] = value
    return answer


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("holds", "name", "value"),
    [
        ("no answer names a version", "Server", "Werkzeug/3.1.9"),
        ("a page runs nothing that is not ours", "Content-Security-Policy", "script-src 'unsafe-inline'"),
    ],
)
def test_its_answers_are_looked_at(house: House, holds: str, name: str, value: str) -> None:
    answers_with(house.app, name, value)

    assert fault(house, holds)


# The database


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


# The machine


@pytest.mark.only_on("sqlite")
def test_root_is_noticed(house: House) -> None:
    assert fault(replace(house, user=0), "the application does not run as root") == "it does"


@pytest.mark.only_on("sqlite")
def test_what_others_can_read_is_noticed(house: House) -> None:
    house.settings.attachments.mkdir(mode=0o700)
    (house.keys / "secret_key").touch(mode=0o600)
    holds = ("the folder for files is its owner's alone", "keys in files are their owner's alone")
    assert [fault(house, each) for each in holds] == ["", ""]

    house.settings.attachments.chmod(0o755)
    (house.keys / "secret_key").chmod(0o644)
    assert all("can be read by others" in fault(house, each) for each in holds)


@pytest.mark.only_on("sqlite")
def test_a_full_disk_is_noticed(house: House) -> None:
    assert "are left" in fault(replace(house, least_free=2**62), "there is room for what comes")


@pytest.mark.only_on("sqlite")
def test_a_cage_that_stands_open_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    holds = "files from outside are read without a network and within limits"
    for said, seen in (
        (NETWORK_STAYS, {"limited": True, "network": True}),
        ("there are no limits", {"limited": False, "network": False}),
    ):
        monkeypatch.setattr("referral.caged.run", lambda *_, seen=seen: seen)
        assert fault(house, holds) == said


@pytest.mark.only_on("sqlite")
def test_a_package_with_a_known_hole_is_noticed(house: House) -> None:
    old = replace(house, versions={"flask": "3.1.2", "python": "3.11.7"})

    assert "CVE-2026-27205" in fault(old, "no package has a hole that is known")
    assert "3.11.15" in fault(old, "the interpreter has no hole that is known")


def test_what_is_installed_here_has_no_hole_that_is_known() -> None:
    here = installed()
    assert {"flask", "weasyprint", "pillow", "sqlalchemy"} <= here.keys()
    assert holes({name: version for name, version in here.items() if name != "python"}) == []


def test_a_hole_counts_from_where_it_came_in() -> None:
    assert holes({"flask": "3.0.9"}) == [
        "flask 3.0.9: CVE-2026-27205, missing Vary on the cookie, mended in 3.1.3"
    ]


def test_every_known_hole_says_what_it_is_and_where_it_ends() -> None:
    table = yaml.safe_load(ADVISORIES.read_text("utf-8"))
    assert len(table["advisories"]) > 30
    assert all({"package", "id", "about", "fixed"} <= row.keys() for row in table["advisories"])


# What has to be kept up


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


# The command


@pytest.mark.only_on("sqlite")
def test_the_command_names_each_rule_its_setting_and_the_remedy(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["check-deploy"])

    assert result.exit_code == 1
    assert "FAILS  SECURE_COOKIES" in result.output
    assert "Remedy: set SECURE_COOKIES=yes." in result.output
    assert "holds  flask db upgrade" in result.output
    assert "rules, " in result.output.splitlines()[-1]


@pytest.mark.only_on("sqlite")
def test_the_server_does_not_start_for_real_people_where_a_rule_fails(database: str, tmp_path: Path) -> None:
    started = subprocess.run(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            f"unix:{tmp_path}/door",
            "--no-control-socket",
            "app:create_app()",
        ],
        env=os.environ
        | {
            "PRODUCTION": "yes",
            "DATABASE_URL": database,
            "SECRET_KEY": KEY,
            "AUDIT_KEY": KEY,
            "DATA_KEYS": DATA_KEYS,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert started.returncode != 0
    assert "FAILS  AUDIT_KEY: long, random and no other key? it is the SECRET_KEY too." in started.stderr
    assert "not started" in started.stderr
