"""A case among very many is found by its words, and listed from indexes alone."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0020"
down_revision = "0019"
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
BEFORE = (
    "programme_id",
    "state",
    "waiting_since",
    "owner_id",
    "organisation_id",
    "submitted_at",
    "next_change_on",
    "number",
    "family_name",
    "given_name",
)
GIVEN_UP = sa.text("given_up_at IS NOT NULL")
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
referral = sa.table(
    "referral",
    sa.column("id", columns.Id()),
    sa.column("number", sa.Text()),
    sa.column("family_name", sa.Text()),
    sa.column("given_name", sa.Text()),
    sa.column("submitted_at", sa.Text()),
)
search_word = sa.table(
    "search_word", sa.column("referral_id", columns.Id()), sa.column("word", columns.Sign())
)


def upgrade() -> None:
    """Go forward. The words of each case that was sent are filled in."""
    op.create_table(
        "search_word",
        sa.Column("referral_id", columns.Id(), nullable=False),
        sa.Column("word", columns.Sign(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_search_word_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("referral_id", "word", name=op.f("pk_search_word")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_search_word_word_referral_id"), "search_word", ["word", "referral_id"])
    op.drop_index(op.f("ix_referral_programme_id_state"), "referral")
    op.drop_index("ix_referral_inbox", "referral")
    op.create_index("ix_referral_inbox", "referral", ["programme_id", "state", *LISTED_BY])
    op.create_index("ix_referral_waiting", "referral", ["programme_id", *LISTED_BY, "state"])
    op.create_index(
        op.f("ix_referral_programme_id_organisation_id_submitted_at"),
        "referral",
        ["programme_id", "organisation_id", "submitted_at"],
    )
    op.create_index(
        "ix_mail_given_up", "mail", ["given_up_at"], sqlite_where=GIVEN_UP, postgresql_where=GIVEN_UP
    )
    connection = op.get_bind()
    for case in connection.execute(sa.select(referral).where(referral.c.submitted_at.is_not(None))).all():
        rows = [{"referral_id": case.id, "word": word} for word in _words(case)]
        connection.execute(sa.insert(search_word), rows)


def _words(case: "sa.Row[tuple[object, ...]]") -> list[str]:
    found = set()
    for text in " ".join(filter(None, (case.number, case.family_name, case.given_name))).split():
        parts = "".join(sign if sign.isalnum() else " " for sign in text).split()
        found |= {_fold("".join(parts[place:])) for place in range(len(parts))}
    return sorted(found - {""})


def _fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(PLAIN)
    return "".join(letter for letter in apart if letter.isalnum())


def downgrade() -> None:
    """Go back. The names are still in the cases."""
    op.drop_index("ix_mail_given_up", "mail")
    op.drop_index(op.f("ix_referral_programme_id_organisation_id_submitted_at"), "referral")
    op.drop_index("ix_referral_waiting", "referral")
    op.drop_index("ix_referral_inbox", "referral")
    op.create_index("ix_referral_inbox", "referral", list(BEFORE))
    op.create_index(op.f("ix_referral_programme_id_state"), "referral", ["programme_id", "state"])
    op.drop_table("search_word")
