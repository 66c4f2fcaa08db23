"""Cognition, mood and support at home."""

from forms.beside import asked_beside
from forms.fields import FlagField
from forms.parts import Section


class MindForm(Section):
    """Cognition, mood and support at home."""

    key = "mind"
    title = "Mind and support"
    why = "The person has to understand and carry the decision, and needs somebody for the months after it."
    root = "comorbidity"
    asked = ("severe_depression", "substance_addiction", "cognition_prevents_consent")

    severe_depression = FlagField("Severe depression")
    substance_addiction = FlagField("Addiction to a substance")
    cognition_prevents_consent = FlagField("Cognition prevents consent")

    beside = asked_beside("mind")
