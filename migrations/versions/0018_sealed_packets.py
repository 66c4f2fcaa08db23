"""The seal of each packet, by which it is found again, and packets that could not be made."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. What was printed before bears no seal, and stays as it was printed."""
    op.add_column("packet", sa.Column("seal", columns.Line()))
    op.create_index(op.f("ix_packet_seal"), "packet", ["seal"])
    op.create_table(
        "packet_trouble",
        sa.Column("version_id", columns.Id(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", columns.UtcTime(), nullable=False),
        sa.CheckConstraint("tries >= 1", name=op.f("ck_packet_trouble_tries_count")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["referral_version.id"],
            name=op.f("fk_packet_trouble_version_id_referral_version"),
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_packet_trouble")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("packet_trouble")
    op.drop_index(op.f("ix_packet_seal"), "packet")
    op.drop_column("packet", "seal")
