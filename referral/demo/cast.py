"""The invented people: one file a person, moved to today."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import yaml

from referral.demo.moving import move_dates
from referral.workflow import State

HERE = Path(__file__).parent
DAYS_FROM_VISIT_TO_LETTER = 3
"""A case is written down, and sent if it is sent at all, this long after the visit in clinic."""


@dataclass(frozen=True)
class Account:
    """Somebody with an account, by the short name that the files use."""

    key: str
    name: str
    role: str
    organisation: str
    works_for: str | None = None

    @property
    def email(self) -> str:
        """The address to sign in with: in a domain that can never exist."""
        return f"{self.key}@{self.organisation}.example"


@dataclass(frozen=True, kw_only=True)
class Course:
    """One invented person: what is recorded, what is asked, where the case stands, and what it is there to show.

    All dates are true on ``told_on``: the day of the letter for a draft, and so many days of waiting later for
    a case that was sent.
    """

    name: str
    shows: str
    story: str
    seen_on: date
    state: State
    referrer: str
    identity: dict[str, Any]
    request: dict[str, Any]
    record: dict[str, Any]
    beside: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting_days: int = 0
    prepared_by: str | None = None
    reason: str | None = None
    withdrawn_because: str | None = None
    typed_instead: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def written_on(self) -> date:
        """The day on which the case was written down and, unless it is a draft, sent."""
        return self.seen_on + timedelta(days=DAYS_FROM_VISIT_TO_LETTER)

    @property
    def told_on(self) -> date:
        """The day that counts as today in the file."""
        return self.written_on + timedelta(days=self.waiting_days)

    @property
    def sent(self) -> bool:
        """Whether it ever left the clinic."""
        return self.waiting_days > 0

    def at(self, today: date) -> Self:
        """Give the same course as if told today."""
        return replace(
            self,
            seen_on=self.seen_on + (today - self.told_on),
            record=move_dates(self.record, self.told_on, today),
            beside=move_dates(self.beside, self.told_on, today),
        )

    @property
    def who(self) -> dict[str, Any]:
        """Who the person is, with the two facts that the record holds as well."""
        patient: dict[str, Any] = self.record.get("patient", {})
        return self.identity | patient


def read_people(today: date) -> list[Course]:
    """Read every invented person, as if told today; in the order of their waiting, the longest first."""
    people = [_read(path).at(today) for path in sorted((HERE / "people").glob("*.yaml"))]
    return sorted(people, key=lambda person: -person.waiting_days)


def _read(path: Path) -> Course:
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    plain["seen_on"] = date.fromisoformat(plain["seen_on"])
    plain["state"] = State(plain["state"])
    return Course(name=path.stem, **plain)


def read_accounts() -> tuple[str, dict[str, dict[str, str]], list[Account]]:
    """Give the one password, the organisations and the accounts."""
    plain = yaml.safe_load((HERE / "accounts.yaml").read_text(encoding="utf-8"))
    accounts = [Account(key=key, **account) for key, account in plain["accounts"].items()]
    return plain["password"], plain["organisations"], accounts


def read_evidence() -> list[str]:
    """Give what the one programme that keeps a list asks every referral for."""
    asked: list[str] = yaml.safe_load((HERE / "evidence.yaml").read_text(encoding="utf-8"))
    return asked
