"""An installation as the rules look at it, and what a rule is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import Connection, make_url, text

from referral.settings import INSTANCE, Settings

GIBIBYTE = 1024**3


@dataclass(frozen=True)
class House:
    """One installation, at one moment. What a test could not change otherwise is a field."""

    app: Flask
    settings: Settings
    connection: Connection
    environment: Mapping[str, str]
    now: datetime
    user: int
    mounts: str
    """What the system says of its file systems, as in ``/proc/mounts``."""
    versions: Mapping[str, str]
    """Of the interpreter and of each package, by name in small letters."""
    keys: Path = INSTANCE
    """The folder in which the first start left keys, where none were given."""
    least_free: int = GIBIBYTE

    @property
    def database(self) -> str:
        """The kind of database: ``sqlite`` or ``postgresql``."""
        return self.connection.dialect.name

    @property
    def database_file(self) -> Path:
        """Where SQLite keeps its file."""
        return Path(make_url(self.settings.database_url).database or "").resolve()

    @cached_property
    def answer(self) -> Any:
        """What the application answers to somebody at the door, by https."""
        address = urlsplit(self.settings.house_url)
        return self.app.test_client().get("/sign-in", base_url=f"https://{address.netloc}")

    def ask(self, question: str, **values: Any) -> Any:
        """Give the one value with which the database answers."""
        return self.connection.execute(text(question), values).scalar()


@dataclass(frozen=True)
class Rule:
    """What must hold. ``setting`` is what to change, ``remedy`` what to change it to."""

    setting: str
    holds: str
    remedy: str
    fault: Callable[[House], str]
    """Says in a few words what is wrong; nothing where it holds."""
    database: str | None = None
    stops: bool = True
    """Whether the server does not start for real people where it fails."""


@dataclass(frozen=True)
class Finding:
    """A rule that was asked, and what is wrong with it, if anything."""

    rule: Rule
    fault: str


def rule(
    rules: list[Rule],
    setting: str,
    holds: str,
    remedy: str,
    database: str | None = None,
    *,
    stops: bool = True,
) -> Callable[[Callable[[House], str]], Callable[[House], str]]:
    """Add the function below to the rules."""

    def add(fault: Callable[[House], str]) -> Callable[[House], str]:
        rules.append(Rule(setting, holds, remedy, fault, database, stops))
        return fault

    return add
