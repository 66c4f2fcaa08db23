"""What an installation sets up for itself, and the accounts it opens."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from referral import clock
from referral.actions import factors
from referral.auth import codes
from referral.extensions import db
from referral.models import AuditEntry, Organisation, OrganisationKind, Referral, User, UserSession
from referral.sealing import Ring
from referral.settings import Settings
from referral.workflow import Role
from tests.browser import Browser
from tests.conftest import DATA_KEYS, settings_for
from tests.stores import Store

CHOSEN = "violet harbour pencil moss"


@pytest.fixture
def bare(store: Store) -> Iterator[Flask]:
    """An installation of which nothing is there yet, not even a table."""
    address = store.blank()
    app = create_app(settings_for(address))
    yield app
    with app.app_context():
        db.engine.dispose()
    store.drop(address)


@pytest.fixture
def run(bare: Flask) -> FlaskCliRunner:
    return bare.test_cli_runner()


def look(app: Flask) -> Session:
    with app.app_context():
        return Session(db.engine)


def choose(browser: Browser, told: str) -> None:
    """Choose a password by the link that a command has printed."""
    (code,) = re.findall(r"http://127\.0\.0\.1:8000/welcome#(\S+)", told)
    browser.send("/welcome/password", {"code": code, "password": CHOSEN, "again": CHOSEN})


def test_the_first_administrator_chooses_a_password_by_a_link_that_is_printed(
    bare: Flask, run: FlaskCliRunner
) -> None:
    first, second = (
        run.invoke(args=["setup", "--email", each]) for each in ("Ad@Example.org", "ad@example.org")
    )
    assert first.exit_code == second.exit_code == 0, first.output + second.output

    with look(bare) as session:
        browser = Browser(bare.test_client(), session)
        assert browser.sign_in("ad@example.org", CHOSEN).status == 401
        replaced = first.output.split("/welcome#")[1].strip()
        browser.send("/welcome", {"code": replaced}, status=422)
        choose(browser, second.output)
        assert browser.sign_in("ad@example.org", CHOSEN).path == "/"
        assert session.scalars(select(User.role)).all() == [Role.ADMINISTRATOR]
    assert run.invoke(args=["setup"]).output == ""


def test_the_password_of_the_administrator_may_be_given(
    bare: Flask, run: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PONS_ADMIN_PASSWORD", "given by the house")
    done = run.invoke(args=["setup"])

    assert "given by the house" not in done.output
    with look(bare) as session:
        assert (
            Browser(bare.test_client(), session).sign_in("administrator@localhost", "given by the house").path
            == "/"
        )


@pytest.mark.parametrize(("given", "told"), [("short", "12 to 128"), ("administrator1", "too easy")])
def test_a_bad_password_is_refused_and_nothing_is_kept(
    bare: Flask, run: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    monkeypatch.setenv("PONS_ADMIN_PASSWORD", given)
    done = run.invoke(args=["setup"])

    assert done.exit_code == 1
    assert told in done.output
    assert given not in done.output
    with look(bare) as session:
        assert session.scalars(select(User)).all() == []


def test_the_demonstration_is_loaded_once_and_kept_and_every_page_says_so(
    bare: Flask, run: FlaskCliRunner
) -> None:
    first = run.invoke(args=["setup", "--demo"])
    with look(bare) as session:
        before = {(case.id, case.updated_at) for case in session.scalars(select(Referral))}
    second = run.invoke(args=["setup", "--demo"])
    with look(bare) as session:
        after = {(case.id, case.updated_at) for case in session.scalars(select(Referral))}
        everybody = session.scalars(select(Referral.demonstration)).all()
        visit = Browser(bare.test_client(), session).visit
        for path, status in (("/sign-in", 200), ("/help", 200), ("/nowhere", 404)):
            assert "every person here is invented" in visit(path, status=status).text

    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert first.output == second.output, "the accounts are printed each time"
    assert "neurologist" in first.output
    assert len(before) >= 24
    assert before == after
    assert all(everybody)


def test_an_account_is_opened_and_ended(bare: Flask, run: FlaskCliRunner) -> None:
    run.invoke(args=["setup"])
    here = ["--organisation", "Northfield Neurology", "--kind", "clinic"]
    run.invoke(args=["add-person", "n@example.org", "Dr N", "--role", "neurologist", *here])
    added = run.invoke(
        args=["add-person", "d@example.org", "D", "--role", "delegate", *here, "--works-for", "n@example.org"]
    )

    with look(bare) as session:
        browser = Browser(bare.test_client(), session)
        choose(browser, added.output)
        assert browser.sign_in("d@example.org", CHOSEN).path == "/"
        delegate = session.scalars(select(User).where(User.email == "d@example.org")).one()
        assert delegate.works_for is not None
        assert delegate.works_for.email == "n@example.org"
        assert delegate.organisation.kind is OrganisationKind.CLINIC
        assert len(session.scalars(select(Organisation)).all()) == 2
        session.commit()

        assert "out of use" in run.invoke(args=["end-person", "d@example.org"]).output
        assert browser.visit("/").path == "/sign-in"
        assert all(kept.ended_at for kept in session.scalars(select(UserSession)))
        deeds = session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()
        assert deeds[-1] == "person_ended"
        assert deeds.count("person_added") == 3


def test_the_last_administrator_is_freed_of_a_lost_second_step_at_the_machine(
    bare: Flask, run: FlaskCliRunner
) -> None:
    run.invoke(args=["setup"])
    assert "there was none" in run.invoke(args=["reset-second-step", "administrator@localhost"]).output

    with look(bare) as session:
        person = session.scalars(select(User)).one()
        at = clock.now()
        _, secret = factors.begin_app(session, person, ("a key", ""), at=at)
        factors.confirm_app(session, person, codes.code_of(secret, codes.step_of(at)), ("a key", ""), at=at)
        session.commit()
    told = run.invoke(args=["reset-second-step", "administrator@localhost"]).output

    assert "taken away" in told
    with look(bare) as session:
        person = session.scalars(select(User)).one()
        assert not factors.has_factor(session, person)
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last is not None
        assert last.deed == "second_step_reset"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["add-person", "administrator@localhost", "X", "--role", "chair"], "already"),
        (["end-person", "nobody@example.org"], "no account"),
        (["end-person", "administrator@localhost"], "last administrator"),
        (["add-person", "x@example.org", "X", "--role", "king"], "'king' is not one of"),
    ],
)
def test_a_mistake_on_the_command_line_is_told(
    run: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch, command: list[str], told: str
) -> None:
    monkeypatch.setenv("PONS_ADMIN_PASSWORD", CHOSEN)
    run.invoke(args=["setup"])
    done = run.invoke(args=command)

    assert done.exit_code != 0
    assert told in done.output


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    first = Settings.from_environment({}, tmp_path / "instance")
    second = Settings.from_environment({}, tmp_path / "instance")

    assert first == second
    assert len(first.secret_key) == 64
    assert len(first.audit_key) == 64
    assert first.audit_key != first.secret_key
    assert len(Ring.read(first.data_keys).newest.secret) == 32
    for name in ("secret_key", "audit_key", "data_keys"):
        assert stat.S_IMODE((tmp_path / "instance" / name).stat().st_mode) == 0o600
    assert first.database_url == f"sqlite:///{tmp_path / 'instance' / 'pons.db'}"


def test_secrets_come_from_the_folder_of_a_vault(tmp_path: Path) -> None:
    folder, instance = tmp_path / "secrets", tmp_path / "instance"
    folder.mkdir()
    kept = {"SECRET_KEY": "k", "AUDIT_KEY": "a", "DATA_KEYS": DATA_KEYS, "FACTOR_KEY": "f", "BACKUP_KEY": "b"}
    for name, secret in kept.items():
        (folder / name).write_text(f"{secret}\n")
    (folder / "packet_key.pem").write_text("another file")
    (folder / "..data").mkdir()
    given = {"SECRETS": str(folder), "AUDIT_KEY": "", "DATABASE_URL": "sqlite:///x.db"}

    by_files = Settings.from_environment(given, instance)

    assert by_files == Settings.from_environment(given | kept | {"SECRETS": ""}, instance)
    assert not instance.exists(), "none is made anew"


@pytest.mark.parametrize(
    ("given", "kept", "said"),
    [
        ({}, {"AUDIT_KYE": "a-secret"}, "AUDIT_KYE is no secret of ours"),
        ({}, {"PROXIES": "a-secret"}, "PROXIES is no secret of ours"),
        ({"AUDIT_KEY": "a-secret"}, {"AUDIT_KEY": "a-secret"}, "AUDIT_KEY is given by the environment too"),
        ({}, {"AUDIT_KEY": "\n"}, "AUDIT_KEY is empty"),
        ({"SECRETS": "/nowhere/at/all"}, {}, "a folder that is not there"),
    ],
    ids=["misspelt", "no secret", "twice", "empty", "no folder"],
)
def test_a_folder_of_secrets_that_would_mislead_is_refused(
    tmp_path: Path, given: dict[str, str], kept: dict[str, str], said: str
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, secret in kept.items():
        (folder / name).write_text(secret)

    with pytest.raises(ValueError, match=said) as refused:
        Settings.from_environment({"SECRETS": str(folder)} | given, tmp_path / "instance")

    assert "a-secret" not in str(refused.value)
    assert not (tmp_path / "instance").exists()


def test_the_environment_decides(tmp_path: Path) -> None:
    given = {
        "SECRET_KEY": "k", "DATABASE_URL": "sqlite:///x.db", "SECURE_COOKIES": "yes",
        "TRUSTED_HOSTS": "pons.example, www.pons.example", "PROXIES": "1",
        "AUDIT_KEY": "a", "AUDIT_ANCHOR": "heads", "DATA_KEYS": DATA_KEYS,
        "FACTOR_KEY": "f", "FACTOR_KEY_BEFORE": "e, e", "SECRET_KEY_BEFORE": "j", "AUDIT_KEYS_BEFORE": "1:d:k",
    }  # fmt: skip
    settings = Settings.from_environment(given, tmp_path / "instance")

    hosts = ("pons.example", "www.pons.example")
    assert settings == Settings(
        "k",
        "sqlite:///x.db",
        True,
        hosts,
        1,
        attachments=tmp_path / "instance" / "attachments",
        packet_key=tmp_path / "instance" / "packet_key.pem",
        mail_folder=tmp_path / "instance" / "mail",
        audit_key="a",
        data_keys=DATA_KEYS,
        factor_key="f",
        factor_key_before="e, e",
        secret_key_before="j",
        audit_keys_before="1:d:k",
        audit_anchor=Path("heads"),
    )
    assert not (tmp_path / "instance").exists()
