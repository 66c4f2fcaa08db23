"""What goes into a backup comes back exactly; what is over stays over, and a rehearsal is dated."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from referral import audit, auth, clock
from referral.actions import mail
from referral.attachments import Store as Files
from referral.extensions import db
from referral.keeping import marks
from referral.keeping.archive import Manifest, unpack
from referral.keeping.making import HALF_MADE, back_up
from referral.keeping.sealed import MAGIC
from referral.models import Attachment, AuditEntry, Invitation, Mail, User, UserSession
from referral.models.marks import HouseMark
from referral.workflow import Role
from tests.keeping.places import KEY, PASSPHRASE, Place, cut_the_tail
from tests.stores import Store

Make = Callable[..., Path]
CHANGED_BY_RESTORING = {"audit_entry", "house_mark", "user_session", "sign_in_attempt", "mail", "invitation"}


def manifest_of(backup: Path, folder: Path, passphrase: str = PASSPHRASE) -> Manifest:
    folder.mkdir()
    return unpack(backup, folder, passphrase, KEY)


# There and back


def test_every_row_every_file_and_the_trail_come_back(
    backup: Make, place: Place, files: list[Attachment], session: Session, tmp_path: Path
) -> None:
    made = backup()
    told = manifest_of(made, tmp_path / "unpacked").tables
    done = place.run.invoke(args=["restore", str(made)])

    assert done.exit_code == 0, done.output
    found = place.tables()
    same = {name: found[name] for name in told if name not in CHANGED_BY_RESTORING}
    assert same == {name: told[name] for name in same}
    assert {"referral", "referral_version", "attachment", "user"} <= same.keys()
    assert min(same[name].rows for name in ("referral", "attachment", "user")) >= 2
    store = Files(place.app.config["ATTACHMENTS"], place.app.config["DATA_KEYS"])
    assert all(store.content(each.stored_as, each.sha256) for each in files)
    with place.look() as there:
        entries = select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id)
        before = session.execute(entries).all()[:-1]  # the last is that the backup was made
        assert there.execute(entries).all()[: len(before)] == before
        assert audit.verify(there, {}).broken is None


def test_a_backup_waits_for_nobody_who_writes_and_holds_nobody_up(
    app: Flask,
    files: list[Attachment],
    place: Place,
    session: Session,
    people: dict[str, User],
    tmp_path: Path,
) -> None:
    audit.record(session, people["chair"], "list_read")  # not committed: on SQLite this holds the one writer
    with app.app_context():
        made = back_up(app, db.engine, KEY, tmp_path / "b", clock.now(), PASSPHRASE)
    session.commit()
    done = place.run.invoke(args=["restore", str(made.path)])

    assert done.exit_code == 0, done.output
    with place.look() as there:
        assert "list_read" not in there.scalars(select(AuditEntry.deed)).all()


def test_a_backup_says_when_it_was_made_and_of_what(backup: Make, tmp_path: Path, session: Session) -> None:
    manifest = manifest_of(backup(), tmp_path / "unpacked")

    assert manifest.revision == session.scalar(text("SELECT version_num FROM alembic_version"))
    assert manifest.release == "0.1.0"
    assert manifest.tables["attachment"].rows == 3
    assert {name.partition("/")[0] for name in manifest.parts} >= {
        "attachments",
        "settings.json",
        "audit_anchor",
    }
    assert [
        entry.deed for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))
    ] == ["backup_made"]


def test_no_key_and_no_password_is_in_it(app: Flask, backup: Make, tmp_path: Path) -> None:
    app.config["MAIL_URL"] = "smtps://pons:mail-password@mail.example"
    app.config["PACKET_KEY_PASSWORD"] = "packet-password"
    manifest_of(backup(plain=True), tmp_path / "unpacked")
    inside = b"".join(path.read_bytes() for path in (tmp_path / "unpacked").rglob("*") if path.is_file())

    for secret in (app.config["SECRET_KEY"], KEY, "mail-password", "packet-password", PASSPHRASE):
        assert secret.encode() not in inside
    assert json.loads((tmp_path / "unpacked" / "settings.json").read_text())["HOUSE_URL"]


def test_who_has_the_file_alone_reads_nothing_of_it(backup: Make, people: dict[str, User]) -> None:
    sealed = backup().read_bytes()

    assert sealed.startswith(MAGIC)
    assert b"neurologist@example.org" not in sealed
    assert b"manifest.json" not in sealed


def test_a_backup_is_its_owners_alone_and_no_half_of_one_stays(
    app: Flask, backup: Make, tmp_path: Path
) -> None:
    made = backup()
    again = app.test_cli_runner().invoke(args=["backup", str(made)])

    assert made.stat().st_mode & 0o077 == 0
    assert again.exit_code == 1
    assert "there already" in again.output
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_a_killed_backup_has_left_goes_with_the_next_a_day_later(backup: Make, tmp_path: Path) -> None:
    left = {hours: tmp_path / f"{HALF_MADE}{hours}" for hours in (1, 25)}
    for hours, folder in left.items():
        folder.mkdir()
        (folder / "copy.db").write_text("a database", encoding="utf-8")
        os.utime(folder, ((clock.now() - timedelta(hours=hours)).timestamp(),) * 2)
    backup()

    assert [folder.exists() for folder in left.values()] == [True, False]  # the first may be under way


def test_into_a_folder_it_gets_a_name_with_the_moment(
    app: Flask, files: list[Attachment], tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    app.test_cli_runner().invoke(args=["backup", str(tmp_path / "kept")])

    (made,) = (tmp_path / "kept").iterdir()
    assert made.name.startswith(f"pons-{clock.now():%Y}")
    assert made.suffix == ".backup"


# What the trail tells


def test_what_came_after_the_backup_is_said(
    backup: Make,
    place: Place,
    session: Session,
    people: dict[str, User],
    anchored: Callable[[], None],
    app: Flask,
) -> None:
    anchored()
    made = backup()
    for _ in range(4):
        audit.record(session, people["chair"], "list_read")
    session.commit()
    anchored()
    shutil.copy(app.config["AUDIT_ANCHOR"], place.app.config["AUDIT_ANCHOR"])
    done = place.run.invoke(args=["restore", str(made)])

    assert done.exit_code == 0, done.output
    assert "at least 5 entries" in done.output  # four, and that the backup was made
    with place.look() as there:
        last = there.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        lost = session.scalar(select(func.max(AuditEntry.id)))
        assert last.deed == "restored"
        assert lost is not None
        assert last.id > lost, "no number of the trail is given twice"
    verified = place.run.invoke(args=["audit", "verify"])
    assert verified.exit_code == 0, verified.output
    (aside,) = place.folder.glob("audit_anchor.before-*")
    assert len(aside.read_text().splitlines()) == 2


def test_a_tail_that_was_cut_from_the_trail_is_found(
    backup: Make, place: Place, session: Session, people: dict[str, User], anchored: Callable[[], None], app: Flask,
    database: str, tmp_path: Path,
) -> None:  # fmt: skip
    audit.record(session, people["chair"], "list_read")
    session.commit()
    anchored()
    cut_the_tail(database)
    made = backup()
    done = place.run.invoke(args=["restore", str(made), "--anchor", str(app.config["AUDIT_ANCHOR"])])

    assert done.exit_code == 1
    assert "FAULT  the trail was cut" in done.output


# What is over stays over


def test_nobody_is_signed_in_and_nothing_is_sent(
    backup: Make, place: Place, session: Session, people: dict[str, User]
) -> None:
    auth.open_session(session, people["chair"])
    mail.notify(session, people["chair"], "o", "A question was asked")
    session.add(Invitation(token_sha256="x", user_id=people["chair"].id, made_by_id=people["administrator"].id,
                           expires_at=clock.now() + timedelta(days=1)))  # fmt: skip
    session.commit()
    done = place.run.invoke(args=["restore", str(backup())])

    assert "ended: 1 of user_session" in done.output
    assert "ended: 1 of invitation" in done.output
    with place.app.app_context(), place.look() as there:
        assert there.scalars(select(UserSession)).all() == []
        assert mail.due_mail(there, clock.now() + timedelta(days=9)) == 0
        assert all(each.given_up_at for each in there.scalars(select(Mail)))


def test_who_was_put_out_after_the_backup_stays_out(
    backup: Make, place: Place, session: Session, people: dict[str, User], database: str
) -> None:
    made = backup()
    people["chair"].active = False
    people["coordinator"].password_hash = "chosen anew"
    people["delegate"].role, people["delegate"].works_for_id = Role.NEUROLOGIST, None
    session.commit()
    done = place.run.invoke(args=["restore", str(made), "--old", database])

    assert done.exit_code == 0, done.output
    assert "newer one: 3." in done.output
    with place.look() as there:
        found = {each.email.partition("@")[0]: each for each in there.scalars(select(User)).unique()}
        assert found["chair"].active is False
        assert found["coordinator"].password_hash == "chosen anew"
        assert found["delegate"].role is Role.NEUROLOGIST
        assert found["other_chair"].active is True
        assert there.scalar(select(func.count()).where(AuditEntry.deed == "standing_taken_over")) == 3


def test_only_an_empty_place_is_restored_to(backup: Make, app: Flask, session: Session, place: Place) -> None:
    made = backup()
    before = session.scalar(select(func.count()).select_from(AuditEntry))
    session.commit()
    done = app.test_cli_runner().invoke(args=["restore", str(made)])

    assert done.exit_code == 1
    assert "not empty" in done.output
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == before
    (place.app.config["ATTACHMENTS"] / "x").mkdir(parents=True)
    assert "not empty" in place.run.invoke(args=["restore", str(made)]).output


def test_what_is_replaced_is_put_aside_after_its_name_was_typed(
    backup: Make, place: Place, store: object
) -> None:
    made = backup()
    assert place.run.invoke(args=["restore", str(made)]).exit_code == 0
    with place.look() as there:
        name = there.get_bind().engine.url.database or ""
        chair = there.scalars(select(User).where(User.email == "chair@example.org")).one()
        chair.active = False
        there.commit()
    name = Path(name).name
    wrong = place.run.invoke(args=["restore", str(made), "--replace"], input="something\n")
    right = place.run.invoke(args=["restore", str(made), "--replace"], input=f"{name}\n")

    assert "not its name" in wrong.output
    assert right.exit_code == 0, right.output
    assert "newer one: 1." in right.output, "who was put out of the old one stays out of the new"
    assert list(place.folder.glob("attachments.replaced_*"))


def test_another_kind_or_a_later_release_is_told(
    backup: Make, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup()
    place.app.extensions["migrate"].directory = str(place.folder / "migrations")
    ours = Path(__file__).resolve().parents[2] / "migrations"
    shutil.copytree(
        ours,
        place.folder / "migrations",
        ignore=lambda _, names: [max(names)] if "0001" in str(names) else [],
    )

    assert "later release" in place.run.invoke(args=["restore", str(made)]).output


# A rehearsal


def test_a_backup_is_tried_in_a_scratch_place_and_the_day_is_kept(
    app: Flask, backup: Make, store: Store, session: Session, tmp_path: Path
) -> None:
    made, run = backup(), app.test_cli_runner().invoke
    into = store.blank()
    where = ["--into", into] if session.get_bind().dialect.name == "postgresql" else []
    done = run(args=["restore", str(made), "--rehearse", *where])
    store.drop(into)
    assert done.exit_code == 0, done.output
    assert "It comes back whole" in done.output
    assert marks.last(session, marks.REHEARSAL) is not None
    assert not marks.is_shut(session), "the house itself goes on"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.only_on("sqlite")
def test_a_house_whose_secrets_lie_in_a_folder_rehearses_too(
    app: Flask, backup: Make, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, folder = backup(), tmp_path / "secrets"
    folder.mkdir()
    (folder / "AUDIT_KEY").write_text(KEY)
    (folder / "BACKUP_KEY").write_text(PASSPHRASE)
    monkeypatch.setenv("SECRETS", str(folder))
    done = app.test_cli_runner().invoke(args=["restore", str(made), "--rehearse"])

    assert done.exit_code == 0, done.output
    assert marks.last(session, marks.REHEARSAL) is not None


@pytest.mark.only_on("sqlite")
def test_one_that_does_not_come_back_is_told_and_not_dated(
    app: Flask, backup: Make, session: Session
) -> None:
    made = backup()
    made.write_bytes(made.read_bytes()[:-1])
    done = app.test_cli_runner().invoke(args=["restore", str(made), "--rehearse"])

    assert done.exit_code == 1
    assert "does not come back whole" in done.output
    assert marks.last(session, marks.REHEARSAL) is None


def test_the_backup_is_dated_for_whoever_watches(backup: Make, session: Session) -> None:
    backup()
    found = marks.last(session, marks.BACKUP)

    assert isinstance(found, HouseMark)
    assert clock.now() - found.at < timedelta(minutes=5)
    assert found.detail["rows"] > 20
