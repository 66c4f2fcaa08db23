"""Acts that several people do at the same moment, over the network: one of them has done each, and nothing is lost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine.checker import Broken
from tests.proofs import report
from tests.proofs.contention import contend
from tests.proofs.ground import Ground, ground
from tests.proofs.server import faults_told, serve
from tests.proofs.sizes import size
from tests.stores import Store

ACTS = size("ACTS", 220, 10_000)
WORKERS, ARENAS = 3, 2
FAULTS = {"sqlite": ("no_guard", "no_mark"), "postgresql": ("no_lock", "no_mark")}
"""What is switched off: SQLite lets one write at a time whoever locks what."""


def test_of_those_who_do_the_same_at_once_one_has_done_it(
    laid: Ground, store: Store, migrated_database: str, password_hash: str, tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    kind = laid.engine.dialect.name
    with serve(laid.environment, laid.log, workers=WORKERS) as server:
        tally, seen = contend(laid, server.port, ACTS, ARENAS)

    assert tally.total >= ACTS
    assert faults_told(laid.log) == []
    assert "deadlock" not in laid.log.read_text().lower()
    figures = {
        "contested acts": tally.total,
        "contests": tally.contests.total(),
        **dict(sorted(tally.acts.items())),
        "answers by status": dict(sorted(tally.statuses.items())),
        **{f"looked at afterwards: {what}": many for what, many in seen.items()},
    }
    for what, many in figures.items():
        record_property("counted", f"{kind}, {what}: {many}")
    found = {}
    for fault in FAULTS[kind]:
        with (
            ground(store, migrated_database, tmp_path / fault, password_hash) as broken,
            serve(broken.environment, broken.log, workers=WORKERS, fault=fault) as server,
            pytest.raises(Broken) as said,
        ):
            contend(broken, server.port, 2000, 1)
        found[fault] = str(said.value)
        record_property("counted", f"{kind}, fault found: {fault}: {said.value}")
    report.write(f"contention-{kind}", f"Contention on {kind}", figures, found)
