"""The case record as frozen values. Whatever is absent is *not known*: never zero, never no."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property
from typing import Any

from referral.facts.reading import (
    a_choice,
    a_count,
    a_date,
    a_flag,
    a_list,
    a_mapping,
    a_number,
    a_part,
    a_text,
    a_whole,
    an_edss,
    fact,
    section,
)
from referral.facts.values import (
    AIDS,
    CRITERIA,
    EDSS_SOURCES,
    MALIGNANCY,
    OUTCOMES,
    PHENOTYPES,
    RECOVERIES,
    REGIONS,
    SEROLOGY,
    SEVERITIES,
    SEXES,
    SYSTEMS,
    Count,
    PartialDate,
    digest,
)


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A number with the day it was taken; older than 12 months it is stale, undated it is not relied on."""

    value: Decimal = fact(a_number, required=True)
    date: PartialDate | None = fact(a_date)
    method: str | None = fact(a_text(200))


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Who the record is about, as far as criteria read it. No name, no identifier."""

    birth_date: PartialDate | None = fact(a_date)
    sex: str | None = fact(a_choice(*SEXES))


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The diagnosis and the three anchors from which durations are counted."""

    phenotype: str | None = fact(a_choice(*PHENOTYPES))
    criteria: str | None = fact(a_choice(*CRITERIA))
    symptom_onset: PartialDate | None = fact(a_date)
    diagnosed_on: PartialDate | None = fact(a_date)
    first_treated_on: PartialDate | None = fact(a_date)
    csf_oligoclonal_bands: bool | None = fact(a_flag)
    aqp4_igg: str | None = fact(a_choice(*SEROLOGY))
    mog_igg: str | None = fact(a_choice(*SEROLOGY))


@dataclass(frozen=True, kw_only=True)
class Relapse:
    """One relapse by its onset; EDSS before, at its peak and after recovery. ``pseudo`` never counts."""

    onset: PartialDate = fact(a_date, required=True)
    severity: str | None = fact(a_choice(*SEVERITIES))
    recovery: str | None = fact(a_choice(*RECOVERIES))
    steroid_treated: bool | None = fact(a_flag)
    disabling: bool | None = fact(a_flag)
    confirmed_by_neurologist: bool | None = fact(a_flag)
    systems: tuple[str, ...] = fact(a_list(a_choice(*SYSTEMS)), default=())
    edss_before: Decimal | None = fact(an_edss)
    edss_peak: Decimal | None = fact(an_edss)
    edss_after: Decimal | None = fact(an_edss)
    pseudo: bool = fact(a_flag, default=False)


@dataclass(frozen=True, kw_only=True)
class Relapses:
    """The relapses, and the day since which none is missing. ``events`` absent: none has been listed."""

    complete_since: PartialDate | None = fact(a_date)
    events: tuple[Relapse, ...] | None = fact(a_list(a_part(Relapse)))


@dataclass(frozen=True, kw_only=True)
class FunctionalSystems:
    """Raw Kurtzke grades, and the Neurostatus ambulation score (0 to 16)."""

    visual: int | None = fact(a_whole(0, 6))
    brainstem: int | None = fact(a_whole(0, 5))
    pyramidal: int | None = fact(a_whole(0, 6))
    cerebellar: int | None = fact(a_whole(0, 5))
    sensory: int | None = fact(a_whole(0, 6))
    bowel_bladder: int | None = fact(a_whole(0, 6))
    cerebral: int | None = fact(a_whole(0, 5))
    ambulation: int | None = fact(a_whole(0, 16))


@dataclass(frozen=True, kw_only=True)
class EdssScore:
    """One EDSS with its day; ``during_relapse`` says that it was taken in one."""

    date: PartialDate = fact(a_date, required=True)
    score: Decimal = fact(an_edss, required=True)
    source: str | None = fact(a_choice(*EDSS_SOURCES))
    during_relapse: bool | None = fact(a_flag)
    functional_systems: FunctionalSystems = section(FunctionalSystems)


@dataclass(frozen=True, kw_only=True)
class MriStudy:
    """One MRI study. Without contrast it says nothing of enhancing lesions."""

    date: PartialDate = fact(a_date, required=True)
    regions: tuple[str, ...] = fact(a_list(a_choice(*REGIONS)), default=())
    contrast: bool | None = fact(a_flag)
    gd_lesions: Count | None = fact(a_count)
    gd_max_diameter_mm: Decimal | None = fact(a_number)
    new_t2: Count | None = fact(a_count)
    enlarging_t2: Count | None = fact(a_count)
    t2_lesions: Count | None = fact(a_count)
    compared_with: PartialDate | None = fact(a_date)
    days_since_steroids: int | None = fact(a_whole())
    cord_or_brainstem_lesions: bool | None = fact(a_flag)


@dataclass(frozen=True, kw_only=True)
class Course:
    """One course of one drug. ``stop`` ended the treatment; the last infusion or tablet is ``last_dose``."""

    drug: str = fact(a_text(100), required=True)
    start: PartialDate | None = fact(a_date)
    stop: PartialDate | None = fact(a_date)
    last_dose: PartialDate | None = fact(a_date)
    ongoing: bool | None = fact(a_flag)
    outcome: str | None = fact(a_choice(*OUTCOMES))


@dataclass(frozen=True, kw_only=True)
class Treatments:
    """The courses. ``complete`` says that every course ever given is listed."""

    complete: bool | None = fact(a_flag)
    courses: tuple[Course, ...] | None = fact(a_list(a_part(Course)))


@dataclass(frozen=True, kw_only=True)
class Ambulation:
    """How far the person walks without a rest, in metres, and with what help."""

    distance_m: int | None = fact(a_whole())
    aid: str | None = fact(a_choice(*AIDS))
    date: PartialDate | None = fact(a_date)


@dataclass(frozen=True, kw_only=True)
class OrganFunction:
    """Heart, lung, kidney, liver and blood; the unit stands in the name."""

    lvef_pct: Measurement | None = fact(a_part(Measurement))
    dlco_pct: Measurement | None = fact(a_part(Measurement))
    dlco_va_pct: Measurement | None = fact(a_part(Measurement))
    fev1_pct: Measurement | None = fact(a_part(Measurement))
    fev1_fvc_pct: Measurement | None = fact(a_part(Measurement))
    tlc_pct: Measurement | None = fact(a_part(Measurement))
    pap_mmhg: Measurement | None = fact(a_part(Measurement))
    creatinine_umol_l: Measurement | None = fact(a_part(Measurement))
    egfr: Measurement | None = fact(a_part(Measurement))
    bilirubin_x_uln: Measurement | None = fact(a_part(Measurement))
    alt_x_uln: Measurement | None = fact(a_part(Measurement))
    bmi: Measurement | None = fact(a_part(Measurement))
    neutrophils_e9_l: Measurement | None = fact(a_part(Measurement))
    lymphocytes_e9_l: Measurement | None = fact(a_part(Measurement))
    platelets_e9_l: Measurement | None = fact(a_part(Measurement))


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Performance status, ECOG 0 to 5 and Karnofsky 0 to 100."""

    ecog: Measurement | None = fact(a_part(Measurement))
    karnofsky: Measurement | None = fact(a_part(Measurement))


@dataclass(frozen=True, kw_only=True)
class Infection:
    """Serology and infection. ``positive`` may be past or active; ``not_tested`` counts as not known."""

    hiv: str | None = fact(a_choice(*SEROLOGY))
    hbv: str | None = fact(a_choice(*SEROLOGY))
    hcv: str | None = fact(a_choice(*SEROLOGY))
    syphilis: str | None = fact(a_choice(*SEROLOGY))
    tuberculosis: str | None = fact(a_choice(*SEROLOGY))
    htlv: str | None = fact(a_choice(*SEROLOGY))
    jcv: str | None = fact(a_choice(*SEROLOGY))
    active_infection: bool | None = fact(a_flag)
    pml_suspected: bool | None = fact(a_flag)


@dataclass(frozen=True, kw_only=True)
class Comorbidity:
    """Other illness and circumstances. ``excepted``: only basal-cell skin cancer or carcinoma in situ."""

    pregnant: bool | None = fact(a_flag)
    contraception_agreed: bool | None = fact(a_flag)
    malignancy: str | None = fact(a_choice(*MALIGNANCY))
    severe_depression: bool | None = fact(a_flag)
    substance_addiction: bool | None = fact(a_flag)
    cognition_prevents_consent: bool | None = fact(a_flag)
    prior_hsct: bool | None = fact(a_flag)
    hct_ci: Mapping[str, bool] = fact(a_mapping(a_flag), default=None)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What only a clinician can say, by whom, when and why."""

    value: bool = fact(a_flag, required=True)
    by: str | None = fact(a_text(200))
    on: PartialDate | None = fact(a_date)
    why: str | None = fact(a_text())


@dataclass(frozen=True, kw_only=True)
class CaseRecord:
    """Everything recorded of one case. Read it with :func:`read_record`, which refuses what cannot be."""

    record: str = fact(a_choice("1"), required=True)
    patient: Patient = section(Patient)
    diagnosis: Diagnosis = section(Diagnosis)
    relapses: Relapses = section(Relapses)
    edss: tuple[EdssScore, ...] = fact(a_list(a_part(EdssScore)), default=())
    mri: tuple[MriStudy, ...] = fact(a_list(a_part(MriStudy)), default=())
    treatments: Treatments = section(Treatments)
    ambulation: Ambulation = section(Ambulation)
    organ_function: OrganFunction = section(OrganFunction)
    performance: Performance = section(Performance)
    infection: Infection = section(Infection)
    comorbidity: Comorbidity = section(Comorbidity)
    judgements: Mapping[str, Judgement] = fact(a_mapping(a_part(Judgement)), default=None)

    @cached_property
    def sha256(self) -> str:
        """The record's digest, over its canonical JSON: names sorted, no blanks, absent facts left out."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Give the record as plain JSON values; what is not known is left out."""
        plain: dict[str, Any] = _plain(self)
        return plain

    def get(self, path: str) -> Any:
        """Give the fact at a dotted path, such as ``diagnosis.phenotype``; ``None`` where it is not known."""
        value: Any = self
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        return value


def _plain(value: Any) -> Any:
    """Turn a value of the record into plain JSON."""
    if isinstance(value, PartialDate):
        return value.text
    if isinstance(value, Count):
        if value.most == value.least:
            return value.least
        return {"min": value.least} | ({} if value.most is None else {"max": value.most})
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if not hasattr(value, "__dataclass_fields__"):
        return value
    plain = {}
    for part in fields(value):
        inner = getattr(value, part.name)
        if inner is None or inner == part.default:
            continue
        shown = _plain(inner)
        if shown != {}:
            plain[part.name] = shown
    return plain
