"""Goes into the printer's cage and tries what nobody may there: python -m tests.packet.probe FILE PORT."""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from referral.printing.worker import Limits, shut_in


def tried(deed: Callable[[], object]) -> str:
    """Say whether something could be done, or what it failed with."""
    try:
        deed()
    except OSError as error:
        return type(error).__name__
    return "done"


def main(secret: Path, port: int) -> None:
    """Try everything twice: before, to show that it can be done at all, and inside."""
    deeds: dict[str, Callable[[], object]] = {
        "read a secret": secret.read_bytes,
        "list a folder": lambda: os.listdir(secret.parent),
        "read the users": Path("/etc/passwd").read_bytes,
        "write a file": lambda: secret.with_name("written").write_bytes(b"x"),
        "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=5).close(),
    }
    before = {name: tried(deed) for name, deed in deeds.items()}
    press = shut_in(Limits().memory)
    inside = {name: tried(deed) for name, deed in deeds.items()}
    sys.stdout.write(json.dumps({"before": before, "inside": inside, "prints": press is not None}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
