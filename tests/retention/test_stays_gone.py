"""What was deleted stays gone: nobody finds it, no backup and no crash brings it back."""

import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import deletion, holds, ledger
from referral.actions.referrals import get_referral
from referral.actions.retention import (
    due_retention,
)
from referral.attachments import Store
from referral.errors import NotFoundError
from referral.models import Base, Referral, ReferralVersion
from tests.at_hand import make_draft
from tests.ended import People, is_gone, settle


def test_what_was_deleted_does_not_come_back_into_its_row(
    session: Session, people: People, ended: Referral
) -> None:
    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    for change in (
        {"gone_at": None, "gone_under": None},
        {"family_name": "Quixwort"},
        {"state_reason": "The person wishes it."},
    ):
        with pytest.raises(IntegrityError):
            session.execute(update(Referral).where(Referral.id == ended.id).values(**change))
        session.rollback()


def test_a_version_of_a_case_that_is_not_deleted_is_not_removed(
    session: Session, people: People, ended: Referral
) -> None:
    with pytest.raises(IntegrityError, match="signed"):
        session.execute(Base.metadata.tables["referral_version"].delete())
    session.rollback()
    assert session.scalar(select(func.count()).select_from(ReferralVersion)) == 1


def test_nobody_finds_a_deleted_case(session: Session, people: People, ended: Referral) -> None:
    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    for user in people.values():
        with pytest.raises(NotFoundError):
            get_referral(session, ended.id, user)


def test_a_restored_backup_is_rid_again_of_what_was_deleted(
    app: Flask, session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    path = Path(app.config["AUDIT_ANCHOR"]).with_name(ledger.NAME)
    kept = make_draft(session, people)
    session.commit()
    path.write_text(str(ledger.Line(ended.number, ended.id, clock.now(), "P10Y")) + "\n")

    done = ledger.reapply(session, cabinet, path)

    assert (done.deleted, done.held) == ((ended.number,), ())
    assert is_gone(session, ended)
    assert not is_gone(session, kept)
    assert ledger.reapply(session, cabinet, path).deleted == (), "once more does nothing more"


def test_what_a_restored_hold_keeps_is_named(
    app: Flask, session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    path = Path(app.config["AUDIT_ANCHOR"]).with_name(ledger.NAME)
    path.write_text(str(ledger.Line(ended.number, ended.id, clock.now(), "P10Y")) + "\n")
    holds.hold(session, people["chair"], "An inquiry.", ended)
    session.commit()

    assert ledger.reapply(session, cabinet, path) == ledger.Reapplied((), (ended.number,))
    assert not is_gone(session, ended)


def test_a_ledger_with_a_line_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("P-2026-0001 yesterday\n")

    with pytest.raises(ValueError, match="line 1"):
        ledger.read_ledger(tmp_path / "ledger")


def test_a_tick_deletes_and_writes_the_ledger_and_the_next_does_nothing(
    app: Flask, session: Session, people: People, ended: Referral
) -> None:
    settle(session, people)
    session.commit()
    with app.app_context():
        assert due_retention(session, clock.now()) == 1
        written = ledger.ledger().read_text()
        assert due_retention(session, clock.now()) == 0
        assert ledger.ledger().read_text() == written

    assert written.startswith(f"{ended.number} {ended.id} ")
    assert written.endswith(" P10Y\n")
    assert written.count("\n") == 1


def test_after_a_crash_between_the_deletion_and_the_ledger_the_next_tick_settles_it(
    app: Flask, session: Session, people: People, ended: Referral, cabinet: Store
) -> None:
    left = cabinet.folder / ("0" * 32)
    left.mkdir(parents=True)
    (left / "content").write_bytes(b"somebody's letter")
    os.utime(left, (0, 0))
    deletion.delete_case(session, ended, "P10Y", actor=None, at=clock.now())
    session.commit()

    with app.app_context():
        due_retention(session, clock.now())
        assert str(ended.id) in ledger.ledger().read_text()

    assert not left.exists()
