"""The house as the matrix of routes walks through it: who asks, what stands in addresses; put back after.

No row of the matrix signs in: each role has a session of its own in the database, and a cookie that leads to it.
"""

import secrets
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pysqlite3
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from referral.extensions import db
from referral.models import Referral
from referral.workflow import Role, State
from tests.browser import Browser
from tests.matrix.world import (
    FOREIGN,
    MISSING,
    NOWHERE,
    OWN,
    SAME,
    World,
)

OPENERS = ("neurologist", "coordinator", "committee_member", "chair")
NOBODY, DISABLED = "nobody", "disabled"
ASKING = (*(role.value for role in Role), NOBODY, DISABLED)
"""Who asks: each role, somebody who is not signed in, and somebody whose account was ended in mid-session."""
LAID = (
    "alike", "handed", "copied", "packed", "papers", "filed", "drafted", "held", "released", "renewed", "kept",
    "unwanted",
)  # fmt: skip
"""Cases that have more about them than their state."""
CSRF = "wtf-csrf-token"


@dataclass
class House:
    """The application, its database as a file, and all that stands in an address or is typed into a form."""

    app: Flask
    database: Path
    world: World
    laid: dict[tuple[str, str], Referral] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    of: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: secrets.token_hex(20))

    # -------------------------------------------------------------------------------- asking

    def browser(self, who: str) -> Browser:
        """The browser of a role, signed in."""
        if who not in self.browsers:
            client = self.app.test_client()
            with client.session_transaction() as cookie:
                cookie["csrf_token"] = self.secret
                if who in self.sessions:
                    cookie["_user_id"], cookie["_fresh"] = self.sessions[who], True
            self.browsers[who] = Browser(client, Session())
        return self.browsers[who]

    def forget(self, who: str) -> None:
        """Give this browser a fresh cookie when it is next asked for."""
        self.browsers.pop(who, None)

    def token(self) -> str:
        """The CSRF token that belongs to every browser here."""
        return str(URLSafeTimedSerializer(self.app.secret_key, salt=CSRF).dumps(self.secret))  # type: ignore[arg-type]  # it is set

    def client(self, who: str) -> FlaskClient:
        return self.browser(who).client

    # -------------------------------------------------------------------------------- keeping

    def keep(self) -> None:
        """Remember the database as it is now."""
        self._rest()
        shutil.copy(self.database, self._kept())

    def put_back(self) -> None:
        """Make the database what it was."""
        self._rest()
        for end in ("", "-wal", "-shm"):
            Path(f"{self.database}{end}").unlink(missing_ok=True)
        shutil.copy(self._kept(), self.database)

    def _kept(self) -> Path:
        return self.database.with_suffix(".kept")

    def _rest(self) -> None:
        """Close every connection and fold the log into the file."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        with closing(pysqlite3.connect(str(self.database))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # -------------------------------------------------------------------------------- looking

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database beside the application."""
        with closing(pysqlite3.connect(str(self.database))) as connection:
            return [tuple(row) for row in connection.execute(statement, values)]

    def case(self, kind: str, relation: str) -> Referral | None:
        """The case of a kind (a state, or laid ready) and relation; none for the one that is missing."""
        if relation == MISSING:
            return None
        if kind in LAID:
            return self.laid[kind, relation]
        return self.world.cases[State(kind), relation]


# ------------------------------------------------------------------------------------------- addresses


def facts_about(house: House, about: str, relation: str) -> dict[str, str]:
    """What stands in an address and may be typed, for what a row is about."""
    kind, _, which = about.partition(" ")
    prefix = "other_" if relation == FOREIGN else ""
    meeting = house.words[f"{prefix}{which if kind == 'meeting' and which else 'meeting'}"]
    gone = str(NOWHERE)
    found = {"meeting": meeting, "meeting_id": gone if kind == "meeting" and relation == MISSING else meeting}
    found["pack_id"] = gone if relation == MISSING else house.words[f"{prefix}pack"]
    if kind == "case":
        found |= {"alike": gone} | _facts_of_case(house, which, relation)
    elif kind == "notice":
        whose = FOREIGN if relation == FOREIGN else OWN
        found["mail_id"] = gone if relation == MISSING else house.words[f"{whose} notice"]
    elif kind in ("person", "organisation"):
        person = house.world.people[{OWN: "neurologist", SAME: "auditor"}.get(relation, "other_neurologist")]
        id_ = person.id if kind == "person" else person.organisation_id
        found[f"{kind}_id"] = gone if relation == MISSING else str(id_)
    return found


def _facts_of_case(house: House, which: str, relation: str) -> dict[str, str]:
    key = (which, relation)
    if key not in house.of or "case" not in house.of[key]:
        house.of.setdefault(key, {}).update(_look_up(house, which, relation))
    return house.of[key]


def _look_up(house: House, which: str, relation: str) -> dict[str, str]:
    case = house.case(which, relation)
    id_ = str(case.id if case else NOWHERE)
    gone = str(NOWHERE)

    def first(table: str, more: str = "") -> str:
        wanted = f'SELECT id FROM "{table}" WHERE referral_id = ? {more}'  # noqa: S608  # our own names
        rows = house.rows(wanted, id_)
        return str(UUID(str(rows[0][0]))) if rows else gone

    draft = first("decision", "AND signed_at IS NULL")
    visits = house.rows(
        "SELECT visit FROM follow_up WHERE referral_id = ? AND recorded_at IS NULL ORDER BY due_on", id_
    )
    here = {OWN: ("coordinator", "colleague_coordinator"), SAME: ("colleague_coordinator", "coordinator")}
    owners = [str(house.world.people[name].id) for name in here.get(relation, ())]
    return {
        "case": id_,
        "referral_id": id_,
        "number": case.number if case else "",
        "attachment_id": first("attachment"),
        "letter_id": first("letter"),
        "decision": first("decision", "AND signed_at IS NOT NULL AND superseded_at IS NULL"),
        "seen": f"{draft}:1",
        "visit": visits[0][0] if visits else "day_100",
        "owner": owners[0] if owners else gone,
        "other_owner": owners[1] if owners else gone,
    }


def facts_of_emergency(house: House, about: str, who: str, relation: str) -> dict[str, str]:
    """Which emergency stands in an address: one's own, one that another has opened, or one to be reviewed."""
    gone = str(NOWHERE)
    if about == "emergency":
        others = {SAME: "neurologist" if who == "coordinator" else "coordinator", FOREIGN: "chair"}
        name = f"emergency of {who if relation == OWN else others.get(relation, '')}"
        if relation == FOREIGN and who == "chair":
            name = "own use"
        return {"access_id": house.words.get(name, gone), "attachment_id": house.words["opened_file"]}
    return {"access_id": house.words.get(f"{relation} use", gone)} if about == "use" else {}


def fill(words: Mapping[str, str], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Put the words of the house into what is typed."""
    return {name.format_map(words): value.format_map(words) for name, value in typed.items()}
