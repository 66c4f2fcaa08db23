"""What the chair goes on without, and what stood before a transplant or a visit was corrected."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "quorum_waiver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", columns.Id(), nullable=False),
        sa.Column("goes_on_with", columns.Json(), nullable=False),
        sa.Column("reason", columns.Line(), nullable=False),
        sa.Column("given_by_id", columns.Id(), nullable=False),
        sa.Column("given_at", columns.UtcTime(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_quorum_waiver_has_a_reason")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_quorum_waiver_meeting_id_meeting")
        ),
        sa.ForeignKeyConstraint(["given_by_id"], ["user.id"], name=op.f("fk_quorum_waiver_given_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quorum_waiver")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_quorum_waiver_meeting_id"), "quorum_waiver", ["meeting_id"])
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("topic", columns.Line(), nullable=False),
        sa.Column("replaced", columns.Json(), nullable=False),
        sa.Column("recorded_by_id", columns.Id(), nullable=False),
        sa.Column("recorded_at", columns.UtcTime(), nullable=False),
        sa.Column("reason", columns.Line(), nullable=False),
        sa.Column("corrected_by_id", columns.Id(), nullable=False),
        sa.Column("corrected_at", columns.UtcTime(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_correction_has_a_reason")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_correction_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user.id"], name=op.f("fk_correction_recorded_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["corrected_by_id"], ["user.id"], name=op.f("fk_correction_corrected_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_correction_referral_id"), "correction", ["referral_id"])


def downgrade() -> None:
    """Go back. What stood before a correction stays in the trail by its day alone."""
    op.drop_table("correction")
    op.drop_table("quorum_waiver")
