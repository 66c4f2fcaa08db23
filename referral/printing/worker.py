"""The printer's cage: a process of its own that stays, so that a paper costs a second and a hostile one no more.

Each process of the application has one, started with its first paper. It has no network, reads no file but the
program and the fonts, writes none, and may take so much memory and, for each paper, so much time. It is replaced
after some papers, when it dies and when it hangs. It is told what to print and answers with a PDF; it never holds
a key, a database or anybody's other case.
"""

import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RLIMIT_CPU, RUSAGE_SELF, getrusage, setrlimit

from referral import caged, landlock
from referral.helper import LARGEST_MESSAGE, Helper, answer, read
from referral.printing.fonts import CONFIGURATION, FOLDER
from referral.printing.job import ROOT, Job, pack, unpack

MEBIBYTE = 1024 * 1024
GIVES_WAY = 10
"""How much nicer it is than who asks: a page takes a hundredth of a paper's time, and many wait for pages.

It holds nothing that anybody waits for. Whoever writes to the database must not be nicer than others: on SQLite all
wait until a slow one has written.
"""
MOST_PAPERS = 200  # then it is replaced, whatever it may have gathered
PRINTED, JAMMED, TOO_MUCH = b"P", b"J", b"M"
OUT_OF_MEANS = (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV)  # what a lack of time or memory ends in
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "FONTCONFIG_FILE": str(CONFIGURATION)}
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
        self._limits = limits or Limits()
        self._turn = threading.Lock()
        bounds = (str(self._limits.cpu_seconds), str(self._limits.memory))
        self._helper = Helper((*command, *bounds), ENVIRONMENT)

    def print(self, job: Job) -> bytes:
        """Print a job.

        Raises:
            TooMuchError: it needs more time or memory than it may have.
            BusyError: there was no turn for it.
            PacketError: it broke, would have fetched something, or the printer warned of anything.

        """
        packed = pack(job)
        if len(packed) > LARGEST_MESSAGE:
            raise TooMuchError("It is too large to be printed.")
        if not self._turn.acquire(timeout=self._limits.queue):
            raise BusyError("Too many papers are being printed at the moment. Please try again in a minute.")
        try:
            return self._print(packed)
        finally:
            self._turn.release()

    def _print(self, packed: bytes) -> bytes:
        try:
            answer = self._helper.ask(packed, self._limits.seconds)
        except TimeoutError:
            self.end()
            raise TooMuchError(TOO_MUCH_WORDS) from None
        except EOFError:
            code = self.end()
            if code in OUT_OF_MEANS:
                raise TooMuchError(TOO_MUCH_WORDS) from None
            raise PacketError(f"The printer stopped ({code}).") from None
        said, paper = answer[:1], answer[1:]
        if said == TOO_MUCH or self._helper.asked >= MOST_PAPERS:
            self.end()
        if said == TOO_MUCH:
            raise TooMuchError(TOO_MUCH_WORDS)
        if said != PRINTED:
            raise PacketError(paper.decode(errors="replace"))
        return paper

    @property
    def process_id(self) -> int | None:
        """Tell which process it is; ``None``: none runs."""
        return self._helper.process_id

    def end(self) -> int | None:
        """End the process; the next paper starts another. Give its exit code."""
        return self._helper.end()


TOO_MUCH_WORDS = "It needs more time or memory to print than a paper may have."

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
    os.nice(GIVES_WAY)
    press = shut_in(memory)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while (packed := read(asked)) is not None:
        setrlimit(RLIMIT_CPU, (_spent() + cpu_seconds, -1))
        try:
            answer(answers, PRINTED + press(unpack(packed)))
        except (MemoryError, RecursionError):
            answer(answers, TOO_MUCH)
            return 1
        except Exception as error:  # whatever it breaks on: this paper cannot be printed, the next one can
            answer(answers, JAMMED + f"{type(error).__name__}: {error}".encode()[:1000])
        gc.collect()  # now, while nobody waits
    return 0


def _spent() -> int:
    """Give the seconds of processor time that this process has had, rounded up."""
    usage = getrusage(RUSAGE_SELF)
    return int(usage.ru_utime + usage.ru_stime) + 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
