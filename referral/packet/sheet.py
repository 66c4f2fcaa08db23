"""Many editions in one look: editions down, groups of criteria across, each cell opened into its sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from referral.packet.editions import Criterion, EditionPart, Line, count_results, group_name, groups_asked


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one edition asks for in one group, and what came out."""

    group: str
    lines: tuple[Line, ...]
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The groups, and a row of cells for each edition."""

    groups: tuple[str, ...]
    rows: tuple[tuple[EditionPart, tuple[Cell, ...]], ...]


def sheet(parts: Sequence[EditionPart]) -> Sheet:
    """Lay the editions out, one below the other."""
    groups = groups_asked(parts)
    return Sheet(
        groups=tuple(group_name(group) for group in groups),
        rows=tuple((part, tuple(_cell(part, group) for group in groups)) for part in parts),
    )


def _cell(part: EditionPart, group: str) -> Cell:
    criteria = tuple(criterion for criterion in part.criteria if criterion.group == group)
    return Cell(group=group_name(group), lines=count_results(criteria), criteria=criteria)
