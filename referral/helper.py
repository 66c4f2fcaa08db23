"""A process of our own that stays, and answers one message after another over its pipes, each behind its length.

It gets none of our environment and sees its questions end when we do. It is started with the first question, and
anew after it has ended for whatever reason.
"""

import os
import select
import signal
import struct
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent.parent
MEBIBYTE = 1024 * 1024
LARGEST_MESSAGE = 64 * MEBIBYTE
PLAIN = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


class Helper:
    """The process, seen from outside. One question at a time: who has several threads takes turns."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Take what is run, and what it finds in its environment besides the plainest."""
        self._command = tuple(command)
        self._environment = {**PLAIN, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self.asked = 0
        """Questions that this process has had."""

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Send a message and give the answer.

        Raises:
            TimeoutError: there is none yet.
            EOFError: the process has ended.

        """
        process = self._running()
        self.asked += 1
        try:
            return _exchange(process, message, time.monotonic() + seconds)
        except BrokenPipeError:
            raise EOFError from None

    def _running(self) -> "subprocess.Popen[bytes]":
        """Give the process; one that belongs to the process that we were forked from is not ours."""
        if self._owner != os.getpid():
            self._process = None
        if self._process is not None and self._process.poll() is not None:
            self.end()
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a complaint may quote what it reads
                process_group=0,  # to be ended with what it starts; in our session, where being nice counts
            )
            self._owner, self.asked = os.getpid(), 0
        return self._process

    @property
    def process_id(self) -> int | None:
        """Tell which process it is; ``None``: none runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def end(self) -> int | None:
        """End the process with whatever it has started; the next question starts another. Give its exit code."""
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


def read(asked: BinaryIO) -> bytes | None:
    """Read the next message, inside; ``None``: nobody asks any more."""
    head = asked.read(4)
    return asked.read(struct.unpack(">I", head)[0]) if len(head) == 4 else None


def answer(answers: BinaryIO, message: bytes) -> None:
    """Answer, inside."""
    answers.write(struct.pack(">I", len(message)) + message)
    answers.flush()


def _exchange(process: "subprocess.Popen[bytes]", message: bytes, deadline: float) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    to, fro = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(to, False)
    rest = memoryview(struct.pack(">I", len(message)) + message)
    while rest:
        _wait(to, select.POLLOUT, deadline)
        rest = rest[os.write(to, rest[: 1 << 16]) :]
    (length,) = struct.unpack(">I", _read(fro, 4, deadline))
    if length > LARGEST_MESSAGE:
        raise EOFError
    return _read(fro, length, deadline)


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
