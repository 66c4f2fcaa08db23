"""What the yearly numbers are grouped by: the region of an organisation, the sex of a person; and the day decided."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SEX = """
ALTER TABLE referral ADD COLUMN sex TEXT
CONSTRAINT ck_referral_sex_known CHECK (sex IN ('female', 'male', 'other', 'unknown'))
"""
version = sa.table(
    "referral_version",
    sa.column("referral_id", columns.Id()),
    sa.column("version", sa.Integer()),
    sa.column("snapshot", columns.Json()),
)
referral = sa.table("referral", sa.column("id", columns.Id()), sa.column("sex", sa.Text()))
CURRENT = sa.text("signed_at IS NOT NULL AND superseded_at IS NULL")


def upgrade() -> None:
    """Go forward. The sex is filled in from what was signed last."""
    op.add_column("organisation", sa.Column("region", sa.Text()))
    op.execute(SEX)
    op.create_index(
        "ix_decision_decided",
        "decision",
        ["decided_on", "referral_id"],
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )
    connection = op.get_bind()
    for referral_id in connection.scalars(sa.select(version.c.referral_id).distinct()).all():
        signed = sa.select(version.c.snapshot).where(version.c.referral_id == referral_id)
        newest = connection.scalar(signed.order_by(version.c.version.desc()).limit(1)) or {}
        sex = newest.get("identity", {}).get("sex")
        connection.execute(sa.update(referral).where(referral.c.id == referral_id).values(sex=sex))


def downgrade() -> None:
    """Go back. The sex is still in what was signed; the regions are lost."""
    op.drop_index("ix_decision_decided", "decision")
    op.drop_column("referral", "sex")
    op.drop_column("organisation", "region")
