"""Hanging the ring of keys on the door of a database, and refusing to open it while one is lost.

Each key that has sealed something has a row there with a proof (:class:`referral.models.keys.DataKey`). The first
connection looks: a key that is not in the ring, or is another one by that name, is told by name, before anything is
read or sealed.
"""

from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, event

from referral import clock
from referral.columns import RINGS, Line, Sealed, UtcTime
from referral.sealing import KeyLostError, Ring, SealBrokenError, lost

PROOF = Sealed("data_key.proof", Line())
THERE = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = 'data_key'",
    "postgresql": "SELECT count(to_regclass('data_key'))",
}
SIGN = {"sqlite": "?", "postgresql": "%s"}


def hang(ring: Ring, engine: Engine) -> None:
    """Let this engine seal and open with these keys; look at them when it first connects."""
    RINGS[engine.dialect] = ring
    looked: list[bool] = []

    @event.listens_for(engine, "connect")
    def look(connection: Any, _record: object) -> None:
        if looked:
            return
        try:
            looked.extend([True] * _look(connection, ring, engine))
        except KeyLostError:
            connection.close()  # nobody gets it
            raise


def faults(proofs: dict[str, str], ring: Ring) -> str:
    """Say which keys are lost or changed, given the proofs by name; nothing where each is at hand."""
    if missing := proofs.keys() - ring.named.keys():
        return lost(missing)
    for name, proof in proofs.items():
        try:
            ring.open_text(PROOF.place, proof)
        except SealBrokenError:
            return f"DATA_KEYS has another key by the name {name} than the one that patients' data were sealed with."
    return ""


def _look(connection: Any, ring: Ring, engine: Engine) -> bool:
    """Ask the driver itself: this connection is not anybody's yet. Tell whether there was something to ask.

    Raises:
        KeyLostError: a key is not at hand.

    """
    dialect, cursor = engine.dialect, connection.cursor()
    try:
        cursor.execute(THERE[dialect.name])
        if not cursor.fetchone()[0]:
            return False  # the tables are not made yet, or are older than keys
        cursor.execute("SELECT name, proof FROM data_key")
        proofs = dict(cursor.fetchall())
        if fault := faults(proofs, ring):
            raise KeyLostError(fault)
        if ring.newest.name not in proofs:
            with suppress(
                engine.dialect.loaded_dbapi.Error
            ):  # nothing can be written now, and so nothing sealed
                _remember(cursor, ring, engine)
                connection.commit()
        return True
    finally:
        connection.rollback()
        cursor.close()


def _remember(cursor: Any, ring: Ring, engine: Engine) -> None:
    """Write down that the newest key is in use from now on."""
    values = (
        ring.newest.name,
        ring.seal_text(PROOF.place, ring.newest.name),
        UtcTime().process_bind_param(clock.now(), engine.dialect),
    )
    signs = ", ".join([SIGN[engine.dialect.name]] * len(values))
    cursor.execute(
        f"INSERT INTO data_key (name, proof, since) VALUES ({signs}) ON CONFLICT DO NOTHING",  # noqa: S608 - signs only
        values,
    )
