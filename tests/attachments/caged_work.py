"""What may go wrong in a cage. Imported there, so it imports next to nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

changed = False


def hang(folder: Path) -> None:
    while True:
        time.sleep(1)


def spin(folder: Path) -> None:
    while True:
        pass


def eat(folder: Path) -> None:
    bytearray(2**31)


def flood(folder: Path) -> None:
    with (folder / "flood").open("wb") as file:
        while True:
            file.write(b"\0" * 1_000_000)


def call_home(folder: Path) -> dict[str, object]:
    """Try to reach this very machine."""
    tried = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 9), 1)"],
        capture_output=True,
        text=True,
    )
    return {"said": tried.stderr, "environment": sorted(os.environ)}


def lie(folder: Path) -> dict[str, object]:
    (folder / "content").symlink_to("/etc/passwd")
    (folder / "thumbnail.png").touch()
    (folder / "page-1.png").touch()
    return {"media_type": "application/pdf", "pages": 1}


def crash(folder: Path) -> None:
    os.abort()


def who(folder: Path) -> dict[str, object]:
    return {"process": os.getpid(), "parent": os.getppid(), "changed": changed}


def change(folder: Path) -> None:
    """Leave something behind in the process, as a parser that was taken over would."""
    global changed
    changed = True
    raise ValueError


def kill_the_helper(folder: Path) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(5)


def babble(folder: Path) -> dict[str, str]:
    return {"said": "x" * 200_000}


def mumble(folder: Path) -> float:
    return float("nan")


def list_things(folder: Path) -> list[str]:
    return []
