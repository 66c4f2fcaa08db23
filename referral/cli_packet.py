"""``flask packet``: an anonymous packet straight from a case record, without a database. ``flask packet-check``."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError

from referral import clock
from referral.actions.packets import find_sealed, this_house
from referral.assessment import assess
from referral.criteria import first_shown
from referral.extensions import db
from referral.facts import RecordError, read_record
from referral.packet import PacketError
from referral.packet.checking import ALTERED, NONE, Checked, check_packet
from referral.packet.make import make_packet
from referral.packet.signing import fingerprint
from referral.reference.files import Unreadable, read_case_file


@click.command("packet")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day the question is asked for; today if not said."
)
@click.option(
    "-o", "output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The PDF to write."
)
@with_appcontext
def packet_command(file: Path, as_of: datetime | None, output: Path) -> None:
    """Print the packet of a case record FILE (JSON or YAML), signed by nobody and without a name."""
    try:
        plain, day = read_case_file(file)
        asked = as_of.date() if as_of else day or clock.today()
        snapshot = anonymous_snapshot(plain, asked)
    except Unreadable as error:
        click.echo(f"{file}: {error}", err=True)
        raise SystemExit(2) from error
    except RecordError as error:
        for fault in error.faults:
            click.echo(f"{file}: {fault}", err=True)
        raise SystemExit(2) from error
    try:
        made = make_packet(snapshot, this_house())
    except PacketError as jam:
        raise click.ClickException(f"{file}: {jam}") from jam
    output.write_bytes(made.pdf)


@click.command("packet-check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--extract",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write what a whole packet carries into this folder.",
)
@with_appcontext
def packet_check_command(file: Path, extract: Path | None) -> None:
    """Tell whether FILE is a packet as it was made: exit 0 whole, 1 altered, 2 no packet of ours."""
    found = check_packet(file.read_bytes())
    if found.state == NONE:
        click.echo(f"{file}: no packet of ours")
        raise SystemExit(2)
    if found.state == ALTERED:
        click.echo(f"{file}: ALTERED ({found.why}). Do not rely on it; ask for it again where it came from.")
        raise SystemExit(1)
    click.echo(f"{file}: whole, not a byte was changed since it was signed")
    about = f"referral {found.referral}, {found.version.lower()}" if found.referral else found.version.lower()
    own = found.fingerprint == fingerprint(this_house().key.certificates[0])
    click.echo(f"  packet       {about}, {found.written}")
    click.echo(f"  seal         {found.seal}")
    click.echo(f"  signed with  {found.signer}")
    click.echo(f"  key          {found.fingerprint}")
    click.echo(f"               {OWN_KEY if own else OTHER_KEY}")
    for name, content in found.files.items():
        click.echo(f"  carries      {name}, {len(content):,} bytes")
    click.echo(f"  superseded   {_superseded(found)}")
    if extract:
        extract.mkdir(parents=True, exist_ok=True)
        for name, content in found.files.items():
            (extract / name).write_bytes(content)


OWN_KEY = "that is the key of this installation"
OTHER_KEY = "this installation does not know that key: compare it with what its owner says"


def _superseded(found: Checked) -> str:
    """Say what became of a packet since, as far as this installation knows."""
    place = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        return NO_DATABASE
    try:
        known = find_sealed(db.session(), found.seal, None)
    except DatabaseError:  # it is out of reach, or not set up
        return NO_DATABASE
    if known is None:
        return "not known: this installation did not issue it"
    return f"yes, by version {known.newest}" if known.superseded else "no, nothing later was signed"


NO_DATABASE = "not known: there is no database at hand"


def anonymous_snapshot(plain: Any, as_of: date) -> dict[str, Any]:
    """Assess a plain record against the whole library, as a snapshot that nobody has signed.

    Raises:
        RecordError: with every fault of the record.

    """
    record = read_record(plain, as_of)
    editions = first_shown()
    return {
        "snapshot": "1",
        "as_of": as_of.isoformat(),
        "record": record.to_json(),
        "assessment": assess(record, editions, as_of).to_json(),
        "editions": [edition.to_json() for edition in editions],
    }


COMMANDS = (packet_command, packet_check_command)
