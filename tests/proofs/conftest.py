"""An installation for each proof."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proofs.ground import Ground, ground
from tests.stores import Store


@pytest.fixture
def laid(store: Store, migrated_database: str, password_hash: str, tmp_path: Path) -> Iterator[Ground]:
    """People and a called meeting, on a database of the proof's own."""
    with ground(store, migrated_database, tmp_path / "house", password_hash) as found:
        yield found
