"""Cases read from outside in an emergency; the hospital's own sign-on."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TO_REVIEW = sa.text("reviewed_at IS NULL")


def upgrade() -> None:
    """Go forward."""
    _emergencies()
    op.create_table(
        "sign_on_subject",
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("issuer", columns.Line(), nullable=False),
        sa.Column("subject", columns.Line(), nullable=False),
        sa.Column("bound_at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_sign_on_subject_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_sign_on_subject")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_sign_on_subject_issuer_subject")),
        sqlite_strict=True,
    )
    op.create_table(
        "sign_on_attempt",
        sa.Column("state_sha256", columns.Line(), nullable=False),
        sa.Column("browser_sha256", columns.Line(), nullable=False),
        sa.Column("nonce", columns.Line(), nullable=False),
        sa.Column("verifier", columns.Line(), nullable=False),
        sa.Column("made_at", columns.UtcTime(), nullable=False),
        sa.Column("used_at", columns.UtcTime()),
        sa.CheckConstraint("used_at >= made_at", name=op.f("ck_sign_on_attempt_used_after_made")),
        sa.PrimaryKeyConstraint("state_sha256", name=op.f("pk_sign_on_attempt")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_sign_on_attempt_made_at"), "sign_on_attempt", ["made_at"])


def _emergencies() -> None:
    op.create_table(
        "emergency_access",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("why", columns.Line(), nullable=False),
        sa.Column("opened_at", columns.UtcTime(), nullable=False),
        sa.Column("until", columns.UtcTime(), nullable=False),
        sa.Column("ended_at", columns.UtcTime()),
        sa.Column("reviewed_at", columns.UtcTime()),
        sa.Column("reviewed_by_id", columns.Id()),
        sa.Column("outcome", sa.Text()),
        sa.Column("finding", columns.Line()),
        sa.CheckConstraint(
            "reason IN ('treating_now', 'covering', 'safety', 'other')",
            name=op.f("ck_emergency_access_reason_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('justified', 'not_justified')", name=op.f("ck_emergency_access_outcome_known")
        ),
        sa.CheckConstraint("until > opened_at", name=op.f("ck_emergency_access_holds_for_a_while")),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by_id IS NULL) AND (reviewed_at IS NULL) = (outcome IS NULL)",
            name=op.f("ck_emergency_access_reviewed_by_somebody"),
        ),
        sa.CheckConstraint(
            "reviewed_by_id <> user_id", name=op.f("ck_emergency_access_nobody_reviews_their_own")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_emergency_access_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_emergency_access_user_id_user")),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["user.id"], name=op.f("fk_emergency_access_reviewed_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
        sqlite_strict=True,
    )
    for columns_of_index in (["user_id", "until"], ["referral_id"], ["reviewed_by_id"], ["opened_at", "id"]):
        name = op.f("ix_emergency_access_" + "_".join(columns_of_index))
        op.create_index(name, "emergency_access", columns_of_index)
    op.create_index(
        "ix_emergency_access_to_review",
        "emergency_access",
        ["opened_at"],
        sqlite_where=TO_REVIEW,
        postgresql_where=TO_REVIEW,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("sign_on_attempt")
    op.drop_table("sign_on_subject")
    op.drop_table("emergency_access")
