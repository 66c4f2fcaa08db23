"""Find by index what is past its day: visits not recorded, steps of a work-up not done."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WAITING = (("follow_up", "recorded_at IS NULL"), ("workup_step", "done_on IS NULL AND due_on IS NOT NULL"))


def upgrade() -> None:
    """Go forward."""
    for table, waits in WAITING:
        op.create_index(
            f"ix_{table}_waiting",
            table,
            ["due_on", "referral_id"],
            sqlite_where=sa.text(waits),
            postgresql_where=sa.text(waits),
        )


def downgrade() -> None:
    """Go back."""
    for table, _ in WAITING:
        op.drop_index(f"ix_{table}_waiting", table)
