"""What a programme does with a case: stays, questions, opinions, meetings, decisions, letters, care afterwards."""

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OWNER = """
ALTER TABLE referral ADD COLUMN owner_id {kind}
CONSTRAINT fk_referral_owner_id_user REFERENCES "user" (id)
"""
STAYS = """
INSERT INTO stay (referral_id, state, began_at)
SELECT id, state, submitted_at FROM referral WHERE submitted_at IS NOT NULL
"""
REFUSED_ON_SQLITE = (
    """
CREATE TRIGGER referral_version_has_no_gap BEFORE INSERT ON referral_version
WHEN NEW.version <> (SELECT COALESCE(MAX(version), 0) + 1 FROM referral_version WHERE referral_id = NEW.referral_id)
BEGIN SELECT RAISE(ABORT, 'the versions of a case are counted without a gap'); END
""",
    """
CREATE TRIGGER referral_version_is_not_updated BEFORE UPDATE ON referral_version
BEGIN SELECT RAISE(ABORT, 'what was signed is not changed'); END
""",
    """
CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision
WHEN OLD.signed_at IS NOT NULL AND (
    NEW.outcome <> OLD.outcome OR NEW.reasons <> OLD.reasons OR NEW.editions <> OLD.editions
    OR NEW.text <> OLD.text OR NEW.conditions <> OLD.conditions OR NEW.decided_on <> OLD.decided_on
    OR NEW.version <> OLD.version OR NEW.referral_id <> OLD.referral_id
    OR NEW.signed_by_id IS NOT OLD.signed_by_id OR NEW.signed_at IS NOT OLD.signed_at
)
BEGIN SELECT RAISE(ABORT, 'a signed decision is not changed: a new one replaces it'); END
""",
    """
CREATE TRIGGER decision_is_not_deleted BEFORE DELETE ON decision WHEN OLD.signed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a signed decision is not removed: a new one replaces it'); END
""",
)
REFUSED_ON_POSTGRESQL = (
    """
CREATE FUNCTION refuse_version_gap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NEW.version <> (SELECT COALESCE(MAX(version), 0) + 1 FROM referral_version WHERE referral_id = NEW.referral_id)
THEN RAISE EXCEPTION 'the versions of a case are counted without a gap' USING ERRCODE = 'integrity_constraint_violation';
END IF; RETURN NEW; END $$
""",
    """
CREATE TRIGGER referral_version_has_no_gap BEFORE INSERT ON referral_version
FOR EACH ROW EXECUTE FUNCTION refuse_version_gap()
""",
    """
CREATE FUNCTION refuse_signed_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'what was signed is not changed' USING ERRCODE = 'integrity_constraint_violation'; END $$
""",
    """
CREATE TRIGGER referral_version_is_not_updated BEFORE UPDATE ON referral_version
FOR EACH ROW EXECUTE FUNCTION refuse_signed_change()
""",
    """
CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision FOR EACH ROW
WHEN (OLD.signed_at IS NOT NULL AND (
    NEW.outcome <> OLD.outcome OR NEW.reasons <> OLD.reasons OR NEW.editions <> OLD.editions
    OR NEW.text <> OLD.text OR NEW.conditions <> OLD.conditions OR NEW.decided_on <> OLD.decided_on
    OR NEW.version <> OLD.version OR NEW.referral_id <> OLD.referral_id
    OR NEW.signed_by_id IS DISTINCT FROM OLD.signed_by_id OR NEW.signed_at IS DISTINCT FROM OLD.signed_at
))
EXECUTE FUNCTION refuse_signed_change()
""",
    """
CREATE TRIGGER decision_is_not_deleted BEFORE DELETE ON decision FOR EACH ROW
WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION refuse_signed_change()
""",
)


def upgrade() -> None:
    """Go forward."""
    op.create_table('programme_rules',
    sa.Column('programme_id', columns.Id(), nullable=False),
    sa.Column('quorum', columns.Json(), nullable=False),
    sa.Column('remind_after_days', sa.Integer(), nullable=False),
    sa.Column('escalate_after_days', sa.Integer(), nullable=False),
    sa.Column('shows_waiting', columns.Flag(), nullable=False),
    sa.Column('keep_years', sa.Integer()),
    sa.Column('washout', columns.Json(), nullable=False),
    sa.CheckConstraint('escalate_after_days BETWEEN 1 AND 365', name=op.f('ck_programme_rules_escalates_within_a_year')),
    sa.CheckConstraint('keep_years IS NULL OR keep_years BETWEEN 1 AND 100', name=op.f('ck_programme_rules_kept_for_years')),
    sa.CheckConstraint('remind_after_days BETWEEN 1 AND 365', name=op.f('ck_programme_rules_reminds_within_a_year')),
    sa.ForeignKeyConstraint(['programme_id'], ['organisation.id'], name=op.f('fk_programme_rules_programme_id_organisation')),
    sa.PrimaryKeyConstraint('programme_id', name=op.f('pk_programme_rules')),
    sqlite_strict=True
    )
    op.create_table('letter_template',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('programme_id', columns.Id(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('edited_by_id', columns.Id(), nullable=False),
    sa.Column('edited_at', columns.UtcTime(), nullable=False),
    sa.CheckConstraint("kind IN ('referrer', 'plain_summary')", name=op.f('ck_letter_template_kind_known')),
    sa.ForeignKeyConstraint(['edited_by_id'], ['user.id'], name=op.f('fk_letter_template_edited_by_id_user')),
    sa.ForeignKeyConstraint(['programme_id'], ['organisation.id'], name=op.f('fk_letter_template_programme_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter_template')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_letter_template_programme_id_kind_edited_at'), 'letter_template', ['programme_id', 'kind', 'edited_at'])

    op.create_table('meeting',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('programme_id', columns.Id(), nullable=False),
    sa.Column('starts_at', columns.UtcTime(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('quorum', columns.Json(), nullable=False),
    sa.Column('called_by_id', columns.Id(), nullable=False),
    sa.Column('called_at', columns.UtcTime(), nullable=False),
    sa.Column('opened_at', columns.UtcTime()),
    sa.Column('closed_at', columns.UtcTime()),
    sa.Column('cancelled_at', columns.UtcTime()),
    sa.ForeignKeyConstraint(['called_by_id'], ['user.id'], name=op.f('fk_meeting_called_by_id_user')),
    sa.ForeignKeyConstraint(['programme_id'], ['organisation.id'], name=op.f('fk_meeting_programme_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_meeting_programme_id_starts_at'), 'meeting', ['programme_id', 'starts_at'])

    op.create_table('saved_view',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('user_id', columns.Id(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('filters', columns.Json(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_saved_view_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view')),
    sa.UniqueConstraint('user_id', 'name', name=op.f('uq_saved_view_user_id_name')),
    sqlite_strict=True
    )
    op.create_table('agenda_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('added_at', columns.UtcTime(), nullable=False),
    sa.Column('added_by_id', columns.Id(), nullable=False),
    sa.Column('late', columns.Flag(), nullable=False),
    sa.Column('overrides', sa.Text()),
    sa.Column('left_at', columns.UtcTime()),
    sa.ForeignKeyConstraint(['added_by_id'], ['user.id'], name=op.f('fk_agenda_item_added_by_id_user')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_agenda_item_meeting_id_meeting')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_agenda_item_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agenda_item')),
    sa.UniqueConstraint('meeting_id', 'position', name=op.f('uq_agenda_item_meeting_id_position')),
    sqlite_strict=True
    )
    op.create_index('ix_agenda_item_current', 'agenda_item', ['referral_id'], unique=True, sqlite_where=sa.text('left_at IS NULL'), postgresql_where=sa.text('left_at IS NULL'))

    op.create_table('attendance',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', columns.Id(), nullable=False),
    sa.Column('user_id', columns.Id(), nullable=False),
    sa.Column('specialty', sa.Text(), nullable=False),
    sa.Column('covers_for', sa.Text()),
    sa.Column('attended', columns.Flag()),
    sa.CheckConstraint("specialty IN ('neurology', 'haematology', 'nursing', 'radiology', 'other')", name=op.f('ck_attendance_specialty_known')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_attendance_meeting_id_meeting')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_attendance_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendance')),
    sa.UniqueConstraint('meeting_id', 'user_id', name=op.f('uq_attendance_meeting_id_user_id')),
    sqlite_strict=True
    )
    op.create_table('decision',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('snapshot_sha256', sa.Text()),
    sa.Column('meeting_id', columns.Id()),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('reasons', columns.Json(), nullable=False),
    sa.Column('editions', columns.Json(), nullable=False),
    sa.Column('took_part', columns.Json(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('conditions', sa.Text(), nullable=False),
    sa.Column('decided_on', sa.Text()),
    sa.Column('comes_back_on', sa.Text()),
    sa.Column('comes_back_for', sa.Text()),
    sa.Column('drafted_by_id', columns.Id(), nullable=False),
    sa.Column('drafted_at', columns.UtcTime(), nullable=False),
    sa.Column('draft_version', sa.Integer(), nullable=False),
    sa.Column('signed_by_id', columns.Id()),
    sa.Column('signed_at', columns.UtcTime()),
    sa.Column('replaces_id', columns.Id()),
    sa.Column('superseded_at', columns.UtcTime()),
    sa.CheckConstraint("outcome IN ('accepted', 'declined', 'deferred', 'more_information_needed', 'advice_given')", name=op.f('ck_decision_outcome_known')),
    sa.CheckConstraint("signed_at IS NULL OR (decided_on IS NOT NULL AND editions <> '{}' AND snapshot_sha256 IS NOT NULL)", name=op.f('ck_decision_signed_is_dated_and_grounded')),
    sa.CheckConstraint('(signed_at IS NULL) = (signed_by_id IS NULL)', name=op.f('ck_decision_signed_by_somebody')),
    sa.CheckConstraint('replaces_id IS NULL OR replaces_id <> id', name=op.f('ck_decision_replaces_another')),
    sa.CheckConstraint('signed_by_id IS NULL OR signed_by_id <> drafted_by_id', name=op.f('ck_decision_four_eyes')),
    sa.CheckConstraint('superseded_at IS NULL OR signed_at IS NOT NULL', name=op.f('ck_decision_only_signed_are_superseded')),
    sa.ForeignKeyConstraint(['drafted_by_id'], ['user.id'], name=op.f('fk_decision_drafted_by_id_user')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_decision_meeting_id_meeting')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_decision_referral_id_referral')),
    sa.ForeignKeyConstraint(['replaces_id'], ['decision.id'], name=op.f('fk_decision_replaces_id_decision')),
    sa.ForeignKeyConstraint(['signed_by_id'], ['user.id'], name=op.f('fk_decision_signed_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision')),
    sqlite_strict=True
    )
    op.create_index('ix_decision_current', 'decision', ['referral_id'], unique=True, sqlite_where=sa.text('signed_at IS NOT NULL AND superseded_at IS NULL'), postgresql_where=sa.text('signed_at IS NOT NULL AND superseded_at IS NULL'))
    op.create_index('ix_decision_draft', 'decision', ['referral_id'], unique=True, sqlite_where=sa.text('signed_at IS NULL'), postgresql_where=sa.text('signed_at IS NULL'))
    op.create_index(op.f('ix_decision_meeting_id'), 'decision', ['meeting_id'])
    op.create_index(op.f('ix_decision_referral_id'), 'decision', ['referral_id'])

    op.create_table('follow_up',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('visit', sa.Text(), nullable=False),
    sa.Column('due_on', sa.Text(), nullable=False),
    sa.Column('facts', columns.Json(), nullable=False),
    sa.Column('recorded_by_id', columns.Id()),
    sa.Column('recorded_at', columns.UtcTime()),
    sa.CheckConstraint('(recorded_at IS NULL) = (recorded_by_id IS NULL)', name=op.f('ck_follow_up_recorded_by_somebody')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['user.id'], name=op.f('fk_follow_up_recorded_by_id_user')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_follow_up_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_up')),
    sa.UniqueConstraint('referral_id', 'visit', name=op.f('uq_follow_up_referral_id_visit')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_follow_up_due_on'), 'follow_up', ['due_on'])

    op.create_table('interest',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('member_id', columns.Id(), nullable=False),
    sa.Column('declared_at', columns.UtcTime(), nullable=False),
    sa.Column('tie', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.CheckConstraint("tie IN ('none', 'own_patient', 'conflict')", name=op.f('ck_interest_tie_known')),
    sa.ForeignKeyConstraint(['member_id'], ['user.id'], name=op.f('fk_interest_member_id_user')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_interest_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interest')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_interest_referral_id_member_id'), 'interest', ['referral_id', 'member_id'])

    op.create_table('looking',
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('user_id', columns.Id(), nullable=False),
    sa.Column('seen_at', columns.UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_looking_referral_id_referral')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_looking_user_id_user')),
    sa.PrimaryKeyConstraint('referral_id', 'user_id', name=op.f('pk_looking')),
    sqlite_strict=True
    )
    op.create_table('mail',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('occasion', sa.Text(), nullable=False),
    sa.Column('to_user_id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id()),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('made_at', columns.UtcTime(), nullable=False),
    sa.Column('next_try_at', columns.UtcTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('last_error', sa.Text()),
    sa.Column('sent_at', columns.UtcTime()),
    sa.Column('given_up_at', columns.UtcTime()),
    sa.CheckConstraint('sent_at IS NULL OR given_up_at IS NULL', name=op.f('ck_mail_sent_or_given_up')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_mail_referral_id_referral')),
    sa.ForeignKeyConstraint(['to_user_id'], ['user.id'], name=op.f('fk_mail_to_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail')),
    sa.UniqueConstraint('occasion', name=op.f('uq_mail_occasion')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_mail_referral_id'), 'mail', ['referral_id'])
    op.create_index('ix_mail_waiting', 'mail', ['next_try_at'], unique=False, sqlite_where=sa.text('sent_at IS NULL AND given_up_at IS NULL'), postgresql_where=sa.text('sent_at IS NULL AND given_up_at IS NULL'))

    op.create_table('message',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('author_id', columns.Id(), nullable=False),
    sa.Column('at', columns.UtcTime(), nullable=False),
    sa.Column('audience', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('fact', sa.Text()),
    sa.CheckConstraint("audience IN ('both', 'programme', 'clinic')", name=op.f('ck_message_audience_known')),
    sa.ForeignKeyConstraint(['author_id'], ['user.id'], name=op.f('fk_message_author_id_user')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_message_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_message_referral_id_at'), 'message', ['referral_id', 'at'])

    op.create_table('opinion',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('member_id', columns.Id(), nullable=False),
    sa.Column('given_at', columns.UtcTime(), nullable=False),
    sa.Column('overall', sa.Text(), nullable=False),
    sa.Column('criteria', columns.Json(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.CheckConstraint("overall IN ('in_favour', 'against', 'undecided')", name=op.f('ck_opinion_overall_known')),
    sa.ForeignKeyConstraint(['member_id'], ['user.id'], name=op.f('fk_opinion_member_id_user')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_opinion_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opinion')),
    sa.UniqueConstraint('referral_id', 'version', 'member_id', name=op.f('uq_opinion_referral_id_version_member_id')),
    sqlite_strict=True
    )
    op.create_table('question',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('asked_by_id', columns.Id(), nullable=False),
    sa.Column('asked_at', columns.UtcTime(), nullable=False),
    sa.Column('items', columns.Json(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('remind_at', columns.UtcTime()),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('closed_at', columns.UtcTime()),
    sa.Column('closed_by_id', columns.Id()),
    sa.Column('answer', sa.Text()),
    sa.Column('answered_version', sa.Integer()),
    sa.CheckConstraint('(closed_at IS NULL) = (closed_by_id IS NULL)', name=op.f('ck_question_closed_by_somebody')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['user.id'], name=op.f('fk_question_asked_by_id_user')),
    sa.ForeignKeyConstraint(['closed_by_id'], ['user.id'], name=op.f('fk_question_closed_by_id_user')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_question_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question')),
    sqlite_strict=True
    )
    op.create_index('ix_question_open', 'question', ['referral_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_index(op.f('ix_question_referral_id'), 'question', ['referral_id'])

    op.create_table('stay',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('began_at', columns.UtcTime(), nullable=False),
    sa.Column('ended_at', columns.UtcTime()),
    sa.CheckConstraint("state IN ('draft', 'submitted', 'in_review', 'ready', 'listed', 'decided', 'awaiting_reply', 'deferred', 'workup', 'transplanted', 'follow_up', 'closed', 'withdrawn', 'entered_in_error')", name=op.f('ck_stay_state_known')),
    sa.CheckConstraint('ended_at IS NULL OR ended_at >= began_at', name=op.f('ck_stay_ends_after_it_began')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_stay_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stay')),
    sqlite_strict=True
    )
    op.create_index('ix_stay_current', 'stay', ['referral_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index(op.f('ix_stay_referral_id_began_at'), 'stay', ['referral_id', 'began_at'])

    op.create_table('transplant',
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('given_on', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('recorded_by_id', columns.Id(), nullable=False),
    sa.Column('recorded_at', columns.UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['user.id'], name=op.f('fk_transplant_recorded_by_id_user')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_transplant_referral_id_referral')),
    sa.PrimaryKeyConstraint('referral_id', name=op.f('pk_transplant')),
    sqlite_strict=True
    )
    op.create_table('workup_step',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('item', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('owner_id', columns.Id()),
    sa.Column('due_on', sa.Text()),
    sa.Column('done_on', sa.Text()),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['user.id'], name=op.f('fk_workup_step_owner_id_user')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_workup_step_referral_id_referral')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workup_step')),
    sa.UniqueConstraint('referral_id', 'item', name=op.f('uq_workup_step_referral_id_item')),
    sqlite_strict=True
    )
    op.create_table('letter',
    sa.Column('id', columns.Id(), nullable=False),
    sa.Column('referral_id', columns.Id(), nullable=False),
    sa.Column('decision_id', columns.Id(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('pdf', sa.LargeBinary()),
    sa.Column('written_by_id', columns.Id(), nullable=False),
    sa.Column('written_at', columns.UtcTime(), nullable=False),
    sa.Column('held_until', columns.UtcTime(), nullable=False),
    sa.Column('cancelled_at', columns.UtcTime()),
    sa.Column('released_at', columns.UtcTime()),
    sa.CheckConstraint("kind IN ('referrer', 'plain_summary')", name=op.f('ck_letter_kind_known')),
    sa.CheckConstraint('cancelled_at IS NULL OR released_at IS NULL', name=op.f('ck_letter_cancelled_or_released')),
    sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], name=op.f('fk_letter_decision_id_decision')),
    sa.ForeignKeyConstraint(['referral_id'], ['referral.id'], name=op.f('fk_letter_referral_id_referral')),
    sa.ForeignKeyConstraint(['written_by_id'], ['user.id'], name=op.f('fk_letter_written_by_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter')),
    sqlite_strict=True
    )
    op.create_index(op.f('ix_letter_held_until'), 'letter', ['held_until'])
    op.create_index(op.f('ix_letter_referral_id'), 'letter', ['referral_id'])


    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(OWNER.format(kind="TEXT" if on_sqlite else "UUID"))  # written out: SQLite need not copy the table
    op.create_index(op.f("ix_referral_owner_id"), "referral", ["owner_id"])
    op.add_column("referral", sa.Column("next_change_on", sa.Text()))
    op.execute(STAYS)
    for statement in REFUSED_ON_SQLITE if on_sqlite else REFUSED_ON_POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Go back. Decisions go with their table; that they were made is still in the trail."""
    for table in (
        "letter",
        "workup_step",
        "transplant",
        "stay",
        "question",
        "opinion",
        "message",
        "mail",
        "looking",
        "interest",
        "follow_up",
        "decision",
        "attendance",
        "agenda_item",
        "saved_view",
        "meeting",
        "letter_template",
        "programme_rules",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER referral_version_has_no_gap")
        op.execute("DROP TRIGGER referral_version_is_not_updated")
    else:
        op.execute("DROP TRIGGER referral_version_has_no_gap ON referral_version")
        op.execute("DROP TRIGGER referral_version_is_not_updated ON referral_version")
        op.execute("DROP FUNCTION refuse_version_gap()")
        op.execute("DROP FUNCTION refuse_signed_change()")
    op.drop_index(op.f("ix_referral_owner_id"), "referral")
    op.drop_column("referral", "owner_id")
    op.drop_column("referral", "next_change_on")
