"""What the record's codes are called on screen and on paper. One without an entry is shown as it stands."""

from datetime import UTC, datetime
from decimal import Decimal

from referral.facts import Count, PartialDate, say_date
from referral.reference import drugs_named

NOT_RECORDED = "not recorded"

SEXES = {"female": "female", "male": "male", "other": "other", "unknown": NOT_RECORDED}

OUTCOMES = {
    "failed_efficacy": "failed: not effective enough",
    "intolerance": "stopped: not tolerated",
    "safety": "stopped: safety",
    "contraindicated": "contraindicated",
    "pregnancy": "stopped: pregnancy",
    "patient_choice": "stopped: patient’s choice",
    "effective": "effective",
    "planned_end": "planned end",
    "other": "other outcome",
}
SOURCES = {
    "examined": "examined",
    "recorded": "from the notes",
    "patient_reported": "reported by the patient",
}
AIDS = {
    "none": "without help",
    "unilateral": "help on one side",
    "bilateral": "help on both sides",
    "unable": "cannot walk",
}
MALIGNANCY = {
    "none": "none",
    "excepted": "only basal-cell skin cancer or carcinoma in situ",
    "past": "in the past",
    "active": "active",
}
SYSTEMS = {"bowel_bladder": "bowel and bladder", "spinal_cord": "spinal cord"}
REGIONS = {
    "cervical_cord": "cervical cord",
    "thoracic_cord": "thoracic cord",
    "whole_cord": "whole cord",
    "optic_nerve": "optic nerve",
}
SEROLOGY = {"not_tested": "not tested"}

# Names with the unit that the record keeps them in.
MEASUREMENTS = {
    "lvef_pct": "Left ventricular ejection fraction, %",
    "dlco_pct": "DLCO, % of predicted",
    "dlco_va_pct": "DLCO/VA, % of predicted",
    "fev1_pct": "FEV1, % of predicted",
    "fev1_fvc_pct": "FEV1/FVC, %",
    "tlc_pct": "Total lung capacity, % of predicted",
    "pap_mmhg": "Pulmonary artery pressure, mmHg",
    "creatinine_umol_l": "Creatinine, µmol/l",
    "egfr": "eGFR, ml/min/1.73 m²",
    "bilirubin_x_uln": "Bilirubin, × upper limit of normal",
    "alt_x_uln": "ALT, × upper limit of normal",
    "bmi": "Body mass index, kg/m²",
    "neutrophils_e9_l": "Neutrophils, 10⁹/l",
    "lymphocytes_e9_l": "Lymphocytes, 10⁹/l",
    "platelets_e9_l": "Platelets, 10⁹/l",
    "ecog": "ECOG performance status",
    "karnofsky": "Karnofsky performance status",
}
INFECTION = {
    "hiv": "HIV",
    "hbv": "Hepatitis B",
    "hcv": "Hepatitis C",
    "syphilis": "Syphilis",
    "tuberculosis": "Tuberculosis",
    "htlv": "HTLV",
    "jcv": "JC virus",
    "active_infection": "Active infection",
    "pml_suspected": "PML suspected",
}
COMORBIDITY = {
    "pregnant": "Pregnant",
    "contraception_agreed": "Contraception agreed",
    "malignancy": "Malignancy",
    "severe_depression": "Severe depression",
    "substance_addiction": "Substance addiction",
    "cognition_prevents_consent": "Cognition prevents consent",
    "prior_hsct": "Earlier stem cell transplantation",
}
SYSTEM_GRADES = {
    "visual": "visual",
    "brainstem": "brainstem",
    "pyramidal": "pyramidal",
    "cerebellar": "cerebellar",
    "sensory": "sensory",
    "bowel_bladder": "bowel and bladder",
    "cerebral": "cerebral",
    "ambulation": "ambulation",
}

KINDS = {
    "required": "required",
    "exclusion": "exclusion; met: it does not apply",
    "preferred": "ideal profile",
    "relative": "weighed by the committee",
    "workup": "work-up to be done",
}
SHORT_KINDS = {"preferred": "ideal profile", "relative": "weighed", "workup": "work-up"}
RESULTS = {
    "met": "met",
    "not_met": "not met",
    "cannot_say": "cannot say",
    "not_tested": "not tested",
    "not_applicable": "does not apply",
}
VERDICTS = {
    "met": "all criteria met",
    "tested_met": "all tested criteria met",
    "cannot_say": "cannot say",
    "not_met": "not met",
}
GROUPS = {
    "diagnosis": "Diagnosis and course",
    "age_and_duration": "Age and duration",
    "activity": "Disease activity",
    "disability": "Disability",
    "treatment": "Treatment",
    "fitness": "Fitness and infection",
    "judgement": "Clinical judgement",
    "setting": "Setting",
}
PURPOSES = {
    "selection": "selection of people",
    "referral_trigger": "when to refer",
    "trial_entry": "entry to a trial",
    "payer": "funding policy",
    "profile": "description of a profile",
    "centre": "a centre’s own protocol",
}
STATUSES = {
    "current": "current",
    "superseded": "superseded by a newer edition",
    "terminated": "closed to entry",
    "recruiting": "open to entry",
    "unknown": "whether it is current is not known",
}
EVIDENCE = {
    "P": "the document itself was read",
    "P~": "the document itself was read in part",
    "S": "known from secondary sources only",
}
REASONS = {
    "ok": "settled",
    "value_out_of_range": "value out of range",
    "missing": "A fact is not recorded",
    "imprecise_date": "A date is not exact enough",
    "incomplete_list": "A list may not be complete",
    "no_study": "No study in the period",
    "stale": "A finding is more than a year old",
    "judgement_needed": "A clinician has to judge",
    "source_not_operational": "The source gives no rule that can be tested",
}


def plain(code: str) -> str:
    """Turn a key that has no words of its own into some: ``aggressive_ms`` is ``aggressive ms``."""
    return code.replace("_", " ")


def sentence_case(text: str) -> str:
    """Begin with a capital, and leave the rest as it stands."""
    return text[:1].upper() + text[1:]


def yes_no(flag: bool | None) -> str | None:
    """Say a flag; ``None`` where it is not known."""
    return None if flag is None else "yes" if flag else "no"


def number(value: Decimal | int | None, places: int = 0) -> str | None:
    """Say a number with at least so many decimals: an EDSS of 4 is ``4.0``."""
    if value is None:
        return None
    exact = Decimal(value)
    shown = f"{exact:.{places}f}"
    return shown if Decimal(shown) == exact else f"{exact.normalize():f}"


def count(value: Count | None) -> str | None:
    """Say a count; ``None`` where it is not known."""
    return value.words if value else None


def day(value: PartialDate | None) -> str | None:
    """Say a date as far as it is known."""
    return value.words if value else None


def listed(codes: tuple[str, ...], names: dict[str, str]) -> str | None:
    """Say several codes in a row; ``None`` where none is given."""
    return ", ".join(names.get(code, plain(code)) for code in codes) or None


def drug(text: str) -> str:
    """Name a drug by its international name, if the table has it; else as it was given."""
    found = drugs_named(text)
    if not found:
        return text
    return sentence_case(found[0].inn if len(found) == 1 else found[0].substance)


def moment(text: str) -> str:
    """Say a stored time: ``22 November 2026, 09:30 UTC``."""
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{say_date(at.date())}, {at:%H:%M} UTC"
