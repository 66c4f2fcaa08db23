"""The fields of what is asked beside the case record: made from the questions in ``referral/reference``."""

from datetime import date
from typing import Any

from forms.fields import (
    ChoiceField,
    DecimalField,
    Fact,
    FlagField,
    LongTextField,
    PartialDateField,
    TextField,
    TicksField,
)
from forms.parts import Beside, Group, Part
from forms.texts import quoted
from referral.facts import LONGEST_TEXT, PartialDate, say_date
from referral.reference.beside import Question, questions


class NumberField(DecimalField):
    """A number, kept as plain JSON keeps it."""

    def read(self, text: str) -> Any:
        """Give the number."""
        number = super().read(text)
        return int(number) if number == number.to_integral_value() else float(number)


class PastDateField(PartialDateField):
    """A day that has been: the record refuses a later one by itself, what stands beside it has to be asked."""

    def refuse_after(self, as_of: date) -> None:
        """Say that this day is still to come."""
        if self.fact and PartialDate.parse(self.fact).first > as_of:
            self.fault(f"{quoted(self.typed)} was given. Allowed: a date up to {say_date(as_of)}.")


def asked_beside(section: str) -> Beside:
    """Give the fields of what a section asks beside the record."""
    fields = {name: _field(question) for name, question in questions()[section].items()}
    return Beside(_part("asked beside the record", fields))


def _field(question: Question) -> Fact | Group:
    name, hint = question.name, question.hint
    match question.kind:
        case "choice":
            return ChoiceField(name, question.answers, hint)
        case "ticks":
            return TicksField(name, question.answers, hint)
        case "flag":
            return FlagField(name, hint)
        case "date":
            return PastDateField(name, hint)
        case "number":
            return NumberField(name, hint)
        case "text":
            return TextField(name, hint)
        case "long":
            return LongTextField(name, hint, most=LONGEST_TEXT, rows=3)
        case "table":
            return _table(question)
    raise ValueError(f"{question.kind}: no such kind of question")


def _table(question: Question) -> Group:
    columns = {name: _field(column) for name, column in question.columns.items()}
    row = _part(question.noun, columns, needed=(question.needed,), noun=question.noun)
    rows = {key: Group(row, name) for key, name in question.rows.items()}
    return Group(_part(question.name, rows), question.name)


def _part(meaning: str, fields: dict[str, Any], **kept: Any) -> type[Part]:
    """Make a part: the fields, and what is said of it."""
    return type("AskedForm", (Part,), {"__doc__": meaning, **kept, **fields})
