"""``flask audit``: whether the trail is as it was written, and its head for a place elsewhere."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from referral import audit, clock, database
from referral.extensions import db


@click.group("audit")
def audit_group() -> None:
    """Verify the audit trail, or write its head down elsewhere."""


@audit_group.command("verify")
@click.option(
    "--anchor",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The file of heads; without it, the one of this installation, if there is one.",
)
@with_appcontext
def verify(anchor: Path | None) -> None:
    """Walk the whole trail. Ends with 1, and names the first entry that does not hold, if there is one."""
    try:
        anchored = audit.read_anchors(anchor or Path(current_app.config["AUDIT_ANCHOR"]))
    except audit.AnchorError as error:
        raise click.ClickException(str(error)) from error
    database.begin_reading(db.session())
    found = audit.verify(db.session(), anchored)
    db.session.rollback()
    if found.broken is not None:
        raise click.ClickException(
            f"Entry {found.broken} does not hold: {found.why}. Entries that hold before it: {found.holding}."
        )
    click.echo(f"The trail holds: {found.holding} entries, {len(anchored)} heads anchored.")


@audit_group.command("anchor")
@with_appcontext
def anchor_head() -> None:
    """Add the head of the trail to the anchor file (AUDIT_ANCHOR). flask tick does it too."""
    path = Path(current_app.config["AUDIT_ANCHOR"])
    database.begin_reading(db.session())
    written = audit.write_anchor(db.session(), path, clock.now())
    db.session.rollback()
    click.echo("Nothing new to anchor." if written is None else f"Entry {written} is anchored.")


COMMANDS = (audit_group,)
