"""``flask retention`` and ``flask export-person``: what is deleted when, and everything about one patient."""

import shutil
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from referral import clock, database
from referral.actions import ledger
from referral.actions.export import Side, export_person
from referral.actions.retention import delete_due, would_delete
from referral.attachments import FileLostError, Store
from referral.extensions import db
from referral.models import Referral

ALL = 1_000_000


@click.command("retention")
@click.option("--dry", is_flag=True, help="Delete nothing: print what the run would.")
@click.option("--again", is_flag=True, help="First delete what the ledger says was deleted: after a restore.")
@with_appcontext
def retention(dry: bool, again: bool) -> None:
    """Delete the cases whose time has come, a line each. flask tick does it too."""
    store = Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"])
    if dry:
        database.begin_reading(db.session())
        told = would_delete(db.session(), clock.now(), most=ALL)
        db.session.rollback()
    else:
        if again:
            _again(store)
        told = delete_due(db.session(), store, clock.now(), most=ALL)
        ledger.settle(db.session(), store, ledger.ledger())
    for each in told:
        click.echo(each.words)
    click.echo(f"{len(told)} cases")


def _again(store: Store) -> None:
    done = ledger.reapply(db.session(), store, ledger.ledger())
    click.echo(f"{len(done.deleted)} cases deleted again that the restored database still had.")
    for number in done.held:
        click.echo(f"{number} is under a legal hold here: lift it, and run this again.", err=True)
    if done.held:
        raise SystemExit(1)


@click.command("export-person")
@click.argument("number")
@click.option(
    "-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Where to; NUMBER-everything.zip here."
)
@with_appcontext
def export(number: str, out: Path | None) -> None:
    """Write everything about the patient of one case into one file, both sides of it. It is on record."""
    wanted = select(Referral).where(Referral.number == number.strip().upper(), Referral.gone_at.is_(None))
    referral = db.session.scalar(wanted)
    if referral is None:
        raise click.ClickException(f"There is no case {number}.")
    out = out or Path(f"{referral.number}-everything.zip")
    try:
        file = export_person(
            db.session(),
            referral,
            Store(current_app.config["ATTACHMENTS"], current_app.config["DATA_KEYS"]),
            Side.BOTH,
            actor=None,
        )
    except FileLostError as lost:
        raise click.ClickException(str(lost)) from None
    db.session.commit()
    out.touch(mode=0o600)
    with file, out.open("wb") as target:
        shutil.copyfileobj(file, target)
    click.echo(f"Written: {out}")


COMMANDS = (retention, export)
