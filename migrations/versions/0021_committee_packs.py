"""Committee packs."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

UNDER_WAY = sa.text("made_at IS NULL AND given_up_at IS NULL")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "pack",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("meeting_id", columns.Id(), nullable=False),
        sa.Column("agenda", columns.Json(), nullable=False),
        sa.Column("ordered_by_id", columns.Id(), nullable=False),
        sa.Column("ordered_at", columns.UtcTime(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("worked_at", columns.UtcTime()),
        sa.Column("given_up_at", columns.UtcTime()),
        sa.Column("made_at", columns.UtcTime()),
        sa.Column("pdf", sa.LargeBinary()),
        sa.Column("sha256", columns.Line()),
        sa.Column("size", sa.Integer()),
        sa.Column("pages", sa.Integer()),
        sa.Column("manifest", columns.Json()),
        sa.CheckConstraint("done >= 0 AND tries >= 0", name=op.f("ck_pack_counts")),
        sa.CheckConstraint("made_at IS NULL OR given_up_at IS NULL", name=op.f("ck_pack_made_or_given_up")),
        sa.CheckConstraint(
            "(made_at IS NULL) = (pdf IS NULL) AND (made_at IS NULL) = (sha256 IS NULL)"
            " AND (made_at IS NULL) = (size IS NULL) AND (made_at IS NULL) = (pages IS NULL)"
            " AND (made_at IS NULL) = (manifest IS NULL)",
            name=op.f("ck_pack_made_with_its_file"),
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_pack_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["ordered_by_id"], ["user.id"], name=op.f("fk_pack_ordered_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_pack_under_way",
        "pack",
        ["meeting_id"],
        unique=True,
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_index(op.f("ix_pack_meeting_id_ordered_at"), "pack", ["meeting_id", "ordered_at"])
    op.create_index(op.f("ix_pack_ordered_by_id"), "pack", ["ordered_by_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("pack")
