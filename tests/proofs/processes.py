"""What the system says of processes: who has started whom, how much they hold. From /proc."""

import os
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> list[int]:
    """The processes that a process has started, in whichever thread, and that still run."""
    found: list[int] = []
    for told in (PROC / str(pid) / "task").glob("*/children"):
        with suppress(OSError):
            found += map(int, told.read_text().split())
    return found


def family(pid: int) -> list[int]:
    """A process with all that it has started, however far down."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def command(pid: int) -> str:
    """How a process was started; empty for one that is gone."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def memory(pid: int) -> int:
    """The bytes that a process has in memory (RSS)."""
    try:
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def handles(pid: int) -> int:
    """How many files and sockets a process holds."""
    try:
        return len(os.listdir(PROC / str(pid) / "fd"))
    except OSError:
        return 0
