"""The installation's own scanner for malware: asked about each file from outside, before anything here reads it.

It is a program of the installation's and runs as one: outside of our cage, which would keep it from its signatures and
from the service that it asks. It gets the file on its standard input and under no name, and of our environment nothing
but the path. What it prints may quote the file, and is heard by nobody: its exit code is the answer.
"""

import errno
import logging
import os
import signal
import subprocess
from collections.abc import Sequence
from threading import BoundedSemaphore

from referral.attachments.formats import FileRefusedError
from referral.caged import AT_ONCE, LONGEST_QUEUE, BusyError
from referral.helper import PLAIN

SECONDS = 20  # as long as reading the file may take afterwards
CLEAN, FOUND = 0, 1  # what it ends with, as clamdscan and its like have it
SOMETHING_FOUND = (
    "The scanner for malware found something in it. It was not taken. Do not pass it on; "
    "tell whoever looks after your computers."
)
NOT_SCANNED = (
    "It could not be scanned for malware, and was not taken. Please try again later; "
    "if it happens again, tell whoever looks after this installation."
)
log = logging.getLogger(__name__)
_turns = BoundedSemaphore(AT_ONCE)


class ScannerError(Exception):
    """The scanner gave no answer. The text says why, and nothing of the file."""


def scan(scanner: Sequence[str], content: bytes) -> None:
    """Have a file looked at as it came. Where the installation names no scanner, nothing is asked.

    Raises:
        FileRefusedError: something was found in it, or it could not be scanned; the text says which.
        BusyError: too many files are being scanned at the moment.

    """
    if not scanner:
        return
    if not _turns.acquire(timeout=LONGEST_QUEUE):
        raise BusyError("Too many files are being scanned at the moment. Please try again in a minute.")
    try:
        found = finds(scanner, content)
    except ScannerError as error:
        log.error("A file could not be scanned: %s", error)
        raise FileRefusedError(NOT_SCANNED) from None
    finally:
        _turns.release()
    if found:
        raise FileRefusedError(SOMETHING_FOUND)


def finds(scanner: Sequence[str], content: bytes) -> bool:
    """Tell whether a scanner finds something.

    Raises:
        ScannerError: it cannot be run, breaks, or takes too long.

    """
    try:
        code = _run(scanner, content)
    except subprocess.TimeoutExpired:
        raise ScannerError(f"the scanner gave no answer within {SECONDS} seconds") from None
    except OSError as error:
        why = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise ScannerError(f"the scanner cannot be run: {why}") from None
    if code not in (CLEAN, FOUND):
        raise ScannerError(f"the scanner ended with {code}")
    return code == FOUND


def _run(scanner: Sequence[str], content: bytes) -> int:
    """Give the exit code. A pipe, not the file itself: a service that is asked need not be let into our folders."""
    with subprocess.Popen(  # noqa: S603 - what the installation has set, and no shell
        scanner,
        cwd="/",
        env={**PLAIN, "PATH": os.environ.get("PATH", os.defpath)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,  # to be ended with what it starts
    ) as process:
        try:
            process.communicate(content, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode
