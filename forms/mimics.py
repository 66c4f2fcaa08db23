"""What else it might have been."""

from forms.beside import asked_beside
from forms.diagnosis import ANTIBODY
from forms.fields import ChoiceField
from forms.parts import Section
from referral.reference.beside import Mimic, mimics, mimics_source


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

    beside = asked_beside("mimics")

    @property
    def notes(self) -> list[Mimic]:
        """What one would look for, mimic by mimic; shown, and read by nothing."""
        return list(mimics().values())

    @property
    def source(self) -> str:
        """Where the list comes from."""
        return mimics_source()[0]

    @property
    def flags(self) -> str:
        """The red flags that were compared with their source."""
        return mimics_source()[1].strip()
