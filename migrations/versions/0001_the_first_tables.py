"""The first tables, and a trail that nobody rewrites."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The trail is written once. Whoever holds the database itself can still drop these; the application cannot.
REFUSE_ON_SQLITE = """
CREATE TRIGGER audit_entry_is_not_{past} BEFORE {deed} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit trail is not changed'); END
"""
REFUSE_ON_POSTGRESQL = (
    """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
RAISE EXCEPTION 'the audit trail is not changed' USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE TRIGGER audit_entry_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
""",
)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "organisation",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('clinic', 'programme')", name=op.f("ck_organisation_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email_sha256", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("succeeded", columns.Flag(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_sign_in_attempt_address_at"), "sign_in_attempt", ["address", "at"])
    op.create_index(op.f("ix_sign_in_attempt_email_sha256_at"), "sign_in_attempt", ["email_sha256", "at"])

    op.create_table(
        "user",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organisation_id", columns.Id(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", columns.Flag(), nullable=False),
        sa.Column("works_for_id", columns.Id()),
        sa.CheckConstraint(
            "role IN ('neurologist', 'delegate', 'coordinator', 'committee_member', 'chair', 'auditor', 'administrator')",
            name=op.f("ck_user_role_known"),
        ),
        sa.CheckConstraint(
            "works_for_id IS NULL OR role = 'delegate'", name=op.f("ck_user_only_delegates_work_for")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_user_email_lower_case")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_user_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["works_for_id"], ["user.id"], name=op.f("fk_user_works_for_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_user_organisation_id"), "user", ["organisation_id"])
    op.create_index(op.f("ix_user_works_for_id"), "user", ["works_for_id"])

    op.create_table(
        "referral",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("organisation_id", columns.Id(), nullable=False),
        sa.Column("referrer_id", columns.Id(), nullable=False),
        sa.Column("programme_id", columns.Id()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("typed", columns.Json(), nullable=False),
        sa.Column("draft_version", sa.Integer(), nullable=False),
        sa.Column("family_name", sa.Text()),
        sa.Column("given_name", sa.Text()),
        sa.Column("birth_date", sa.Text()),
        sa.Column("waiting_since", columns.UtcTime()),
        sa.Column("created_at", columns.UtcTime(), nullable=False),
        sa.Column("updated_at", columns.UtcTime(), nullable=False),
        sa.Column("submitted_at", columns.UtcTime()),
        sa.Column("state_reason", sa.Text()),
        sa.Column("demonstration", columns.Flag(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'in_review', 'ready', 'listed', 'decided', 'awaiting_reply', 'deferred', 'workup', 'transplanted', 'follow_up', 'closed', 'withdrawn', 'entered_in_error')",
            name=op.f("ck_referral_state_known"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn', 'entered_in_error') OR (submitted_at IS NOT NULL AND programme_id IS NOT NULL)",
            name=op.f("ck_referral_sent_is_dated_and_addressed"),
        ),
        sa.CheckConstraint("draft_version >= 1", name=op.f("ck_referral_draft_version_counts")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_referral_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["organisation.id"], name=op.f("fk_referral_programme_id_organisation")
        ),
        sa.ForeignKeyConstraint(["referrer_id"], ["user.id"], name=op.f("fk_referral_referrer_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("number", name=op.f("uq_referral_number")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_referral_demonstration",
        "referral",
        ["demonstration"],
        sqlite_where=sa.text("demonstration = 1"),
        postgresql_where=sa.text("demonstration"),
    )
    op.create_index(op.f("ix_referral_organisation_id_state"), "referral", ["organisation_id", "state"])
    op.create_index(op.f("ix_referral_programme_id_state"), "referral", ["programme_id", "state"])
    op.create_index(op.f("ix_referral_referrer_id"), "referral", ["referrer_id"])

    op.create_table(
        "user_session",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("user_id", columns.Id(), nullable=False),
        sa.Column("started_at", columns.UtcTime(), nullable=False),
        sa.Column("seen_at", columns.UtcTime(), nullable=False),
        sa.Column("ended_at", columns.UtcTime()),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_session_user_id_user")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_user_session")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"])

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.Column("actor_id", columns.Id()),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("referral_id", columns.Id()),
        sa.Column("detail", columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_audit_entry_actor_id_user")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_audit_entry_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_entry_actor_id"), "audit_entry", ["actor_id"])
    op.create_index(op.f("ix_audit_entry_referral_id"), "audit_entry", ["referral_id"])

    op.create_table(
        "referral_version",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot", columns.Json(), nullable=False),
        sa.Column("snapshot_sha256", sa.Text(), nullable=False),
        sa.Column("verdicts", columns.Json(), nullable=False),
        sa.Column("signed_by_id", columns.Id(), nullable=False),
        sa.Column("signed_at", columns.UtcTime(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_version_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["user.id"], name=op.f("fk_referral_version_signed_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_version")),
        sa.UniqueConstraint("referral_id", "version", name=op.f("uq_referral_version_referral_id_version")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_referral_version_signed_by_id"), "referral_version", ["signed_by_id"])

    op.create_table(
        "packet",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("version_id", columns.Id(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("issued_at", columns.UtcTime(), nullable=False),
        sa.Column("issued_by_id", columns.Id(), nullable=False),
        sa.ForeignKeyConstraint(["issued_by_id"], ["user.id"], name=op.f("fk_packet_issued_by_id_user")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["referral_version.id"], name=op.f("fk_packet_version_id_referral_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packet")),
        sa.UniqueConstraint("version_id", name=op.f("uq_packet_version_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_packet_issued_by_id"), "packet", ["issued_by_id"])

    if op.get_bind().dialect.name == "sqlite":
        for deed, past in (("UPDATE", "updated"), ("DELETE", "deleted")):
            op.execute(REFUSE_ON_SQLITE.format(deed=deed, past=past))
    else:
        for statement in REFUSE_ON_POSTGRESQL:
            op.execute(statement)


def downgrade() -> None:
    """Go back. The trail goes with its table."""
    for table in (
        "packet",
        "referral_version",
        "audit_entry",
        "user_session",
        "referral",
        "user",
        "sign_in_attempt",
        "organisation",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_audit_change()")
