"""Find by index which cases came to a state, or stood in it, in some time."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index("ix_stay_by_state", "stay", ["state", "began_at", "ended_at", "referral_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_stay_by_state", "stay")
