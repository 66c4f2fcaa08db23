"""The EDSS scores."""

from forms.fields import ChoiceField, EdssField, FlagField, PartialDateField, WholeField
from forms.parts import Group, Part, Rows, Section

SOURCES = {
    "examined": "Examined",
    "recorded": "Taken from the notes",
    "patient_reported": "Reported by the person",
}


class FunctionalSystemsForm(Part):
    """Raw Kurtzke grades and the Neurostatus ambulation score."""

    visual = WholeField("Visual")
    brainstem = WholeField("Brainstem")
    pyramidal = WholeField("Pyramidal")
    cerebellar = WholeField("Cerebellar")
    sensory = WholeField("Sensory")
    bowel_bladder = WholeField("Bowel and bladder")
    cerebral = WholeField("Cerebral")
    ambulation = WholeField("Ambulation")


class ScoreForm(Part):
    """One EDSS."""

    needed = ("date", "score")
    noun = "EDSS"

    date = PartialDateField("Date")
    score = EdssField("EDSS")
    source = ChoiceField("How it was found", SOURCES)
    during_relapse = FlagField("Taken during a relapse")
    functional_systems = Group(
        FunctionalSystemsForm, "Functional systems", "Raw grades, as examined. Blank: not tested."
    )


class EdssForm(Section):
    """The EDSS scores."""

    key = "edss"
    title = "EDSS"
    why = "The latest one is read, if it is not older than a year. Earlier ones show whether it rose."
    asked = ("edss",)

    edss = Rows(
        ScoreForm,
        "Every EDSS on record",
        "0, 1.0, 1.5 and so on by halves up to 10, with a point. Dates may be a day, a month or a year, day first.",
    )
