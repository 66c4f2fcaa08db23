"""Whatever comes from outside is read or refused in words; nothing of it breaks what reads it."""

from collections.abc import Callable

import pytest

from tests.proofs import report
from tests.proofs.fuzz import READERS, Reader, run, with_fault
from tests.proofs.sizes import size

INPUTS, SEED = size("INPUTS", 20_000, 1_000_000), size("SEED", 20261122, 20261122)


def test_no_input_breaks_a_reader(record_property: Callable[[str, object], None]) -> None:
    found = run(INPUTS, SEED)

    assert not found.faults, f"{len(found.faults)} faults:\n" + "\n".join(found.faults[:20])
    assert found.tried.total() >= INPUTS * 0.99
    broken = run(len(READERS) * 300, SEED, [with_fault(reader) for reader in READERS], least=300)
    caught = {fault.partition(":")[0] for fault in broken.faults}
    assert caught == {reader.name.partition(":")[0] for reader in READERS}, (
        "a fault that was put in is not found"
    )
    figures: dict[str, object] = {
        "inputs": found.tried.total(),
        "refused in words": found.refused.total(),
        "broken": 0,
    }
    figures |= {
        f"of {name} (refused)": f"{many} ({found.refused[name]})" for name, many in found.tried.items()
    }
    record_property("counted", f"inputs: {found.tried.total()}, refused in words: {found.refused.total()}")
    said = {
        "each reader breaks on an odd sign": f"found in {len(broken.faults)} of {broken.tried.total()} inputs"
    }
    report.write("fuzz", "What nobody means", figures, said)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_what_a_reader_begins_with_is_no_empty_list(reader: Reader) -> None:
    assert reader.good()
