"""Reading a FHIR Bundle back: what is understood of it, and what is not.

A Bundle of ours carries the case record whole, and that is taken. Of anybody else's the person, the diagnosis,
EDSS scores, relapses and courses of treatment are understood, by codes that were compared with their source.
Nothing is guessed: what has another code, another shape or another person is listed as not read.
"""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from referral.facts import Fault, RecordError
from referral.fhir.codes_read import is_coded, ours, phenotype_of
from referral.fhir.documents import BESIDE, RECORD
from referral.fhir.entries_read import course_of, edss_of, relapse_of
from referral.fhir.left import Left, day_of, listed, text_at
from referral.reference.files import Unreadable, read_json

MOST_ENTRIES = 2000
LARGEST_CARRIED = 1024 * 1024
GENDERS = ("male", "female", "other", "unknown")
NO_PLACE = "the case record has no place for it, or its code is not one that is understood here"
HANDLED = (
    "Patient",
    "Composition",
    "Practitioner",
    "Organization",
    "ServiceRequest",
    "Provenance",
    "DocumentReference",
)


@dataclass
class ReadBundle:
    """What a Bundle says: the plain case record, who it is about, where it comes from, and what was not read.

    ``exact`` says that the record is the one its maker put in, and not put together from resources.
    """

    record: dict[str, Any]
    identity: dict[str, Any]
    source: dict[str, str]
    exact: bool = False
    question: str = ""
    beside: dict[str, Any] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)


def read_bundle(bundle: Mapping[str, Any]) -> ReadBundle:
    """Read a Bundle that was read from JSON already.

    Raises:
        RecordError: it is none, or it is not about one person; nothing of it can be taken.

    """
    entries = list(_entries(bundle))
    patient, names = _the_patient(entries)
    left: list[Left] = []
    record, identity = _person(patient, left)
    mine = [each for each in entries if _is_about(each, names, left)]
    found = ReadBundle(record, identity, _source(entries), left=left)
    carried = {name: _carried(mine, name) for name in (RECORD, BESIDE)}
    if carried[RECORD] is not None:
        _take_whole(found, carried[RECORD], carried[BESIDE])
        request = next((each for each in mine if each["resourceType"] == "ServiceRequest"), {})
        found.question = text_at(request, "reasonCode", 0, "text")
    else:
        _understand(found, mine)
    return found


def _entries(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every resource, with the address by which others point to it."""
    if bundle.get("resourceType") != "Bundle":
        raise RecordError([Fault("resourceType", _said(bundle.get("resourceType")), "a FHIR R4 Bundle")])
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not entries:
        raise RecordError([Fault("Bundle.entry", _said(entries), "a list of entries")])
    if len(entries) > MOST_ENTRIES:
        raise RecordError(
            [Fault("Bundle.entry", f"{len(entries)} entries", f"at most {MOST_ENTRIES} entries")]
        )
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise RecordError([Fault(f"Bundle.entry[{number}].resource", _said(resource), "a resource")])
        yield {**resource, "": text_at(entry, "fullUrl"), "#": number}


def _said(given: object) -> str:
    return (
        f"“{given[:40]}”" if isinstance(given, str) else "nothing" if given is None else type(given).__name__
    )


def _the_patient(entries: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], set[str]]:
    """Find the one person that the Bundle is about, and the names by which resources may point to them."""
    patients = [each for each in entries if each["resourceType"] == "Patient"]
    if len(patients) != 1:
        raise RecordError(
            [Fault("Bundle.entry", f"{len(patients)} Patient resources", "exactly one Patient")]
        )
    (patient,) = patients
    id_ = text_at(patient, "id")
    return patient, {name for name in (patient[""], f"Patient/{id_}" if id_ else "") if name}


def _is_about(resource: Mapping[str, Any], names: set[str], left: list[Left]) -> bool:
    """Tell whether a resource is about the person. What points to somebody else, or to nobody, is not read."""
    if resource["resourceType"] in ("Patient", "Composition", "Practitioner", "Organization", "Provenance"):
        return True
    pointed = text_at(resource, "subject", "reference") or text_at(resource, "patient", "reference")
    if pointed in names or any(
        name.startswith("Patient/") and pointed.endswith(f"/{name}") for name in names
    ):
        return True
    left.append(Left.of(resource, "", "it does not point to the Patient of this Bundle"))
    return False


def _person(patient: Mapping[str, Any], left: list[Left]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read who the person is: the two facts for the record, and the names and numbers."""
    known: dict[str, Any] = {}
    if (birth := patient.get("birthDate")) is not None:
        known["birth_date"] = day_of(birth, patient, "birthDate", left)
    gender = patient.get("gender")
    if gender in GENDERS:
        known["sex"] = gender
    elif gender is not None:
        left.append(Left.of(patient, "gender", f"allowed: {', '.join(GENDERS)}", gender))
    name = _name(listed(patient, "name"))
    identity: dict[str, Any] = {"family_name": text_at(name, "family"), "given_name": _given(name)}
    numbers = [
        {"type": text_at(each, "type", "text"), "value": text_at(each, "value")}
        for each in listed(patient, "identifier")
        if text_at(each, "value")
    ]
    identity = {key: value for key, value in identity.items() if value} | (
        {"identifiers": numbers} if numbers else {}
    )
    return {"record": "1", "patient": {key: value for key, value in known.items() if value}}, identity


def _name(names: Sequence[Any]) -> Any:
    return next((each for each in names if text_at(each, "use") == "official"), names[0] if names else {})


def _given(name: Any) -> str:
    return " ".join(each for each in listed(name, "given") if isinstance(each, str))


def _source(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give who is said to have made it, where and when. It is shown, and nothing rests on it."""
    first = next((each for each in entries if each["resourceType"] == "Composition"), {})
    by_url = {each[""]: each for each in entries if each[""]}
    author, custodian = (
        by_url.get(text_at(first, *path, "reference"), {}) for path in (("author", 0), ("custodian",))
    )
    known = {
        "by": text_at(author, "name", 0, "text") or text_at(author, "name"),
        "organisation": text_at(custodian, "name"),
        "at": text_at(first, "date"),
        "number": text_at(first, "identifier", "value"),
    }
    return {key: value[:200] for key, value in known.items() if value}


# A Bundle of ours


def _carried(resources: Sequence[Mapping[str, Any]], name: str) -> Any:
    """Read what a Bundle of ours carries under a name; ``None`` where it carries none."""
    for resource in resources:
        if resource["resourceType"] != "DocumentReference" or not ours(
            resource.get("type"), "document", name
        ):
            continue
        data = text_at(resource, "content", 0, "attachment", "data")
        where = f"Bundle.entry[{resource['#']}].resource.content[0].attachment.data"
        if len(data) > LARGEST_CARRIED * 4 // 3 + 4:
            raise RecordError([Fault(where, f"{len(data)} characters", f"at most {LARGEST_CARRIED} bytes")])
        try:
            return read_json(b64decode(data, validate=True).decode("utf-8"))
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            why = str(error) if isinstance(error, Unreadable) else "text that is no base64 of UTF-8"
            raise RecordError(
                [Fault(where, why, f"the {name.replace('-', ' ')} as JSON, in base64")]
            ) from error
    return None


def _take_whole(found: ReadBundle, record: Any, beside: Any) -> None:
    """Take the record that its maker put in. The person of the resources must be its person."""
    if not isinstance(record, dict):
        raise RecordError([Fault("case-record", _said(record), "names with values")])
    said = found.record["patient"]
    patient = record.get("patient") if isinstance(record.get("patient"), dict) else {}
    for key in ("birth_date", "sex"):
        if said.get(key) and said.get(key) != (patient or {}).get(key):
            raise RecordError(
                [
                    Fault(
                        f"Patient, {key.replace('_', ' ')}",
                        _said(said[key]),
                        "what the case record inside says",
                    )
                ]
            )
    found.record, found.exact = record, True
    found.beside = beside if isinstance(beside, dict) else {}


# Anybody else's


def _understand(found: ReadBundle, resources: Sequence[Mapping[str, Any]]) -> None:
    """Put a record together from the resources that are understood."""
    relapses, scores, courses = [], [], []
    diagnoses: list[dict[str, Any]] = []
    for resource in resources:
        kind = resource["resourceType"]
        if kind in HANDLED:
            continue
        entry: dict[str, Any] | None = None
        if kind in ("Condition", "Observation") and is_coded(resource.get("code"), "relapse"):
            relapses += [entry] if (entry := relapse_of(resource, found.left)) else []
        elif kind == "Condition" and (phenotype := phenotype_of(resource.get("code"))) is not None:
            diagnoses += [entry] if (entry := _diagnosis(resource, phenotype, found.left)) else []
        elif kind == "Observation" and is_coded(resource.get("code"), "edss"):
            scores += [entry] if (entry := edss_of(resource, found.left)) else []
        elif kind == "MedicationStatement":
            courses += [entry] if (entry := course_of(resource, found.left)) else []
        else:
            found.left.append(Left.of(resource, "", NO_PLACE))
    parts: dict[str, Any] = {
        "diagnosis": _one_diagnosis(diagnoses, found.left),
        "relapses": {"events": relapses} if relapses else {},
        "edss": scores,
        "treatments": {"courses": courses} if courses else {},
    }
    found.record |= {name: part for name, part in parts.items() if part}


def _diagnosis(resource: Mapping[str, Any], phenotype: str, left: list[Left]) -> dict[str, Any] | None:
    verified = text_at(resource, "verificationStatus", "coding", 0, "code")
    if verified not in ("", "confirmed"):
        left.append(Left.of(resource, "verificationStatus", "only a confirmed diagnosis is read", verified))
        return None
    known = {"phenotype": phenotype} if phenotype else {}
    if (onset := resource.get("onsetDateTime")) is not None:
        day = day_of(onset, resource, "onsetDateTime", left)
        known |= {"symptom_onset": day} if day else {}
    return known


def _one_diagnosis(found: Sequence[dict[str, Any]], left: list[Left]) -> dict[str, Any]:
    """Take the diagnosis if all that there are agree; else none of what they disagree on."""
    together: dict[str, Any] = {}
    for name in ("phenotype", "symptom_onset"):
        values = {each[name] for each in found if name in each}
        if len(values) == 1:
            together[name] = values.pop()
        elif values:
            left.append(
                Left(
                    "Condition",
                    name.replace("_", " "),
                    ", ".join(sorted(values)),
                    "they differ: none was taken",
                )
            )
    return together
