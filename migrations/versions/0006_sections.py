"""Text of drafts moves to where its section now asks for it."""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

from referral import columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Old section and the beginning of the name; new section and what now stands for that beginning.
MOVES = (
    ("fitness", "ambulation-", "walking", "ambulation-"),
    ("fitness", "performance-", "walking", "performance-"),
    ("fitness", "organ_function-", "organs", ""),
    ("fitness", "infection-", "infection", ""),
    ("fitness", "comorbidity-malignancy", "comorbidity", "malignancy"),
    ("fitness", "comorbidity-prior_hsct", "comorbidity", "prior_hsct"),
    ("fitness", "comorbidity-hct_ci-", "comorbidity", "hct_ci-"),
    ("fitness", "comorbidity-pregnant", "fertility", "pregnant"),
    ("fitness", "comorbidity-contraception_agreed", "fertility", "contraception_agreed"),
    ("fitness", "comorbidity-severe_depression", "mind", "severe_depression"),
    ("fitness", "comorbidity-substance_addiction", "mind", "substance_addiction"),
    ("fitness", "comorbidity-cognition_prevents_consent", "mind", "cognition_prevents_consent"),
    ("diagnosis", "aqp4_igg", "mimics", "aqp4_igg"),
    ("diagnosis", "mog_igg", "mimics", "mog_igg"),
    ("request", "discussed", "goals", "beside-discussed"),
)
BACK = tuple((new, begins, old, began) for old, began, new, begins in MOVES)
NEW_SECTIONS = ("walking", "organs", "infection", "comorbidity", "fertility", "mind", "mimics", "goals")

Typed = Mapping[str, Mapping[str, list[str]]]
referral = sa.table("referral", sa.column("id", columns.Id()), sa.column("typed", columns.Json()))


def upgrade() -> None:
    """Go forward. Nothing typed is changed but its place; the mark of a form open meanwhile no longer fits."""
    _move(MOVES, gone=("fitness",))


def downgrade() -> None:
    """Go back. What the old sections did not ask is left out."""
    _move(BACK, gone=NEW_SECTIONS)


def _move(moves: tuple[tuple[str, str, str, str], ...], gone: tuple[str, ...]) -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(referral.c.id, referral.c.typed)).all():
        typed = _moved(row.typed, moves, gone)
        if typed != row.typed:
            connection.execute(sa.update(referral).where(referral.c.id == row.id).values(typed=typed))


def _moved(
    typed: Typed, moves: tuple[tuple[str, str, str, str], ...], gone: tuple[str, ...]
) -> dict[str, dict[str, list[str]]]:
    moved: dict[str, dict[str, list[str]]] = {key: {} for key in typed if key not in gone}
    for section, fields in typed.items():
        for name, given in fields.items():
            new, to = _place(section, name, moves)
            if new not in gone:
                moved.setdefault(new, {})[to] = given
    return moved


def _place(section: str, name: str, moves: tuple[tuple[str, str, str, str], ...]) -> tuple[str, str]:
    """Find where a name now stands; the longest beginning that fits counts."""
    fits = [move for move in moves if move[0] == section and name.startswith(move[1])]
    if not fits:
        return section, name
    _, began, new, begins = max(fits, key=lambda move: len(move[1]))
    return new, begins + name.removeprefix(began)
