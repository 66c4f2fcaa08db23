"""Hostile files, over a hundred and fifty: each is refused in words or made harmless, at the store and at the page."""

import io
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from referral.attachments import FileRefusedError, Store, label_from
from referral.caged import Limits
from referral.models import Attachment
from referral.sealing import Ring
from referral.workflow import State
from tests.attachments.further import FURTHER
from tests.attachments.hostile import COSTLY, HARMLESS, REFUSED, active_parts
from tests.conftest import DATA_KEYS
from tests.proofs import report
from tests.proofs.caller import Caller
from tests.proofs.ground import Ground
from tests.proofs.invariants import Invariants
from tests.proofs.server import faults_told, serve
from tests.proofs.sizes import size

RING = Ring.read(DATA_KEYS)
ALL = (*REFUSED, *HARMLESS, *COSTLY, *FURTHER)
AT_THE_PAGE = size("UPLOADS", 30, len(ALL))
SECRETS = (b"<script", b"<?php", b"Secret", b"evil.example", b"PK\x03\x04", b"cmd.exe", b"MZ\0\0", b"onload=")
SLOWEST = 3 * Limits().seconds
"""Seconds, where other work is done at the same time."""


def what_is_left(kept: bytes) -> list[str]:
    """What is still hostile in what was kept."""
    found = [secret.decode() for secret in SECRETS if secret in kept]
    if kept.startswith(b"%PDF-"):
        return found + list(active_parts(kept))
    with Image.open(io.BytesIO(kept)) as picture:
        return found + list(map(str, picture.info))


def test_there_are_a_hundred_and_fifty() -> None:
    assert len(ALL) >= 150
    assert len({name for name, _, _ in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("called", "make"), [each[1:] for each in FURTHER], ids=[each[0] for each in FURTHER]
)
def test_it_is_refused_in_words_or_made_harmless(
    tmp_path: Path, called: str, make: Callable[[], bytes]
) -> None:
    cabinet, content, left, said = Store(tmp_path / "attachments", RING), make(), list[str](), ""
    begun = time.monotonic()
    try:
        with cabinet.rebuilt(called, io.BytesIO(content)) as rebuilt:
            left = what_is_left((rebuilt.folder / "content").read_bytes())
    except FileRefusedError as refused:
        said = str(refused)

    assert left == []
    assert not said or said.endswith(".")
    assert "Error" not in said
    assert time.monotonic() - begun < SLOWEST
    assert sorted(cabinet.folder.rglob("*")) == []
    label = label_from(called)
    assert label.isprintable()
    assert not set(label) & set("/\\\u202e\u2066\u200b\0\r\n")
    assert 0 < len(label) <= 100


def test_what_is_hostile_would_be_found() -> None:
    for name in (
        "opening renders",
        "a screen on a page",
        "a bookmark with a script",
        "addresses from elsewhere",
    ):
        makes = [each[2] for each in FURTHER if each[0] in (name, name.removeprefix("a "))]
        assert what_is_left(makes[0]()), name


@pytest.mark.only_on("sqlite")
def test_at_the_page_too(laid: Ground, record_property: Callable[[str, object], None]) -> None:
    step = max(1, len(ALL) // AT_THE_PAGE)
    chosen = ALL[::step]
    told: Counter[str] = Counter()
    with serve(laid.environment, laid.log, workers=2) as server:
        caller = Caller(server.port, timeout=120).sign_in(laid.email("neurologist"))
        case = laid.case(State.DRAFT)
        for number, (name, called, make) in enumerate(chosen):
            if number % 50 == 49:
                case = laid.case(State.DRAFT)
            label = called.replace("\0", "%00").replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
            form = {"kind": "letter", "dated": ""}
            answer = caller.post(f"/referrals/{case}/files", form, files={"files": (label, make())})
            assert answer.status in (303, 413, 422), f"{name}: {answer.status}"
            told["taken, and rebuilt" if answer.status == 303 else "refused"] += 1
    with laid.window() as session:
        rows = list(session.scalars(select(Attachment)))
        cabinet = Store(laid.settings.attachments, RING)
        left = {
            row.label: found
            for row in rows
            if (found := what_is_left(cabinet.content(row.stored_as, row.sha256)))
        }
    Invariants().check_all(laid)

    assert left == {}
    assert faults_told(laid.log) == []
    assert len(rows) == told["taken, and rebuilt"]
    assert min(told.values()) > 0
    figures = {
        "hostile files": len(ALL),
        "of them sent over the network": len(chosen),
        **told,
        "of them kept hostile": 0,
    }
    record_property("counted", f"{figures}")
    seeded = "the unspoilt makers are searched by the same finder, which finds them"
    report.write("hostile-files", "Hostile files", figures, {"a file that is kept as it came": seeded})
