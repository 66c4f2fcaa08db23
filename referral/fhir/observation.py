"""What was found: Observation, one for each fact that stands alone, each EDSS, each relapse, each judgement."""

from collections.abc import Iterable

from referral.criteria import judgements
from referral.facts import Measurement, Relapse
from referral.fhir.given import Entry, Given
from referral.fhir.values import (
    Json,
    absent_reason,
    answer,
    component,
    concept,
    dated,
    named,
    quantity,
    value_of,
)
from referral.reference.codes import Coded, coded_facts, concepts, local, parts_of
from referral.scores.hct_ci import items, words

FINAL = {"status": "final"}


def observations(given: Given) -> list[Entry]:
    """Map every fact of the record that is no diagnosis, no MRI study and no course of treatment."""
    return [
        *(_fact(given, path, coded) for path, coded in coded_facts().items()),
        *_relapses(given),
        *_scores(given),
        _hct_ci(given),
        *_judgements(given),
    ]


def observed(given: Given, name: str, code: Json, more: Json) -> Json:
    """Give an observation of this person."""
    head = {"resourceType": "Observation", "id": given.id(name), **FINAL}
    return {**head, "code": code, "subject": given.ref("patient"), **more}


def _fact(given: Given, path: str, coded: Coded) -> Entry:
    """Map one fact; one that is not known is an observation without a value, which says why."""
    value = given.record.get(path)
    more: Json = {}
    if isinstance(value, Measurement):
        more |= dated("effectiveDateTime", value.date)
        more |= _measured(value, coded)
    else:
        day = given.record.get(coded.dated) if coded.dated else None
        more |= dated("effectiveDateTime", day) if coded.dated else {}
        codings: Iterable[dict[str, str]] = ()
        if isinstance(value, bool):
            codings = coded.answers.get("yes" if value else "no", ())
        more |= value_of(value, coded.unit, codings)
    code = concept(coded)
    code["coding"] = [*code.get("coding", ()), {"system": local("fact"), "code": path}]
    return Entry(path, coded.section, observed(given, path, code, more))


def _measured(value: Measurement, coded: Coded) -> Json:
    """Map a measurement. A performance status is a grade and so a whole number."""
    grade = coded.words.endswith("performance status") and value.value == value.value.to_integral_value()
    found: Json = (
        {"valueInteger": int(value.value)} if grade else {"valueQuantity": quantity(value.value, coded.unit)}
    )
    return found | ({"method": {"text": value.method}} if value.method else {})


def _scores(given: Given) -> Iterable[Entry]:
    """Map each EDSS with its functional systems. A system that was not tested is unknown, never 0."""
    for number, score in enumerate(given.record.edss, start=1):
        name = f"edss-{number}"
        more = dated("effectiveDateTime", score.date)
        if score.source:
            more["method"] = answer(score.source)
        more["valueQuantity"] = quantity(score.score, "score")
        systems = score.functional_systems
        parts = [
            component("functional-system", system, words_, getattr(systems, system))
            for system, words_ in parts_of("functional_systems").items()
        ]
        during = parts_of("edss")["during_relapse"]
        more["component"] = [*parts, component("edss", "during_relapse", during, score.during_relapse)]
        yield Entry(name, "disability", observed(given, name, concept(concepts()["edss"]), more))


def _relapses(given: Given) -> Iterable[Entry]:
    """Map each relapse by its onset. A pseudo-relapse has no code of a relapse: who counts codes must not count it."""
    for number, relapse in enumerate(given.record.relapses.events or (), start=1):
        name = f"relapse-{number}"
        code = concept(concepts()["pseudo_relapse" if relapse.pseudo else "relapse"])
        code["coding"] = [
            *code.get("coding", ()),
            {"system": local("fact"), "code": "pseudo_relapse" if relapse.pseudo else "relapse"},
        ]
        more = {**dated("effectiveDateTime", relapse.onset), "component": list(_relapse_parts(relapse))}
        yield Entry(name, "activity", observed(given, name, code, more))


def _relapse_parts(relapse: Relapse) -> Iterable[Json]:
    for part, words_ in parts_of("relapse").items():
        value = getattr(relapse, part)
        for each in value if isinstance(value, tuple) and value else (value,):
            yield component("relapse", part, words_, each)


def _hct_ci(given: Given) -> Entry:
    """Map the items of the HCT-CI as they were recorded. No sum: an item not known leaves a range."""
    known = given.record.comorbidity.hct_ci or {}
    parts = [component("hct-ci", item, words()[item][0], known.get(item)) for item in items()]
    more: Json = {"component": parts}
    if not known:
        more["dataAbsentReason"] = absent_reason()
    code = named("fact", "comorbidity.hct_ci", "Items of the HCT-CI")
    return Entry("hct-ci", "comorbidity", observed(given, "hct-ci", code, more))


def _judgements(given: Given) -> Iterable[Entry]:
    """Map what clinicians have judged; what nobody has judged is not sent as a question."""
    for key, judgement in (given.record.judgements or {}).items():
        name = f"judgement-{key}"
        more: Json = dated("effectiveDateTime", judgement.on)
        if judgement.by:
            more["performer"] = [{"display": judgement.by}]
        more["valueBoolean"] = judgement.value
        if judgement.why:
            more["note"] = [{"text": judgement.why}]
        code = named("judgement", key, judgements().get(key, key))
        yield Entry(name, "history", observed(given, name, code, more))
