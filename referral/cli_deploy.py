"""``flask check-deploy``: whether an installation may take in real people's data."""

import os
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from referral import clock
from referral.deployment import Finding, House, check
from referral.deployment.machine import installed
from referral.extensions import db
from referral.settings import Settings, with_secrets

MOUNTS = Path("/proc/mounts")


@click.command("check-deploy")
@with_appcontext
def check_deploy() -> None:
    """Ask every rule of a safe installation. Ends with 1 where one fails, and says what to change."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # as Flask documents it
    findings = look_at(app, Settings.from_environment())
    for finding in findings:
        click.echo(say(finding))
    failed = sum(bool(finding.fault) for finding in findings)
    click.echo(f"{len(findings)} rules, {failed} failed.")
    if failed:
        raise SystemExit(1)


def look_at(app: Flask, settings: Settings) -> list[Finding]:
    """Ask the rules of an installation as it stands here and now."""
    with app.app_context(), db.engine.connect().execution_options(reading=True) as connection:
        house = House(
            app,
            settings,
            connection,
            environment=with_secrets(os.environ),
            now=clock.now(),
            user=os.geteuid(),
            mounts=MOUNTS.read_text() if MOUNTS.exists() else "",
            versions=installed(),
        )
        return check(house)


def say(finding: Finding) -> str:
    """Give one finding in a line."""
    rule = finding.rule
    if not finding.fault:
        return f"holds  {rule.setting}: {rule.holds}"
    return f"FAILS  {rule.setting}: {rule.holds}? {finding.fault}. Remedy: {rule.remedy}."


COMMANDS = (check_deploy,)
