"""The MRI studies: DiagnosticReport for each, with its findings as Observation."""

from collections.abc import Iterable

from referral.facts import MriStudy
from referral.fhir.given import Entry, Given
from referral.fhir.observation import observed
from referral.fhir.values import NOT_PERFORMED, Json, absent_reason, component, concept, dated, named
from referral.reference.codes import answer_words, concepts, parts_of

OF_CONTRAST = ("gd_lesions", "gd_max_diameter_mm")


def reports(given: Given) -> Iterable[Entry]:
    """Map each study twice: the report, and what was found in it."""
    for number, study in enumerate(given.record.mri, start=1):
        name = f"mri-{number}"
        code, day = _code(study), dated("effectiveDateTime", study.date)
        yield Entry(
            name,
            "mri",
            {
                "resourceType": "DiagnosticReport",
                "id": given.id(name),
                "status": "final",
                "code": code,
                "subject": given.ref("patient"),
                **day,
                "result": [given.ref(f"{name}-findings")],
            },
        )
        more = {**day, "component": [_finding(study, part) for part in parts_of("mri")]}
        findings = named("fact", "mri", "Findings of an MRI study")
        yield Entry(f"{name}-findings", "mri", observed(given, f"{name}-findings", findings, more))


def _code(study: MriStudy) -> Json:
    """Name the study. The published codes are of the brain alone; anything else goes in words and in our list."""
    if study.regions == ("brain",):
        return concept(concepts()["mri_brain_contrast" if study.contrast else "mri_brain"])
    if not study.regions:
        return {"text": "MRI, region not recorded"}
    regions = [named("region", region, answer_words(region))["coding"][0] for region in study.regions]
    return {"coding": regions, "text": f"MRI of {', '.join(map(answer_words, study.regions))}"}


def _finding(study: MriStudy, part: str) -> Json:
    """Map one finding. Without contrast a study says nothing of enhancing lesions, whatever it lists."""
    words = parts_of("mri")[part]
    if part in OF_CONTRAST and study.contrast is False:
        return {"code": named("mri", part, words), "dataAbsentReason": absent_reason(NOT_PERFORMED)}
    return component("mri", part, words, getattr(study, part))
