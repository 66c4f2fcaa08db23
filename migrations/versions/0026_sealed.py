"""What says who a patient is, and what was written about one, is sealed; names are found by digests.

Files are sealed afterwards (``flask setup``, ``flask keys rotate``): both kinds of file open meanwhile. Going back
opens them first.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from flask import current_app

from referral import clock, columns
from referral.attachments import Store
from referral.columns import RINGS
from referral.sealing import Ring

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

AT_ONCE = 200
SEALED = {
    "referral": ("typed", "family_name", "given_name", "birth_date", "state_reason"),
    "referral_version": ("snapshot", "reason"),
    "packet": ("pdf",),
    "pack": ("pdf",),
    "decision": ("reasons", "text", "conditions"),
    "letter": ("body", "pdf"),
    "case_import": ("found",),
    "attachment": ("label", "removed_reason"),
    "question": ("items", "text", "answer"),
    "message": ("text",),
    "opinion": ("criteria", "text"),
    "interest": ("text",),
    "quorum_waiver": ("reason",),
    "agenda_item": ("overrides",),
    "workup_step": ("words", "note"),
    "transplant": ("note",),
    "follow_up": ("facts",),
    "correction": ("replaced", "reason"),
    "emergency_access": ("why", "finding"),
    "legal_hold": ("because",),
    "erasure_request": ("reason",),
}
BYTES = ("packet.pdf", "pack.pdf", "letter.pdf")
KEYED_BY_CASE = ("transplant", "erasure_request")
LONGEST_BEGINNING = 24
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
search_word = sa.table(
    "search_word", sa.column("referral_id", columns.Id()), sa.column("word", columns.Sign())
)
person_key = sa.table("person_key", sa.column("referral_id", columns.Id()), sa.column("key", sa.Text()))


RESEALED = "pons1.________.%"
ANEW = """(NEW.{0} IS NOT DISTINCT FROM OLD.{0} OR COALESCE(NEW.{0} LIKE '{1}' AND OLD.{0} LIKE '{1}'
    AND substr(NEW.{0}, 7, 8) <> substr(OLD.{0}, 7, 8), FALSE))"""
"""The same, or sealed with another key. What says something else is never written by whoever seals anew."""
SIGNED = ("id", "referral_id", "version", "snapshot_sha256", "verdicts", "signed_by_id", "signed_at")
VERSION_SAYS_OTHERWISE = " OR ".join(
    [f"NEW.{each} <> OLD.{each}" for each in SIGNED]
    + [f"NOT {ANEW.format(each, RESEALED)}" for each in ("snapshot", "reason")]
)
DECISION_SAYS_OTHERWISE = """
    NEW.outcome <> OLD.outcome OR {said} OR NEW.editions <> OLD.editions
    OR NEW.decided_on <> OLD.decided_on OR NEW.version <> OLD.version OR NEW.referral_id <> OLD.referral_id
    OR NEW.signed_by_id IS DISTINCT FROM OLD.signed_by_id OR NEW.signed_at IS DISTINCT FROM OLD.signed_at
"""
WRITTEN = ("reasons", "text", "conditions")
BEFORE = DECISION_SAYS_OTHERWISE.format(said=" OR ".join(f"NEW.{each} <> OLD.{each}" for each in WRITTEN))
SINCE = DECISION_SAYS_OTHERWISE.format(said=" OR ".join(f"NOT {ANEW.format(each, RESEALED)}" for each in WRITTEN))
GONE = "EXISTS (SELECT 1 FROM referral WHERE referral.id = OLD.referral_id AND referral.gone_at IS NOT NULL)"
VERSIONS = "CREATE TRIGGER referral_version_is_not_updated BEFORE UPDATE ON referral_version"
DECISIONS = "CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision"


def lift(store: str) -> None:
    """Let what was signed be sealed or opened."""
    for table in ("referral_version", "decision"):
        on = "" if store == "sqlite" else f" ON {table}"
        op.execute(f"DROP TRIGGER {table}_is_not_updated{on}")


def refuse(store: str, version: str, decision: str) -> None:
    """Refuse a change of what was signed again, where it says otherwise by these conditions."""
    if store == "sqlite":
        op.execute(f"{VERSIONS} {version} BEGIN SELECT RAISE(ABORT, 'what was signed is not changed'); END")
        op.execute(
            f"{DECISIONS} WHEN OLD.signed_at IS NOT NULL AND NOT {GONE} AND ({decision})"
            " BEGIN SELECT RAISE(ABORT, 'a signed decision is not changed: a new one replaces it'); END"
        )
        return
    op.execute(f"{VERSIONS} FOR EACH ROW {version} EXECUTE FUNCTION refuse_signed_change()")
    op.execute(
        f"{DECISIONS} FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL AND ({decision}))"
        " EXECUTE FUNCTION refuse_unless_gone()"
    )


def upgrade() -> None:
    """Go forward."""
    connection = op.get_bind()
    ring = RINGS[connection.dialect]
    if connection.dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete=ON")  # what stood there in the clear is written over
    op.create_table(
        "data_key",
        sa.Column("name", columns.Line(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("since", columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_key")),
        sqlite_strict=True,
    )
    since = columns.UtcTime().process_bind_param(clock.now(), connection.dialect)
    proof = ring.seal_text("data_key.proof", ring.newest.name)
    data_key = sa.table("data_key", sa.column("name"), sa.column("proof"), sa.column("since"))
    connection.execute(sa.insert(data_key).values(name=ring.newest.name, proof=proof, since=since))
    _find_by_digests(connection, ring)
    lift(connection.dialect.name)
    for row, place, value in _values(connection):
        sealed = ring.seal(place, bytes(value)) if place in BYTES else ring.seal_text(place, value)
        _put(connection, row, place, sealed)
    refuse(connection.dialect.name, f"WHEN ({VERSION_SAYS_OTHERWISE})", SINCE)


def downgrade() -> None:
    """Go back. By whom a case may be recognised is written down again by ``flask setup``."""
    connection = op.get_bind()
    ring = RINGS[connection.dialect]
    lift(connection.dialect.name)
    for row, place, value in _values(connection):
        opened = ring.open(place, bytes(value)) if place in BYTES else ring.open_text(place, value)
        _put(connection, row, place, opened)
    refuse(connection.dialect.name, "", BEFORE)
    connection.execute(sa.delete(person_key))
    connection.execute(sa.delete(search_word))
    for case in _cases(connection):
        words = _words(case.number, case.family_name, case.given_name)
        _find(connection, case.id, words)
    op.drop_table("data_key")
    store = Store(Path(current_app.config["ATTACHMENTS"]), ring)
    for name, part in store.parts():
        store.unseal(name, part)


def _values(connection: sa.Connection) -> Iterator[tuple[Any, str, Any]]:
    """Walk each value that is or is to be sealed, with the key of its row and its place, some rows at a time."""
    for name, sealed in SEALED.items():
        key = "referral_id" if name in KEYED_BY_CASE else "id"
        table = sa.table(name, sa.column(key), *map(sa.column, sealed))
        last, rows = None, []
        while True:
            wanted = sa.select(table).order_by(table.c[key]).limit(AT_ONCE)
            rows = connection.execute(wanted if last is None else wanted.where(table.c[key] > last)).all()
            for row in rows:
                yield from ((row[0], f"{name}.{each}", row._mapping[each]) for each in sealed if row._mapping[each])
            if len(rows) < AT_ONCE:
                break
            last = rows[-1][0]


def _put(connection: sa.Connection, row: Any, place: str, value: Any) -> None:
    name, _, column = place.partition(".")
    key = "referral_id" if name in KEYED_BY_CASE else "id"
    table = sa.table(name, sa.column(key), sa.column(column))
    connection.execute(sa.update(table).where(table.c[key] == row).values({column: value}))


def _find_by_digests(connection: sa.Connection, ring: Ring) -> None:
    """Put digests in place of names, before the names are sealed."""
    known = connection.execute(sa.select(person_key)).all()
    connection.execute(sa.delete(person_key))
    for row in known:
        digests = [{"referral_id": row.referral_id, "key": each} for each in ring.digests("person_key.key", row.key)]
        connection.execute(sa.insert(person_key), digests)
    connection.execute(sa.delete(search_word))
    for case in _cases(connection):
        beginnings = {
            word[:length]
            for word in _words(case.family_name, case.given_name)
            for length in range(1, min(len(word), LONGEST_BEGINNING) + 1)
        }
        digests = {each for start in beginnings for each in ring.digests("search_word.word", start)}
        _find(connection, case.id, {*_words(case.number), *digests})


def _cases(connection: sa.Connection) -> Any:
    """Give the cases that were sent."""
    names = ("number", "family_name", "given_name", "submitted_at")
    referral = sa.table("referral", sa.column("id", columns.Id()), *map(sa.column, names))
    return connection.execute(sa.select(referral).where(referral.c.submitted_at.is_not(None))).all()


def _find(connection: sa.Connection, case: Any, words: set[str]) -> None:
    connection.execute(sa.insert(search_word), [{"referral_id": case, "word": word} for word in sorted(words)])


def _words(*texts: str | None) -> set[str]:
    found = set()
    for text in " ".join(filter(None, texts)).split():
        parts = "".join(sign if sign.isalnum() else " " for sign in text).split()
        found |= {_fold("".join(parts[place:])) for place in range(len(parts))}
    return found - {""}


def _fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(PLAIN)
    return "".join(letter for letter in apart if letter.isalnum())
