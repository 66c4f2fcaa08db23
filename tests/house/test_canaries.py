"""A case with a canary in every field goes its whole way, and is deleted: what of it shows where it should not.

Before it is deleted the canaries stand in the tables of cases and nowhere else: in no line of the log, no address, no
title, no message, no notice, no entry of the trail, no count, no name of a file. After, they stand nowhere at all.
Every detector first finds what it is to find.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import holds, letters, mail, opinions
from referral.actions import messages as messages_actions
from referral.actions.ledger import ledger
from referral.actions.moves import move
from referral.actions.retention import due_retention
from referral.models import Attachment, Mail, Overall, Referral, SavedView
from tests.at_hand import page_of, sign
from tests.attachments.made import pdf
from tests.browser import Browser
from tests.deciding import decide
from tests.ended import People, put_back, settle
from tests.house.canaries import (
    MAY_HOLD,
    Ear,
    canaries,
    columns_with_marks,
    fields_with_marks,
    files_with_marks,
    has_mark,
    whole_case,
)
from tests.web.filing import add, file

SignIn = Callable[[str], Browser]
LEAST_FIELDS = 30


@pytest.fixture
def ear(app: Flask) -> Iterator[Ear]:
    """Hears everything that the house says beside its pages."""
    heard = Ear()
    heard.listen(app)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(heard)
    yield heard
    root.removeHandler(heard)
    root.setLevel(before)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_is_typed_shows_nowhere_else_and_once_deleted_nowhere(
    app: Flask,
    session: Session,
    people: People,
    sign_in: SignIn,
    ear: Ear,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    words = canaries()
    case, fields = write_and_send(session, people, sign_in, words)
    talk(session, sign_in, case, words)
    bring_before_the_committee(app, session, people, sign_in, case, words)
    fail(app, session, sign_in, case, words, monkeypatch)
    read_all_lists(sign_in)
    with app.app_context():
        mail.due_mail(session, clock.now())
    session.commit()

    folders = [Path(app.config[name]) for name in ("ATTACHMENTS", "MAIL_FOLDER")]
    assert fields >= LEAST_FIELDS
    assert ear.caught() == []
    held = columns_with_marks(session)
    assert {each.partition(".")[0] for each in held} <= MAY_HOLD, held
    assert {
        "referral.typed", "referral.family_name", "referral_version.snapshot", "question.text", "message.text",
        "opinion.text", "decision.text", "letter.body", "attachment.label",
    } <= held  # fmt: skip
    assert files_with_marks([*folders, temporary, ledger_folder(app)]) == []
    plant_and_find(session, people, ear, folders[1])

    raw = raw_file(session)
    stored = Path(app.config["ATTACHMENTS"], session.scalars(select(Attachment.stored_as)).one())
    assert stored.exists()
    delete(app, session, people, case)

    assert columns_with_marks(session) == set()
    assert files_with_marks([*folders, temporary, ledger_folder(app)]) == []
    assert not stored.exists()
    assert raw is None or not has_mark(whole(raw))
    assert raw is None or b"%PDF-" not in whole(raw), "nor a packet, in which no word can be read as it lies"
    session.add(SavedView(user_id=people["coordinator"].id, name=next(words), filters={}))
    session.commit()
    assert columns_with_marks(session) == {"saved_view.name"}, "what is left would be found"
    assert raw is None or has_mark(whole(raw)), "and in the file, where it is not sealed"
    assert sign_in("neurologist").visit(page_of(case), 410)
    assert ear.caught() == []
    record_property(
        "counted", f"canaries in {fields} fields of the form, seen in {len(held)} columns of cases"
    )


# ------------------------------------------------------------------------------------------------ its way


def write_and_send(
    session: Session, people: People, sign_in: SignIn, words: Iterator[str]
) -> tuple[Referral, int]:
    """Write a case page by page, put a file on it, sign it; tell how many fields have a canary."""
    neurologist = sign_in("neurologist")
    neurologist.send("/referrals")
    case = session.scalars(select(Referral)).one()
    draft, signable = whole_case(str(people["coordinator"].organisation_id), words)
    for each in (draft, signable):
        for section, given in each.items():
            write(neurologist, case, section, given)
        neurologist.visit(page_of(case, "/submission"))
    add(neurologist, case, file(pdf(2), f"{next(words)}.pdf"))
    sign(neurologist, case, declared="yes", reason=next(words))
    assert case.submitted_at is not None
    return case, fields_with_marks(draft)


def write(browser: Browser, case: Referral, section: str, given: dict[str, list[str]]) -> None:
    """Save a page of the form as it was typed, whatever stood there before."""
    address = page_of(case, f"/edit/{section}")
    seen = browser.visit(address).fields(address)
    kept = {name: seen[name] for name in ("csrf_token", "opened") if name in seen}
    browser.send(address, kept | given | {"save": "yes"}, content_type="multipart/form-data")


def talk(session: Session, sign_in: SignIn, case: Referral, words: Iterator[str]) -> None:
    """Ask, answer, and say something."""
    coordinator, neurologist = sign_in("coordinator"), sign_in("neurologist")
    coordinator.send(page_of(case, "/moves/start_review"))
    coordinator.send(page_of(case, "/ask"), {"text": next(words), "item": "diagnosis.symptom_onset"})
    address = page_of(case, "/answer")
    form = neurologist.visit(address).fields(address)
    neurologist.send(address, form | {"text": next(words), "declared": "yes"})
    said = {"text": next(words), "audience": "both", "fact": ""}
    coordinator.send(page_of(case, "/message"), said)
    coordinator.send(page_of(case, "/message"), said | {"audience": ""}, 422)
    coordinator.send("/inbox", {"text": case.family_name or ""})


def bring_before_the_committee(
    app: Flask, session: Session, people: People, sign_in: SignIn, case: Referral, words: Iterator[str]
) -> None:
    """Give an opinion, decide, and write the letter."""
    said = opinions.Said(Overall.IN_FAVOUR, next(words), {})
    opinions.give(session, case, said, version=2, actor=people["committee_member"])
    for deed in ("make_ready", "list"):
        move(session, case, deed, actor=people["coordinator"])
    decide(session, people, case, text=next(words), conditions=next(words))
    coordinator = sign_in("coordinator")
    address = page_of(case, "/letters/referrer")
    form = coordinator.visit(address).fields(address)
    coordinator.send(address, form | {"body": f"{form['body']}\n\n{next(words)}", "deed": "hold"})
    with app.app_context():
        letters.due_letters(session, clock.now() + timedelta(minutes=11))
    holds.hold(session, people["coordinator"], next(words), case)
    session.commit()


def fail(
    app: Flask,
    session: Session,
    sign_in: SignIn,
    case: Referral,
    words: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Be refused in every way, and have the house fail with a canary in its hands."""
    coordinator, stranger = sign_in("coordinator"), sign_in("other_coordinator")
    coordinator.send(page_of(case, "/ask"), {"text": next(words)}, 409)
    stranger.send(page_of(case, "/message"), {"text": next(words), "audience": "both"}, 404)
    stranger.send("/retention/hold", {"because": next(words)}, 403)

    def break_(*_: object, **__: object) -> None:
        raise RuntimeError(next(words))

    with monkeypatch.context() as broken:
        broken.setattr(messages_actions, "write", break_)
        coordinator.send(page_of(case, "/message"), {"text": next(words), "audience": "both"}, 500)


def read_all_lists(sign_in: SignIn) -> None:
    """Open what shows many cases, or none, and take the files that may be taken away."""
    chair, auditor = sign_in("chair"), sign_in("auditor")
    for page in ("/inbox", "/meetings", f"/numbers/{clock.today().year}", "/retention"):
        chair.visit(page)
    told = [chair.visit("/retention/list.csv"), auditor.visit("/audit"), chair.open("/metrics")]
    taken = {"kind": "csv", "purpose": "service"}
    told.append(chair.open(f"/numbers/{clock.today().year}/copy", method="POST", data=taken))
    assert not any(has_mark(page.response.data) for page in told)


def delete(app: Flask, session: Session, people: People, case: Referral) -> None:
    """Close the case, and have its time come."""
    holds.lift(session, people["chair"], case, at=clock.now() - timedelta(days=40))
    move(session, case, "close", actor=people["coordinator"], reason="Zqxwvzzz is the reason.")
    put_back(session, case, clock.now() - timedelta(days=4000))
    settle(session, people)
    session.commit()
    with app.app_context():
        assert due_retention(session, clock.now()) == 1
    session.rollback()


# ------------------------------------------------------------------------------------------------ the detectors


def plant_and_find(session: Session, people: People, ear: Ear, mails: Path) -> None:
    """Put a canary into a line of the log, a notice and a file, each of which has to be found; take them away again."""
    logging.getLogger("referral").info("The case of Zqxwvaaa was read")
    assert len(ear.caught()) == 1
    ear.heard.clear()
    bad = Mail(occasion="seeded", to_user_id=people["chair"].id, subject="About Zqxwvaaa", body="")
    session.add(bad)
    session.flush()
    assert "mail.subject" in columns_with_marks(session)  # which rolls it back
    left = mails / "seeded.eml"
    mails.mkdir(exist_ok=True)
    left.write_text("About Zqxwvaaa")
    assert files_with_marks([mails]) == ["seeded.eml"]
    left.unlink()


def ledger_folder(app: Flask) -> Path:
    with app.app_context():
        folder = ledger().parent / "outside"
        folder.mkdir(exist_ok=True)
        for name in ("audit_anchor", "deleted_cases"):
            there = ledger().with_name(name)
            (folder / name).write_bytes(there.read_bytes() if there.exists() else b"")
    return folder


def raw_file(session: Session) -> Path | None:
    """The file of the database, where it is one."""
    engine = session.get_bind()
    if engine.dialect.name != "sqlite":
        return None
    return Path(make_url(str(engine.url)).database or "")  # type: ignore[union-attr]  # an engine has an address


def whole(path: Path) -> bytes:
    """All that lies on the disk of it: the file with its free pages, and its log."""
    return b"".join(
        each.read_bytes() for end in ("", "-wal") if (each := path.with_name(path.name + end)).exists()
    )
