"""Commands of the clinical core: ``flask assess`` and ``flask protocols``. They open no database."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

import click

from referral import clock
from referral.assessment import Assessment, assess
from referral.criteria import BadEdition, Edition, library
from referral.criteria.boundaries import as_yaml
from referral.criteria.check import WORKED, check_library
from referral.criteria.evaluate import WORDS
from referral.criteria.language.manual import PAGE, page
from referral.facts import RecordError, read_record
from referral.reference.files import Unreadable, read_case_file

VERDICT_WORDS = {
    "met": "all criteria met",
    "tested_met": "all tested criteria met",
    "cannot_say": "cannot say",
    "not_met": "not met",
}
TEXT_OR_JSON = click.Choice(["text", "json"])


@click.command("assess")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day the question is asked for; default today."
)
@click.option(
    "--protocol", "protocols", multiple=True, metavar="ID", help="Only this edition; may be repeated."
)
@click.option("--format", "form", type=TEXT_OR_JSON, default="text", show_default=True)
def assess_command(
    files: tuple[Path, ...], as_of: datetime | None, protocols: tuple[str, ...], form: str
) -> None:
    """Put case records to published criteria. FILE is a case record, or a case with as_of and record."""
    editions = _chosen(protocols)
    faulty = False
    for path in files:
        try:
            assessment = _assess_file(path, as_of.date() if as_of else None, editions)
        except Unreadable as error:
            click.echo(f"{path}: {error}", err=True)
            faulty = True
        except RecordError as error:
            for fault in error.faults:
                click.echo(f"{path}: {fault}", err=True)
            faulty = True
        else:
            click.echo(
                json.dumps(assessment.to_json()) if form == "json" else "\n".join(_in_text(path, assessment))
            )
    if faulty:
        raise SystemExit(2)


def _chosen(protocols: tuple[str, ...]) -> list[Edition]:
    editions = library()
    strange = [name for name in protocols if name not in editions]
    if strange:
        raise click.BadParameter(f"there is no edition {', '.join(strange)}; see: flask protocols list")
    return [editions[name] for name in protocols or editions]


def _assess_file(path: Path, as_of: date | None, editions: Iterable[Edition]) -> Assessment:
    given, dated = read_case_file(path)
    day = as_of or dated or clock.today()
    return assess(read_record(given, day), editions, day)


def _in_text(path: Path, assessment: Assessment) -> Iterator[str]:
    yield f"{path}, as of {assessment.as_of}"
    for answered in assessment.answers:
        result, edition = answered.result, answered.result.edition
        whole = "whole list read" if edition.list_complete else "list not read whole"
        yield ""
        yield f"{edition.id}: {VERDICT_WORDS[result.verdict]}"
        tested = f"{edition.tested} of {len(edition.criteria)} stated criteria tested"
        yield f"  {tested}, {whole}, evidence {edition.evidence}"
        for finding in result.findings:
            route = f" ({finding.criterion.route})" if finding.criterion.route else ""
            yield f"  [{WORDS[finding.result]}] {finding.criterion.id}{route}: {finding.sentence}"
        for chosen in answered.decides:
            yield f"  would settle it, once known: {', '.join(chosen)}"
        for change in answered.changes:
            day = f"{change.first}"
            if change.first != change.last:
                day = f"some day between {change.first} and {change.last}"
            yield f"  with nothing but time: {VERDICT_WORDS[change.verdict]} from {day} on ({change.criterion})"
    yield ""
    yield "Published criteria and recorded facts; the multidisciplinary team decides."


@click.group("protocols")
def protocols_group() -> None:
    """The library of published criteria."""


@protocols_group.command("list")
@click.option("--format", "form", type=TEXT_OR_JSON, default="text", show_default=True)
def list_command(form: str) -> None:
    """List every edition, a line each."""
    for edition in library().values():
        if form == "json":
            plain = edition.to_json()
            del plain["criteria"]
            click.echo(json.dumps(plain))
        else:
            year = edition.year or ""
            click.echo(f"{edition.id:24} {year:5} {edition.purpose:17} {edition.status:11} {edition.title}")


@protocols_group.command("show")
@click.argument("name", metavar="ID")
@click.option("--format", "form", type=TEXT_OR_JSON, default="text", show_default=True)
def show_command(name: str, form: str) -> None:
    """Show one edition with its criteria and sources."""
    (edition,) = _chosen((name,))
    click.echo(json.dumps(edition.to_json()) if form == "json" else "\n".join(_described(edition)))


def _described(edition: Edition) -> Iterator[str]:
    yield f"{edition.title} ({edition.year or 'no year'})"
    yield f"{edition.organisation}; {edition.jurisdiction}; {edition.purpose}; {edition.status}"
    yield f"{edition.citation}; evidence {edition.evidence}; sha256 {edition.sha256}"
    yield edition.notes
    for criterion in edition.criteria:
        route = f", route {criterion.route}" if criterion.route else ""
        yield ""
        yield f"{criterion.id} ({criterion.kind}{route}): {criterion.statement}"
        yield f"  test: {criterion.test.asks()}"
        yield from (f"  {name}: {text}" for name, text in _remarks(criterion.exception, criterion.reading))
        yield f"  source: {criterion.source}"


def _remarks(exception: str | None, reading: str | None) -> Iterator[tuple[str, str]]:
    if exception:
        yield "exception", exception
    if reading:
        yield "reading", reading


@protocols_group.command("check")
@click.option("--format", "form", type=TEXT_OR_JSON, default="text", show_default=True)
def check_command(form: str) -> None:
    """Prove that every edition can be traced, read and reached. Exit 1 if one cannot."""
    try:
        faults = list(check_library(library()))
    except BadEdition as error:
        faults = [str(error)]
    if form == "json":
        click.echo(json.dumps({"editions": 0 if faults else len(library()), "faults": faults}))
    else:
        for fault in faults:
            click.echo(fault, err=True)
        click.echo(f"{len(library()) if not faults else 0} editions hold, {len(faults)} faults")
    if faults:
        raise SystemExit(1)


@protocols_group.command("cases")
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option("--write", is_flag=True, help="Keep them beside the editions, instead of printing.")
def cases_command(names: tuple[str, ...], write: bool) -> None:
    """Make the worked cases at every limit: just inside, on, just outside; for a clinician to read."""
    for edition in _chosen(names):
        if write:
            WORKED.mkdir(exist_ok=True)
            (WORKED / f"{edition.id}.yaml").write_text(as_yaml(edition), encoding="utf-8")
        else:
            click.echo(as_yaml(edition))


@protocols_group.command("language")
@click.option("--write", is_flag=True, help="Keep the page in docs/language.md, instead of printing.")
def language_command(write: bool) -> None:
    """Make the reference page of the language in which criteria are written."""
    if write:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        click.echo(page(), nl=False)


COMMANDS = (assess_command, protocols_group)
