"""How long cases are kept, what keeps them longer, and what is left of one that was deleted."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

LISTED_BY = (
    "waiting_since",
    "number",
    "owner_id",
    "organisation_id",
    "submitted_at",
    "next_change_on",
    "id",
)
NOBODY = (
    "family_name IS NULL AND given_name IS NULL AND birth_date IS NULL AND sex IS NULL"
    " AND state_reason IS NULL AND next_change_on IS NULL"
)
GONE_UNDER = f"""
ALTER TABLE referral ADD COLUMN gone_under TEXT
CONSTRAINT ck_referral_gone_under_a_rule CHECK ((gone_at IS NULL) = (gone_under IS NULL))
CONSTRAINT ck_referral_gone_says_nothing_of_anybody CHECK (gone_at IS NULL OR ({NOBODY}))
"""
DRAFTS = """
ALTER TABLE programme_rules ADD COLUMN keep_draft_months INTEGER CONSTRAINT ck_programme_rules_drafts_kept_for_months
CHECK (keep_draft_months IS NULL OR keep_draft_months BETWEEN 1 AND 120)
"""
SET_ALREADY = "UPDATE programme_rules SET keep_since = {now} WHERE keep_years IS NOT NULL"
NOW = {"sqlite": "strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')", "postgresql": "now()"}

HELD = """
EXISTS (SELECT 1 FROM legal_hold WHERE legal_hold.lifted_at IS NULL AND (legal_hold.referral_id = OLD.id
OR (legal_hold.referral_id IS NULL AND legal_hold.programme_id = OLD.programme_id)))
"""
GONE = "EXISTS (SELECT 1 FROM referral WHERE referral.id = OLD.referral_id AND referral.gone_at IS NOT NULL)"
SAYS_OTHERWISE = """
    NEW.outcome <> OLD.outcome OR NEW.reasons <> OLD.reasons OR NEW.editions <> OLD.editions
    OR NEW.text <> OLD.text OR NEW.conditions <> OLD.conditions OR NEW.decided_on <> OLD.decided_on
    OR NEW.version <> OLD.version OR NEW.referral_id <> OLD.referral_id
    OR NEW.signed_by_id IS {other} OLD.signed_by_id OR NEW.signed_at IS {other} OLD.signed_at
"""
DECISION = "a signed decision is not changed: a new one replaces it"
REFUSED_ON_SQLITE = (
    f"""
CREATE TRIGGER referral_is_held BEFORE UPDATE OF gone_at ON referral
WHEN NEW.gone_at IS NOT NULL AND {HELD}
BEGIN SELECT RAISE(ABORT, 'a case under a legal hold is not deleted'); END
""",
    """
CREATE TRIGGER referral_does_not_come_back BEFORE UPDATE OF gone_at ON referral
WHEN OLD.gone_at IS NOT NULL AND NEW.gone_at IS NOT OLD.gone_at
BEGIN SELECT RAISE(ABORT, 'a case that was deleted stays so'); END
""",
    f"""
CREATE TRIGGER referral_version_is_not_deleted BEFORE DELETE ON referral_version WHEN NOT {GONE}
BEGIN SELECT RAISE(ABORT, 'what was signed is not removed'); END
""",
    f"""
CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision
WHEN OLD.signed_at IS NOT NULL AND NOT {GONE} AND ({SAYS_OTHERWISE.format(other="NOT")})
BEGIN SELECT RAISE(ABORT, '{DECISION}'); END
""",
)
DECISION_ON_SQLITE_BEFORE = f"""
CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision
WHEN OLD.signed_at IS NOT NULL AND ({SAYS_OTHERWISE.format(other="NOT")})
BEGIN SELECT RAISE(ABORT, '{DECISION}'); END
"""
WHEN_IT_SAYS_OTHERWISE = (
    f"WHEN (OLD.signed_at IS NOT NULL AND ({SAYS_OTHERWISE.format(other='DISTINCT FROM')}))"
)
REFUSED_ON_POSTGRESQL = (
    f"""
CREATE FUNCTION refuse_deletion_or_return() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF OLD.gone_at IS NOT NULL AND NEW.gone_at IS DISTINCT FROM OLD.gone_at
THEN RAISE EXCEPTION 'a case that was deleted stays so' USING ERRCODE = 'integrity_constraint_violation';
END IF;
IF NEW.gone_at IS NOT NULL AND {HELD}
THEN RAISE EXCEPTION 'a case under a legal hold is not deleted' USING ERRCODE = 'integrity_constraint_violation';
END IF; RETURN NEW; END $$
""",
    """
CREATE TRIGGER referral_is_held BEFORE UPDATE OF gone_at ON referral
FOR EACH ROW EXECUTE FUNCTION refuse_deletion_or_return()
""",
    f"""
CREATE FUNCTION refuse_unless_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NOT {GONE} THEN RAISE EXCEPTION 'what was signed is neither changed nor removed'
USING ERRCODE = 'integrity_constraint_violation';
END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$
""",
    """
CREATE TRIGGER referral_version_is_not_deleted BEFORE DELETE ON referral_version
FOR EACH ROW EXECUTE FUNCTION refuse_unless_gone()
""",
    "DROP TRIGGER decision_is_not_updated ON decision",
    f"""
CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision FOR EACH ROW
{WHEN_IT_SAYS_OTHERWISE} EXECUTE FUNCTION refuse_unless_gone()
""",
)


def upgrade() -> None:
    """Go forward. Where years were set already, they count from now on, so that nothing goes unannounced."""
    store = op.get_bind().dialect.name
    op.add_column("referral", sa.Column("gone_at", columns.UtcTime()))
    op.execute(GONE_UNDER)
    gone = sa.text("gone_at IS NOT NULL")
    op.create_index("ix_referral_gone", "referral", ["gone_at"], sqlite_where=gone, postgresql_where=gone)
    list_with("gone_at")
    op.execute(DRAFTS)
    op.add_column("programme_rules", sa.Column("keep_since", columns.UtcTime()))
    op.execute(SET_ALREADY.format(now=NOW[store]))
    make_tables()
    if store == "sqlite":
        op.execute("DROP TRIGGER decision_is_not_updated")
    for refusal in REFUSED_ON_SQLITE if store == "sqlite" else REFUSED_ON_POSTGRESQL:
        op.execute(refusal)


def list_with(*more: str) -> None:
    """Let lists be read from their indexes alone, with these columns too."""
    for name, columns_of in (
        ("ix_referral_inbox", ("programme_id", "state", *LISTED_BY)),
        ("ix_referral_waiting", ("programme_id", *LISTED_BY, "state")),
    ):
        op.drop_index(name, "referral")
        op.create_index(name, "referral", [*columns_of, *more])


def make_tables() -> None:
    """Make what keeps a case longer, and what asks that it go earlier."""
    op.create_table(
        "legal_hold",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("programme_id", columns.Id(), nullable=False),
        sa.Column("referral_id", columns.Id()),
        sa.Column("because", columns.Line(), nullable=False),
        sa.Column("since", columns.UtcTime(), nullable=False),
        sa.Column("by_id", columns.Id(), nullable=False),
        sa.Column("lifted_at", columns.UtcTime()),
        sa.Column("lifted_by_id", columns.Id()),
        sa.CheckConstraint("because <> ''", name=op.f("ck_legal_hold_has_a_reason")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by_id IS NULL)", name=op.f("ck_legal_hold_lifted_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["organisation.id"], name=op.f("fk_legal_hold_programme_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_legal_hold_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_legal_hold_by_id_user")),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["user.id"], name=op.f("fk_legal_hold_lifted_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
        sqlite_strict=True,
    )
    for name, column, of in (
        ("ix_legal_hold_of_case", "referral_id", "NOT NULL"),
        ("ix_legal_hold_of_programme", "programme_id", "NULL"),
    ):
        where = sa.text(f"lifted_at IS NULL AND referral_id IS {of}")
        op.create_index(name, "legal_hold", [column], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index(op.f("ix_legal_hold_by_id"), "legal_hold", ["by_id"])
    op.create_index(op.f("ix_legal_hold_lifted_by_id"), "legal_hold", ["lifted_by_id"])
    op.create_table(
        "erasure_request",
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("reason", columns.Line(), nullable=False),
        sa.Column("asked_by_id", columns.Id(), nullable=False),
        sa.Column("asked_at", columns.UtcTime(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_erasure_request_has_a_reason")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_erasure_request_referral_id_referral")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user.id"], name=op.f("fk_erasure_request_asked_by_id_user")
        ),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_erasure_request")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_erasure_request_asked_by_id"), "erasure_request", ["asked_by_id"])


def downgrade() -> None:
    """Go back. What was deleted does not come back, and nothing keeps a case any more."""
    if op.get_bind().dialect.name == "sqlite":
        for trigger in (
            "referral_is_held",
            "referral_does_not_come_back",
            "referral_version_is_not_deleted",
            "decision_is_not_updated",
        ):
            op.execute(f"DROP TRIGGER {trigger}")
        op.execute(DECISION_ON_SQLITE_BEFORE)
    else:
        op.execute("DROP TRIGGER referral_is_held ON referral")
        op.execute("DROP TRIGGER referral_version_is_not_deleted ON referral_version")
        op.execute("DROP TRIGGER decision_is_not_updated ON decision")
        op.execute(
            "CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision FOR EACH ROW"
            f" {WHEN_IT_SAYS_OTHERWISE} EXECUTE FUNCTION refuse_signed_change()"
        )
        op.execute("DROP FUNCTION refuse_deletion_or_return()")
        op.execute("DROP FUNCTION refuse_unless_gone()")
    op.drop_table("erasure_request")
    op.drop_table("legal_hold")
    op.drop_column("programme_rules", "keep_since")
    op.drop_column("programme_rules", "keep_draft_months")
    list_with()
    op.drop_index("ix_referral_gone", "referral")
    op.drop_column("referral", "gone_under")
    op.drop_column("referral", "gone_at")
