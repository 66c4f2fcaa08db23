"""The installation's own scanner is given each file as it came, and a file is taken only where it finds nothing."""

import io
import time
from pathlib import Path
from threading import BoundedSemaphore

import pytest

from referral import caged
from referral.attachments import FileRefusedError, Store, scan, scanning
from referral.sealing import Key, Ring
from referral.settings import Settings
from tests.attachments.hostile import EICAR
from tests.attachments.made import pdf
from tests.attachments.scanners import ANSWERLESS, BROKEN, FINDS

MARKED = pdf() + EICAR  # in what came, and not in what is rebuilt of it


def cabinet(folder: Path, *scanner: str) -> Store:
    return Store(folder / "attachments", Ring((Key.new(),)), scanner)


def left_behind(store: Store) -> list[Path]:
    return sorted(store.folder.rglob("*"))


def test_what_is_scanned_is_the_file_as_it_came(tmp_path: Path) -> None:
    store = cabinet(tmp_path, "sh", "-c", f"cat > '{tmp_path}/given'")
    with store.rebuilt("letter.pdf", io.BytesIO(MARKED)) as rebuilt:
        assert EICAR not in (rebuilt.folder / "content").read_bytes()

    assert (tmp_path / "given").read_bytes() == MARKED


def test_a_file_in_which_something_is_found_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    store = cabinet(tmp_path, *FINDS)
    with store.rebuilt("letter.pdf", io.BytesIO(pdf())) as rebuilt:
        assert rebuilt.pages == 1
    with (
        pytest.raises(FileRefusedError, match="scanner for malware found something in it"),
        store.rebuilt("letter.pdf", io.BytesIO(MARKED)),
    ):
        pass

    assert left_behind(store) == []


def test_a_file_is_scanned_before_anything_of_ours_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.attachments.store.WORK", "nowhere:nothing")
    with pytest.raises(FileRefusedError, match="found something"):
        cabinet(tmp_path, *FINDS).rebuilt("letter.pdf", io.BytesIO(MARKED)).__enter__()


@pytest.mark.parametrize("how", ANSWERLESS)
def test_a_file_that_could_not_be_scanned_is_refused_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    scanner, why = ANSWERLESS[how]
    monkeypatch.setattr(scanning, "SECONDS", 0.5)
    store = cabinet(tmp_path, *scanner)
    with (
        pytest.raises(FileRefusedError, match=r"could not be scanned .* try again later"),
        store.rebuilt("Jane Doe.pdf", io.BytesIO(MARKED)),
    ):
        pass

    assert left_behind(store) == []
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("ERROR", f"A file could not be scanned: {why}")
    ]
    assert "Jane" not in caplog.text


def test_a_scanner_that_takes_too_long_is_ended_with_what_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "SECONDS", 0.5)
    alive = tmp_path / "alive"
    begun = time.monotonic()
    with pytest.raises(FileRefusedError):
        scan(("sh", "-c", f"(sleep 2; touch '{alive}') & wait"), b"x" * 1_000_000)

    assert time.monotonic() - begun < 2
    time.sleep(2)
    assert not alive.exists()


def test_a_scanner_has_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setenv("DATA_KEYS", "secret")
    scan(("sh", "-c", f"env > '{tmp_path}/seen'"), b"A letter.")

    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "secret" not in seen


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    given = {"FILE_SCANNER": f"sh -c 'test \"$1\" = \"a b\"' sh 'a b' ; touch {tmp_path}/run"}
    command = Settings.from_environment(given, tmp_path).file_scanner
    scan(command, b"A letter.")

    assert command[3:] == ("sh", "a b", ";", "touch", f"{tmp_path}/run")
    assert not (tmp_path / "run").exists()


def test_a_command_without_its_end_is_refused_at_the_start(tmp_path: Path) -> None:
    assert Settings.from_environment({}, tmp_path).file_scanner == ()
    with pytest.raises(ValueError, match="FILE_SCANNER has a quotation mark"):
        Settings.from_environment({"FILE_SCANNER": "clamdscan 'no-summary -"}, tmp_path)


def test_who_waits_too_long_for_the_scanner_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "LONGEST_QUEUE", 0.01)
    monkeypatch.setattr(scanning, "_turns", BoundedSemaphore(1))
    for _ in range(2):  # a turn comes back, whatever came of it
        with pytest.raises(FileRefusedError):
            scan(BROKEN, b"A letter.")
    with scanning._turns, pytest.raises(caged.BusyError, match="being scanned"):
        scan(FINDS, b"A letter.")
