"""Pregnancy, contraception and the wish for children."""

from forms.beside import asked_beside
from forms.fields import FlagField
from forms.parts import Section


class FertilityForm(Section):
    """Pregnancy, contraception and the wish for children."""

    key = "fertility"
    title = "Fertility"
    why = (
        "The drugs of the transplant harm an unborn child and often fertility; storage takes time to arrange."
    )
    root = "comorbidity"
    asked = ("contraception_agreed",)

    pregnant = FlagField("Pregnant")
    contraception_agreed = FlagField("Contraception agreed")

    beside = asked_beside("fertility")
