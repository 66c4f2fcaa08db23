"""What time has done with a case already."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "time_mark",
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_time_mark_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("referral_id", "topic", name=op.f("pk_time_mark")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("time_mark")
