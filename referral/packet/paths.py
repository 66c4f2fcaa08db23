"""What a path of the record is called: ``mri[0].days_since_steroids`` is the days since steroids of one study."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from referral.criteria import judgements
from referral.facts import CaseRecord, say_date
from referral.packet import words

ENTRY = re.compile(
    r"(?P<list>relapses\.events|mri|edss|treatments\.courses)\[(?P<index>\d+)\](?:\.(?P<fact>.+))?"
)

WHOLE = {
    "patient.birth_date": "the date of birth",
    "patient.sex": "the sex",
    "diagnosis.phenotype": "the phenotype",
    "diagnosis.criteria": "the diagnostic criteria",
    "diagnosis.symptom_onset": "the date of the first symptom",
    "diagnosis.diagnosed_on": "the date of the diagnosis",
    "diagnosis.first_treated_on": "the date of the first disease-modifying treatment",
    "diagnosis.csf_oligoclonal_bands": "oligoclonal bands in cerebrospinal fluid",
    "relapses.complete_since": "since when the list of relapses is complete",
    "relapses.events": "the relapses",
    "treatments.complete": "whether every treatment is listed",
    "treatments.courses": "the treatments",
    "mri": "a recent MRI study with its counts",
    "edss": "a recent EDSS",
    "ambulation": "a recent walking distance with the help needed",
    "ambulation.distance_m": "the walking distance",
    "ambulation.aid": "the help needed for walking",
    "ambulation.date": "the date of the walking distance",
}
NAMED = {
    "organ_function": words.MEASUREMENTS,
    "performance": words.MEASUREMENTS,
    "infection": words.INFECTION,
    "comorbidity": words.COMORBIDITY,
}
FACTS = {
    "gd_lesions": "enhancing lesions",
    "gd_max_diameter_mm": "largest diameter of an enhancing lesion",
    "new_t2": "new T2 lesions",
    "enlarging_t2": "enlarging T2 lesions",
    "t2_lesions": "all T2 lesions",
    "compared_with": "the study it was compared with",
    "confirmed_by_neurologist": "confirmed by a neurologist",
    "edss_before": "EDSS before",
    "edss_peak": "EDSS at the peak",
    "edss_after": "EDSS after",
    "drug": "which drug",
    "onset": "exact date",
    "date": "exact date",
    "start": "exact start",
    "stop": "exact stop",
}

SAID_BY_ITS_NAME = {"onset", "drug"}  # an entry is called by its date or drug
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")


def facts_in_words(facts: Sequence[Mapping[str, Any]], record: CaseRecord) -> tuple[str, ...]:
    """Say the facts on which a result rests; those of one relapse, study, score or course together."""
    entries: dict[str, list[str]] = {}
    for fact in facts:
        path, value = fact["path"], _value_words(fact["value"])
        entry = ENTRY.fullmatch(path)
        if entry is None:
            dated = fact.get("date") not in (None, fact["value"])
            entries[path_words(path, record)] = [f"{value} ({say_date(fact['date'])})" if dated else value]
            continue
        name, what = _entry(record, entry["list"], int(entry["index"])), entry["fact"] or ""
        said = entries.setdefault(name, [])
        if what not in SAID_BY_ITS_NAME:
            said.append(f"{words.plain(what) if what in ('start', 'stop') else _fact(what)} {value}")
    return tuple(f"{name}: {', '.join(said)}" if said else name for name, said in entries.items())


def _value_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{words.plain(name)} {_value_words(each)}" for name, each in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(map(_value_words, value)) or "none"
    text = "not known" if value is None else str(value)
    if _DATE.fullmatch(text):
        return say_date(text)
    return words.OUTCOMES.get(text) or words.plain(words.drug(text))


def path_words(path: str, record: CaseRecord) -> str:
    """Say which fact a path means; an entry of a list is named by its date or drug."""
    if path in WHOLE:
        return WHOLE[path]
    entry = ENTRY.fullmatch(path)
    if entry:
        what = _fact(entry["fact"] or "")
        name = _entry(record, entry["list"], int(entry["index"]))
        return f"{name}: {what}" if name else what
    section, _, fact = path.partition(".")
    if section == "judgements":
        return f"a clinician’s word on “{judgements().get(fact, words.plain(fact)).removesuffix('.')}”"
    key = fact.removesuffix(".date")
    name = NAMED.get(section, {}).get(key, "").partition(",")[0] or words.plain(path.replace(".", ", "))
    return f"{name}, exact date" if key != fact else name


def _fact(fact: str) -> str:
    return FACTS.get(fact, words.plain(fact.removeprefix("functional_systems.")))


def _entry(record: CaseRecord, name: str, index: int) -> str:
    """Name an entry of a list by its date or drug; one that the record does not have has no name."""
    found = record.get(name) or ()
    if index >= len(found):
        return ""
    entry = found[index]
    if name == "treatments.courses":
        return words.drug(entry.drug)
    kind = {"relapses.events": "relapse", "mri": "MRI", "edss": "EDSS"}[name]
    when = entry.onset if name == "relapses.events" else entry.date
    return f"{kind} of {when.words}"
