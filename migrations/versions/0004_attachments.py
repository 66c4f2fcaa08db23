"""The files of a case."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "attachment",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("dated", sa.Text()),
        sa.Column("proves", columns.Json(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("received_size", sa.Integer(), nullable=False),
        sa.Column("received_sha256", sa.Text(), nullable=False),
        sa.Column("stored_as", sa.Text(), nullable=False),
        sa.Column("uploaded_by_id", columns.Id(), nullable=False),
        sa.Column("uploaded_at", columns.UtcTime(), nullable=False),
        sa.Column("replaced_by_id", columns.Id()),
        sa.Column("removed_at", columns.UtcTime()),
        sa.Column("removed_by_id", columns.Id()),
        sa.Column("removed_reason", sa.Text()),
        sa.CheckConstraint("pages >= 1", name=op.f("ck_attachment_pages_count")),
        sa.CheckConstraint("size >= 1 AND received_size >= 1", name=op.f("ck_attachment_sizes_count")),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (removed_by_id IS NULL) AND (removed_at IS NULL) = (removed_reason IS NULL)",
            name=op.f("ck_attachment_removed_by_somebody_for_a_reason"),
        ),
        sa.CheckConstraint(
            "replaced_by_id IS NULL OR replaced_by_id <> id", name=op.f("ck_attachment_replaced_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_attachment_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"], ["attachment.id"], name=op.f("fk_attachment_replaced_by_id_attachment")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["user.id"], name=op.f("fk_attachment_uploaded_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["removed_by_id"], ["user.id"], name=op.f("fk_attachment_removed_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_attachment_stored_as")),
        sa.UniqueConstraint("replaced_by_id", name=op.f("uq_attachment_replaced_by_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_attachment_referral_id"), "attachment", ["referral_id"])
    op.create_index(op.f("ix_attachment_uploaded_by_id"), "attachment", ["uploaded_by_id"])
    op.create_index(op.f("ix_attachment_removed_by_id"), "attachment", ["removed_by_id"])


def downgrade() -> None:
    """Go back. The files stay in their folder; that they were uploaded is still in the trail."""
    op.drop_table("attachment")
