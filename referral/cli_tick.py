"""``flask tick``: what time does, for cron or a timer; ``--every`` for a server that runs it itself."""

import os
import time

import click
from flask.cli import with_appcontext

from referral import clock
from referral.actions.tick import Done, tick
from referral.extensions import db


@click.command("tick")
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="Go on, every so many seconds, until the program that started this ends.",
)
@with_appcontext
def tick_command(every: int | None) -> None:
    """Do all that is due: deferrals, reminders, escalations, letters, notices. Run it every minute."""
    if every is None:
        done = _once()
        for each in done:
            click.echo(f"{each.words}: {'failed, see the log' if each.times is None else each.times}")
        if any(each.times is None for each in done):
            raise SystemExit(1)
        return
    started_by = os.getppid()
    while True:
        for each in _once():
            if each.times:
                click.echo(f"{each.words}: {each.times}")
        for _ in range(every):
            time.sleep(1)
            if os.getppid() != started_by:
                return


def _once() -> list[Done]:
    try:
        return tick(db.session(), clock.now())
    finally:
        db.session.remove()


COMMANDS = (tick_command,)
