"""Reading what strangers made in a process of its own, with little of everything: a cage.

The process gets a few seconds, some memory, no network where the system lets it go without, none of our
environment, and one folder to read from and write to. What goes wrong in it goes wrong in it alone.

A cage bounds what a file can cost. It does not bound what a flaw in a parser could read: on a machine of its
own, or under a container's rules, the same process can be held tighter still.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from resource import RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE, setrlimit
from threading import BoundedSemaphore
from typing import Any

from referral.errors import PonsError

ROOT = Path(__file__).resolve().parent.parent
MEBIBYTE = 1024 * 1024
LONGEST_ANSWER = 100_000
MOST_OPEN_FILES = 64
AT_ONCE = 2  # cages of one worker at one time: more would only share the same processors and memory
LONGEST_QUEUE = 60  # seconds
NEW_USER, NEW_NETWORK, DIE_WITH_PARENT = 0x10000000, 0x40000000, 1  # of unshare(2) and prctl(2)

_places = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may cost."""

    cpu_seconds: int = 10
    seconds: int = 20
    memory: int = 512 * MEBIBYTE
    file_size: int = 128 * MEBIBYTE


class CageError(PonsError):
    """The work was stopped, or broke. The reason is for our log; the text is for people."""


class TooMuchError(CageError):
    """It needed more time or memory than it may have."""


class BusyError(CageError):
    """Every place was taken for longer than anybody should wait."""


def run(work: str, folder: Path, limits: Limits | None = None) -> dict[str, Any]:
    """Let ``module:function`` work on a folder in a cage, and give the plain data that it answers with.

    Raises:
        TooMuchError: it needed more time or memory than it may have.
        BusyError: there was no place for it.
        CageError: it broke.

    """
    limits = limits or Limits()
    if not _places.acquire(timeout=LONGEST_QUEUE):
        raise BusyError("Too many files are being read at the moment. Please try again in a minute.")
    try:
        return _answer(*_run(work, folder, limits))
    finally:
        _places.release()


def _run(work: str, folder: Path, limits: Limits) -> tuple[int, bytes]:
    numbers = map(str, (limits.cpu_seconds, limits.memory, limits.file_size))
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-m", "referral.caged", *numbers, work, str(folder)],
        cwd=ROOT,
        env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a parser's complaints may quote what it reads
        start_new_session=True,
    )
    try:
        answer, _ = process.communicate(timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        raise TooMuchError("It took too long to read.") from None
    finally:
        _end(process)
    return process.returncode, answer


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process with whatever it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _answer(code: int, answer: bytes) -> dict[str, Any]:
    if code in (TOO_MUCH, -signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ):
        raise TooMuchError("It took too much time or memory to read.")
    if code != 0 or len(answer) > LONGEST_ANSWER:
        raise CageError("It could not be read.")
    try:
        found = json.loads(answer)
    except ValueError:
        raise CageError("It could not be read.") from None
    if not isinstance(found, dict):
        raise CageError("It could not be read.")
    return found


# Inside

TOO_MUCH = 3


def shut_in(cpu_seconds: int, memory: int, file_size: int) -> None:
    """Take from this process what it does not need, for good."""
    setrlimit(RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    take_away(memory, file_size)
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def take_away(memory: int, file_size: int) -> None:
    """Take memory, large files, open files and the network from this process, for good."""
    for kind, most in (
        (RLIMIT_CORE, 0),  # no copy of a patient's file in a dump
        (RLIMIT_AS, memory),
        (RLIMIT_FSIZE, file_size),
        (RLIMIT_NOFILE, MOST_OPEN_FILES),
    ):
        setrlimit(kind, (most, most))
    os.umask(0o077)
    ctypes.CDLL(None).unshare(NEW_USER | NEW_NETWORK)  # where the system refuses, the other limits stand


def main(arguments: list[str]) -> int:
    """Work on one folder and write the answer; whatever goes wrong is told by the exit code alone."""
    *numbers, work, folder = arguments
    shut_in(*map(int, numbers))
    module, _, function = work.partition(":")
    try:
        answer = getattr(import_module(module), function)(Path(folder))
    except MemoryError:
        return TOO_MUCH
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
