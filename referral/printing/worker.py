"""The printer's cage: a process of its own that stays, so that a paper costs a second and a hostile one no more.

Each process of the application has one, started with its first paper. It has no network, reads no file but the
program and the fonts, writes none, and may take so much memory and, for each paper, so much time. It is replaced
after some papers, when it dies and when it hangs. It is told what to print and answers with a PDF; it never holds
a key, a database or anybody's other case.
"""

import atexit
import gc
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from resource import RLIMIT_CPU, RUSAGE_SELF, getrusage, setrlimit
from typing import BinaryIO

from referral import caged, landlock
from referral.printing.fonts import CONFIGURATION, FOLDER
from referral.printing.job import ROOT, Job, pack, unpack

MEBIBYTE = 1024 * 1024
MOST_PAPERS = 200  # then it is replaced, whatever it may have gathered
LARGEST_JOB = 64 * MEBIBYTE
PRINTED, JAMMED, TOO_MUCH = b"P", b"J", b"M"
COMMAND = (sys.executable, "-m", "referral.printing.worker")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one paper may cost. ``seconds`` are of the clock, for a machine that is busy or a printer that sleeps."""

    cpu_seconds: int = 15
    seconds: float = 60
    memory: int = 512 * MEBIBYTE
    queue: float = 60


class PacketError(Exception):
    """A paper that could not be printed whole. Nothing is kept of it. The text is for people."""


class TooMuchError(PacketError):
    """It needs more time or memory than it may have."""


class BusyError(PacketError):
    """Other papers were in front of it for too long."""


class Worker:
    """A running printer, seen from outside. One paper at a time; the others wait."""

    def __init__(self, command: Sequence[str] = COMMAND, limits: Limits | None = None) -> None:
        self._command = tuple(command)
        self._limits = limits or Limits()
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._papers = 0

    def print(self, job: Job) -> bytes:
        """Print a job.

        Raises:
            TooMuchError: it needs more time or memory than it may have.
            BusyError: there was no turn for it.
            PacketError: it broke, would have fetched something, or the printer warned of anything.

        """
        packed = pack(job)
        if len(packed) > LARGEST_JOB:
            raise TooMuchError("It is too large to be printed.")
        if not self._turn.acquire(timeout=self._limits.queue):
            raise BusyError("Too many papers are being printed at the moment. Please try again in a minute.")
        try:
            return self._print(packed)
        finally:
            self._turn.release()

    def _print(self, packed: bytes) -> bytes:
        process = self._running()
        deadline = time.monotonic() + self._limits.seconds
        try:
            said, answer = _exchange(process, packed, deadline)
        except TimeoutError:
            self.end()
            raise TooMuchError(TOO_MUCH_WORDS) from None
        except (EOFError, BrokenPipeError):
            code = self.end()
            if code in (
                -signal.SIGXCPU,
                -signal.SIGKILL,
                -signal.SIGSEGV,
            ):  # what a lack of time or memory ends in
                raise TooMuchError(TOO_MUCH_WORDS) from None
            raise PacketError(f"The printer stopped ({code}).") from None
        self._papers += 1
        if said == TOO_MUCH or self._papers >= MOST_PAPERS:
            self.end()
        if said == TOO_MUCH:
            raise TooMuchError(TOO_MUCH_WORDS)
        if said != PRINTED:
            raise PacketError(answer.decode(errors="replace"))
        return answer

    def _running(self) -> "subprocess.Popen[bytes]":
        """Give the process; one that belongs to the process that we were forked from is not ours."""
        if self._owner != os.getpid():
            self._process = None
        if self._process is not None and self._process.poll() is not None:
            self.end()
        if self._process is None:
            limits = self._limits
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
                [*self._command, str(limits.cpu_seconds), str(limits.memory)],
                cwd=ROOT,
                env={
                    "LANG": "C.UTF-8",
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "MALLOC_ARENA_MAX": "1",
                    "FONTCONFIG_FILE": str(CONFIGURATION),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a complaint may quote what it prints
                start_new_session=True,
            )
            self._owner, self._papers = os.getpid(), 0
        return self._process

    @property
    def process_id(self) -> int | None:
        """Tell which process it is; ``None``: none runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def end(self) -> int | None:
        """End the process; the next paper starts another. Give its exit code."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return None
        if process.stdin and process.stdout:
            process.stdout.close()
            with suppress(BrokenPipeError):
                process.stdin.close()
        try:
            process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode


TOO_MUCH_WORDS = "It needs more time or memory to print than a paper may have."


def _exchange(process: "subprocess.Popen[bytes]", packed: bytes, deadline: float) -> tuple[bytes, bytes]:
    """Send a job and read the answer, by the deadline."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    to, fro = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(to, False)
    rest = memoryview(struct.pack(">I", len(packed)) + packed)
    while rest:
        _wait(to, select.POLLOUT, deadline)
        rest = rest[os.write(to, rest[: 1 << 16]) :]
    head = _read(fro, 5, deadline)
    (length,) = struct.unpack(">I", head[1:])
    if length > LARGEST_JOB:
        raise EOFError
    return head[:1], _read(fro, length, deadline)


def _wait(handle: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(handle, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def _read(handle: int, length: int, deadline: float) -> bytes:
    parts, left = [], length
    while left:
        _wait(handle, select.POLLIN, deadline)
        part = os.read(handle, min(left, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


printer = Worker()
"""The printer of this process."""
atexit.register(printer.end)


# Inside


def readable() -> list[Path]:
    """Name what the printer may read: the program, its libraries, the fonts."""
    prefixes = (sys.prefix, sys.base_prefix, "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib")
    system = ("/usr/share/zoneinfo", "/dev/null", "/dev/urandom")
    ours = (ROOT / "referral", FOLDER)
    return [*map(Path, (*prefixes, *system)), *ours]


def shut_in(memory: int) -> Callable[[Job], bytes]:
    """Take from this process what a printer does not need, for good, and give what prints."""
    caged.take_away(memory, file_size=0)
    from referral.printing.press import press  # within the memory that it may have

    press(Job(html="<html lang=en><title>x</title><h1>x", styles=(), identifier=b"x"))  # finds its fonts
    gc.freeze()
    landlock.read_only(readable())
    return press


def main(arguments: Sequence[str]) -> int:
    """Print what comes in on one pipe, and answer on another, until the one who asks is gone."""
    cpu_seconds, memory = map(int, arguments)
    press = shut_in(memory)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := asked.read(4)) == 4:
        packed = asked.read(struct.unpack(">I", head)[0])
        setrlimit(RLIMIT_CPU, (_spent() + cpu_seconds, -1))
        try:
            _answer(answers, PRINTED, press(unpack(packed)))
        except (MemoryError, RecursionError):
            _answer(answers, TOO_MUCH, b"")
            return 1
        except Exception as error:  # whatever it breaks on: this paper cannot be printed, the next one can
            _answer(answers, JAMMED, f"{type(error).__name__}: {error}".encode()[:1000])
        gc.collect()  # now, while nobody waits
    return 0


def _spent() -> int:
    """Give the seconds of processor time that this process has had, rounded up."""
    usage = getrusage(RUSAGE_SELF)
    return int(usage.ru_utime + usage.ru_stime) + 1


def _answer(answers: BinaryIO, said: bytes, content: bytes) -> None:
    answers.write(said + struct.pack(">I", len(content)) + content)
    answers.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
