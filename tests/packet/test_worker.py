"""The printer's cage: it stays, is replaced when it dies or hangs, and can neither read, write nor call out."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from referral.helper import LARGEST_MESSAGE
from referral.printing import worker
from referral.printing.job import ROOT, File, Job, pack, unpack
from referral.printing.worker import BusyError, Limits, PacketError, TooMuchError, Worker

SMALL = Job(html="<html lang=en><title>A paper</title><h1>A paper</h1>", styles=(), identifier=b"small")
PILED = f"<html lang=en><title>x</title><p>{'e' + chr(0x301) * 60_000}"
NESTED = f"<html lang=en><title>x</title>{'<div style=display:flex>' * 14}x"
DEEP = f"<html lang=en><title>x</title>{'<div>' * 3000}x"


def test_a_job_is_the_same_on_the_other_side() -> None:
    file = File(name="a.json", content=b"\0{}\n", description="A file")
    job = Job(html="é\n", styles=("packet.css",), identifier=b"\0\xff", files=(file,), written="2026", hole=9)
    assert unpack(pack(job)) == job


def test_it_stays_and_is_replaced_when_it_was_killed() -> None:
    printer = Worker()
    first = printer.print(SMALL)
    began = printer.process_id
    assert printer.print(SMALL) == first
    assert printer.process_id == began
    assert began is not None
    os.kill(began, signal.SIGKILL)
    while printer.process_id == began:
        time.sleep(0.01)
    assert printer.print(SMALL) == first
    assert printer.process_id not in (None, began)
    printer.end()
    assert printer.process_id is None


def test_it_is_replaced_after_some_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_PAPERS", 2)
    printer = Worker()
    printer.print(SMALL)
    first = printer.process_id
    assert first is not None
    printer.print(SMALL)
    assert printer.process_id is None
    printer.print(SMALL)
    assert printer.process_id not in (None, first)
    printer.end()


def test_two_at_once_wait_for_each_other_and_both_get_their_paper() -> None:
    printer, printed = Worker(), []
    threads = [threading.Thread(target=lambda: printed.append(printer.print(SMALL))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    printer.end()
    assert len(printed) == 4
    assert len(set(printed)) == 1


def test_one_that_hangs_is_ended_and_says_so_in_words() -> None:
    printer = Worker(command=("sleep",), limits=Limits(seconds=0.5, cpu_seconds=1000, memory=1000))
    with pytest.raises(TooMuchError, match="more time or memory to print than a paper may have"):
        printer.print(SMALL)
    assert printer.process_id is None


def test_whoever_waits_too_long_is_told() -> None:
    printer = Worker(command=("sleep",), limits=Limits(seconds=2, queue=0.1))

    def hang() -> None:
        with suppress(TooMuchError):
            printer.print(SMALL)

    first = threading.Thread(target=hang)
    first.start()
    while printer.process_id is None:
        time.sleep(0.01)
    with pytest.raises(BusyError, match="try again"):
        printer.print(SMALL)
    first.join()


def test_one_that_cannot_start_fails_the_paper() -> None:
    with pytest.raises(PacketError, match="stopped"):
        Worker(command=("false",)).print(SMALL)


@pytest.mark.parametrize("html", [PILED, NESTED, DEEP], ids=["piled", "nested", "deep"])
def test_what_takes_too_long_costs_its_time_and_not_the_next_paper(html: str) -> None:
    printer = Worker(limits=Limits(cpu_seconds=2))
    with pytest.raises(PacketError) as refused:
        printer.print(Job(html=html, styles=(), identifier=b"x"))
    assert "more time or memory" in str(refused.value)
    assert printer.print(SMALL).startswith(b"%PDF-")
    printer.end()


def test_what_takes_too_much_memory_is_refused() -> None:
    printer = Worker(limits=Limits(memory=200 * 1024 * 1024))
    rows = "<tr><td>x<td>y" * 40_000
    with pytest.raises(TooMuchError):
        printer.print(Job(html=f"<html lang=en><title>x</title><table>{rows}", styles=(), identifier=b"x"))
    printer.end()


def test_what_is_larger_than_any_paper_is_not_even_sent() -> None:
    printer = Worker()
    with pytest.raises(TooMuchError, match="too large"):
        printer.print(Job(html="x" * (LARGEST_MESSAGE + 1), styles=(), identifier=b"x"))
    assert printer.process_id is None


def test_inside_nothing_can_be_read_written_or_called(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"a key")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = subprocess.run(
            [sys.executable, "-m", "tests.packet.probe", str(secret), str(port)],
            capture_output=True, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
    found = json.loads(told.stdout)
    assert set(found["before"].values()) == {"done"}
    inside = found["inside"]
    assert inside["write a file"] != "done"
    if can_lock():
        assert "done" not in inside.values(), inside


def can_lock() -> bool:
    """Whether this system has Landlock; elsewhere only limits and the name space of the network stand."""
    code = "from referral import landlock; print(landlock.read_only([]))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    return bool(told.stdout.strip() == "True")
