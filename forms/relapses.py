"""The relapses, and the day since which none is missing."""

from typing import Any

from forms.fields import ChoiceField, EdssField, FlagField, PartialDateField, TickField, TicksField
from forms.parts import Found, Part, Rows, Section

SEVERITIES = {"mild": "Mild", "moderate": "Moderate", "severe": "Severe"}
RECOVERIES = {
    "complete": "Complete",
    "incomplete": "Incomplete",
    "none": "None",
    "ongoing": "Still recovering",
}
SYSTEMS = {
    "visual": "Visual",
    "brainstem": "Brainstem",
    "pyramidal": "Pyramidal",
    "cerebellar": "Cerebellar",
    "sensory": "Sensory",
    "bowel_bladder": "Bowel and bladder",
    "cerebral": "Cerebral",
    "spinal_cord": "Spinal cord",
}


class RelapseForm(Part):
    """One relapse."""

    needed = ("onset",)
    noun = "relapse"

    onset = PartialDateField("Onset")
    severity = ChoiceField("Severity", SEVERITIES)
    recovery = ChoiceField("Recovery", RECOVERIES)
    steroid_treated = FlagField("Treated with steroids")
    disabling = FlagField("Disabling")
    confirmed_by_neurologist = FlagField("Confirmed by a neurologist")
    edss_before = EdssField("EDSS before")
    edss_peak = EdssField("EDSS at its worst")
    edss_after = EdssField("EDSS after")
    systems = TicksField("Systems affected", SYSTEMS)
    pseudo = TickField("Pseudo-relapse: with fever, infection or heat. It is kept and never counted.")


class RelapsesForm(Section):
    """The relapses."""

    key = "relapses"
    title = "Relapses"
    why = (
        "Counted in the windows that each set names. The count has an upper limit only as far back as the "
        "list is complete."
    )
    root = "relapses"
    asked = ("complete_since",)

    complete_since = PartialDateField(
        "No relapse is missing since",
        "The day from which on every relapse is listed below, for example 2023. "
        "With a date here and no relapse below, there was none since.",
    )
    events = Rows(
        RelapseForm,
        "Relapses",
        "Onsets may be a day, a month or a year, day first: 17/05/2016, May 2016, 2016.",
    )

    def read(self, path: str, found: Found) -> dict[str, Any] | None:
        """Give the relapses. A day since which none is missing, with none listed, says that none were.

        Where a relapse cannot be read, one is missing, and nobody knows since when.
        """
        plain = super().read(path, found) or {}
        if len(plain.get("events", ())) < self.events.touched_rows:
            plain.pop("complete_since", None)
        if "complete_since" in plain:
            plain.setdefault("events", [])
        return plain or None
