"""To whom the referral goes, and what is asked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from forms.fields import ChoiceField, LongTextField
from forms.parts import Section
from forms.texts import quoted
from referral.facts import LONGEST_TEXT


class ProgrammeField(ChoiceField):
    """A transplant programme, by its id. Which there are is for the caller to say: see :meth:`offer`."""

    blank = "Not chosen yet"

    def __init__(self, label: str, hint: str, **kwargs: Any) -> None:
        """Take the label; the choices come later."""
        super().__init__(label, {}, hint, **kwargs)

    def read(self, text: str) -> str:
        """Give the id."""
        try:
            return str(UUID(text))
        except ValueError:
            raise ValueError(f"{quoted(text)} was given. Allowed: a programme of the list.") from None

    def offer(self, programmes: Mapping[str, str]) -> None:
        """Take the programmes that may be addressed, name by id; refuse any other."""
        self.choices = programmes
        if self.fact and self.fact not in programmes:
            self.fault("This programme cannot be addressed. Allowed: a programme of the list.")


class RequestForm(Section):
    """To whom the referral goes, and what is asked."""

    key = "request"
    title = "Request"
    why = "The question stands on the first page of what the committee reads."
    asked = ("programme_id", "question")
    recorded = False

    programme_id = ProgrammeField(
        "Transplant programme", "Once sent, the referral is seen by this programme only"
    )
    question = LongTextField("Question to the committee", most=LONGEST_TEXT)
