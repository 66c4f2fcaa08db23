"""What a fact may turn out to be, written plainly."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from referral.criteria.case import Case
from referral.criteria.unknowns import fillings
from tests.core.records import AS_OF, make_record


def turned_out(path: str, facts: Mapping[str, Any], limits: list[Any]) -> list[str]:
    """Give what the record says of the fact, for every way in which it may turn out."""
    record = make_record(**facts)
    case = Case.on(record, AS_OF)
    ways = fillings(path, case, tuple(map(Decimal, limits)))
    return [_new(record.to_json(), way(record).to_json()) for way in ways]


def _new(before: Any, after: Any) -> str:
    """Write what is other than before; where nothing is, ``as it was``."""
    if isinstance(after, dict):
        before = before or {}
        names = [name for name in after if before.get(name) != after[name]]
        parts = [f"{name} {_new(before.get(name), after[name])}" for name in names]
        return "; ".join(parts) if parts else "as it was"
    if isinstance(after, list):
        before = before or []
        others = [row for number, row in enumerate(after) if number >= len(before) or before[number] != row]
        return f"[{', '.join(_new(None, row) for row in others)}]"
    return str(after)
