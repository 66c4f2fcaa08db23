"""Many people at once, for a short while: everybody is answered, and what is wrong is noticed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proofs.filled import filled_house
from tests.proofs.load import Act, Run, Sample, come, faults, figures
from tests.proofs.sizes import size
from tests.stores import Store

PEOPLE, SECONDS = size("PEOPLE", 20, 50), size("SECONDS", 20, 120)
CASES, ENTRIES = size("CASES", 300, 5_000), size("ENTRIES", 2_000, 50_000)


def test_many_people_at_once_are_all_answered(
    store: Store, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    address = store.blank()
    kind = address.partition(":")[0].partition("+")[0]
    with filled_house(address, tmp_path / "house", people=PEOPLE, cases=CASES, entries=ENTRIES) as laid:
        run = come(laid, people=PEOPLE, seconds=SECONDS, warm=1)
        broken = come(laid, people=PEOPLE, seconds=SECONDS / 4, warm=0, fault="fail_now_and_then")
    store.drop(address)

    told = [f"{what}: {figure}" for what, figure in figures(run, PEOPLE, SECONDS, kind).items()]
    record_property("counted", f"{kind}, {'; '.join(told[1:9])}")
    assert faults(run, timed=False, soak=False) == []
    assert any("answered 500" in said for said in faults(broken, timed=False, soak=False))


def steady(took: float = 100.0, memory: float = 1.0, handles: float = 1.0, wal: int = 0) -> Run:
    """A run of a hundred seconds; what is given is what it came to by the end."""
    grown = [1 + n / 99 * (memory - 1) for n in range(100)], [1 + n / 99 * (handles - 1) for n in range(100)]
    samples = [
        Sample(float(n), int(2**28 * of), int(100 * open_), 8, wal)
        for n, (of, open_) in enumerate(zip(*grown, strict=True))
    ]
    acts = [Act(float(n), "view", 200, 100.0 + n / 99 * (took - 100.0)) for n in range(100)]
    return Run(acts, samples, entries=100)


def test_a_run_without_a_fault_has_none() -> None:
    assert faults(steady(), timed=True, soak=True) == []


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (steady(took=900), "p95"),
        (steady(memory=1.3), "memory grew"),
        (steady(handles=2), "handles grew"),
        (steady(wal=65 * 2**20), "log of SQLite"),
        (steady(took=250), "p95 went from"),
    ],
)
def test_what_is_slow_and_what_grows_is_found(run: Run, said: str) -> None:
    assert any(said in found for found in faults(run, timed=True, soak=True))


def test_reading_that_is_not_written_down_is_found() -> None:
    run = steady()
    run.entries = 0

    assert "hardly anything that was read is in the trail" in faults(run, timed=False, soak=False)
