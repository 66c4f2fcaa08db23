"""Opening files from elsewhere: whole ones come through as they are, all others are refused in words, none breaks."""

import json
import os
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from forms import read_case
from forms.imports import fill
from forms.parts import MOST_ROWS
from referral.facts import CaseRecord, RecordError, canonical, read_record
from referral.packet.compared import compare
from referral.packet.make import Made
from referral.packet.opening import (
    LARGEST_FILE,
    NotTakenError,
    Opened,
    open_file,
    read_verdicts,
)
from referral.packet.plain_json import LARGEST, LARGEST_BUNDLE
from tests.fhir.snapshots import CASES, TODAY, bare, bundle_of, snapshots
from tests.packet.carrying import carrying
from tests.packet.mutated import many, of_bytes, structured

Json = dict[str, Any]
TIMES = int(os.environ.get("IMPORT_FUZZ", "1"))
"""How many times the short form: 1 in every run, 200 for a night."""
SNOMED = "http://snomed.info/sct"
EMPTY = b'{"record": "1"}'


def refused(content: bytes) -> NotTakenError:
    with pytest.raises(NotTakenError) as caught:
        open_file(content, TODAY)
    return caught.value


def said(content: bytes) -> str:
    """What is said of a file that is not taken; it always says all four things."""
    error = refused(content)
    assert error.what_to_do.endswith(".")
    assert all(fault.path and fault.given and fault.allowed for fault in error.faults)
    return " | ".join(map(str, error.faults))


# Round trips


@pytest.mark.parametrize("name", snapshots())
def test_a_case_goes_out_and_comes_in_byte_for_byte(name: str) -> None:
    snapshot = snapshots()[name]

    opened = open_file(bundle_of(snapshot), TODAY)
    filled = fill(opened.record, opened.identity, opened.beside, opened.question, TODAY)
    case = read_case(filled.typed, TODAY)

    assert canonical(case.record.to_json()) == canonical(snapshot["record"])
    assert opened.exact
    assert not opened.left
    assert not filled.left
    if snapshot.get("identity"):
        assert case.identity == {name: known for name, known in snapshot["identity"].items() if known}
        assert case.request.get("question") == snapshot["question"]
        assert {key: part for key, part in case.beside.items() if part} == {
            key: part for key, part in snapshot["beside"].items() if part
        }


def test_the_fullest_case_that_the_form_holds_comes_in_again() -> None:
    snapshot = json.loads(json.dumps(snapshots()["whinfell_tadeusz"]))
    record = snapshot["record"]
    for rows in (
        record["relapses"]["events"],
        record["edss"],
        record["mri"],
        record["treatments"]["courses"],
    ):
        rows[:] = [rows[number % len(rows)] for number in range(MOST_ROWS)]
    snapshot["attachments"] = [{**snapshot["attachments"][0], "id": str(number)} for number in range(60)]

    opened = open_file(bundle_of(snapshot), TODAY)

    assert opened.record.to_json() == record
    assert not fill(opened.record, opened.identity, opened.beside, opened.question, TODAY).left


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_bare_record_comes_in_as_it_is(path: Any) -> None:
    record = bare(path)["record"]

    assert open_file(canonical(record), TODAY).record.to_json() == record
    assert (
        open_file(json.dumps({"as_of": "2026-11-21", "record": record}).encode(), TODAY).record.to_json()
        == record
    )


def test_a_packet_as_issued_is_opened_and_its_seal_named(made: Made) -> None:
    opened = open_file(made.pdf, TODAY)

    assert opened.kind == "packet"
    assert opened.seal
    assert "referrals.example.org" in opened.seal["signer"]
    assert opened.exact
    assert opened.verdicts
    assert opened.verdicts["record_sha256"] == opened.record.sha256


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_an_altered_packet_is_refused(made: Made, part: float) -> None:
    spoilt = bytearray(made.pdf)
    spoilt[int(len(spoilt) * part)] ^= 1

    assert "an altered packet" in said(bytes(spoilt))


def test_a_pdf_without_a_seal_is_taken_as_one_of_which_nothing_shows_that_it_is_whole() -> None:
    opened = open_file(carrying({"case-record.json": EMPTY}), TODAY)

    assert opened.seal is None
    assert opened.verdicts is None
    assert opened.record == CaseRecord(record="1")


# What is refused


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"hello", "begins with “hello”"),
        (b"[]", "a PDF, or JSON"),
        (b"PK\x03\x04", "a PDF, or JSON"),
        (b"<Bundle/>", "a PDF, or JSON"),
        (b"%PDF-1.7 and nothing more", "damaged"),
        (b"{" + b'"a":{' * 100 + b"}" * 101, "deep"),
        (b'{"a":' + b"[" * 200_000, "200,001 deep"),
        (b'{"record": "1", "record": "1"}', "twice"),
        (b'{"record": "1", "edss": [{"date": "2026", "score": NaN}]}', "NaN is no number"),
        (b'{"record": "1", "edss": [{"date": "2026", "score": Infinity}]}', "Infinity is no number"),
        (b'{"record": "1", "edss": [{"date": "2026", "score": 1e400}]}', "edss[0].score"),
        (b'{"record": "1", "edss": [{"date": "2026", "score": 1e99999999999999999999}]}', "out of all bounds"),
        (b'{"record": "1", "edss": [{"date": "2026", "score": true}]}', "edss[0].score: given true"),
        (b'{"record": "1", "relapses": {"complete_since": 0}}', "relapses.complete_since: given 0"),
        (b'{"record": "1", "a": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b'{"record": "1", "ambulation": {"distance_m": "\\ud800"}}', "half of a character"),
        (b'{"record": "\xff"}', "no UTF-8"),
        (b'{"record": "1", "edss": [{"date": "2031-01-01", "score": 3}]}', "edss[0].date"),
        (b"{" + b" " * LARGEST + b"}", "1,048,578 bytes"),
        (b"{" + b" " * LARGEST_BUNDLE + b"}", "4,194,306 bytes"),
        (b'{"a": [' + b"0," * 400_000 + b"0]}", "at most 349,525 entries"),
        (b'{"resourceType": "Patient"}', "a FHIR R4 Bundle"),
        (b'{"resourceType": "Bundle"}', "Bundle.entry: given nothing"),
        (b'{"resourceType": "Bundle", "entry": [{}]}', "Bundle.entry[0].resource"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_file_that_cannot_be_taken_is_refused_in_words(content: bytes, words: str) -> None:
    assert words in said(content)


def test_a_file_larger_than_any_packet_is_not_looked_at() -> None:
    assert "26,214,401 bytes" in said(b"%PDF-" + b" " * (LARGEST_FILE - 4))


def test_a_pdf_that_carries_no_case_is_refused_with_what_to_ask_for() -> None:
    error = refused(carrying({"letter.txt": b"Dear colleague"}))

    assert "no case record inside" in str(error.faults)
    assert "printed or scanned anew" in error.what_to_do


def test_a_bomb_inside_a_pdf_is_refused() -> None:
    assert "more than" in said(carrying({"case-record.json": b" " * 9_000_000}))


def test_of_many_faults_the_first_are_said_and_the_rest_counted() -> None:
    record = {"record": "1", "edss": [{"date": "x", "score": 0.5} for _ in range(30)]}
    error = refused(json.dumps(record).encode())

    assert (len(error.faults), error.more) == (20, 40)


# A Bundle of another maker


def coded(code: str, system: str = SNOMED) -> Json:
    return {"coding": [{"system": system, "code": code}], "text": code}


def foreign(*resources: Json, patient: Json | None = None) -> bytes:
    person = {"resourceType": "Patient", "id": "p1", **(patient or {})}
    pointed = [{"subject": {"reference": "Patient/p1"}, **each} for each in resources]
    entries = [{"resource": each} for each in (person, *pointed)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def left_of(opened: Opened) -> list[str]:
    return [f"{each.where} {each.what}: {each.given}; {each.why}" for each in opened.left]


def test_what_is_understood_of_another_makers_bundle_is_taken() -> None:
    opened = open_file(
        foreign(
            {"resourceType": "Condition", "code": coded("426373005"), "onsetDateTime": "2016-05"},
            {"resourceType": "Condition", "code": coded("192929006"), "onsetDateTime": "2025-03-02T08:00:00+02:00"},
            {"resourceType": "Observation", "status": "final", "code": coded("273554001"),
             "effectiveDateTime": "2026-05-12", "valueQuantity": {"value": 3.5}},
            {"resourceType": "MedicationStatement", "status": "active", "effectivePeriod": {"start": "2024-02"},
             "medicationCodeableConcept": coded("733464008")},
            {"resourceType": "MedicationStatement", "status": "stopped", "effectivePeriod": {"start": "2020"},
             "medicationCodeableConcept": {"text": "natalizumab"}},
            patient={"name": [{"family": "Okafor", "given": ["Ada", "B."]}], "gender": "female", "birthDate": "1988",
                     "identifier": [{"value": "7", "type": {"text": "MRN"}}]},
        ),
        TODAY,
    )  # fmt: skip

    assert opened.record.to_json() == {
        "record": "1",
        "patient": {"birth_date": "1988", "sex": "female"},
        "diagnosis": {"phenotype": "RRMS", "symptom_onset": "2016-05"},
        "relapses": {"events": [{"onset": "2025-03-02"}]},
        "edss": [{"date": "2026-05-12", "score": 3.5}],
        "treatments": {
            "courses": [
                {"drug": "ocrelizumab", "start": "2024-02", "ongoing": True},
                {"drug": "natalizumab", "start": "2020", "ongoing": False},
            ]
        },
    }
    assert not opened.exact
    assert not opened.left
    filled = fill(opened.record, opened.identity, {}, "", TODAY)
    assert filled.identity["given_name"] == "Ada B."
    assert filled.identity["identifiers"] == [{"type": "Other number", "value": "7"}]
    assert [(each.path, each.allowed) for each in filled.left] == [
        ("person.identifiers.type", "kept as “Other number”")
    ]


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ({"resourceType": "Observation", "code": coded("718-7", "http://loinc.org")}, "no place for it"),
        ({"resourceType": "Condition", "code": coded("G35", "http://hl7.org/fhir/sid/icd-10")}, "no place for it"),
        ({"resourceType": "Condition", "code": coded("426373005"),
          "verificationStatus": {"coding": [{"code": "provisional"}]}}, "only a confirmed diagnosis"),
        ({"resourceType": "Observation", "code": coded("273554001"), "effectiveDateTime": "2026",
          "valueQuantity": {"value": 3.3}}, "by halves"),
        ({"resourceType": "Observation", "code": coded("273554001"), "effectiveDateTime": "2026",
          "valueQuantity": {"value": 3, "comparator": ">"}}, "by halves"),
        ({"resourceType": "Observation", "code": coded("273554001"), "valueQuantity": {"value": 3}}, "without its day"),
        ({"resourceType": "Observation", "status": "entered-in-error", "code": coded("273554001"),
          "effectiveDateTime": "2026", "valueQuantity": {"value": 3}}, "does not hold"),
        ({"resourceType": "Condition", "code": coded("192929006"), "onsetDateTime": "2025-02-30"}, "that exists"),
        ({"resourceType": "MedicationStatement", "status": "active"}, "the name of a drug"),
        ({"resourceType": "MedicationStatement", "status": "not-taken",
          "medicationCodeableConcept": {"text": "natalizumab"}}, "does not hold"),
        ({"resourceType": "Condition", "code": coded("426373005"), "subject": {"reference": "Patient/other"}},
         "does not point to the Patient"),
        ({"resourceType": "Condition", "code": coded("426373005"), "subject": {}}, "does not point to the Patient"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_not_understood_is_named_and_nothing_is_guessed(resource: Json, words: str) -> None:
    opened = open_file(foreign(resource), TODAY)

    assert opened.record == CaseRecord(record="1")
    assert len(opened.left) == 1
    assert words in left_of(opened)[0]


def test_functional_systems_of_another_maker_are_left_since_nobody_can_tell_their_scale() -> None:
    score = {"resourceType": "Observation", "code": coded("273554001"), "effectiveDateTime": "2026",
             "valueQuantity": {"value": 3}, "component": [{"code": {"text": "Visual"}, "valueInteger": 4}]}  # fmt: skip
    opened = open_file(foreign(score), TODAY)

    assert opened.record.to_json()["edss"] == [{"date": "2026", "score": 3}]
    assert "whether its grade is raw" in left_of(opened)[0]


def test_two_diagnoses_that_differ_give_none() -> None:
    opened = open_file(
        foreign(*({"resourceType": "Condition", "code": coded(code)} for code in ("426373005", "425500002"))),
        TODAY,
    )

    assert opened.record.diagnosis.phenotype is None
    assert "they differ" in left_of(opened)[0]


def test_a_gender_that_fhir_does_not_have_is_not_read() -> None:
    opened = open_file(foreign(patient={"gender": "F"}), TODAY)

    assert opened.record.patient.sex is None
    assert left_of(opened) == ["Patient gender: F; allowed: male, female, other, unknown"]


def test_a_bundle_about_two_people_is_refused() -> None:
    assert "2 Patient resources" in said(foreign({"resourceType": "Patient"}))


def test_a_bundle_of_ours_whose_person_was_changed_is_refused() -> None:
    document = json.loads(bundle_of(snapshots()["whinfell_tadeusz"]))
    for entry in document["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"]["birthDate"] = "1950-01-01"

    assert "what the case record inside says" in said(json.dumps(document).encode())


def test_units_that_say_something_else_than_the_record_are_left() -> None:
    record = read_record({"record": "1", "organ_function": {"creatinine_umol_l": {"value": 90}}}, TODAY)
    beside = {"organs": {"creatinine_umol_l": {"value": "5", "unit": "mg_dl"}}}

    filled = fill(record, {}, beside, "", TODAY)

    assert read_case(filled.typed, TODAY).record == record
    assert [each.path for each in filled.left] == ["beside.organs"]


# Spoilt files


def says_all(error: NotTakenError) -> bool:
    """Whether a refusal says where, what was given, what is allowed, and what to do."""
    told = [fault.path and fault.given and fault.allowed for fault in error.faults]
    assert error.what_to_do
    assert told
    assert all(told)
    return True


def hold(files: Iterable[bytes]) -> tuple[int, int]:
    """Open each: taken and then fit to be kept and shown, or refused in words. How many of which."""
    taken = spoilt = 0
    for content in files:
        try:
            opened = open_file(content, TODAY)
        except NotTakenError as error:
            spoilt += says_all(error)
            continue
        filled = fill(opened.record, opened.identity, opened.beside, opened.question, TODAY)
        json.dumps(
            [filled.typed, filled.identity, opened.source, opened.left, filled.left], allow_nan=False
        ).encode()
        kept = read_case(filled.typed, TODAY).record
        assert kept == opened.record or filled.left
        taken += 1
    return taken, spoilt


RECORD = bare(next(path for path in CASES if "everything-known" in path.stem))["record"]
OWN = json.loads(bundle_of(snapshots()["whinfell_tadeusz"]))
OTHER = json.loads(
    foreign(
        {"resourceType": "Condition", "code": coded("426373005"), "onsetDateTime": "2016-05"},
        {"resourceType": "Observation", "code": coded("192929006"), "effectiveDateTime": "2025-03"},
        {"resourceType": "Observation", "code": coded("273554001"), "effectiveDateTime": "2026-05-12",
         "valueQuantity": {"value": 3.5}, "component": [{"code": {"text": "Visual"}}]},
        {"resourceType": "MedicationStatement", "status": "active", "effectivePeriod": {"start": "2024-02"},
         "medicationCodeableConcept": {"text": "natalizumab"}, "statusReason": [{"text": "why"}]},
        patient={"name": [{"family": "Okafor", "given": ["Ada"]}], "gender": "female", "birthDate": "1988",
                 "identifier": [{"value": "7", "type": {"text": "MRN"}}]},
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("good", "times"),
    [(RECORD, 60), (OWN, 40), (OTHER, 60)],
    ids=["record", "own bundle", "another's bundle"],
)
def test_a_file_with_odd_values_is_taken_whole_or_refused_in_words(good: Json, times: int) -> None:
    taken, spoilt = hold(many(structured, good, seed=6, times=times * TIMES))

    assert taken + spoilt == times * TIMES
    assert spoilt


def test_what_stands_beside_the_record_may_hold_anything() -> None:
    snapshot = snapshots()["whinfell_tadeusz"]
    record = read_record(snapshot["record"], TODAY)
    for content in many(structured, snapshot["beside"], seed=7, times=60 * TIMES):
        beside = json.loads(content)
        filled = fill(record, {"family_name": beside}, beside if isinstance(beside, dict) else {}, "", TODAY)
        assert read_case(filled.typed, TODAY).record == record


def test_a_file_with_odd_bytes_is_taken_whole_or_refused_in_words() -> None:
    good = canonical(RECORD)
    taken, spoilt = hold(many(of_bytes, good, seed=8, times=150 * TIMES))

    assert taken + spoilt == 150 * TIMES
    assert spoilt


def test_a_spoilt_pdf_is_refused_in_words(made: Made) -> None:
    taken, spoilt = hold(many(of_bytes, made.pdf, seed=9, times=4 * TIMES))

    assert (taken, spoilt) == (0, 4 * TIMES)


def test_odd_verdicts_are_refused_and_never_shown() -> None:
    good = {
        "as_of": "2026-11-01",
        "record_sha256": "0" * 64,
        "protocols": [{"protocol": "mist", "verdict": "met", "definition_sha256": "0" * 64}],
    }
    record = read_record(RECORD, TODAY)
    read = 0
    for content in many(structured, good, seed=10, times=100 * TIMES):
        try:
            sent = read_verdicts(content)
        except RecordError:
            continue
        read += 1
        for each in compare(record, sent, (), date(2026, 11, 22)):
            assert each.theirs in ("met", "tested_met", "cannot_say", "not_met")
    assert read
