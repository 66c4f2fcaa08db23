"""``flask downtime-copy``: the last packets of the open cases as files, for a day without the application."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from referral.actions.downtime import copy_packets
from referral.extensions import db


@click.command("downtime-copy")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@with_appcontext
def downtime_copy(folder: Path) -> None:
    """Bring FOLDER to the last packet of each open case, with a list for each programme. For a timer.

    FOLDER holds names: it belongs on an encrypted disk that the coordinators can open without this machine.
    """
    try:
        done = copy_packets(db.session(), folder)
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}.") from None
    click.echo(f"{done.packets} packets, {done.written} written, {done.removed} removed.")


COMMANDS = (downtime_copy,)
