"""Walking, organ function, infection and other illness."""

from forms.diagnosis import SEROLOGY
from forms.fields import ChoiceField, DecimalField, FlagField, PartialDateField, TextField, WholeField
from forms.parts import Group, Part, Section

AIDS = {
    "none": "None",
    "unilateral": "On one side (one stick or crutch)",
    "bilateral": "On both sides (two sticks, a frame)",
    "unable": "Cannot walk",
}
MALIGNANCY = {
    "none": "None",
    "excepted": "Only basal-cell skin cancer or cervical carcinoma in situ",
    "past": "In the past",
    "active": "Active",
}


class AmbulationForm(Part):
    """How far the person walks."""

    distance_m = WholeField("Walks without a rest, metres")
    aid = ChoiceField("Walking aid", AIDS)
    date = PartialDateField("Date")


class MeasurementForm(Part):
    """A number with its day."""

    needed = ("value",)
    noun = "measurement"

    value = DecimalField("Value")
    date = PartialDateField("Date")
    method = TextField("Method")


class OrganFunctionForm(Part):
    """Heart, lung, kidney, liver and blood."""

    lvef_pct = Group(MeasurementForm, "Left ventricular ejection fraction, %")
    pap_mmhg = Group(MeasurementForm, "Pulmonary artery pressure, mmHg")
    dlco_pct = Group(MeasurementForm, "DLCO, % of predicted")
    dlco_va_pct = Group(MeasurementForm, "DLCO/VA, % of predicted")
    fev1_pct = Group(MeasurementForm, "FEV1, % of predicted")
    fev1_fvc_pct = Group(MeasurementForm, "FEV1/FVC, %")
    tlc_pct = Group(MeasurementForm, "Total lung capacity, % of predicted")
    creatinine_umol_l = Group(MeasurementForm, "Creatinine, µmol/L")
    egfr = Group(MeasurementForm, "eGFR, mL/min/1.73 m²")
    bilirubin_x_uln = Group(MeasurementForm, "Bilirubin, times the upper limit of normal")
    alt_x_uln = Group(MeasurementForm, "ALT, times the upper limit of normal")
    neutrophils_e9_l = Group(MeasurementForm, "Neutrophils, 10⁹/L")
    lymphocytes_e9_l = Group(MeasurementForm, "Lymphocytes, 10⁹/L")
    platelets_e9_l = Group(MeasurementForm, "Platelets, 10⁹/L")
    bmi = Group(MeasurementForm, "Body mass index, kg/m²")


class PerformanceForm(Part):
    """Performance status."""

    ecog = Group(MeasurementForm, "ECOG, 0 to 5")
    karnofsky = Group(MeasurementForm, "Karnofsky, 0 to 100")


class InfectionForm(Part):
    """Serology and infection."""

    hiv = ChoiceField("HIV", SEROLOGY)
    hbv = ChoiceField("Hepatitis B", SEROLOGY)
    hcv = ChoiceField("Hepatitis C", SEROLOGY)
    syphilis = ChoiceField("Syphilis", SEROLOGY)
    tuberculosis = ChoiceField("Tuberculosis", SEROLOGY)
    htlv = ChoiceField("HTLV", SEROLOGY)
    jcv = ChoiceField("JC virus", SEROLOGY)
    active_infection = FlagField("Active infection")
    pml_suspected = FlagField("PML suspected")


class ComorbidityForm(Part):
    """Other illness and circumstances."""

    malignancy = ChoiceField("Cancer", MALIGNANCY)
    prior_hsct = FlagField("Earlier stem cell transplantation")
    pregnant = FlagField("Pregnant")
    contraception_agreed = FlagField("Contraception agreed")
    severe_depression = FlagField("Severe depression")
    substance_addiction = FlagField("Addiction to a substance")
    cognition_prevents_consent = FlagField("Cognition prevents consent")


class FitnessForm(Section):
    """Walking, organ function, infection and other illness."""

    key = "fitness"
    title = "Fitness"
    why = (
        "Walking, organs, infection and other illness. Some sets name limits; a measurement without a "
        "date, or older than a year, is not relied on."
    )
    asked = ("ambulation", "organ_function", "infection", "comorbidity")

    ambulation = Group(AmbulationForm, "Walking")
    organ_function = Group(OrganFunctionForm, "Organ function")
    performance = Group(PerformanceForm, "Performance status")
    infection = Group(InfectionForm, "Infection")
    comorbidity = Group(ComorbidityForm, "Other illness and circumstances")
