"""Landlock: a process gives up, for good, every file but those that it names. Linux 5.13 and newer; elsewhere nothing.

See landlock(7). What is open already stays open; what is started later is held by the same.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

CREATE, ADD, RESTRICT = 444, 445, 446  # the system calls, the same on every architecture
VERSION, BENEATH = 1, 1  # of landlock_create_ruleset(2) and landlock_add_rule(2)
NO_NEW_PRIVILEGES = 38  # of prctl(2)
READ = 1 << 2 | 1 << 3  # a file, the names in a folder
HANDLED = (
    (1, 1 << 13),
    (2, 1 << 14),
    (3, 1 << 15),
    (5, 1 << 16),
)  # what each version of it knows of, as bits
CONNECT = 0b11  # binding and connecting by TCP, from version 4 on


def read_only(paths: Iterable[Path]) -> bool:
    """Let this process read these files and folders and no others, write none and open no TCP connection.

    ``False``: the system cannot do it, and nothing was changed.
    """
    system = ctypes.CDLL(None, use_errno=True)
    version = system.syscall(CREATE, None, 0, VERSION)
    if version < 1:
        return False
    handled = max(last for known, last in HANDLED if known <= version) * 2 - 1
    if version < 5:
        handled &= (1 << 15) - 1
    rules = struct.pack("QQ", handled, CONNECT if version >= 4 else 0)
    ruleset = system.syscall(CREATE, rules, len(rules) if version >= 4 else 8, 0)
    if ruleset < 0:
        return False
    for path in paths:
        _allow(system, ruleset, path)
    system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    held: int = system.syscall(RESTRICT, ruleset, 0)
    os.close(ruleset)
    return held == 0


def _allow(system: ctypes.CDLL, ruleset: int, path: Path) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # a folder that this machine does not have
        return
    try:
        what = READ if path.is_dir() else 1 << 2
        system.syscall(ADD, ruleset, BENEATH, struct.pack("=QI", what, place), 0)
    finally:
        os.close(place)
