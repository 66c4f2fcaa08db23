"""The command line for the files of the cases: remove what no case knows, name what is lost."""

import click
from flask import current_app
from flask.cli import with_appcontext

from referral.actions import attachments
from referral.attachments import Store
from referral.extensions import db


@click.command("attachments-sweep")
@with_appcontext
def sweep() -> None:
    """Remove files that were left behind by a broken upload; name the cases whose files are lost.

    Safe at any time; once a night is enough. Ends with 1 where a file is lost.
    """
    store = Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"])
    swept = attachments.sweep(db.session(), store)
    lost = attachments.find_lost(db.session(), store)
    db.session.rollback()
    click.echo(f"{len(swept)} left behind, removed. {len(lost)} lost.")
    for each in lost:
        click.echo(f"lost: case {each.referral_id}, file {each.id}")
    if lost:
        raise SystemExit(1)


COMMANDS = (sweep,)
