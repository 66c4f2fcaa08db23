"""Facts as tables or as pairs of name and value; what is blank is named, never passed over."""

from collections.abc import Iterable
from dataclasses import dataclass

from referral.packet import words

Cells = tuple[str | None, ...]
Pair = tuple[str, str | None]


@dataclass(frozen=True, kw_only=True)
class FactTable:
    """One table, or pairs of names and values where it has no columns. A blank cell is ``None``.

    ``note`` says how complete it is; ``blanks`` names what is not recorded at all.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Cells, ...]
    note: str = ""
    blanks: tuple[str, ...] = ()


def pairs(key: str, title: str, facts: Iterable[Pair]) -> FactTable:
    """Lay out single facts: those recorded in pairs, the others named below."""
    facts = tuple(facts)
    return FactTable(
        key=key,
        title=title,
        columns=(),
        rows=tuple((words.sentence_case(name), value) for name, value in facts if value is not None),
        blanks=tuple(name for name, value in facts if value is None),
    )
