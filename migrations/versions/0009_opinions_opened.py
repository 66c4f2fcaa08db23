"""When the sealed opinions on a case were opened: from then on none is changed."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. What was given before stays sealed until the next one is given or the meeting opens."""
    op.add_column("opinion", sa.Column("opened_at", columns.UtcTime(), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("opinion", "opened_at")
