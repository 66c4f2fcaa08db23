"""Other illness."""

from collections.abc import Mapping
from datetime import date

from forms.beside import asked_beside
from forms.fields import ChoiceField, FlagField
from forms.measurements import ages_of, span
from forms.parts import Group, Part, Section
from referral.facts import CaseRecord
from referral.scores.hct_ci import hct_ci, hct_ci_with_age, items, words

MALIGNANCY = {
    "none": "None",
    "excepted": "Only basal-cell skin cancer or cervical carcinoma in situ",
    "past": "In the past",
    "active": "Active",
}

HctCiForm: type[Part] = type(
    "HctCiForm",
    (Part,),
    {"__doc__": "The items of the HCT-CI."}
    | {item: FlagField(name, counts_if) for item, (name, counts_if) in words().items()},
)


class ComorbidityForm(Section):
    """Other illness."""

    key = "comorbidity"
    title = "Other illness"
    why = "Other illness adds to the risk of the transplant; some sets exclude an illness by name."
    root = "comorbidity"
    asked = ("malignancy", "prior_hsct")

    malignancy = ChoiceField("Cancer", MALIGNANCY)
    prior_hsct = FlagField("Earlier stem cell transplantation")
    hct_ci = Group(HctCiForm, "HCT-CI")
    beside = asked_beside("comorbidity")

    hct_ci_said = ""

    def work_out(self, record: CaseRecord, as_of: date) -> None:
        """Say what the HCT-CI comes to. Nothing of it is stored."""
        known = record.comorbidity.hct_ci
        self.hct_ci_said = _hct_ci_said(known, ages_of(record, as_of)) if known else ""


def _hct_ci_said(known: Mapping[str, bool], ages: list[int]) -> str:
    open_items = sum(known.get(item) is None for item in items())
    note = f", {open_items} item{'' if open_items == 1 else 's'} not known" if open_items else ""
    said = f"HCT-CI {span(*hct_ci(known))}{note}"
    if not ages:
        return f"{said}. HCT-CI/Age needs the date of birth."
    sums = [hct_ci_with_age(known, age) for age in ages]
    return f"{said}. HCT-CI/Age {span(min(low for low, _ in sums), max(high for _, high in sums))}."
