"""The trail is a chain: each entry is sealed with all before it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OLD = ("actor_id", "referral_id")
NEW = (None, "actor_id", "referral_id", "deed")


def upgrade() -> None:
    """Go forward. What was written before has no seal of its own; the first that has one seals it too."""
    op.add_column("audit_entry", sa.Column("digest", sa.Text()))
    for column in OLD:
        op.drop_index(op.f(f"ix_audit_entry_{column}"), "audit_entry")
    for column in NEW:
        columns = [*filter(None, [column]), "at", "id"]
        op.create_index(op.f(f"ix_audit_entry_{'_'.join(columns)}"), "audit_entry", columns)


def downgrade() -> None:
    """Go back. The seals are lost."""
    for column in NEW:
        columns = [*filter(None, [column]), "at", "id"]
        op.drop_index(op.f(f"ix_audit_entry_{'_'.join(columns)}"), "audit_entry")
    for column in OLD:
        op.create_index(op.f(f"ix_audit_entry_{column}"), "audit_entry", [column])
    op.drop_column("audit_entry", "digest")
