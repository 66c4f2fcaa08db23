"""Which editions a programme has read against their sources and adopted."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "adoption",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("programme_id", columns.Id(), nullable=False),
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("edition_sha256", sa.Text(), nullable=False),
        sa.Column("adopted_by_id", columns.Id(), nullable=False),
        sa.Column("adopted_at", columns.UtcTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", columns.UtcTime()),
        sa.Column("withdrawn_by_id", columns.Id()),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)",
            name=op.f("ck_adoption_withdrawn_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["organisation.id"], name=op.f("fk_adoption_programme_id_organisation")
        ),
        sa.ForeignKeyConstraint(["adopted_by_id"], ["user.id"], name=op.f("fk_adoption_adopted_by_id_user")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["user.id"], name=op.f("fk_adoption_withdrawn_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adoption")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_adoption_adopted_by_id"), "adoption", ["adopted_by_id"])
    op.create_index(op.f("ix_adoption_withdrawn_by_id"), "adoption", ["withdrawn_by_id"])
    op.create_index(
        "ix_adoption_current",
        "adoption",
        ["programme_id", "edition_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    """Go back. What was adopted is still in the trail."""
    op.drop_table("adoption")
