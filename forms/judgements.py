"""What only a clinician can say. Which questions there are, the published editions decide."""

from typing import Any

from forms.fields import FlagField, LongTextField, PartialDateField, TextField
from forms.parts import Found, Group, Part, Section
from referral.criteria import judgements, judgements_read
from referral.facts import LONGEST_TEXT


class JudgementForm(Part):
    """One judgement, by whom, when and why."""

    needed = ("value",)
    noun = "judgement"

    value = FlagField("Answer")
    by = TextField("By whom")
    on = PartialDateField("On")
    why = LongTextField("Why", most=LONGEST_TEXT, rows=1)


class _JudgementsPage(Section):
    """What only a clinician can say."""

    key = "judgements"
    title = "Judgements"
    why = (
        "Where a source gives no number, nobody may invent one: a clinician says yes or no, with name and "
        "date. An open question stays open."
    )
    root = "judgements"

    by = TextField("Judged by", "Used for each answer below that names nobody else", recorded=False)
    on = PartialDateField("On", "Used for each answer below without a date of its own", recorded=False)

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give the judgements, each with its own or the common name and date."""
        plain = super().read(path, found) or {}
        for key, judgement in plain.items():
            for name in ("by", "on"):
                if self[name].fact and not self[key].form[name].touched:
                    judgement[name] = self[name].fact
                    found[f"{path}.{key}.{name}"] = self[name]
        return plain or None


def _with_questions(page: type[Section]) -> type[Section]:
    """Give the page with one question for each judgement of the library, those that are read most first."""
    meanings = judgements()
    first = [key for key in judgements_read() if key in meanings]
    keys = [*first, *(key for key in meanings if key not in first)]
    questions = {key: Group(JudgementForm, meanings[key].rstrip(".")) for key in keys}
    return type("JudgementsForm", (page,), {"asked": tuple(first), "__doc__": page.__doc__, **questions})


JudgementsForm = _with_questions(_JudgementsPage)
