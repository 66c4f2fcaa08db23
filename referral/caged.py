"""Reading what strangers made in a process of its own, with little of everything: a cage.

The process gets a few seconds, some memory, no network where the system lets it go without, none of our
environment, and one folder to read from and write to. What goes wrong in it goes wrong in it alone: each piece of
work has a process of its own. It is forked from a helper (:class:`Place`) that has loaded the libraries before, which
would take longer than most files do, and that reads no file itself.

A cage bounds what a file can cost. It does not bound what a flaw in a parser could read: on a machine of its
own, or under a container's rules, the same process can be held tighter still.
"""

import atexit
import ctypes
import json
import os
import select
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import astuple, dataclass
from importlib import import_module
from pathlib import Path
from queue import Empty, LifoQueue
from resource import RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE, setrlimit
from typing import Any

from referral.errors import PonsError
from referral.helper import Helper, answer, read

MEBIBYTE = 1024 * 1024
LONGEST_ANSWER = 100_000
MOST_OPEN_FILES = 64
AT_ONCE = 2  # cages of one worker at one time: more would only share the same processors and memory
LONGEST_QUEUE = 60  # seconds
MOST_WORK = 500  # then the helper is replaced, whatever it may have gathered
COMMAND = (sys.executable, "-m", "referral.caged")
CODE = struct.Struct(">i")
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # of unshare(2)
DIE_WITH_PARENT, DUMPABLE = 1, 4  # of prctl(2)


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


class Place:
    """One place for work: a helper that has the libraries, and forks."""

    def __init__(self) -> None:
        self._helper = Helper(COMMAND)

    def work(self, work: str, folder: Path, limits: Limits) -> dict[str, Any]:
        """Have it done, and give what it answers with."""
        order = json.dumps([work, str(folder), astuple(limits)]).encode()
        try:
            told = self._helper.ask(order, limits.seconds)
        except TimeoutError:
            self.end()
            raise TooMuchError("It took too long to read.") from None
        except EOFError:
            return _answer(self.end() or -1, b"")
        if self._helper.asked >= MOST_WORK:
            self.end()
        (code,) = CODE.unpack(told[: CODE.size])
        return _answer(code, told[CODE.size :])

    def end(self) -> int | None:
        """End the helper with whatever it has forked."""
        return self._helper.end()


def run(work: str, folder: Path, limits: Limits | None = None) -> dict[str, Any]:
    """Let ``module:function`` work on a folder in a cage, and give the plain data that it answers with.

    Raises:
        TooMuchError: it needed more time or memory than it may have.
        BusyError: there was no place for it.
        CageError: it broke.

    """
    try:
        place = _places.get(timeout=LONGEST_QUEUE)
    except Empty:
        raise BusyError(
            "Too many files are being read at the moment. Please try again in a minute."
        ) from None
    try:
        return place.work(work, folder, limits or Limits())
    finally:
        _places.put(place)


def end() -> None:
    """End the helpers that wait for work."""
    for place in list(_places.queue):
        place.end()


_places: LifoQueue[Place] = LifoQueue()  # the one that was used last has its libraries
for _ in range(AT_ONCE):
    _places.put(Place())
atexit.register(end)


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


def main() -> int:
    """Fork for each piece of work that is asked for, until the one who asks is gone."""
    ctypes.CDLL(None).prctl(DUMPABLE, 0)  # no process of a file looks into this one
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while (order := read(asked)) is not None:
        work, folder, limits = json.loads(order)
        with suppress(ImportError):  # the child fails on it, and says so
            import_module(work.partition(":")[0])
        code, told = _fork(work, Path(folder), Limits(*limits), asked.fileno())
        answer(answers, CODE.pack(code) + told)
    return 0


def _fork(work: str, folder: Path, limits: Limits, asks: int) -> tuple[int, bytes]:
    """Do one piece of work in a process of its own; give how it ended and what it said."""
    fro, to = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(_inside(work, folder, limits, to))
    os.close(to)
    told = _listen(fro, asks)
    if told is None:
        os.kill(child, signal.SIGKILL)
    os.close(fro)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), told or b""


def _listen(fro: int, asks: int) -> bytes | None:
    """Hear a child out; ``None``: it says too much, or nobody wants to know any more."""
    poll = select.poll()
    poll.register(fro, select.POLLIN)
    poll.register(asks, 0)  # hung up
    told = b""
    while len(told) <= LONGEST_ANSWER:
        if any(handle == asks for handle, _ in poll.poll()):
            return None
        part = os.read(fro, LONGEST_ANSWER + 1)
        if not part:
            return told
        told += part
    return None


def _inside(work: str, folder: Path, limits: Limits, to: int) -> int:
    """Work on one folder and write the answer; whatever goes wrong is told by the exit code alone."""
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for handle in (0, 1, 2):
            os.dup2(nowhere, handle)
        os.environ["TMPDIR"] = str(folder)
        shut_in(limits.cpu_seconds, limits.memory, limits.file_size)
        module, _, function = work.partition(":")
        told = json.dumps(getattr(import_module(module), function)(folder))
        with open(to, "w", encoding="utf-8") as line:
            line.write(told)
    except MemoryError:
        return TOO_MUCH
    except BaseException:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
