"""Walking, organ function, infection and other illness."""

from collections.abc import Mapping
from datetime import date

from forms.diagnosis import SEROLOGY
from forms.fields import ChoiceField, DecimalField, FlagField, PartialDateField, TextField, WholeField
from forms.parts import Group, Part, Section
from referral.criteria.days import age_in_years
from referral.facts import CaseRecord
from referral.scores.egfr import egfr
from referral.scores.hct_ci import hct_ci, hct_ci_with_age, items, words

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


HctCiForm: type[Part] = type(
    "HctCiForm",
    (Part,),
    {"__doc__": "The items of the HCT-CI."}
    | {item: FlagField(name, counts_if) for item, (name, counts_if) in words().items()},
)


class ComorbidityForm(Part):
    """Other illness and circumstances."""

    malignancy = ChoiceField("Cancer", MALIGNANCY)
    prior_hsct = FlagField("Earlier stem cell transplantation")
    pregnant = FlagField("Pregnant")
    contraception_agreed = FlagField("Contraception agreed")
    severe_depression = FlagField("Severe depression")
    substance_addiction = FlagField("Addiction to a substance")
    cognition_prevents_consent = FlagField("Cognition prevents consent")
    hct_ci = Group(HctCiForm, "HCT-CI")


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

    egfr_said = ""
    hct_ci_said = ""

    def work_out(self, record: CaseRecord, as_of: date) -> None:
        """Say what the eGFR and the HCT-CI come to. Nothing of it is stored."""
        birth, known = record.patient.birth_date, record.comorbidity.hct_ci
        ages = (
            sorted({age_in_years(day, as_of) for day in (birth.first, min(birth.last, as_of))})
            if birth
            else []
        )
        self.egfr_said = _egfr_said(record, ages)
        self.hct_ci_said = _hct_ci_said(known, ages) if known else ""


def _egfr_said(record: CaseRecord, ages: list[int]) -> str:
    creatinine, sex = record.organ_function.creatinine_umol_l, record.patient.sex
    if creatinine is None:
        return ""
    lacking = [
        name
        for name, known in (("the date of birth", ages), ("the sex", sex in ("female", "male")))
        if not known
    ]
    if lacking:
        return f"An eGFR can be worked out once {' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} known."
    try:
        found = {round(egfr(creatinine.value, age, sex or "")) for age in ages}
    except ValueError as why:
        return f"No eGFR can be worked out: {why}."
    years = " or ".join(map(str, ages))
    return (
        f"eGFR, worked out: {_range(min(found), max(found))} by CKD-EPI 2021 (creatinine {creatinine.value} µmol/L, "
        f"age {years}, {sex}). It is not recorded unless you type it."
    )


def _hct_ci_said(known: Mapping[str, bool], ages: list[int]) -> str:
    open_items = sum(known.get(item) is None for item in items())
    note = f", {open_items} item{'' if open_items == 1 else 's'} not known" if open_items else ""
    said = f"HCT-CI {_range(*hct_ci(known))}{note}"
    if not ages:
        return f"{said}. HCT-CI/Age needs the date of birth."
    sums = [hct_ci_with_age(known, age) for age in ages]
    return f"{said}. HCT-CI/Age {_range(min(low for low, _ in sums), max(high for _, high in sums))}."


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
