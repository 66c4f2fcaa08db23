"""How far the person walks, and how able they are."""

from forms.fields import ChoiceField, PartialDateField, WholeField
from forms.measurements import MeasurementForm
from forms.parts import Group, Part, Section

AIDS = {
    "none": "None",
    "unilateral": "On one side (one stick or crutch)",
    "bilateral": "On both sides (two sticks, a frame)",
    "unable": "Cannot walk",
}


class AmbulationForm(Part):
    """How far the person walks."""

    distance_m = WholeField("Walks without a rest, metres")
    aid = ChoiceField("Walking aid", AIDS)
    date = PartialDateField("Date")


class PerformanceForm(Part):
    """Performance status."""

    ecog = Group(MeasurementForm, "ECOG, 0 to 5")
    karnofsky = Group(MeasurementForm, "Karnofsky, 0 to 100")


class WalkingForm(Section):
    """How far the person walks, and how able they are."""

    key = "walking"
    title = "Walking and performance"
    why = "Some sets name a distance, an aid or a performance status. A figure older than a year is not relied on."
    asked = ("ambulation", "performance")

    ambulation = Group(AmbulationForm, "Walking")
    performance = Group(PerformanceForm, "Performance status")
