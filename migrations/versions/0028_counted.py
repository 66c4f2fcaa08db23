"""A programme's cases are counted from indexes that hold no more than the counting needs."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SENT_AND_THERE = sa.text("submitted_at IS NOT NULL AND gone_at IS NULL")
COLUMNS = {
    "ix_referral_counted": ["programme_id", "state"],
    "ix_referral_by_case": ["programme_id", "id", "state"],
}


def upgrade() -> None:
    """Go forward."""
    for name, columns in COLUMNS.items():
        op.create_index(
            name, "referral", columns, sqlite_where=SENT_AND_THERE, postgresql_where=SENT_AND_THERE
        )


def downgrade() -> None:
    """Go back."""
    for name in COLUMNS:
        op.drop_index(name, "referral")
