"""The facts of a record as tables, in the order in which a referral is typed. A blank cell is ``None``."""

from collections.abc import Iterator

from referral.criteria import judgements
from referral.facts import CaseRecord, FunctionalSystems, Measurement, MriStudy, Relapse
from referral.packet import words
from referral.packet.beside import Beside, as_typed, pairs_beside, table_beside
from referral.packet.tables import Cells, FactTable, Pair, pairs
from referral.packet.timeline import relapse_name
from referral.reference.names import PHENOTYPES


def fact_tables(record: CaseRecord, beside: Beside | None = None) -> tuple[FactTable, ...]:
    """Give every fact of a record, and what stands beside it, table by table.

    Without ``beside`` the case was written before anything was asked beside the record.
    """
    return (
        _diagnosis(record, beside),
        _mimics(record, beside),
        *table_beside(beside, "mimics", "considered"),
        _relapses(record),
        _mri(record),
        _edss(record),
        _treatments(record),
        _walking(record),
        _measurements(record, beside),
        _infection(record),
        *table_beside(beside, "infection", "vaccines"),
        _comorbidity(record, beside),
        _of_comorbidity(record, beside, "fertility", "Fertility", "pregnant", "contraception_agreed"),
        _of_comorbidity(
            record,
            beside,
            "mind",
            "Mind and support",
            "severe_depression",
            "substance_addiction",
            "cognition_prevents_consent",
        ),
        _judgements(record),
        *_goals(beside),
    )


def _diagnosis(record: CaseRecord, beside: Beside | None) -> FactTable:
    diagnosis, patient = record.diagnosis, record.patient
    facts = (
        ("Date of birth", words.day(patient.birth_date)),
        ("Sex", words.SEXES.get(patient.sex) if patient.sex and patient.sex != "unknown" else None),
        ("Phenotype", PHENOTYPES.get(diagnosis.phenotype or "")),
        ("Diagnostic criteria", diagnosis.criteria),
        ("First symptom", words.day(diagnosis.symptom_onset)),
        ("Diagnosis", words.day(diagnosis.diagnosed_on)),
        ("First disease-modifying treatment", words.day(diagnosis.first_treated_on)),
        ("Oligoclonal bands in cerebrospinal fluid", words.yes_no(diagnosis.csf_oligoclonal_bands)),
        *pairs_beside(beside, "diagnosis"),
    )
    return pairs("diagnosis", "Person and diagnosis", facts)


def _mimics(record: CaseRecord, beside: Beside | None) -> FactTable:
    facts = (
        ("Aquaporin-4 antibodies", _serology(record.diagnosis.aqp4_igg)),
        ("MOG antibodies", _serology(record.diagnosis.mog_igg)),
        *pairs_beside(beside, "mimics"),
    )
    return pairs("mimics", "Antibodies", facts)


def _serology(value: str | None) -> str | None:
    return words.SEROLOGY.get(value, value) if value else None


def _relapses(record: CaseRecord) -> FactTable:
    since = record.relapses.complete_since
    columns = (
        "Onset", "Severity", "Recovery", "Systems", "Steroids", "Disabling", "Confirmed", "EDSS before, peak, after",
    )  # fmt: skip
    return FactTable(
        key="relapses",
        title="Relapses",
        columns=columns,
        rows=tuple(_relapse(relapse) for relapse in record.relapses.events or ()),
        note=f"The list is complete since {since.words}."
        if since
        else "How complete the list is, is not recorded.",
    )


def _relapse(relapse: Relapse) -> Cells:
    return (
        words.day(relapse.onset)
        if not relapse.pseudo
        else f"{words.day(relapse.onset)}: {relapse_name(relapse)}",
        relapse.severity,
        relapse.recovery,
        words.listed(relapse.systems, words.SYSTEMS),
        words.yes_no(relapse.steroid_treated),
        words.yes_no(relapse.disabling),
        words.yes_no(relapse.confirmed_by_neurologist),
        _together(
            ("{}", words.number(relapse.edss_before, 1)),
            ("{}", words.number(relapse.edss_peak, 1)),
            ("{}", words.number(relapse.edss_after, 1)),
        ),
    )


def _together(*values: tuple[str, str | None]) -> str | None:
    """Put values that belong together into one cell, each blank said; a blank cell if all are."""
    if all(value is None for _, value in values):
        return None
    return ", ".join(form.format(words.NOT_RECORDED if value is None else value) for form, value in values)


def _mri(record: CaseRecord) -> FactTable:
    columns = (
        "Date", "Region", "Contrast", "Enhancing lesions", "T2 lesions", "Compared with", "Days since steroids",
        "In cord or brainstem",
    )  # fmt: skip
    return FactTable(key="mri", title="MRI studies", columns=columns, rows=tuple(map(_study, record.mri)))


def _study(study: MriStudy) -> Cells:
    largest = words.number(study.gd_max_diameter_mm)
    return (
        words.day(study.date),
        words.listed(study.regions, words.REGIONS),
        words.yes_no(study.contrast),
        _together(
            ("{}", words.count(study.gd_lesions)), ("largest {}", f"{largest} mm" if largest else None)
        ),
        _together(
            ("new {}", words.count(study.new_t2)),
            ("enlarging {}", words.count(study.enlarging_t2)),
            ("all {}", words.count(study.t2_lesions)),
        ),
        words.day(study.compared_with),
        words.number(study.days_since_steroids),
        words.yes_no(study.cord_or_brainstem_lesions),
    )


def _edss(record: CaseRecord) -> FactTable:
    rows = tuple(
        (
            words.day(score.date),
            words.number(score.score, 1),
            words.SOURCES.get(score.source or ""),
            words.yes_no(score.during_relapse),
            _grades(score.functional_systems),
        )
        for score in record.edss
    )
    columns = ("Date", "EDSS", "Taken", "During a relapse", "Functional systems")
    return FactTable(key="edss", title="EDSS", columns=columns, rows=rows)


def _grades(systems: FunctionalSystems) -> str | None:
    named = ((name, getattr(systems, key)) for key, name in words.SYSTEM_GRADES.items())
    return ", ".join(f"{name} {grade}" for name, grade in named if grade is not None) or None


def _treatments(record: CaseRecord) -> FactTable:
    notes = {
        True: "Every treatment ever given is listed.",
        False: "The list is not complete.",
        None: "Whether the list is complete is not recorded.",
    }
    rows = tuple(
        (
            words.drug(course.drug),
            words.day(course.start),
            words.day(course.stop) or ("ongoing" if course.ongoing else None),
            words.day(course.last_dose),
            words.OUTCOMES.get(course.outcome or ""),
        )
        for course in record.treatments.courses or ()
    )
    columns = ("Drug", "Start", "Stop", "Last dose", "Outcome")
    return FactTable(
        key="treatments",
        title="Treatments",
        columns=columns,
        rows=rows,
        note=notes[record.treatments.complete],
    )


def _walking(record: CaseRecord) -> FactTable:
    walking = record.ambulation
    distance = None if walking.distance_m is None else f"{walking.distance_m} m without resting"
    facts = (
        ("Distance", distance),
        ("Help", words.AIDS.get(walking.aid or "")),
        ("Date", words.day(walking.date)),
    )
    return pairs("walking", "Walking", facts)


def _measurements(record: CaseRecord, beside: Beside | None) -> FactTable:
    found: list[tuple[str, str, Measurement | None]] = [
        (key, name, getattr(record.organ_function, key, None) or getattr(record.performance, key, None))
        for key, name in words.MEASUREMENTS.items()
    ]
    return FactTable(
        key="organs",
        title="Organ function and performance",
        columns=("Measurement", "Value", "Date", "Method"),
        rows=tuple(
            (name, _value(value, as_typed(beside, key)), words.day(value.date), value.method)
            for key, name, value in found
            if value
        ),
        blanks=tuple(name.partition(",")[0] for _, name, value in found if not value),
    )


def _value(measurement: Measurement, typed: str) -> str | None:
    said = words.number(measurement.value)
    return f"{said} (typed as {typed})" if typed else said


def _infection(record: CaseRecord) -> FactTable:
    facts = ((name, _say(getattr(record.infection, key))) for key, name in words.INFECTION.items())
    return pairs("infection", "Infection", facts)


def _say(value: bool | str | None) -> str | None:
    if value is None or isinstance(value, bool):
        return words.yes_no(value)
    return words.SEROLOGY.get(value) or words.MALIGNANCY.get(value, words.plain(value))


def _comorbidity(record: CaseRecord, beside: Beside | None) -> FactTable:
    items = record.comorbidity.hct_ci or {}
    facts = (
        *_named(record, "malignancy", "prior_hsct"),
        *pairs_beside(beside, "comorbidity"),
        *((f"HCT-CI item: {words.plain(item)}", words.yes_no(flag)) for item, flag in sorted(items.items())),
    )
    return pairs("comorbidity", "Other illness", facts)


def _of_comorbidity(
    record: CaseRecord, beside: Beside | None, section: str, title: str, *names: str
) -> FactTable:
    return pairs(section, title, (*_named(record, *names), *pairs_beside(beside, section)))


def _named(record: CaseRecord, *names: str) -> Iterator[Pair]:
    for name in names:
        yield words.COMORBIDITY[name], _say(getattr(record.comorbidity, name))


def _goals(beside: Beside | None) -> tuple[FactTable, ...]:
    if beside is None:
        return ()
    return (pairs("goals", "Goals and consent", pairs_beside(beside, "goals")),)


def _judgements(record: CaseRecord) -> FactTable:
    meanings, given = judgements(), record.judgements or {}
    keys = [*meanings, *sorted(given.keys() - meanings.keys())]  # never as stored: that order is nobody's
    rows = tuple(
        (
            meanings.get(key) or words.sentence_case(words.plain(key)),
            words.yes_no(given[key].value),
            given[key].by,
            words.day(given[key].on),
            given[key].why,
        )
        for key in keys
        if key in given
    )
    return FactTable(
        key="judgements",
        title="Clinical judgements",
        columns=("Judgement", "Answer", "By", "On", "Why"),
        rows=rows,
    )
