"""With each packet the page on which a committee writes its outcome is kept; older packets have none."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("packet", sa.Column("summary", sa.LargeBinary()))


def downgrade() -> None:
    """Go back."""
    op.drop_column("packet", "summary")
