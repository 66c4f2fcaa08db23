"""What programmes ask for, who may be whom, copies, and drafts handed over for signing."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COPIED_FROM = """
ALTER TABLE referral ADD COLUMN copied_from_id {kind}
CONSTRAINT fk_referral_copied_from_id_referral REFERENCES referral (id)
"""


def upgrade() -> None:
    """Go forward. Keys of the cases that are there already are written by ``flask setup``."""
    kind = "TEXT" if op.get_bind().dialect.name == "sqlite" else "UUID"
    op.execute(COPIED_FROM.format(kind=kind))  # written out, so that SQLite need not copy the table
    op.create_index(op.f("ix_referral_copied_from_id"), "referral", ["copied_from_id"])

    op.create_table(
        "evidence_item",
        sa.Column("programme_id", columns.Id(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("asked_since", columns.UtcTime(), nullable=False),
        sa.Column("asked_by_id", columns.Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["organisation.id"], name=op.f("fk_evidence_item_programme_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user.id"], name=op.f("fk_evidence_item_asked_by_id_user")
        ),
        sa.PrimaryKeyConstraint("programme_id", "item", name=op.f("pk_evidence_item")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_evidence_item_asked_by_id"), "evidence_item", ["asked_by_id"])

    op.create_table(
        "person_key",
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_person_key_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("referral_id", "key", name=op.f("pk_person_key")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_person_key_key"), "person_key", ["key"])

    op.create_table(
        "same_person",
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("other_id", columns.Id(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", columns.Id(), nullable=False),
        sa.Column("answered_at", columns.UtcTime(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('another_person', 'on_purpose')", name=op.f("ck_same_person_answer_known")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_same_person_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["referral.id"], name=op.f("fk_same_person_other_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user.id"], name=op.f("fk_same_person_answered_by_id_user")
        ),
        sa.PrimaryKeyConstraint("referral_id", "other_id", name=op.f("pk_same_person")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_same_person_other_id"), "same_person", ["other_id"])
    op.create_index(op.f("ix_same_person_answered_by_id"), "same_person", ["answered_by_id"])

    op.create_table(
        "hand_over",
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("by_id", columns.Id(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_hand_over_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_hand_over_by_id_user")),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_hand_over")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_hand_over_by_id"), "hand_over", ["by_id"])


def downgrade() -> None:
    """Go back. Who asked for what, and who answered what, is still in the trail."""
    for table in ("hand_over", "same_person", "person_key", "evidence_item"):
        op.drop_table(table)
    op.drop_index(op.f("ix_referral_copied_from_id"), "referral")
    op.drop_column("referral", "copied_from_id")
