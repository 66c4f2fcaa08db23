"""What the person wants, what has been discussed and agreed, and who goes on caring."""

from forms.beside import asked_beside
from forms.parts import Section


class GoalsForm(Section):
    """What the person wants, what has been discussed and agreed, and who goes on caring."""

    key = "goals"
    title = "Goals and consent"
    why = "The team weighs what the person hopes for; nothing is sent on without their consent."
    asked = ("beside-own", "beside-discussed", "beside-consent_refer", "beside-consent_share")
    recorded = False

    beside = asked_beside("goals")
