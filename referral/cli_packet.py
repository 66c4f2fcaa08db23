"""``flask packet``: an anonymous packet straight from a case record, without a database."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from referral import clock
from referral.actions.packets import this_house
from referral.assessment import assess
from referral.criteria import first_shown
from referral.facts import RecordError, read_record
from referral.packet import PacketError
from referral.packet.make import make_packet
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


COMMANDS = (packet_command,)
