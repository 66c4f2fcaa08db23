"""The coded reasons of a decision beside it, so that a year of them is counted without reading every criterion."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CURRENT = sa.text("signed_at IS NOT NULL AND superseded_at IS NULL")
decision = sa.table(
    "decision",
    sa.column("id", columns.Id()),
    sa.column("reasons", columns.Json()),
    sa.column("coded", columns.Json()),
)


def upgrade() -> None:
    """Go forward. What is written already is looked through once."""
    op.add_column("decision", sa.Column("coded", columns.Json(), nullable=False, server_default="{}"))
    connection = op.get_bind()
    for id_ in connection.scalars(sa.select(decision.c.id)).all():
        reasons = connection.scalar(sa.select(decision.c.reasons).where(decision.c.id == id_)) or {}
        if coded := _coded(reasons):
            connection.execute(sa.update(decision).where(decision.c.id == id_).values(coded=coded))
    _index("decided_on", "referral_id", "outcome", "signed_at", "superseded_at", "coded")
    op.drop_index("ix_stay_by_state", "stay")
    op.create_index("ix_stay_by_state", "stay", ["state", "ended_at", "began_at", "referral_id"])


def _index(*names: str) -> None:
    op.drop_index("ix_decision_decided", "decision")
    op.create_index(
        "ix_decision_decided", "decision", list(names), sqlite_where=CURRENT, postgresql_where=CURRENT
    )


def _coded(reasons: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for criteria in reasons.values():
        for kept in criteria.values():
            for name in ("ground", "code"):
                if kept.get(name):
                    found.setdefault(name, set()).add(kept[name])
    return {name: sorted(codes) for name, codes in found.items()}


def downgrade() -> None:
    """Go back. The codes are still in the reasons."""
    op.drop_index("ix_stay_by_state", "stay")
    op.create_index("ix_stay_by_state", "stay", ["state", "began_at", "ended_at", "referral_id"])
    _index("decided_on", "referral_id")
    op.drop_column("decision", "coded")
