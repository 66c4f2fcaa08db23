"""What came in from elsewhere as a file."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "case_import",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", columns.Line(), nullable=False),
        sa.Column("found", columns.Json(), nullable=False),
        sa.Column("by_id", columns.Id(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("referral_id", columns.Id(), nullable=True),
        sa.Column("confirmed_at", columns.UtcTime(), nullable=True),
        sa.CheckConstraint("kind IN ('packet', 'bundle', 'record')", name=op.f("ck_case_import_kind_known")),
        sa.CheckConstraint(
            "(referral_id IS NULL) = (confirmed_at IS NULL)",
            name=op.f("ck_case_import_confirmed_with_its_draft"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_case_import_by_id_user")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_case_import_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_import")),
        sa.UniqueConstraint("referral_id", name=op.f("uq_case_import_referral_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_case_import_by_id"), "case_import", ["by_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("case_import")
