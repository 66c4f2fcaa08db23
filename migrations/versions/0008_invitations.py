"""Links with which a person chooses a password."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "invitation",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("made_by_id", columns.Id(), nullable=False),
        sa.Column("made_at", columns.UtcTime(), nullable=False),
        sa.Column("expires_at", columns.UtcTime(), nullable=False),
        sa.Column("used_at", columns.UtcTime(), nullable=True),
        sa.Column("withdrawn_at", columns.UtcTime(), nullable=True),
        sa.CheckConstraint(
            "used_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_invitation_used_or_withdrawn")
        ),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_invitation_holds_for_a_while")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_invitation_user_id_user")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_invitation_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_invitation_token_sha256")),
        sqlite_strict=True,
    )
    open_only = sa.text("used_at IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "ix_invitation_open",
        "invitation",
        ["user_id"],
        unique=True,
        sqlite_where=open_only,
        postgresql_where=open_only,
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("invitation")
