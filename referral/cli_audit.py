"""``flask audit``: whether the trail is as it was written, its head for a place elsewhere, another key."""

import secrets
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from referral import audit, clock, database
from referral.extensions import db

HOW = """These two stand in place of what stood there, on each machine, before anything starts again that writes.
Then:  flask audit verify
Keep the new key where the old one was kept, and the old one as long as backups from before are kept: they need it."""


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
    database.begin_reading(db.session())
    holding, heads = _walk_through(anchor)
    db.session.rollback()
    click.echo(f"The trail holds: {holding} entries, {heads} heads anchored.")


def _walk_through(anchor: Path | None = None) -> tuple[int, int]:
    """Count the entries and the heads of a trail that holds; of another, say which entry does not, and end."""
    try:
        anchored = audit.read_anchors(anchor or Path(current_app.config["AUDIT_ANCHOR"]))
    except audit.AnchorError as error:
        raise click.ClickException(str(error)) from error
    found = audit.verify(db.session(), anchored)
    if found.broken is not None:
        raise click.ClickException(
            f"Entry {found.broken} does not hold: {found.why}. Entries that hold before it: {found.holding}."
        )
    return found.holding, len(anchored)


@audit_group.command("new-key")
@with_appcontext
def new_key() -> None:
    """Make a new key for the entries to come, if the trail holds, and say how it is brought in.

    Stop whatever writes before: the last entry under the old key is named beside that.
    """
    database.begin_reading(db.session())
    _walk_through()
    try:
        keys = audit.exchange(db.session(), secrets.token_hex(32))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    db.session.rollback()
    click.echo(f"AUDIT_KEY={keys.newest}")
    click.echo(f"AUDIT_KEYS_BEFORE={audit.write_old_keys(keys.older)}")
    click.echo(HOW, err=True)


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
