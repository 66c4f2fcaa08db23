"""The library: every published edition, its criteria in prose with their sources, and two of them side by side."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from referral.auth import RECEIVERS, requires
from referral.criteria import Criterion, Edition, library
from referral.criteria.boundaries import worked_cases
from referral.criteria.edges import AS_OF
from referral.criteria.edition import DECIDING, KINDS, PURPOSES, STATUSES
from referral.packet import words
from referral.packet.editions import link
from referral.workflow import Role

shelf = Blueprint("library", __name__)

ABBREVIATIONS = {"dlco", "dmt", "edss", "hbv", "hcv", "hiv", "lvef", "mri", "pap", "pml", "rrms", "tlc"}
KIND_HEADINGS = {
    "required": ("Required", ""),
    "exclusion": ("Excludes", "Met means: it does not apply."),
    "preferred": ("Ideal profile", "This never changes the verdict."),
    "relative": ("Weighed by the committee", "This never changes the verdict."),
    "workup": ("Work-up to be done", "This never changes the verdict."),
}


@dataclass(frozen=True, slots=True)
class Block:
    """Criteria that stand together: of one route and one kind."""

    heading: str
    note: str
    criteria: tuple[Criterion, ...]


@shelf.get("/library")
@requires(*Role)
def index() -> ResponseReturnValue:
    """List the editions, narrowed down by jurisdiction, purpose and status."""
    editions = tuple(library().values())
    choices = {
        "jurisdiction": {place: place for place in sorted({p for e in editions for p in places(e)})},
        "purpose": {purpose: words.sentence_case(words.PURPOSES[purpose]) for purpose in PURPOSES},
        "status": {status: words.sentence_case(words.STATUSES[status]) for status in STATUSES},
    }
    asked = {name: request.args.get(name, "") for name in choices}
    chosen = {name: value if value in choices[name] else "" for name, value in asked.items()}
    found = [edition for edition in editions if fits(edition, chosen)]
    return render_template(
        "library/index.html", found=found, total=len(editions), choices=choices, chosen=chosen,
        adopts=g.person.role in RECEIVERS, **said(),
    )  # fmt: skip


@shelf.get("/library/<edition_id>")
@requires(*Role)
def show(edition_id: str) -> ResponseReturnValue:
    """Show one edition: where it comes from, what it asks, what of it is not tested, its cases at the limits."""
    edition = library().get(edition_id)
    if edition is None:
        abort(404)
    return render_template(
        "library/show.html", edition=edition, blocks=blocks(edition), cases=cases(edition_id),
        untested=[criterion for criterion in edition.criteria if not criterion.tested], asked_on=AS_OF, **said(),
    )  # fmt: skip


@shelf.get("/library/compare")
@requires(*Role)
def compare() -> ResponseReturnValue:
    """Put two editions side by side, group by group. Boxes ticked in the list come as ``pick``."""
    picked = request.args.getlist("pick")
    if len(picked) == 2:
        return redirect(url_for("library.compare", a=picked[0], b=picked[1]), code=303)
    editions = library()
    ids = {"a": request.args.get("a", ""), "b": request.args.get("b", "")}
    if picked:
        ids["a"] = picked[0]
    pair = {side: editions.get(edition_id) for side, edition_id in ids.items()}
    a, b = pair["a"], pair["b"]
    rows = compared(a, b) if a and b and a is not b else ()
    return render_template(
        "library/compare.html", editions=editions.values(), ids=ids, a=a, b=b, rows=rows,
        message=what_is_missing(ids, pair, len(picked)), **said(),
    )  # fmt: skip


def what_is_missing(ids: Mapping[str, str], pair: Mapping[str, Edition | None], picked: int) -> str:
    """Say why there is nothing to compare; nothing where there is."""
    if picked > 2:
        return f"{picked} editions were ticked. Two can be compared: choose them here."
    if any(ids[side] and pair[side] is None for side in pair):
        return "The library has no such edition. Choose two here."
    if None in pair.values():
        return "Choose two editions."
    return "The same edition was chosen twice. Choose two." if pair["a"] is pair["b"] else ""


def said() -> dict[str, Any]:
    """Give the templates the words of the packet, and the library to look others up in."""
    return {"words": words, "library": library(), "link": link, "places": places, "only_where": only_where}


def places(edition: Edition) -> tuple[str, ...]:
    """Give the places an edition is for, each by itself: *Norway, Denmark* is two."""
    return tuple(words.sentence_case(place) for place in edition.jurisdiction.split(", "))


def fits(edition: Edition, chosen: Mapping[str, str]) -> bool:
    """Whether the edition is among those chosen; what is blank narrows nothing."""
    return (
        chosen["jurisdiction"] in ("", *places(edition))
        and chosen["purpose"] in ("", edition.purpose)
        and chosen["status"] in ("", edition.status)
    )


def only_where(criterion: Criterion) -> str:
    """Say for whom alone the criterion is asked; blank where it is asked for everybody."""
    if criterion.applies_if is None:
        return ""
    return criterion.applies_if.asks().removesuffix(" is asked for").removesuffix(" are asked for")


def blocks(edition: Edition) -> tuple[Block, ...]:
    """Part the criteria by route, then by kind; what never changes the verdict stands last."""
    found = []
    for route in (None, *edition.routes):
        where = (
            f" on the route “{words.plain(route)}”" if route else " on every route" if edition.routes else ""
        )
        of_route = [criterion for criterion in edition.criteria if criterion.route == route]
        found += [block(kind, where, of_route) for kind in DECIDING]
    found += [block(kind, "", edition.criteria) for kind in KINDS if kind not in DECIDING]
    return tuple(each for each in found if each.criteria)


def block(kind: str, where: str, criteria: Iterable[Criterion]) -> Block:
    """Give the criteria of one kind, under its heading."""
    heading, note = KIND_HEADINGS[kind]
    chosen = tuple(criterion for criterion in criteria if criterion.kind == kind)
    return Block(f"{heading}{where}", note, chosen)


def compared(a: Edition, b: Edition) -> tuple[tuple[str, tuple[Criterion, ...], tuple[Criterion, ...]], ...]:
    """Give a row for each group of criteria that either has: its name, and the criteria of both."""
    rows = [
        (name, of_group(a.criteria, group), of_group(b.criteria, group))
        for group, name in words.GROUPS.items()
    ]
    return tuple(row for row in rows if row[1] or row[2])


def of_group(criteria: Iterable[Criterion], group: str) -> tuple[Criterion, ...]:
    """Give the criteria of one group."""
    return tuple(criterion for criterion in criteria if criterion.group == group)


@cache
def cases(edition_id: str) -> tuple[dict[str, str], ...]:
    """Give the worked cases at the limits, ready to print; an edition never changes, so once is enough."""
    return tuple(
        {
            "criterion": words.sentence_case(" ".join(map(spelt, worked.criterion.split("_")))),
            "limit": words.plain(worked.limit),
            "case": worked.case,
            "record": "; ".join(facts(worked.record)),
            "result": worked.result,
        }
        for worked in worked_cases(library()[edition_id])
    )


def spelt(word: str) -> str:
    """Write an abbreviation in capitals, any other word as it stands."""
    return word.upper() if word in ABBREVIATIONS else word


def facts(value: Any, path: str = "") -> Iterator[str]:
    """Write what a record holds, fact by fact: ``patient.birth_date: 2008-06-15``."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from facts(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value, start=1):
            yield from facts(inner, path if len(value) == 1 else f"{path} {number}")
    else:
        shown = value if isinstance(value, str) else "none" if value == [] else json.dumps(value, default=str)
        yield f"{words.plain(path).replace('.', ', ')}: {shown.strip(chr(34))}"
