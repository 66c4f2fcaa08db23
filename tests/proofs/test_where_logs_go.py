"""What is served tells of itself on its standard error and nowhere else: what it holds open for writing says so."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proofs.caller import Caller
from tests.proofs.ground import Ground
from tests.proofs.processes import PROC, family
from tests.proofs.server import faults_told, serve

WRITES = os.O_WRONLY | os.O_RDWR
HANDED_OVER = {"0", "1", "2"}
"""What a process is started with; 1 and 2 are the log of the test, in a deployment the journal."""


def written(pid: int) -> Iterator[Path]:
    """The files that a process holds open for writing, beside what it was started with."""
    for handle in (PROC / str(pid) / "fd").iterdir():
        try:
            place, told = handle.readlink(), (PROC / str(pid) / "fdinfo" / handle.name).read_text()
        except OSError:
            continue  # it is closed meanwhile
        flags = int(told.partition("flags:")[2].split()[0], 8)
        if handle.name not in HANDED_OVER and flags & WRITES and place.is_absolute():
            yield place


@pytest.mark.skipif(not PROC.is_dir(), reason="what a process holds is read from /proc")
def test_what_is_served_writes_its_log_to_its_standard_error_alone(laid: Ground) -> None:
    with serve(laid.environment, laid.log, fault="fail_now_and_then") as server:
        caller = Caller(server.port).sign_in("coordinator@example.org")
        answers = [caller.get(path).status for path in ["/inbox", "/nowhere", "/audit"] * 15]
        held = {path for pid in family(server.process.pid) for path in written(pid)}
    told = laid.log.read_text()

    assert {200, 403, 404, 500} <= set(answers)
    assert all(f"status={status}" in told for status in (200, 403, 404, 500))
    assert len(faults_told(laid.log)) == answers.count(500)
    database = laid.settings.database_url.removeprefix("sqlite:///")
    kept = {path for path in map(str, held) if not path.endswith("(deleted)") and "/pons-counts-" not in path}
    assert kept <= {"/dev/null", database, f"{database}-wal", f"{database}-shm"}
