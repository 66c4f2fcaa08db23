"""Loading the library: every edition is one YAML file; what cannot be traced or read is refused."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any

from referral.criteria.edition import (
    DECIDING,
    EVIDENCE,
    GROUPS,
    KINDS,
    PURPOSES,
    STATUSES,
    Criterion,
    Edition,
)
from referral.criteria.language import Mistake, Test, read_test
from referral.criteria.language.base import Vocabulary
from referral.facts import digest
from referral.reference import drugs
from referral.reference.files import Unreadable, read_file

HERE = Path(__file__).parent

TEXT, TEXT_OR_NONE, LIST_OR_NONE = (str,), (str, NoneType), (list, NoneType)
ANYTHING = (object,)
KINDS_OF_VALUES = {
    str: "a text", int: "a whole number", bool: "true or false", list: "a list", Mapping: "names with values",
    NoneType: "null",
}  # fmt: skip
EDITION_NAMES: Mapping[str, tuple[type, ...]] = {
    "id": TEXT, "title": TEXT, "organisation": TEXT, "year": (int, NoneType), "jurisdiction": TEXT, "purpose": TEXT,
    "status": TEXT, "citation": (Mapping,), "evidence": TEXT, "list_complete": (bool,), "superseded_by": TEXT_OR_NONE,
    "other_editions": LIST_OR_NONE, "notes": TEXT_OR_NONE, "criteria": (list,),
}  # fmt: skip
CRITERION_NAMES: Mapping[str, tuple[type, ...]] = {
    "id": TEXT, "kind": TEXT, "direction": TEXT_OR_NONE, "route": TEXT_OR_NONE, "statement": TEXT,
    "applies_if": ANYTHING, "test": ANYTHING, "window_months": ANYTHING, "exception": TEXT_OR_NONE,
    "evidence": TEXT_OR_NONE, "source": TEXT, "interpretation": TEXT_OR_NONE, "reading": TEXT_OR_NONE,
}  # fmt: skip
"""The names of an edition and of a criterion, each with the kinds of its value. A test is read by the language."""


class BadEdition(ValueError):
    """An edition that does not load; the message names file, criterion and remedy."""


@cache
def shared_vocabulary() -> Vocabulary:
    """Load the judgements and drug groups that editions share."""
    given = read_file(HERE / "vocabulary.yaml")
    judgements = {key: (entry["means"], entry["group"]) for key, entry in given["judgements"].items()}
    wrong = [key for key, (_, group) in judgements.items() if group not in GROUPS]
    if wrong:
        raise BadEdition(f"vocabulary.yaml: {', '.join(wrong)}: the group is one of {', '.join(GROUPS)}")
    groups = {name: tuple(keys) for name, keys in given["drug_groups"].items()}
    words = {name: (one, many) for name, (one, many) in given["drug_group_words"].items()}
    return Vocabulary(judgements, groups, words)


@cache
def multiple_sclerosis() -> Criterion:
    """The engine's own criterion: every set is about multiple sclerosis, and about no other disease."""
    (given,) = read_file(HERE / "vocabulary.yaml")["every_edition"]
    return _criterion(given, "vocabulary.yaml")


@cache
def library() -> Mapping[str, Edition]:
    """Load every edition, by id, in the order of the index."""
    order = read_file(HERE / "vocabulary.yaml")["order"]
    found = {path.stem: load_edition(path) for path in sorted((HERE / "protocols").glob("*.yaml"))}
    if set(order) != set(found):
        strange = ", ".join(sorted(set(order) ^ set(found)))
        raise BadEdition(f"vocabulary.yaml, order: these stand in one place only: {strange}")
    return MappingProxyType({name: found[name] for name in order})


@cache
def first_shown() -> tuple[Edition, ...]:
    """Give the editions that are shown where nobody has adopted any."""
    return tuple(library()[name] for name in read_file(HERE / "vocabulary.yaml")["first_shown"])


def judgements() -> Mapping[str, str]:
    """What each judgement key means."""
    return {key: means for key, (means, _) in shared_vocabulary().judgements.items()}


def judgements_read(editions: Iterable[Edition] | None = None) -> tuple[str, ...]:
    """The judgement keys that these editions read (else those first shown), in the order in which they are met."""
    keys = (
        getattr(leaf, "key", None)
        for edition in (first_shown() if editions is None else editions)
        for criterion in edition.criteria
        for leaf in criterion.leaves()
    )
    return tuple(dict.fromkeys(key for key in keys if key))


def load_edition(path: Path) -> Edition:
    """Load one edition. Raises :class:`BadEdition`."""
    try:
        given = read_file(path)
    except Unreadable as error:
        raise BadEdition(f"{path.name}: {error}") from error
    edition = read_edition(given, path.name)
    for criterion in edition.criteria:
        if criterion.kind in DECIDING and criterion.route and not _asked_for(edition, criterion.route):
            raise BadEdition(
                f"{path.name}, criterion {criterion.id!r}: route {criterion.route!r} asks for "
                "nothing; give it a required criterion or take it out"
            )
    return edition


def _asked_for(edition: Edition, route: str) -> bool:
    """Whether the route asks for anything; one that does not would hold for everybody."""
    return any(each.route == route and each.kind == "required" for each in edition.criteria)


def read_edition(given: Any, file: str) -> Edition:
    """Read one edition from YAML values. Raises :class:`BadEdition`."""
    where = file
    _check_names(given, EDITION_NAMES, where)
    for name in EDITION_NAMES:
        if name not in given and name not in ("superseded_by", "other_editions"):
            raise BadEdition(f"{where}: {name} is missing; add it")
    _one_of(given, "purpose", PURPOSES, where)
    _one_of(given, "status", STATUSES, where)
    _one_of(given, "evidence", EVIDENCE, where)
    if f"{given['id']}.yaml" != file:
        raise BadEdition(f"{where}: the id {given['id']!r} is not the file's name")
    criteria = tuple(_criterion(entry, where) for entry in given["criteria"])
    names = [criterion.id for criterion in criteria]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise BadEdition(f"{where}: {', '.join(sorted(twice))} stands twice; an id is used once")
    return Edition(
        id=given["id"], title=given["title"], organisation=given["organisation"], year=given["year"],
        jurisdiction=given["jurisdiction"], purpose=given["purpose"], status=given["status"],
        citation=_citation(given["citation"], where), url=_address(given["citation"]),
        evidence=given["evidence"], list_complete=given["list_complete"], notes=given["notes"],
        criteria=criteria, sha256=_definition_digest(given), superseded_by=given.get("superseded_by"),
        other_editions=tuple(given.get("other_editions") or ()),
    )  # fmt: skip


def _criterion(given: Any, file: str) -> Criterion:
    name = given.get("id") if isinstance(given, Mapping) else None
    where = f"{file}, criterion {name!r}"
    _check_names(given, CRITERION_NAMES, where)
    for needed in ("id", "kind", "statement", "test", "source"):
        if not given.get(needed):
            raise BadEdition(f"{where}: {needed} is missing; add it")
    _one_of(given, "kind", KINDS, where)
    if given.get("interpretation") not in (None, "analyst"):
        raise BadEdition(f"{where}: interpretation can only be analyst")
    if (given.get("interpretation") is None) != (given.get("reading") is None):
        raise BadEdition(f"{where}: interpretation and reading go together; add the missing one")
    if (given.get("direction") is not None) != (given["kind"] == "relative"):
        raise BadEdition(f"{where}: direction belongs to a relative criterion, and to no other")
    applies_if = given.get("applies_if")
    return Criterion(
        id=given["id"], kind=given["kind"], statement=given["statement"], test=_test(given["test"], where),
        source=given["source"], route=given.get("route"), direction=given.get("direction"),
        applies_if=None if applies_if is None else _test(applies_if, where),
        exception=given.get("exception"), reading=given.get("reading"), evidence=given.get("evidence"),
    )  # fmt: skip


def _test(given: Any, where: str) -> Test:
    try:
        return read_test(given, shared_vocabulary())
    except Mistake as mistake:
        raise BadEdition(f"{where}: {mistake}") from mistake


def _check_names(given: Any, allowed: Mapping[str, tuple[type, ...]], where: str) -> None:
    if not isinstance(given, Mapping):
        raise BadEdition(f"{where}: names with values are expected")
    strange = [str(name) for name in given if name not in allowed]
    if strange:
        raise BadEdition(f"{where}: there is no {', '.join(strange)}; the names are {', '.join(allowed)}")
    for name, value in given.items():
        kinds = allowed[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and int in kinds):
            said = " or ".join(KINDS_OF_VALUES[kind] for kind in kinds)
            raise BadEdition(f"{where}: {name} is {said}, not {value!r}")


def _one_of(given: Mapping[str, Any], name: str, allowed: tuple[str, ...], where: str) -> None:
    if given.get(name) not in allowed:
        raise BadEdition(f"{where}: {name} is one of {', '.join(allowed)}, not {given.get(name)!r}")


def _citation(given: Mapping[str, Any], where: str) -> str:
    parts = [given.get(name) for name in ("authors", "journal", "text", "registry")]
    if not given.get("journal") and given.get("year"):
        parts.append(given["year"])
    if given.get("doi"):
        parts.append(f"doi:{given['doi']}")
    if given.get("pmid"):
        parts.append(f"PMID {given['pmid']}")
    said = ". ".join(str(part).rstrip(".") for part in parts if part)
    if not said and not given.get("url"):
        raise BadEdition(f"{where}: the citation is empty; name the document")
    return said


def _address(given: Mapping[str, Any]) -> str | None:
    return f"https://doi.org/{given['doi']}" if given.get("doi") else given.get("url")


def _definition_digest(given: Mapping[str, Any]) -> str:
    """Pin the definition together with what it borrows: drug groups and the classes of drugs."""
    shared = shared_vocabulary()
    return digest(
        {
            "edition": _textual(given),
            "drug_groups": {name: list(keys) for name, keys in shared.drug_groups.items()},
            "drugs": {drug.key: drug.efficacy for drug in drugs()},
        }
    )


def _textual(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _textual(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_textual(item) for item in value]
    return value if value is None or isinstance(value, bool | int) else str(value)
