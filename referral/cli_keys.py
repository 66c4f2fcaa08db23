"""``flask keys``: make a key for patients' data, look at what each is needed for, change to a new one."""

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from referral.actions import resealing
from referral.actions.resealing import Found
from referral.attachments import Store
from referral.auth.codes import Keys
from referral.columns import ring_of
from referral.extensions import db
from referral.sealing import Key

HOW = """Put it before the keys that are there:  DATA_KEYS={entry},…
Where several machines serve: put it behind them first, on each machine, and before them when each has it.
Start again, then:  flask keys rotate
Keep a copy apart from the database and its backups. Without it nobody reads what it has sealed."""


@click.group()
def keys() -> None:
    """Look after the keys that seal patients' data."""


@keys.command()
def new() -> None:
    """Make a key up, and say how it is brought in."""
    entry = Key.new().entry
    click.echo(entry)
    click.echo(HOW.format(entry=entry), err=True)


@keys.command()
@with_appcontext
def check() -> None:
    """Open all that is sealed. Says which keys are needed for what; ends with 1 where something does not open."""
    lost = 0
    for found in resealing.check(db.session(), _store()):
        if found.with_key:
            click.echo(
                f"{found.place}: " + ", ".join(f"{n} with {key}" for key, n in sorted(found.with_key.items()))
            )
        lost += _tell_lost(found)
    click.echo(f"{lost} cannot be opened.")
    if lost:
        raise SystemExit(1)


@keys.command()
@with_appcontext
def rotate() -> None:
    """Seal with the newest key all that older keys have sealed, while people work. Safe to stop and begin again."""
    session, lost = db.session(), 0
    ring = ring_of(session)
    _rotate_apps(session, current_app.config["FACTOR_KEYS"])
    for found in resealing.rotate(session, _store()):
        if found.anew:
            click.echo(f"{found.place}: {found.anew} sealed anew")
        lost += _tell_lost(found)
    if lost:
        raise click.ClickException(
            f"{lost} cannot be opened: keep every key until they can. See: flask keys check"
        )
    click.echo(f"All is sealed with {ring.newest.name}.")
    for key in ring.keys[1:]:
        click.echo(
            f"Nothing here needs {key.name} any more: take it out of DATA_KEYS. Older backups still need it."
        )


def _rotate_apps(session: Session, house: Keys) -> None:
    """Seal the secrets of apps anew. One that does not open keeps nothing else: its person sets an app up anew."""
    found = resealing.seal_apps(session, house)
    if found.anew:
        click.echo(f"{found.place}: {found.anew} sealed anew")
    if _tell_lost(found) == 0 and house[1]:
        click.echo(
            "Nothing here needs FACTOR_KEY_BEFORE any more: take it away. Older backups still need it."
        )


def _tell_lost(found: Found) -> int:
    for each in found.lost:
        click.echo(f"cannot be opened: {found.place} of {each}")
    return len(found.lost)


def _store() -> Store:
    return Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"])


COMMANDS = (keys,)
