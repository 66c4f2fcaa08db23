"""Processes are ended without a word while people write: what was acknowledged is there, and nothing is half done."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine.checker import Broken
from tests.proofs import report
from tests.proofs.ground import own_ground
from tests.proofs.kills import write_meanwhile
from tests.proofs.server import serve
from tests.proofs.sizes import LONG, size
from tests.stores import Store

KILLS = size("KILLS", 8, 100)
BACK_WITHIN = size("BACK", 90, 10)
"""Seconds. A machine that does other things at the same time takes longer."""


def test_what_was_acknowledged_outlives_whatever_is_ended(
    store: Store, tmp_path: Path, password_hash: str, record_property: Callable[[str, object], None]
) -> None:
    with own_ground(store, tmp_path / "house", password_hash) as (laid, own):
        kind = laid.engine.dialect.name
        with serve(laid.environment, laid.log, workers=2) as server:
            killer, told, seen = write_meanwhile(laid, server, KILLS, database=own)
        with (
            serve(laid.environment, laid.log, workers=2, fault="lose_acts") as server,
            pytest.raises(Broken, match="acknowledged messages are lost") as found,
        ):
            write_meanwhile(laid, server, 1, first=1)

    back = sorted(killer.back)
    figures = {
        "kills": killer.kills.total(),
        **{f"kills of {way}": times for way, times in killer.kills.items()},
        "under way at the moment of a kill": dict(killer.meanwhile),
        "acknowledged": told.counts,
        "broken off, and so neither": dict(told.broken_off),
        "back after, median and longest": f"{back[len(back) // 2]:.1f} s, {back[-1]:.1f} s",
        **{f"looked at afterwards: {what}": many for what, many in seen.items()},
    }
    for what, many in figures.items():
        record_property("counted", f"{kind}, {what}: {many}")
    report.write(
        f"kills-{kind}", f"Ended without a word, on {kind}", figures, {"lose_acts": str(found.value)}
    )
    assert "deadlock" not in laid.log.read_text().split()
    assert killer.kills.total() >= KILLS
    assert all(told.counts.values()) or not LONG, told.counts
    assert back[-1] <= BACK_WITHIN
