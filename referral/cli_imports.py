"""``flask import-check``: what a packet, FHIR Bundle or case record holds, without a database."""

import json
from pathlib import Path

import click

from forms.imports import fill
from referral import clock
from referral.caged import BusyError
from referral.packet.compared import compare
from referral.packet.opening import LARGEST_FILE, NotTakenError, Opened, open_file


@click.command("import-check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--record", "record_only", is_flag=True, help="Print the case record alone, as JSON.")
def import_check(file: Path, record_only: bool) -> None:
    """Say what would be taken in of FILE: exit 0; or why nothing would be: exit 2, one line a fault."""
    try:
        with file.open("rb") as given:
            opened = open_file(given.read(LARGEST_FILE + 1), clock.today())
    except NotTakenError as refused:
        for fault in refused.faults:
            click.echo(f"{file}: {fault}", err=True)
        click.echo(f"{file}: {refused.what_to_do}", err=True)
        raise SystemExit(2) from refused
    except BusyError as busy:
        raise click.ClickException(str(busy)) from busy
    click.echo(json.dumps(opened.record.to_json(), ensure_ascii=False) if record_only else _told(opened))


def _told(opened: Opened) -> str:
    """Say in lines what was read. No name of a person: who it is about is counted, not said."""
    lines = [
        f"{opened.kind}, sha256 {opened.sha256}",
        f"seal: whole, {opened.seal['signer']}, {opened.seal['fingerprint']}"
        if opened.seal
        else "seal: none",
        f"case record: {'the sender’s own' if opened.exact else 'put together from resources'}",
        f"the person: {', '.join(sorted(opened.identity)) or 'not named'}",
    ]
    for each in compare(opened.record, opened.verdicts, (), clock.today()):
        why = f" ({' '.join(each.why)})" if each.why else ""
        lines.append(f"{each.id}: sender {each.theirs}, here {each.ours or 'not asked'}{why}")
    filled = fill(opened.record, opened.identity, opened.beside, opened.question, clock.today())
    lines += [f"not read: {', '.join(filter(None, each))}" for each in opened.left]
    lines += [f"not read: {fault}" for fault in filled.left]
    return "\n".join(lines)


COMMANDS = (import_check,)
