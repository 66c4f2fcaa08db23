"""What else it might have been."""

from forms.diagnosis import ANTIBODY
from forms.fields import ChoiceField
from forms.parts import Section


class MimicsForm(Section):
    """What else it might have been."""

    key = "mimics"
    title = "Mimics"
    why = (
        "Transplant criteria are for multiple sclerosis only: what resembles it has to have been thought of."
    )
    root = "diagnosis"
    asked = ("aqp4_igg", "mog_igg")

    aqp4_igg = ChoiceField("Aquaporin-4 antibodies", ANTIBODY)
    mog_igg = ChoiceField("MOG antibodies", ANTIBODY)
