"""What a programme settles for itself. No figure here is a criterion: each is the programme's own rule."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from forms.drugs import DrugField
from forms.fields import TickField, WholeField
from forms.parts import Group, Part, Rows, Section
from forms.texts import quoted


class BoundedField(WholeField):
    """A whole number between two ends."""

    def __init__(self, label: str, hint: str = "", *, least: int, most: int, **kwargs: Any) -> None:
        """Take the ends, which are let in."""
        super().__init__(label, hint, **kwargs)
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        """Give the number."""
        number = super().read(text)
        if not self.least <= number <= self.most:
            raise ValueError(
                f"{quoted(text)} was given. Allowed: a whole number from {self.least} to {self.most}."
            )
        return number


class QuorumForm(Part):
    """How many of each specialty have to be there, at least."""

    neurology = BoundedField("Neurology", least=0, most=20)
    haematology = BoundedField("Haematology", least=0, most=20)
    nursing = BoundedField("Nursing", least=0, most=20)
    radiology = BoundedField("Radiology", least=0, most=20)
    other = BoundedField("Other", least=0, most=20)


class WashoutForm(Part):
    """How long before the transplant a drug has been stopped, by the centre's own rule."""

    needed: ClassVar[tuple[str, ...]] = ("drug", "days")
    noun = "wash-out"

    drug = DrugField("Drug")
    days = BoundedField("Days", least=0, most=3650)

    def clashes(self) -> Iterator[tuple[str, str]]:
        """Find a drug that the list does not have: no course of it could be found again."""
        if self.drug.data and not self.drug.listed:
            yield "drug", f"{quoted(self.drug.typed)} was given. Allowed: a drug of the list."


class RulesForm(Section):
    """The rules of one programme."""

    key = "rules"
    title = "Rules of the programme"

    quorum = Group(QuorumForm, "Quorum")
    remind_after_days = BoundedField(
        "Remind the clinic after", "Days without an answer to a question, 1 to 365", least=1, most=365
    )
    escalate_after_days = BoundedField(
        "Escalate after", "Days without a move, or without an answer, 1 to 365", least=1, most=365
    )
    shows_waiting = TickField("Show referrers how long cases wait here")
    keep_years = BoundedField(
        "Keep ended cases for", "Years after the last act, 1 to 100. Blank: for good.", least=1, most=100
    )
    keep_draft_months = BoundedField(
        "Keep drafts never sent for",
        "Months after the last act, 1 to 120. Blank: for good.",
        least=1,
        most=120,
    )
    washout = Rows(WashoutForm, "Wash-out before transplant")

    def read_rules(self) -> dict[str, Any]:
        """Give the rules as plain data; what is wrong is among the problems of the page."""
        plain = super().read("", {}) or {}
        for name in ("remind_after_days", "escalate_after_days"):
            if name not in plain and not self[name].errors:
                self[name].fault("This is missing.")
        washout: dict[str, int] = {}
        for row in plain.pop("washout", ()):
            if row["drug"] in washout:
                self._say_twice(row["drug"])
            washout[row["drug"]] = row["days"]
        quorum = {name: number for name, number in plain.pop("quorum", {}).items() if number}
        return (
            {"shows_waiting": False, "keep_years": None, "keep_draft_months": None}
            | plain
            | {"quorum": quorum, "washout": washout}
        )

    def _say_twice(self, drug: str) -> None:
        row = [row for row in self.washout.entries if row.form.drug.data == drug][-1]
        row.form.drug.fault("This drug stands here twice.")

    @classmethod
    def showing(cls, rules: Mapping[str, Any]) -> "RulesForm":
        """Give the page with these rules typed into it."""
        washout = [{"drug": drug, "days": days} for drug, days in rules["washout"].items()]
        typed: dict[str, list[str]] = {}
        cls().write({**rules, "washout": washout}, typed)
        return cls(typed)
