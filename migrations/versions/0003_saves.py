"""Who saved each section of a draft last, and when."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. What was saved before is dated in the trail only."""
    op.add_column("referral", sa.Column("saves", columns.Json(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Go back. Drafts keep their text."""
    op.drop_column("referral", "saves")
