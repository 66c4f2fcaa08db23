"""Heart, lung, kidney, liver and blood."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from forms.measurements import MeasurementForm, ages_of, span
from forms.parts import Group, Section, Typed
from forms.units import AltForm, BilirubinForm, CreatinineForm
from referral.facts import CaseRecord
from referral.scores.egfr import egfr


class OrgansForm(Section):
    """Heart, lung, kidney, liver and blood."""

    key = "organs"
    title = "Organ function"
    why = (
        "Some sets name limits for heart, lung, kidney, liver and blood. A measurement without a date, or older "
        "than a year, is not relied on."
    )
    root = "organ_function"
    asked = (
        "lvef_pct",
        "dlco_pct",
        "creatinine_umol_l",
        "bilirubin_x_uln",
        "neutrophils_e9_l",
        "platelets_e9_l",
    )

    lvef_pct = Group(MeasurementForm, "Left ventricular ejection fraction, %")
    pap_mmhg = Group(MeasurementForm, "Pulmonary artery pressure, mmHg")
    dlco_pct = Group(MeasurementForm, "DLCO, % of predicted")
    dlco_va_pct = Group(MeasurementForm, "DLCO/VA, % of predicted")
    fev1_pct = Group(MeasurementForm, "FEV1, % of predicted")
    fev1_fvc_pct = Group(MeasurementForm, "FEV1/FVC, %")
    tlc_pct = Group(MeasurementForm, "Total lung capacity, % of predicted")
    creatinine_umol_l = Group(CreatinineForm, "Creatinine")
    egfr = Group(MeasurementForm, "eGFR, mL/min/1.73 m²")
    bilirubin_x_uln = Group(BilirubinForm, "Bilirubin")
    alt_x_uln = Group(AltForm, "ALT")
    neutrophils_e9_l = Group(MeasurementForm, "Neutrophils, 10⁹/L")
    lymphocytes_e9_l = Group(MeasurementForm, "Lymphocytes, 10⁹/L")
    platelets_e9_l = Group(MeasurementForm, "Platelets, 10⁹/L")
    bmi = Group(MeasurementForm, "Body mass index, kg/m²")

    egfr_said = ""

    def read_beside(self) -> dict[str, Any]:
        """Give what was typed in another unit than the record's."""
        return {group.short_name: typed for group in self if (typed := getattr(group.form, "as_typed", None))}

    def write(self, plain: Mapping[str, Any], typed: Typed) -> None:
        """Type what was typed: in its own unit, where that is known."""
        super().write(plain, typed)
        for name, given in (plain.get("beside") or {}).items():
            typed |= {f"{name}-{part}": [text] for part, text in given.items()}

    def work_out(self, record: CaseRecord, as_of: date) -> None:
        """Say what the eGFR comes to. Nothing of it is stored."""
        self.egfr_said = _egfr_said(record, ages_of(record, as_of))


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
        f"eGFR, worked out: {span(min(found), max(found))} by CKD-EPI 2021 (creatinine {creatinine.value:f} µmol/L, "
        f"age {years}, {sex}). It is not recorded unless you type it."
    )
