"""Editions joined with their results: the grid of verdicts, the criteria one by one, and what is not known.

Plain data from the snapshot. Nothing is judged here: results, verdicts and sentences stand in the assessment,
statements and sources in the editions; they are put side by side.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from referral.criteria.load import multiple_sclerosis
from referral.facts import CaseRecord, say_date
from referral.packet import words
from referral.packet.paths import facts_in_words, path_words

ACROSS = 4  # editions side by side; more of them make a second grid below the first
TELLING = ("not_met", "cannot_say", "not_tested", "met", "not_applicable")
NOT_REVIEWED = "not reviewed here"
ASKED_BY_US = "Asked of every edition by this software, before the edition’s own criteria."


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a statement comes from: its number in the edition, its address, a link where it has one."""

    number: int
    text: str
    href: str | None


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One criterion with its result: what the source asks, and what this record answers."""

    id: str
    group: str
    kind: str
    qualifier: str
    result: str
    reason: str
    statement: str
    sentence: str
    facts: tuple[str, ...]
    exception: str
    reading: str
    source: Source | None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Criteria that stand together: on every route, on one route, or beside the verdict."""

    heading: str
    note: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A verdict that comes by itself: when, which, and through which criterion."""

    when: str
    verdict: str
    statement: str


@dataclass(frozen=True, kw_only=True)
class EditionPart:
    """One edition: what it is, its verdict and how far that reaches, its criteria, its sources.

    ``adopted`` says who of the programme has reviewed it, and when; ``None`` where the snapshot is older than
    adoption. ``settled_by`` names the smallest sets of missing facts that would settle it, ``changes`` what time
    alone does.
    """

    id: str
    title: str
    organisation: str
    about: str
    citation: str
    href: str | None
    notes: str
    superseded_by: str
    digest: str
    verdict: str
    coverage: tuple[str, ...]
    untested: tuple[str, ...]
    untested_because: tuple[str, ...]
    settled_by: tuple[str, ...]
    changes: tuple[Change, ...]
    criteria: tuple[Criterion, ...]
    blocks: tuple[Block, ...]
    sources: tuple[Source, ...]
    adopted: str | None
    adoption_note: str

    @property
    def cannot_say(self) -> tuple[Criterion, ...]:
        """The criteria that could not be answered."""
        return tuple(criterion for criterion in self.criteria if criterion.result == "cannot_say")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a cell: how many criteria came out so, and on which part of the edition."""

    result: str
    words: str
    qualifier: str


@dataclass(frozen=True, kw_only=True)
class GridRow:
    """One group of criteria across the editions of a grid; the most telling line of a cell stands first."""

    name: str
    cells: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The verdicts in one look: editions across, groups of criteria down."""

    editions: tuple[EditionPart, ...]
    rows: tuple[GridRow, ...]


def edition_parts(
    assessment: Mapping[str, Any], editions: Sequence[Mapping[str, Any]], record: CaseRecord
) -> tuple[EditionPart, ...]:
    """Join every edition assessed with its definition, in the order of the assessment."""
    by_id = {edition["id"]: edition for edition in editions}
    return tuple(
        _edition(found, by_id.get(found["protocol"], {}), record) for found in assessment["protocols"]
    )


def grids(parts: Sequence[EditionPart]) -> tuple[Grid, ...]:
    """Lay the editions out, a few side by side."""
    return tuple(_grid(tuple(parts[start : start + ACROSS])) for start in range(0, len(parts), ACROSS))


def link(text: str) -> str | None:
    """Give the address behind a source as a link, where it has one: a web address or a DOI."""
    if text.startswith(("https://", "http://")):
        return text
    return f"https://doi.org/{text.removeprefix('doi:')}" if text.startswith("doi:") else None


def _edition(found: Mapping[str, Any], edition: Mapping[str, Any], record: CaseRecord) -> EditionPart:
    definitions = {criterion["id"]: criterion for criterion in edition.get("criteria", ())}
    texts = dict.fromkeys(each["source"] for each in definitions.values() if each.get("source"))
    sources = {text: Source(number=n, text=text, href=link(text)) for n, text in enumerate(texts, 1)}
    criteria = tuple(
        _criterion(each, definitions.get(each["id"]) or _own(each["id"]), sources, record)
        for each in found["criteria"]
    )
    untested = tuple(each for each in criteria if each.result == "not_tested")
    about = (
        str(edition.get("year") or "year not stated"),
        edition.get("jurisdiction"),
        words.PURPOSES.get(edition.get("purpose", "")),
        words.STATUSES.get(edition.get("status", "")),
    )
    return EditionPart(
        id=found["protocol"],
        title=edition.get("title") or found["protocol"],
        organisation=edition.get("organisation") or "",
        about="; ".join(filter(None, about)),
        citation=edition.get("citation") or "",
        href=link(edition.get("url") or ""),
        notes=edition.get("notes") or "",
        superseded_by=edition.get("superseded_by") or "",
        digest=str(found.get("definition_sha256") or edition.get("sha256") or "")[:12],
        verdict=found["verdict"],
        coverage=_coverage(found["coverage"]),
        untested=tuple(each.statement for each in untested),
        untested_because=tuple(_untested(each, definitions.get(each.id, {})) for each in untested),
        settled_by=tuple(_together(paths, record) for paths in found.get("decides") or ()),
        changes=tuple(_change(each, criteria) for each in found.get("changes") or ()),
        criteria=criteria,
        blocks=tuple(_blocks(criteria, found["criteria"])),
        sources=tuple(sources.values()),
        adopted=_adopted(edition),
        adoption_note=(edition.get("adopted") or {}).get("note") or "",
    )


def _adopted(edition: Mapping[str, Any]) -> str | None:
    """Say who adopted it and when."""
    if "adopted" not in edition:
        return None
    adoption = edition["adopted"]
    return f"{adoption['by']}, {say_date(adoption['on'])}" if adoption else NOT_REVIEWED


def _own(criterion_id: str) -> Mapping[str, Any]:
    """Give the criterion that no edition states and the engine asks of all."""
    own = multiple_sclerosis()
    return own.to_json() | {"source": None, "reading": ASKED_BY_US} if own.id == criterion_id else {}


def _criterion(
    found: Mapping[str, Any],
    definition: Mapping[str, Any],
    sources: Mapping[str, Source],
    record: CaseRecord,
) -> Criterion:
    route, kind = found.get("route"), found["kind"]
    qualifier = (words.plain(route) if route else "", words.SHORT_KINDS.get(kind, ""))
    return Criterion(
        id=found["id"],
        group=definition.get("group") or "",
        kind=words.KINDS.get(kind, kind),
        qualifier=", ".join(filter(None, qualifier)),
        result=found["result"],
        reason=words.REASONS.get(found["reason"], words.plain(found["reason"])),
        statement=definition.get("statement") or words.sentence_case(words.plain(found["id"])),
        sentence=found["sentence"],
        facts=facts_in_words(found.get("facts") or (), record),
        exception=definition.get("exception") or "",
        reading=definition.get("reading") or "",
        source=sources.get(definition.get("source") or ""),
    )


def _untested(criterion: Criterion, definition: Mapping[str, Any]) -> str:
    why = definition.get("untested_because")
    return f"{criterion.statement.removesuffix('.')} ({why})." if why else criterion.statement


def _together(paths: Sequence[str], record: CaseRecord) -> str:
    """Name the facts of one set: all of them are needed."""
    *others, last = (path_words(path, record) for path in paths)
    return f"{', '.join(others)} and {last}" if others else last


def _change(change: Mapping[str, Any], criteria: Sequence[Criterion]) -> Change:
    first, last = say_date(change["from"]), say_date(change["to"])
    statements = {criterion.id: criterion.statement for criterion in criteria}
    return Change(
        when=first if first == last else f"some day from {first} to {last}",
        verdict=words.VERDICTS[change["verdict"]],
        statement=statements.get(change["criterion"], words.plain(change["criterion"])),
    )


def _coverage(coverage: Mapping[str, Any]) -> tuple[str, ...]:
    whole = "its list was read whole" if coverage["list_complete"] else "its list was not read whole"
    return (
        f"{coverage['tested']} of {coverage['stated']} stated criteria tested",
        whole,
        words.EVIDENCE.get(coverage["evidence"], coverage["evidence"]),
    )


def _blocks(criteria: Sequence[Criterion], found: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """Part the criteria: asked for on every route, on one, or never changing the verdict."""
    decisive = [each["kind"] in ("required", "exclusion") for each in found]
    routes = list(dict.fromkeys(each["route"] for each in found if each.get("route")))
    parts = [("On every route" if routes else "Requirements and exclusions", "", None, True)]
    alternatives = "Routes are alternatives: one that holds is enough."
    parts += [(f"Route: {words.plain(route)}", alternatives, route, True) for route in routes]
    parts += [("Beside the verdict", "These never change it.", None, False)]
    for heading, note, route, decides in parts:
        chosen = tuple(
            criterion
            for criterion, each, decided in zip(criteria, found, decisive, strict=True)
            if decided is decides and (not decides or (each.get("route") or None) == route)
        )
        if chosen:
            yield Block(heading=heading, note=note, criteria=chosen)


def _grid(parts: tuple[EditionPart, ...]) -> Grid:
    rows = tuple(
        GridRow(
            name=group_name(group),
            cells=tuple(
                count_results([each for each in part.criteria if each.group == group]) for part in parts
            ),
        )
        for group in groups_asked(parts)
    )
    return Grid(editions=parts, rows=rows)


def groups_asked(parts: Sequence[EditionPart]) -> list[str]:
    """List the groups that any criterion belongs to, in the order of the form."""
    asked = {criterion.group for part in parts for criterion in part.criteria}
    order = [group for group in words.GROUPS if group in asked]
    return order + sorted(asked - set(order))


def group_name(group: str) -> str:
    """Name a group of criteria."""
    return words.GROUPS.get(group) or words.sentence_case(words.plain(group)) or "Other"


def count_results(criteria: Sequence[Criterion]) -> tuple[Line, ...]:
    """Count results, the most telling first; what is met needs no word on which part of the edition it is."""
    counts = Counter(
        (each.result, each.qualifier if each.result in ("not_met", "cannot_say", "not_tested") else "")
        for each in criteria
    )
    ordered = sorted(counts.items(), key=lambda item: (TELLING.index(item[0][0]), item[0][1]))
    return tuple(
        Line(result=result, words=_number_of(number, result), qualifier=qualifier)
        for (result, qualifier), number in ordered
    )


def _number_of(number: int, result: str) -> str:
    if result == "not_applicable":
        return "1 does not apply" if number == 1 else f"{number} do not apply"
    return f"{number} {words.RESULTS[result]}"
