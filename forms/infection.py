"""Serology and infection."""

from forms.beside import asked_beside
from forms.diagnosis import SEROLOGY
from forms.fields import ChoiceField, FlagField
from forms.parts import Section


class InfectionForm(Section):
    """Serology and infection."""

    key = "infection"
    title = "Infection"
    why = (
        "An infection that is active, or that wakes when immunity is taken away, has to be known beforehand."
    )
    root = "infection"
    asked = ("hiv", "hbv", "hcv", "active_infection")

    hiv = ChoiceField("HIV", SEROLOGY)
    hbv = ChoiceField("Hepatitis B", SEROLOGY)
    hcv = ChoiceField("Hepatitis C", SEROLOGY)
    syphilis = ChoiceField("Syphilis", SEROLOGY)
    tuberculosis = ChoiceField("Tuberculosis", SEROLOGY)
    htlv = ChoiceField("HTLV", SEROLOGY)
    jcv = ChoiceField("JC virus", SEROLOGY)
    active_infection = FlagField("Active infection")
    pml_suspected = FlagField("PML suspected")

    beside = asked_beside("infection")
