"""What an inbox of many cases is filtered and found by."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = (
    "programme_id",
    "state",
    "waiting_since",
    "owner_id",
    "organisation_id",
    "submitted_at",
    "next_change_on",
    "number",
    "family_name",
    "given_name",
)
version = sa.table(
    "referral_version",
    sa.column("referral_id", columns.Id()),
    sa.column("version", sa.Integer()),
    sa.column("snapshot", columns.Json()),
    sa.column("verdicts", columns.Json()),
)
standing = sa.table(
    "standing_verdict",
    sa.column("referral_id", columns.Id()),
    sa.column("edition", sa.Text()),
    sa.column("verdict", sa.Text()),
)
referral = sa.table("referral", sa.column("id", columns.Id()), sa.column("next_change_on", sa.Text()))


def upgrade() -> None:
    """Go forward. What the newest version of each case says is filled in."""
    op.create_table(
        "standing_verdict",
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("edition", columns.Line(), nullable=False),
        sa.Column("verdict", columns.Line(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_standing_verdict_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("referral_id", "edition", name=op.f("pk_standing_verdict")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_standing_verdict_edition_verdict_referral_id"),
        "standing_verdict",
        ["edition", "verdict", "referral_id"],
    )
    op.create_index("ix_referral_inbox", "referral", list(COLUMNS))
    connection = op.get_bind()
    for referral_id in connection.scalars(sa.select(version.c.referral_id).distinct()).all():
        newest = connection.execute(
            sa.select(version)
            .where(version.c.referral_id == referral_id)
            .order_by(version.c.version.desc())
            .limit(1)
        ).one()
        for edition, verdict in newest.verdicts.items():
            connection.execute(
                sa.insert(standing).values(referral_id=referral_id, edition=edition, verdict=verdict)
            )
        connection.execute(
            sa.update(referral)
            .where(referral.c.id == referral_id)
            .values(next_change_on=_next_change(newest.snapshot))
        )


def _next_change(snapshot: Mapping[str, Any]) -> str | None:
    protocols = snapshot.get("assessment", {}).get("protocols", [])
    return min((each["from"] for protocol in protocols for each in protocol.get("changes", [])), default=None)


def downgrade() -> None:
    """Go back. The verdicts stay in the versions themselves."""
    op.drop_index("ix_referral_inbox", "referral")
    op.drop_table("standing_verdict")
