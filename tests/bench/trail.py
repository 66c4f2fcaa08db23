"""The trail of the invented programme: as many entries as are asked for, chained as the house chains them."""

from collections.abc import Iterator

from sqlalchemy import select

from referral import audit
from referral.columns import Json
from referral.models import AuditEntry
from tests.bench.invented import TEN_YEARS, Invented
from tests.bench.putting import Row, put

READ_OFTEN = 1000
"""How often one of the cases was read."""
DEEDS = ("case_read",) * 12 + ("packet_read",) * 2 + ("draft_saved",) * 3 + (
    "submitted", "review_started", "made_ready", "message_written", "inbox_read", "signed_in", "meeting_read",
)  # fmt: skip
OF_NO_CASE = ("inbox_read", "signed_in", "meeting_read")


def write_trail(crowd: Invented, count: int) -> None:
    """Write so many entries, chained as :mod:`referral.audit` chains them, behind those that are there."""
    connection = crowd.session.connection()
    key = connection.get_execution_options()["audit_key"]
    last, digest = crowd.session.execute(
        select(AuditEntry.id, AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1)
    ).one()
    put(crowd.session, AuditEntry, entries(crowd, count, last, digest or "", key))
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT setval('audit_entry_id_seq', (SELECT max(id) FROM audit_entry))")


def entries(crowd: Invented, count: int, last: int, digest: str, key: str) -> Iterator[Row]:
    people = [*crowd.referrers, *crowd.owners, *crowd.members, crowd.coordinator, crowd.chair]
    ids, cases = [each.id for each in people], [case.id for case in crowd.cases]
    often = crowd.whole[-1].id
    plain = Json()
    for number in range(1, count + 1):
        deed = crowd.random.choice(DEEDS)
        detail = {"state": "submitted"} if deed == "case_read" else {}
        referral_id = None if deed in OF_NO_CASE else crowd.random.choice(cases)
        if deed == "case_read" and number * READ_OFTEN % count < READ_OFTEN:
            referral_id = often
        entry = audit.Link(
            last + number,
            crowd.now - TEN_YEARS * ((count - number) / count),
            crowd.random.choice(ids),
            deed,
            referral_id,
            plain.process_bind_param(detail, crowd.session.get_bind().dialect),
            None,
        )
        digest = entry.seal(key, digest)
        yield {
            "id": entry.id,
            "at": entry.at,
            "actor_id": entry.actor_id,
            "deed": deed,
            "referral_id": referral_id,
            "detail": detail,
            "digest": digest,
        }
