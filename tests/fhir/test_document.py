"""The FHIR document: valid, whole, the same bytes each time, and nothing unknown turned into a no."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from referral.facts import read_record
from referral.fhir import document_bundle
from referral.reference.codes import coded_facts
from tests.fhir.snapshots import AT, CASES, TODAY, bare, bundle_of, snapshots

Json = dict[str, Any]

BOUND = {  # the closed lists of FHIR R4 (hl7.org/fhir/R4) for what we send, which fhir.resources does not check
    ("Patient", "gender"): {"male", "female", "other", "unknown"},
    ("Composition", "status"): {"preliminary", "final", "amended", "entered-in-error"},
    ("Observation", "status"): {"registered", "preliminary", "final", "amended", "corrected", "cancelled",
                                "entered-in-error", "unknown"},
    ("DiagnosticReport", "status"): {"registered", "partial", "preliminary", "final", "amended", "corrected",
                                     "appended", "cancelled", "entered-in-error", "unknown"},
    ("MedicationStatement", "status"): {"active", "completed", "entered-in-error", "intended", "stopped",
                                        "on-hold", "unknown", "not-taken"},
    ("ServiceRequest", "status"): {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error",
                                   "unknown"},
    ("ServiceRequest", "intent"): {"proposal", "plan", "directive", "order", "original-order", "reflex-order",
                                   "filler-order", "instance-order", "option"},
    ("Consent", "status"): {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"},
    ("DocumentReference", "status"): {"current", "superseded", "entered-in-error"},
    ("Bundle", "type"): {"document"},
}  # fmt: skip
LISTS_OF_FHIR = {
    "http://terminology.hl7.org/CodeSystem/data-absent-reason": {"unknown", "not-performed"},
    "http://terminology.hl7.org/CodeSystem/list-empty-reason": {"unavailable"},
}
SENT = {"http://snomed.info/sct", "http://loinc.org", *LISTS_OF_FHIR}
OURS = "https://pons.invalid/fhir/"


@pytest.fixture(scope="module", params=snapshots().items(), ids=lambda item: item[0])
def mapped(request: pytest.FixtureRequest) -> tuple[Json, Json]:
    """A snapshot and its document."""
    snapshot = request.param[1]
    return snapshot, json.loads(bundle_of(snapshot))


def resources(document: Json, kind: str = "") -> list[Json]:
    found = [entry["resource"] for entry in document["entry"]]
    return [each for each in found if kind in ("", each["resourceType"])]


def walk(thing: Any) -> Iterator[Json]:
    """Every object in a document."""
    if isinstance(thing, dict):
        yield thing
        for value in thing.values():
            yield from walk(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from walk(value)


def test_the_document_is_valid(mapped: tuple[Json, Json]) -> None:
    Bundle.model_validate_json(json.dumps(mapped[1]))


def test_every_closed_list_is_kept(mapped: tuple[Json, Json]) -> None:
    kinds = {kind for kind, _ in BOUND}

    for resource in (mapped[1], *resources(mapped[1])):
        kind = resource["resourceType"]
        for (bound, name), allowed in BOUND.items():
            if bound == kind and name in resource:
                assert resource[name] in allowed
        assert kind not in kinds or {"status", "gender", "_gender", "type"} & resource.keys()


def test_every_reference_leads_somewhere_and_every_resource_is_reached(mapped: tuple[Json, Json]) -> None:
    urls = [entry["fullUrl"] for entry in mapped[1]["entry"]]
    pointed = {each["reference"] for each in walk(mapped[1]) if "reference" in each}
    provenance = f"urn:uuid:{resources(mapped[1], 'Provenance')[0]['id']}"

    assert len(set(urls)) == len(urls)
    assert pointed | {provenance} == set(
        urls
    )  # the provenance points to the document, not the other way round
    assert [f"urn:uuid:{each['id']}" for each in resources(mapped[1])] == urls


def test_the_document_begins_with_its_first_page_and_has_a_name(mapped: tuple[Json, Json]) -> None:
    document = mapped[1]

    assert document["entry"][0]["resource"]["resourceType"] == "Composition"
    assert document["identifier"]["system"]
    assert document["identifier"]["value"] == "P-2026-0007/2"
    assert datetime.fromisoformat(document["timestamp"]) == AT


def test_no_code_is_sent_that_nobody_compared_with_its_source(mapped: tuple[Json, Json]) -> None:
    for coding in walk(mapped[1]):
        if not {"system", "code"} <= coding.keys():
            continue
        system = coding["system"]
        assert system in SENT or system.startswith(OURS), coding
        assert coding["code"] in LISTS_OF_FHIR.get(system, {coding["code"]})


def test_every_observation_has_a_value_or_says_why_not(mapped: tuple[Json, Json]) -> None:
    for observation in resources(mapped[1], "Observation"):
        for each in (observation, *observation.get("component", ())):
            values = [name for name in each if name.startswith("value")]
            assert len(values) <= 1
            assert bool(values) ^ ("dataAbsentReason" in each) or "component" in each


def test_a_day_is_as_exact_as_it_was_recorded(mapped: tuple[Json, Json]) -> None:
    snapshot, document = mapped
    onset = snapshot["record"].get("diagnosis", {}).get("symptom_onset")
    (condition,) = resources(document, "Condition")

    assert condition.get("onsetDateTime") == onset
    assert ("_onsetDateTime" in condition) is (onset is None)
    recorded = {each["onset"] for each in snapshot["record"].get("relapses", {}).get("events", ())}
    sent = {
        each["effectiveDateTime"]
        for each in resources(document, "Observation")
        if each["code"]["coding"][-1]["code"] in ("relapse", "pseudo_relapse")
    }
    assert sent == recorded


def test_the_case_record_travels_byte_for_byte(mapped: tuple[Json, Json]) -> None:
    snapshot, document = mapped
    (carried,) = (
        each["content"][0]["attachment"]
        for each in resources(document, "DocumentReference")
        if each["description"] == "Case record"
    )

    assert json.loads(b64decode(carried["data"])) == snapshot["record"]
    assert read_record(snapshot["record"], TODAY).to_json() == snapshot["record"]


def test_the_same_case_gives_the_same_bytes_and_another_one_other_ids() -> None:
    snapshot = snapshots()["whinfell_tadeusz"]
    other = deepcopy(snapshot)
    other["record"]["diagnosis"]["phenotype"] = "SPMS"

    assert bundle_of(snapshot) == bundle_of(deepcopy(snapshot))
    ids = [{each["id"] for each in resources(json.loads(bundle_of(each)))} for each in (snapshot, other)]
    assert not ids[0] & ids[1]


# What is not known


def test_an_empty_record_says_of_everything_that_it_is_unknown() -> None:
    document = json.loads(bundle_of(bare(next(path for path in CASES if "empty" in path.stem))))
    (person,), (condition,) = resources(document, "Patient"), resources(document, "Condition")

    assert "gender" not in person
    assert person["_gender"]["extension"][0]["valueCode"] == "unknown"
    assert person["_birthDate"]["extension"][0]["valueCode"] == "unknown"
    assert condition["code"]["extension"][0]["valueCode"] == "unknown"
    assert "coding" not in condition["code"]
    observed = resources(document, "Observation")
    assert len(observed) == len(coded_facts()) + 1  # and the items of the HCT-CI
    assert all(each["dataAbsentReason"]["coding"][0]["code"] == "unknown" for each in observed)
    assert not resources(document, "Consent")
    empty = {
        each["title"]: each["emptyReason"]["coding"][0]["code"]
        for each in document["entry"][0]["resource"]["section"]
        if "emptyReason" in each
    }
    assert empty == dict.fromkeys(("MRI", "Consent"), "unavailable")


def record_of(**parts: Any) -> Json:
    return {"snapshot": "1", "as_of": "2026-11-22", "record": {"record": "1", **parts}}


def part_of(document: Json, words: str, part: str) -> Json:
    """One part of the one observation with these words."""
    (found,) = (each for each in resources(document, "Observation") if each["code"]["text"] == words)
    inner: Json
    (inner,) = (each for each in found["component"] if each["code"]["coding"][0]["code"] == part)
    return inner


def test_a_functional_system_that_was_not_tested_is_unknown_and_never_0() -> None:
    score = {"date": "2026-10", "score": 3.5, "functional_systems": {"visual": 0, "pyramidal": 3}}
    document = json.loads(bundle_of(record_of(edss=[score])))
    words = "Expanded Disability Status Scale"

    assert part_of(document, words, "visual")["valueInteger"] == 0
    assert part_of(document, words, "pyramidal")["valueInteger"] == 3
    assert "valueInteger" not in part_of(document, words, "cerebral")
    assert part_of(document, words, "during_relapse")["dataAbsentReason"]["coding"][0]["code"] == "unknown"


def test_a_study_without_contrast_says_nothing_of_enhancing_lesions() -> None:
    study = {
        "date": "2026-03-01",
        "contrast": False,
        "gd_lesions": 0,
        "new_t2": {"min": 3},
        "regions": ["brain"],
    }
    document = json.loads(bundle_of(record_of(mri=[study])))
    words = "Findings of an MRI study"

    assert part_of(document, words, "gd_lesions")["dataAbsentReason"]["text"] == "not performed"
    assert part_of(document, words, "new_t2")["valueQuantity"] == {"value": 3, "comparator": ">="}
    assert resources(document, "DiagnosticReport")[0]["code"]["coding"][0]["code"] == "24590-2"


def test_a_count_from_so_many_to_so_many_stays_one() -> None:
    study = {"date": "2026", "t2_lesions": {"min": 9, "max": 12}}
    document = json.loads(bundle_of(record_of(mri=[study])))

    assert part_of(document, "Findings of an MRI study", "t2_lesions")["valueRange"] == {
        "low": {"value": 9},
        "high": {"value": 12},
    }


def test_a_pseudo_relapse_is_not_coded_as_a_relapse() -> None:
    events = [{"onset": "2026-01"}, {"onset": "2026-05", "pseudo": True}]
    document = json.loads(bundle_of(record_of(relapses={"events": events})))
    coded = [
        each["effectiveDateTime"]
        for each in resources(document, "Observation")
        if {"system": "http://snomed.info/sct", "code": "192929006"} in each["code"].get("coding", ())
    ]

    assert coded == ["2026-01"]


@pytest.mark.parametrize(
    ("course", "status", "end"),
    [
        ({"ongoing": True}, "active", None),
        ({"stop": "2025", "outcome": "failed_efficacy"}, "stopped", "2025"),
        ({"stop": "2025-06", "outcome": "planned_end"}, "completed", "2025-06"),
        ({"stop": "2025-06"}, "completed", "2025-06"),
        ({"ongoing": False}, "completed", "unknown"),
        ({}, "unknown", "unknown"),
    ],
)
def test_a_course_goes_on_only_where_that_was_recorded(course: Json, status: str, end: str | None) -> None:
    document = json.loads(bundle_of(record_of(treatments={"courses": [{"drug": "ocrelizumab", **course}]})))
    (sent,) = resources(document, "MedicationStatement")
    period = sent["effectivePeriod"]

    assert sent["status"] == status
    assert period.get("end") == (None if end == "unknown" else end)
    assert ("_end" in period) is (end == "unknown")
    assert sent["medicationCodeableConcept"]["coding"] == [
        {"system": "http://snomed.info/sct", "code": "733464008"}
    ]


def test_a_test_that_was_not_done_is_told_from_one_that_nobody_knows_of() -> None:
    document = json.loads(bundle_of(record_of(infection={"hiv": "not_tested", "hbv": "negative"})))
    by_words = {each["code"]["text"]: each for each in resources(document, "Observation")}

    assert by_words["HIV"]["dataAbsentReason"]["text"] == "not performed"
    assert by_words["Hepatitis B"]["valueCodeableConcept"]["text"] == "negative"
    assert by_words["Hepatitis C"]["dataAbsentReason"]["text"] == "unknown"


def test_consent_is_active_where_given_rejected_where_refused_and_absent_where_nobody_knows() -> None:
    snapshot = record_of() | {"beside": {"goals": {"consent_refer": True, "consent_share": False}}}
    sent = [each["status"] for each in resources(json.loads(bundle_of(snapshot)), "Consent")]

    assert sent == ["active", "rejected"]


def test_a_signed_case_of_an_invented_person_has_every_kind_of_resource() -> None:
    kinds = {
        each["resourceType"]
        for snapshot in snapshots().values()
        for each in resources(json.loads(bundle_of(snapshot)))
    }

    assert kinds == {
        "Composition", "Patient", "Practitioner", "Organization", "ServiceRequest", "Condition", "Observation",
        "DiagnosticReport", "MedicationStatement", "Consent", "Provenance", "DocumentReference",
    }  # fmt: skip


def test_a_file_is_named_with_its_digest() -> None:
    document = json.loads(bundle_of(snapshots()["whinfell_tadeusz"]))
    (file,) = (
        each for each in resources(document, "DocumentReference") if each["description"] == "MRI of March"
    )

    assert re.fullmatch(r"ni:///sha-256;[\w-]{43}", file["identifier"][0]["value"])
    assert file["content"][0]["attachment"]["creation"] == "2026-03"


@pytest.mark.parametrize(("identifier", "at"), [("", AT), ("x", AT.replace(tzinfo=None))])
def test_a_document_without_a_name_or_a_moment_is_not_made(identifier: str, at: datetime) -> None:
    with pytest.raises(ValueError, match="a document has"):
        document_bundle(record_of(), identifier, at)
