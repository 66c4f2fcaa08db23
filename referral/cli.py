"""The command line: ``flask`` with the commands below."""

import click
from flask import Flask

COMMANDS: tuple[click.Command, ...] = ()


def register(app: Flask) -> None:
    """Add our commands to ``flask``."""
    for command in COMMANDS:
        app.cli.add_command(command)
