"""What the house did last for itself: tick, backup, rehearsal; whether it only reads."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "house_mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("detail", columns.Json(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_house_mark")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("house_mark")
