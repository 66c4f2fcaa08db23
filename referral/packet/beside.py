"""What stands beside the record, in words. A snapshot of the time before it was asked has none, and prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from referral.facts import PartialDate
from referral.packet import words
from referral.packet.tables import FactTable, Pair
from referral.reference.beside import Question, questions

UNITS = {"mg_dl": "mg/dL", "umol_l": "µmol/L", "u_l": "U/L"}
ELSEWHERE = {"goals": ("discussed",)}
"""What the packet prints in a place of its own."""

CONSENTS = ("consent_refer", "consent_share")

Beside = Mapping[str, Mapping[str, Any]]


def refused_part(snapshot: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the consents that were refused, each as it was asked. One that nobody asked for is not refused."""
    known = (snapshot.get("beside") or {}).get("goals") or {}
    return tuple(questions()["goals"][name].name for name in CONSENTS if known.get(name) is False)


def pairs_beside(beside: Beside | None, section: str) -> Iterator[Pair]:
    """Give the single facts of a section; none where the snapshot was made before they were asked."""
    if beside is None:
        return
    known = beside.get(section) or {}
    for name, question in questions()[section].items():
        if question.kind != "table" and name not in ELSEWHERE.get(section, ()):
            yield question.name, _say(question, known.get(name))


def table_beside(beside: Beside | None, section: str, name: str) -> tuple[FactTable, ...]:
    """Give a table of a section with the rows somebody answered; none where nobody answered any."""
    known = ((beside or {}).get(section) or {}).get(name) or {}
    question = questions()[section][name]
    rows = tuple(
        (label, *(_say(column, known[key].get(field)) for field, column in question.columns.items()))
        for key, label in question.rows.items()
        if key in known
    )
    columns = (question.row, *(column.name for column in question.columns.values()))
    table = FactTable(
        key=f"{section}-{name}",
        title=question.name,
        columns=columns,
        rows=rows,
        blanks=tuple(label for key, label in question.rows.items() if key not in known),
    )
    return (table,) if rows else ()


def as_typed(beside: Beside | None, measurement: str) -> str:
    """Say how a measurement was typed, where that was not in the unit of the record."""
    known = ((beside or {}).get("organs") or {}).get(measurement)
    if not known:
        return ""
    said = f"{known['value']} {UNITS.get(known['unit'], known['unit'])}"
    return f"{said}, upper limit {known['upper_limit']}" if "upper_limit" in known else said


def _say(question: Question, value: Any) -> str | None:
    if value is None:
        return None
    match question.kind:
        case "choice":
            return question.answers.get(value, str(value))
        case "ticks":
            return ", ".join(question.answers.get(each, each) for each in value) or None
        case "flag":
            return words.yes_no(value)
        case "date":
            return PartialDate.parse(value).words
    return str(value)
