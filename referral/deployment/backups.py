"""Rules about what is left when the disk is gone: a backup of these days, sealed, that was tried; and who watches."""

import re
from datetime import timedelta

from sqlalchemy import event
from sqlalchemy.orm import Session

from referral.deployment.house import House, Rule, rule
from referral.deployment.settings import weakness
from referral.extensions import db
from referral.keeping import marks

RULES: list[Rule] = []

A_DAY = timedelta(hours=26)  # one a night, and a night that took longer
A_QUARTER = timedelta(days=100)
VERSION = re.compile(r"\d+\.\d+|python|werkzeug|gunicorn|sqlite|postgresql", re.IGNORECASE)


@rule(
    RULES,
    "BACKUP_KEY",
    "backups are encrypted, with a key of their own",
    "give BACKUP_KEY 64 characters of its own, and keep them apart from backups and data",
)
def backup_key(house: House) -> str:
    """Whoever finds a backup reads all of it otherwise; whoever finds the key beside it, too."""
    key = house.settings.backup_key
    if not key:
        return "backups are not encrypted"
    if key in (house.settings.audit_key, house.settings.secret_key):
        return "it is another key too"
    return weakness(key)


def _done(house: House, name: str, within: timedelta) -> str:
    """Say what is wrong with when it was last done."""
    with Session(house.connection) as session:
        found = marks.last(session, name)
        when = found.at if found else None
    if when is None:
        return "there is none"
    return "" if house.now - when <= within else f"the last is {(house.now - when).days} days old"


@rule(
    RULES,
    "flask backup",
    "there is a backup of the last day",
    "let flask backup run every night",
    stops=False,  # a backup that failed at night must not keep the house shut in the morning
)
def backed_up(house: House) -> str:
    """What was done since the last one is lost with the disk."""
    return _done(house, marks.BACKUP, A_DAY)


@rule(
    RULES,
    "flask restore --rehearse",
    "it was tried lately that a backup comes back",
    "run flask restore BACKUP --rehearse every quarter",
    stops=False,
)
def rehearsed(house: House) -> str:
    """A backup that was never brought back is none."""
    return _done(house, marks.REHEARSAL, A_QUARTER)


@rule(
    RULES,
    "/health",
    "who watches is told of the database, and of no version",
    "leave /health as it is shipped",
)
def health(house: House) -> str:
    """A house that says it is well while its database is gone keeps everybody waiting."""
    asked: list[str] = []
    with house.app.app_context():
        engine = db.engine

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        answer = house.app.test_client().get("/health", base_url=house.settings.house_url)
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    if answer.status_code != 200:
        return f"it answers {answer.status_code}"
    if not any("FROM alembic_version" in statement for statement in asked):
        return "it does not ask the database"
    return "it names a version" if VERSION.search(answer.text + answer.headers.get("Server", "")) else ""
