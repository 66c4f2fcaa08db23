"""The drill of a restore: a house after ten years is backed up while people write, and comes back exactly, in time.

In the same run three faults are put in, each of which must be found: a flipped byte, a lost file, a tail that was cut.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import create_app
from referral import audit, clock, demo
from referral.attachments import Store as Files
from referral.extensions import db
from referral.keeping.archive import FILES, Manifest, unpack
from referral.models import Attachment, AuditEntry, Referral, User
from tests.bench.crowd import Crowd
from tests.conftest import settings_for
from tests.keeping.places import KEY, PASSPHRASE, attach, cut_the_tail, empty_place, furnish
from tests.proofs import report
from tests.proofs.sizes import LONG, size
from tests.stores import Store

CASES = size("DRILL_CASES", 200, 50_000)
ENTRIES = size("DRILL_ENTRIES", 1_000, 200_000)
ATTACHED = size("DRILL_FILES", 12, 5_000)
BYTES = size("DRILL_BYTES", 2_000, 100_000)
"""Of each file."""
MOST_LOST, MOST_SECONDS = 5.0, 300.0
TOUCHED = {"audit_entry", "house_mark", "user_session", "sign_in_attempt", "mail", "invitation", "packet_trouble",
           "case_import", "looking", "sign_on_attempt", "pack"}  # fmt: skip
"""What a restore ends or adds to; every other table must be as it was."""


@dataclass
class Writer:
    """Somebody who goes on working while the backup is made: each act with the moment at which it was acknowledged."""

    engine: Engine
    done: dict[int, datetime] = field(default_factory=dict)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self._work, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _work(self, stop: Event) -> None:
        while not stop.is_set():
            with Session(self.engine) as session:
                entry = audit.record(session, None, "list_read")
                number = entry.id
                session.commit()
            self.done[number] = clock.now()
            sleep(0.02)


@pytest.fixture
def filled(store: Store, tmp_path: Path) -> Iterator[tuple[Flask, str]]:
    """A house after ten years, as the application opens it, and the address for its owner."""
    address = store.blank()
    owner = create_app(settings_for(address))
    furnish(owner, tmp_path)
    with owner.app_context():
        upgrade()
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        demo.load(session, with_packets=False)
        session.commit()
        crowd = Crowd(session, CASES)
        crowd.fill()
        crowd.write_trail(ENTRIES)
        person = session.scalars(select(User).limit(1)).one()
        cases = session.scalars(select(Referral).limit(50)).all()
        for each in range(ATTACHED):
            content = each.to_bytes(8) * (BYTES // 8)
            attach(session, owner.config["ATTACHMENTS"], cases[each % len(cases)], person, content)
        session.commit()
    engine.dispose()
    app = create_app(settings_for(store.for_application(address)))
    furnish(app, tmp_path)
    yield app, address
    with app.app_context():
        db.engine.dispose()
    store.drop(address)


def run(app: Flask, *words: str) -> str:
    """Give a command, and what it said."""
    done = app.test_cli_runner().invoke(args=list(words))
    assert done.exit_code == 0, done.output
    return str(done.output)


def test_a_house_after_ten_years_comes_back_whole(
    filled: tuple[Flask, str], store: Store, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    app, address = filled
    with app.app_context():
        engine = db.engine
    run(app, "audit", "anchor")
    writer, began = Writer(engine), perf_counter()
    with writer.at_work():
        sleep(0.5)
        asked_at = clock.now()
        run(app, "backup", str(tmp_path / "one.backup"))
        sleep(0.2)
    backed_up = perf_counter() - began
    run(app, "audit", "anchor")
    (tmp_path / "looked").mkdir()
    manifest = unpack(tmp_path / "one.backup", tmp_path / "looked", PASSPHRASE, KEY)
    shutil.rmtree(tmp_path / "looked")

    with empty_place(store, tmp_path / "elsewhere") as place:
        shutil.copy(app.config["AUDIT_ANCHOR"], place.app.config["AUDIT_ANCHOR"])
        began = perf_counter()
        said = run(place.app, "restore", str(tmp_path / "one.backup"))
        seconds = perf_counter() - began
        there = place.tables()
        with place.look() as session:
            kept = set(session.scalars(select(AuditEntry.id)))
            files = Files(place.app.config["ATTACHMENTS"], place.app.config["DATA_KEYS"])
            rows = session.execute(select(Attachment.stored_as, Attachment.sha256)).all()
            whole = sum(bool(files.content(name, digest)) for name, digest in rows)
            trail = audit.verify(session, {})

    lost = [at for number, at in writer.done.items() if number not in kept]
    before = [at for at in lost if at <= asked_at]
    last_kept = max(at for number, at in writer.done.items() if number in kept)
    behind = max((asked_at - last_kept).total_seconds(), 0.0)
    other = [name for name in manifest.tables if name not in TOUCHED and manifest.tables[name] != there[name]]
    figures = {
        "cases": manifest.tables["referral"].rows,
        "rows in all": sum(each.rows for each in manifest.tables.values()),
        "tables that are another, row for row": len(other),
        "files, each by its digest": f"{whole} of {len(rows)}",
        "entries of the trail that hold": trail.holding,
        "acts acknowledged before the backup began, and lost": len(before),
        "seconds from the last act in it to the beginning of the backup": f"{behind:.1f}",
        "acts written while it was made, and known to be lost by the heads": len(lost),
        "seconds of the backup": f"{backed_up:.1f}",
        "seconds of the restore": f"{seconds:.1f}",
        "bytes": (tmp_path / "one.backup").stat().st_size,
    }
    kind = engine.dialect.name
    for what, many in figures.items():
        record_property("counted", f"{kind}, {what}: {many}")
    assert other == []
    assert (whole, trail.broken) == (len(rows), None)
    assert len(rows) == ATTACHED
    assert before == [], "what was acknowledged before is in it"
    assert "Lost: the trail went on after the backup" in said
    assert behind <= MOST_LOST or not LONG
    assert seconds <= MOST_SECONDS or not LONG
    found = faults(app, address, store, tmp_path, manifest)
    for fault, told in found.items():
        record_property("counted", f"{kind}, fault found: {fault}: {told}")
    report.write(f"drill-{kind}", f"Restore drill on {kind}", figures, found)


def faults(app: Flask, address: str, store: Store, folder: Path, manifest: Manifest) -> dict[str, str]:
    """Put faults in, bring back, and give what was said of each."""
    whole = (folder / "one.backup").read_bytes()
    at = len(whole) // 2
    (folder / "flipped").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    name = next(part for part in manifest.parts if part.startswith(f"{FILES}/")).split("/")[1]
    shutil.rmtree(app.config["ATTACHMENTS"] / name)
    cut_the_tail(address)
    assert app.test_cli_runner().invoke(args=["backup", str(folder / "two.backup")]).exit_code == 1
    with empty_place(store, folder / "once_more") as place:
        flipped = place.run.invoke(args=["restore", str(folder / "flipped")])
        nothing = not place.app.config["ATTACHMENTS"].exists()
        anchor = ["--anchor", str(app.config["AUDIT_ANCHOR"])]
        two = place.run.invoke(args=["restore", str(folder / "two.backup"), *anchor])
    told = {
        "a flipped byte": flipped.output,
        "a lost file": next((line for line in two.output.splitlines() if "is missing or not" in line), ""),
        "a tail that was cut": next((line for line in two.output.splitlines() if "was cut" in line), ""),
    }
    assert (flipped.exit_code, two.exit_code, nothing) == (1, 1, True), two.output
    assert all(told.values()), told
    return told
