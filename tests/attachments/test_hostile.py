"""Whatever people send: it is refused or made harmless, in time, and leaves nothing behind."""

import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from referral.attachments import FileRefusedError, Store, label_from
from referral.caged import Limits
from referral.sealing import Key, Ring
from tests.attachments.hostile import COSTLY, HARMLESS, REFUSED, active_parts
from tests.attachments.made import pdf

SLOWEST = Limits().seconds + 2.0
SECRETS = (b"<script", b"<?php", b"Secret", b"evil.example", b"PK\x03\x04", b"cmd.exe", b"MZ\0\0")
Make = Callable[[], bytes]


@pytest.fixture
def cabinet(tmp_path: Path) -> Store:
    return Store(tmp_path / "attachments", Ring((Key.new(),)))


def left_behind(cabinet: Store) -> list[Path]:
    return sorted(cabinet.folder.rglob("*")) if cabinet.folder.exists() else []


def test_there_are_enough_hostile_files() -> None:
    assert len(REFUSED) + len(HARMLESS) >= 100
    assert len({name for name, _, _ in (*REFUSED, *HARMLESS, *COSTLY)}) == len(REFUSED) + len(HARMLESS) + len(
        COSTLY
    )


@pytest.mark.parametrize(
    ("called", "make"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_it_is_refused_in_words_and_leaves_nothing(cabinet: Store, called: str, make: Make) -> None:
    content = make()
    begun = time.monotonic()
    with pytest.raises(FileRefusedError) as refused, cabinet.rebuilt(called, io.BytesIO(content)):
        pass

    assert time.monotonic() - begun < SLOWEST
    assert left_behind(cabinet) == []
    assert str(refused.value).endswith(".")
    assert "Error" not in str(refused.value)


@pytest.mark.parametrize(
    ("called", "make"), [each[1:] for each in HARMLESS], ids=[each[0] for each in HARMLESS]
)
def test_it_is_made_harmless(cabinet: Store, called: str, make: Make) -> None:
    content = make()
    begun = time.monotonic()
    with cabinet.rebuilt(called, io.BytesIO(content)) as rebuilt:
        kept = (rebuilt.folder / "content").read_bytes()

    assert time.monotonic() - begun < SLOWEST
    assert left_behind(cabinet) == []
    assert [secret for secret in SECRETS if secret in kept] == []
    if kept.startswith(b"%PDF-"):
        assert list(active_parts(kept)) == []
    else:
        with Image.open(io.BytesIO(kept)) as picture:
            assert picture.info == {}
    label = label_from(called)
    assert label.isprintable()
    assert not set(label) & set("/\\\u202e\u2066\u200b\0\r\n")
    assert 0 < len(label) <= 100


@pytest.mark.parametrize(("called", "make"), [each[1:] for each in COSTLY], ids=[each[0] for each in COSTLY])
def test_it_costs_no_more_than_it_may(cabinet: Store, called: str, make: Make) -> None:
    content = make()
    begun = time.monotonic()
    with suppress(FileRefusedError), cabinet.rebuilt(called, io.BytesIO(content)):
        pass

    assert time.monotonic() - begun < SLOWEST
    assert left_behind(cabinet) == []


@pytest.mark.parametrize(
    "name", ["script on opening", "program inside", "form with a script", "film on a page"]
)
def test_what_finds_active_parts_finds_them(name: str) -> None:
    (make,) = (each[2] for each in HARMLESS if each[0] == name)

    assert list(active_parts(make()))


def test_a_file_larger_than_allowed_is_not_read_to_its_end(cabinet: Store) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"%PDF-" + b"x" * (size - 5)

    endless = Endless()
    with pytest.raises(FileRefusedError, match="larger than 25 MB"), cabinet.rebuilt("a.pdf", endless):  # type: ignore[arg-type]  # it reads, and no more is asked
        pass

    assert endless.given < 30 * 1024 * 1024
    assert left_behind(cabinet) == []


def test_two_bombs_at_once_keep_nobody_from_their_letter(cabinet: Store) -> None:
    bombs = [each for each in REFUSED if "700 MB" in each[0]]

    def send(bomb: tuple[str, str, Make]) -> str:
        with pytest.raises(FileRefusedError) as refused, cabinet.rebuilt(bomb[1], io.BytesIO(bomb[2]())):
            pass
        return str(refused.value)

    with ThreadPoolExecutor(4) as threads:
        waiting = threads.map(send, bombs)
        with cabinet.rebuilt("letter.pdf", io.BytesIO(pdf())) as rebuilt:
            assert rebuilt.pages == 1
        assert all(said.endswith(".") for said in waiting)
    assert left_behind(cabinet) == []
