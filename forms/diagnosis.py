"""The diagnosis, and the three days from which durations are counted."""

from forms.beside import asked_beside
from forms.fields import ChoiceField, FlagField, PartialDateField
from forms.parts import Section
from referral.facts import CRITERIA
from referral.reference.names import PHENOTYPES

SEROLOGY = {
    "negative": "Negative",
    "positive": "Positive (past or active)",
    "past": "Past",
    "active": "Active",
    "not_tested": "Not tested",
}
ANTIBODY = {
    "negative": "Negative",
    "positive": "Positive",
    "past": "Positive in the past",
    "active": "Positive now",
    "not_tested": "Not tested",
}


class DiagnosisForm(Section):
    """The diagnosis."""

    key = "diagnosis"
    title = "Diagnosis"
    why = (
        "Every set of criteria names the courses it is for. Durations are counted from one of the three "
        "dates, each set from its own."
    )
    root = "diagnosis"
    asked = ("phenotype", "criteria", "symptom_onset", "diagnosed_on")

    phenotype = ChoiceField("Course", PHENOTYPES)
    criteria = ChoiceField(
        "Diagnosed by", {name: "Other criteria" if name == "other" else name for name in CRITERIA}
    )
    symptom_onset = PartialDateField("First symptom", "A year or a month is enough, for example 2016")
    diagnosed_on = PartialDateField("Diagnosis made", "For example May 2016")
    first_treated_on = PartialDateField(
        "First treatment begun",
        "The first disease-modifying drug ever given; blank if none was or it is not known",
    )
    csf_oligoclonal_bands = FlagField("Oligoclonal bands in the CSF")

    beside = asked_beside("diagnosis")
