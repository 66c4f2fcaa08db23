"""Second factors, recovery codes, and what a session has been shown."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

PROOFS = "'password', 'app', 'key', 'recovery_code', 'hospital'"


def upgrade() -> None:
    """Go forward. Who is signed in stays so; what they have shown is not known, so they are asked before they sign."""
    for name in ("waits_until", "proved_at"):
        op.add_column("user_session", sa.Column(name, columns.UtcTime()))
    op.execute(
        "ALTER TABLE user_session ADD COLUMN proved_by TEXT"
        f" CONSTRAINT ck_user_session_proved_by_known CHECK (proved_by IN ({PROOFS}))"
    )
    for name in ("challenge", "address", "browser"):
        op.add_column("user_session", sa.Column(name, sa.Text()))
    op.create_table(
        "second_factor",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_at", columns.UtcTime(), nullable=False),
        sa.Column("confirmed_at", columns.UtcTime()),
        sa.Column("used_at", columns.UtcTime()),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("last_step", sa.Integer()),
        sa.Column("credential_id", sa.Text()),
        sa.Column("public_key", sa.LargeBinary()),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('app', 'key')", name=op.f("ck_second_factor_kind_known")),
        sa.CheckConstraint(
            "(kind = 'app') = (secret IS NOT NULL)"
            " AND (kind = 'key') = (credential_id IS NOT NULL)"
            " AND (kind = 'key') = (public_key IS NOT NULL)",
            name=op.f("ck_second_factor_has_what_its_kind_needs"),
        ),
        sa.CheckConstraint("sign_count >= 0", name=op.f("ck_second_factor_sign_count_counts")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_second_factor_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_second_factor_credential_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_second_factor_user_id"), "second_factor", ["user_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("made_at", columns.UtcTime(), nullable=False),
        sa.Column("used_at", columns.UtcTime()),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    for name in ("browser", "address", "challenge", "proved_by", "proved_at", "waits_until"):
        op.drop_column("user_session", name)
