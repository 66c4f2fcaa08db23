"""``flask backup`` and ``flask restore``: all data in one file, the way back, and trying that there is one."""

import os
import subprocess
import sys
import tempfile
from dataclasses import replace as with_
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import Engine, create_engine, make_url

from referral import audit, clock, database
from referral.errors import PonsError
from referral.extensions import db
from referral.keeping import marks
from referral.keeping.copies import is_empty
from referral.keeping.lost import read_heads
from referral.keeping.making import back_up, write_down
from referral.keeping.restoring import Place, Restored, finish, open_house, restore
from referral.keeping.settling import standings
from referral.settings import with_secrets

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def _house() -> tuple[Flask, Engine, str, str]:
    """Give the application, its database, the key of its trail, the passphrase of its backups."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # as Flask documents it
    key = app.config["SQLALCHEMY_ENGINE_OPTIONS"]["execution_options"]["audit_key"]
    return app, db.engine, key, app.config["BACKUP_KEY"]


@click.command("backup")
@click.argument("to", type=click.Path(path_type=Path), metavar="TO")
@with_appcontext
def backup_command(to: Path) -> None:
    """Write database, files, heads of the trail and settings into one new file, while people work.

    TO is the file, or a folder in which it gets a name with the moment. Encrypted if BACKUP_KEY is set. Keys are never
    in it. Ends with 1 where a file of a case is lost: the backup is made all the same.
    """
    app, engine, key, passphrase = _house()
    now = clock.now()
    begun = _seconds()
    try:
        made = back_up(app, engine, key, to, now, passphrase)
    except (PonsError, OSError) as error:
        raise click.ClickException(f"No backup was made. {error}") from error
    write_down(db.session(), made, now)
    db.session.commit()
    rows = sum(each.rows for each in made.manifest.tables.values())
    click.echo(f"{made.path}: {rows} rows, {len(made.manifest.parts)} parts, {made.size} bytes,"
               f" {_seconds() - begun:.1f} s.")  # fmt: skip
    if not passphrase:
        click.echo("It is not encrypted: set BACKUP_KEY.", err=True)
    for name in made.manifest.lacking:
        click.echo(f"lost before the backup: the file {name}", err=True)
    if made.manifest.lacking:
        raise SystemExit(1)


@click.command("restore")
@click.argument("source", type=FILE, metavar="FROM", required=False)
@click.option("--replace", is_flag=True, help="Put what is there aside; its name has to be typed.")
@click.option("--old", metavar="DATABASE_URL", help="A newer database: who was put out there stays out.")
@click.option("--anchor", type=FILE, help="A file of heads of the trail that lay elsewhere.")
@click.option("--rehearse", is_flag=True, help="Try it in a scratch place, look at all of it, and date it.")
@click.option(
    "--into", metavar="DATABASE_URL", help="With --rehearse: an empty database for it (PostgreSQL)."
)
@click.option("--settle", "only_settle", is_flag=True, help="The data are back by other means: do the rest.")
@click.option("--open", "opens", is_flag=True, help="Let people write again.")
@click.option("--despite-faults", is_flag=True, help="With --open: although something did not hold.")
@with_appcontext
def restore_command(source: Path | None, **options: Any) -> None:
    """Bring a backup back: everything is checked, nobody is signed in, nothing is sent, nobody writes until --open."""
    try:
        if options["opens"]:
            _open(options["despite_faults"])
        elif options["only_settle"]:
            place = _place(options["old"], options["anchor"])
            _say(finish(place, clock.now(), place.heads, None), _seconds())
        elif source is None:
            raise click.UsageError("Name the backup: flask restore FROM.")
        elif options["rehearse"]:
            _rehearse(source, options["into"])
        else:
            _restore(source, options["replace"], options["old"], options["anchor"])
    except (PonsError, audit.AnchorError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _place(old: str | None, anchor: Path | None) -> Place:
    app, engine, key, passphrase = _house()
    heads = tuple(read_heads(anchor)) if anchor else ()
    place = Place(app, engine, key, passphrase, heads=heads)
    if not old:
        return place
    other = create_engine(old, **database.engine_options(old, key))
    database.prepare(other)
    with other.connect().execution_options(reading=True) as connection:
        newer = standings(connection)
    other.dispose()
    return with_(place, newer=newer)


def _restore(source: Path, replace: bool, old: str | None, anchor: Path | None) -> None:
    begun, place = _seconds(), _place(old, anchor)
    if replace and not is_empty(place.engine):
        name = Path(make_url(place.engine.url).database or "").name
        if click.prompt(f"Everything in {name} is put aside. Type its name") != name:
            raise click.ClickException("That is not its name. Nothing was changed.")
        with place.engine.connect().execution_options(reading=True) as connection:
            place = with_(place, newer=standings(connection) | dict(place.newer))
    _say(restore(source, place, clock.now(), replace), begun)


def _say(found: Restored, begun: float) -> None:
    click.echo(f"{found.rows} rows, {found.files} files, {found.entries} entries of the trail are back,"
               f" {_seconds() - begun:.1f} s.")  # fmt: skip
    for table, ended in found.ended.items():
        if ended:
            click.echo(f"ended: {ended} of {table}")
    click.echo(f"People whose standing is the newer one: {found.put_out}.")
    if found.lost.entries:
        click.echo(
            f"Lost: the trail went on after the backup, at least {found.lost.entries} entries"
            f" until {found.lost.until:%Y-%m-%d %H:%M:%S} UTC."
        )
    else:
        click.echo("The heads of the trail know of nothing that came after the backup.")
    for fault in found.faults:
        click.echo(f"FAULT  {fault}", err=True)
    click.echo("People can read. They can write after: flask restore --open")
    if found.faults:
        raise SystemExit(1)


def _open(despite_faults: bool) -> None:
    if open_house(db.session(), despite_faults):
        audit.record(db.session(), None, "opened_after_restore", despite_faults=despite_faults)
    db.session.commit()
    click.echo("People can write.")


def _rehearse(source: Path, into: str | None) -> None:
    """Bring the backup back in a process of its own, with a scratch place in its environment, and date it here."""
    app, engine, key, passphrase = _house()
    if engine.dialect.name == "postgresql" and not into:
        raise click.UsageError("Name an empty database for it: --into DATABASE_URL.")
    with tempfile.TemporaryDirectory(prefix=".rehearsal-", dir=source.parent) as folder:
        begun = _seconds()
        place = {
            "DATABASE_URL": into or f"sqlite:///{folder}/pons.db",
            "ATTACHMENTS": f"{folder}/attachments",
            "AUDIT_ANCHOR": f"{folder}/audit_anchor",
        }
        keys = {"AUDIT_KEY": key, "BACKUP_KEY": passphrase, "SECRET_KEY": app.config["SECRET_KEY"]}
        keys["DATA_KEYS"] = app.config["DATA_KEYS"].text
        heads = Path(app.config["AUDIT_ANCHOR"])
        more = ["--anchor", str(heads)] if heads.exists() else []
        done = subprocess.run(  # noqa: S603 - this program once more, with arguments of ours
            [sys.executable, "-m", "flask", "--app", "app", "restore", str(source.resolve()), *more],
            env={**with_secrets(os.environ), "SECRETS": "", **keys, **place},
            cwd=app.root_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = _seconds() - begun
    click.echo(done.stdout + done.stderr, nl=False)
    if done.returncode:
        raise click.ClickException("It does not come back whole.")
    marks.note(db.session(), marks.REHEARSAL, clock.now(), seconds=round(seconds, 1))
    audit.record(db.session(), None, "restore_rehearsed", seconds=round(seconds, 1))
    db.session.commit()
    click.echo(f"It comes back whole, in {seconds:.1f} s. The rehearsal is dated.")


def _seconds() -> float:
    return clock.now().timestamp()


COMMANDS = (backup_command, restore_command)
