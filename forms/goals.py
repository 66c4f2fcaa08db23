"""What the person wants, what has been discussed and agreed, and who goes on caring."""

from forms.fields import LongTextField
from forms.parts import Beside, Part, Section
from referral.facts import LONGEST_TEXT


class GoalsBesideForm(Part):
    """What the person wants and has agreed to."""

    own = LongTextField(
        "What the person hopes for", "In their own words, if they gave any", most=LONGEST_TEXT
    )
    discussed = LongTextField(
        "What has been discussed with the person",
        "Aims, risks, alternatives, and who took part",
        most=LONGEST_TEXT,
    )


class GoalsForm(Section):
    """What the person wants, what has been discussed and agreed, and who goes on caring."""

    key = "goals"
    title = "Goals and consent"
    why = "The team weighs what the person hopes for; nothing is sent on without their consent."
    asked = ("beside",)
    recorded = False

    beside = Beside(GoalsBesideForm)
