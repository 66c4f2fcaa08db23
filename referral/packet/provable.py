"""Which facts of a case a document can prove, in words.

An entry of a list is known by its date, not by its place: its place changes when another is put before it,
and a report would then prove another study.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from referral.criteria import judgements
from referral.facts import CaseRecord
from referral.packet import words
from referral.packet.paths import NAMED, WHOLE
from referral.reference.workup import workup

LISTS = {
    "relapses.events": ("Relapse", "onset"),
    "mri": ("MRI", "date"),
    "edss": ("EDSS", "date"),
}
SINGLE = (
    "patient.birth_date", "diagnosis.phenotype", "diagnosis.symptom_onset", "diagnosis.diagnosed_on",
    "diagnosis.first_treated_on", "diagnosis.csf_oligoclonal_bands", "diagnosis.aqp4_igg", "diagnosis.mog_igg",
    "ambulation.distance_m",
)  # fmt: skip
ANTIBODIES = {"diagnosis.aqp4_igg": "Aquaporin-4 antibodies", "diagnosis.mog_igg": "MOG antibodies"}


@dataclass(frozen=True, slots=True)
class Provable:
    """A fact that a document can prove: how it is kept, where it stands in the record now, what it is called."""

    key: str
    path: str
    words: str


def provable(record: CaseRecord) -> tuple[Provable, ...]:
    """Give every fact of a record that a document can prove, in the order of the form."""
    return tuple(_listed(record)) + tuple(_courses(record)) + tuple(_single(record))


def paths_of(keys: Iterable[str], record: CaseRecord) -> list[str]:
    """Give where the facts with these keys stand in a record; a fact that it no longer has is left out."""
    wanted = set(keys)
    facts = [fact.path for fact in provable(record) if fact.key in wanted]
    return facts + [item for item in workup_items() if item in wanted]


def words_of(paths: Iterable[str], record: CaseRecord) -> tuple[str, ...]:
    """Say the facts at these paths; a path that names none is passed over."""
    named = {fact.path: fact.words for fact in provable(record)} | workup_items()
    return tuple(dict.fromkeys(named[path] for path in paths if path in named))


@cache
def workup_items() -> dict[str, str]:
    """Give every item of the work-up, which stands beside the record: ``workup.cmv``, and its words."""
    return {f"workup.{item.id}": f"Work-up: {item.words}" for item in workup().values()}


def _listed(record: CaseRecord) -> Iterator[Provable]:
    for stem, (kind, dated) in LISTS.items():
        for index, entry in enumerate(record.get(stem) or ()):
            when = getattr(entry, dated)
            yield Provable(f"{stem} {when.text}", f"{stem}[{index}]", f"{kind} of {when.words}")


def _courses(record: CaseRecord) -> Iterator[Provable]:
    for index, course in enumerate(record.treatments.courses or ()):
        begun = f" {course.start.text}" if course.start else ""
        since = f" from {course.start.words}" if course.start else ""
        yield Provable(
            f"treatments.courses {course.drug.casefold()}{begun}",
            f"treatments.courses[{index}]",
            f"{words.drug(course.drug)}{since}",
        )


def _single(record: CaseRecord) -> Iterator[Provable]:
    for path in SINGLE:
        if record.get(path) is not None:
            yield Provable(path, path, ANTIBODIES.get(path) or _plain_name(WHOLE[path]))
    for section, names in NAMED.items():
        for name in names:
            if getattr(record.get(section), name, None) is not None:
                yield Provable(f"{section}.{name}", f"{section}.{name}", names[name].partition(",")[0])
    yield from _judged(record.judgements or {}, judgements())


def _judged(given: Mapping[str, Any], asked: Mapping[str, str]) -> Iterator[Provable]:
    for name in given:
        said = asked.get(name, words.plain(name)).removesuffix(".")
        yield Provable(f"judgements.{name}", f"judgements.{name}", f"Judgement: {said}")


def _plain_name(text: str) -> str:
    return words.sentence_case(text.removeprefix("the "))
