"""Rules about the database, asked of the very connection that the application would use."""

from datetime import timedelta

import pysqlite3
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import make_url, or_, select

from referral import database
from referral.deployment.house import House, Rule, rule
from referral.models import User

RULES: list[Rule] = []

OVER_A_NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smbfs",
    "smb3",
    "fuse.sshfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_sync_retry": "off"}
AGREE = timedelta(seconds=5)
DEMONSTRATION = tuple(
    f"@{place}.example" for place in ("ravensholt", "brannoc", "harrowmere", "larkfield", "thornwick")
)
"""Where the invented people have their addresses. Releases come without those people."""


@rule(RULES, "flask db upgrade", "the tables are those of this release", "run flask setup with this release")
def migrated(house: House) -> str:
    """An older or newer table breaks acts half-way."""
    with house.app.app_context():
        folder = current_app.extensions["migrate"].directory
    wanted = ScriptDirectory(folder).get_current_head()
    found = MigrationContext.configure(house.connection).get_current_revision()
    return "" if found == wanted else f"they are at {found}, this release is at {wanted}"


@rule(RULES, "flask setup", "nobody of the demonstration has an account", "set up anew, without --demo")
def strangers(house: House) -> str:
    """Their password is in the open."""
    known = or_(*(User.email.endswith(place) for place in DEMONSTRATION))
    found = house.connection.execute(select(User.email).where(known, User.active)).all()
    return f"{len(found)} of them have one" if found else ""


@rule(RULES, "the clock", "database and machine agree on the time", "let both follow a time server")
def clocks(house: House) -> str:
    """Sessions, reminders and signatures go by it."""
    if house.database == "sqlite":
        then = house.ask("SELECT CAST(strftime('%s', 'now') AS INTEGER)")
    else:
        then = int(house.ask("SELECT extract(epoch FROM clock_timestamp())"))
    apart = abs(house.now.timestamp() - then)
    return "" if apart <= AGREE.total_seconds() else f"they are {apart:.0f} seconds apart"


@rule(
    RULES,
    "pysqlite3",
    "SQLite cannot corrupt its own log",
    "install pysqlite3 with SQLite 3.51.3 or newer",
    "sqlite",
)
def sqlite_version(house: House) -> str:
    """Older ones may, when two connections write at one moment."""
    version = tuple(int(part) for part in house.ask("SELECT sqlite_version()").split("."))
    return "" if database.is_safe_in_wal(version) else f"it is {pysqlite3.sqlite_version}"


@rule(
    RULES,
    "DATABASE_URL",
    "SQLite keeps every setting",
    "open the database through the application only",
    "sqlite",
)
def pragmas(house: House) -> str:
    """Read back, since SQLite says nothing about one that it does not know."""
    wrong = [name for name, wanted in database.PRAGMAS.items() if house.ask(f"PRAGMA {name}") != wanted]
    return f"not {', '.join(wrong)}" if wrong else ""


@rule(
    RULES,
    "DATABASE_URL",
    "the file lies on a disk of this machine",
    "move it to a local disk, or use PostgreSQL",
    "sqlite",
)
def local_disk(house: House) -> str:
    """Locks over a network are promises that nobody keeps."""
    kind = file_system(str(house.database_file), house.mounts)
    return f"it lies on {kind}" if kind in OVER_A_NETWORK else ""


@rule(
    RULES,
    "postgresql.conf",
    "a commit survives a power cut",
    "set {} and data checksums as here".format(", ".join(DURABLE)),
    "postgresql",
)
def durable(house: House) -> str:
    """What was acknowledged must be there tomorrow."""
    wrong = [f"{name} is {found}" for name, on in DURABLE.items() if (found := _show(house, name)) != on]
    if _show(house, "data_checksums") != "on":
        wrong.append("data_checksums is off")
    return "; ".join(wrong)


@rule(
    RULES,
    "DATABASE_URL",
    "the way to the database is checked and encrypted",
    "add sslmode=verify-full",
    "postgresql",
)
def way_to_the_database(house: House) -> str:
    """Whoever stands between reads everything."""
    url = make_url(house.settings.database_url)
    host = str(url.query.get("host", "") or url.host or "")
    inside = host.startswith("/") or host in ("", "localhost", "127.0.0.1", "::1")
    return "" if inside or url.query.get("sslmode") == "verify-full" else f"it is not, to {host}"


@rule(
    RULES,
    "DATABASE_URL",
    "the application cannot change the tables",
    "let it sign in as DATABASE_ROLE, not as the owner",
    "postgresql",
)
def no_tables(house: House) -> str:
    """A flaw in it then cannot take the trail's guards away."""
    may = house.ask("SELECT has_schema_privilege(current_user, 'public', 'CREATE')")
    owns = house.ask("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
    return "it can" if may or owns else ""


@rule(
    RULES,
    "DATABASE_ROLE",
    "the application cannot change the trail",
    "run flask setup as the owner, with DATABASE_ROLE",
    "postgresql",
)
def no_trail(house: House) -> str:
    """It adds to it, no more."""
    rights = [
        f"{right} of {table}"
        for table in database.WRITTEN_ONCE
        for right in ("UPDATE", "DELETE", "TRUNCATE")
        if house.ask("SELECT has_table_privilege(current_user, :t, :r)", t=table, r=right)
    ]
    return f"it has {', '.join(rights)}" if rights else ""


@rule(
    RULES,
    "DATABASE_URL",
    "nobody waits for ever",
    "leave the options of the connection as they are shipped",
    "postgresql",
)
def timeouts(house: House) -> str:
    """A page that hangs would keep its locks."""
    wrong = [
        name
        for name, wanted in database.POSTGRESQL.items()
        if name.endswith("timeout") and _show(house, name) != wanted
    ]
    return f"not {', '.join(wrong)}" if wrong else ""


def file_system(path: str, mounts: str) -> str:
    """Give the kind of file system on which a path lies, by the longest mount that it is below."""
    found = ("", "")
    for line in mounts.splitlines():
        _, where, kind, *_ = line.split()
        below = path == where or path.startswith(where.rstrip("/") + "/")
        if below and len(where) >= len(found[0]):
            found = where, kind
    return found[1]


def _show(house: House, name: str) -> str:
    return str(house.ask("SELECT current_setting(:name)", name=name))
