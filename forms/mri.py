"""The MRI studies."""

from forms.fields import CountField, DecimalField, FlagField, PartialDateField, TicksField, WholeField
from forms.parts import Part, Rows, Section

REGIONS = {
    "brain": "Brain",
    "brainstem": "Brainstem",
    "optic_nerve": "Optic nerve",
    "cervical_cord": "Cervical cord",
    "thoracic_cord": "Thoracic cord",
    "whole_cord": "Whole cord",
}


class StudyForm(Part):
    """One MRI study."""

    needed = ("date",)
    noun = "MRI study"

    date = PartialDateField("Date of the study")
    contrast = FlagField("Contrast given")
    compared_with = PartialDateField("Compared with the study of")
    gd_lesions = CountField("Enhancing lesions")
    gd_max_diameter_mm = DecimalField("Largest enhancing lesion, mm")
    new_t2 = CountField("New T2 lesions")
    enlarging_t2 = CountField("Enlarging T2 lesions")
    t2_lesions = CountField("All T2 lesions")
    days_since_steroids = WholeField("Days since the last steroids")
    cord_or_brainstem_lesions = FlagField("Lesions in cord or brainstem")
    regions = TicksField("Regions shown", REGIONS)


class MriForm(Section):
    """The MRI studies."""

    key = "mri"
    title = "MRI"
    why = (
        "New, enlarging and enhancing lesions count as activity in most sets. A study without contrast says "
        "nothing of enhancing lesions."
    )
    asked = ("mri",)

    mri = Rows(
        StudyForm,
        "MRI studies",
        "Dates may be a day, a month or a year, day first. Lesions may be counted exactly (0, 3), “at least 3” "
        "or “3 to 5”.",
    )
