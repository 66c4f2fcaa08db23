"""The guides for operations: each of their commands is run, in their order, on a machine of straw with a real database.

What stands in for the machine: every path below /etc, /srv, /var, /mnt is one of a scratch folder, and the programs of
``ONLY_NOTED`` are noted and not run, because they change the machine itself. All else is what it is: psql, openssl,
sed, install, systemd-sysusers, and flask through the shipped ``deploy/pons``, under its two roles on PostgreSQL. Where
the tests run as root and others can read the program, its two accounts are two as well, and own what ``chown`` says.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from referral.packet.signing import SigningKey
from referral.settings import Settings
from tests.operations.front import DEPLOY, ROOT
from tests.stores import Postgresql, Server, Store, find_programs

pytestmark = pytest.mark.only_on("postgresql")

GUIDES = ROOT / "docs" / "operations"
ONLY_NOTED = ("apt-get", "systemctl", "journalctl", "nginx", "python3", "pip")
STAND_INS = {"pons": "daemon", "pons_owner": "bin"}  # accounts that every machine has
TRY = "import subprocess, sys; import app, flask; subprocess.run([sys.executable, '-V'], check=True)"
CHOWN = """deep=; [ "$1" != -R ] || { deep=-R; shift; }
case $1 in pons:) to=daemon ;; pons_owner:) to=bin ;; *) exit 0 ;; esac
shift
exec /bin/chown $deep $to: "$@"
"""
OF_THE_MACHINE = re.compile(r"(?<![\w/.-])/(srv|etc|var|mnt)/")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWN = {
    "bash",
    "cat",
    "chmod",
    "chown",
    "cp",
    "done",
    "flask",
    "for",
    "install",
    "ln",
    "nginx",
    "openssl",
    "pip",
    "pons",
}
KNOWN |= {"createdb", "dropdb", "psql", "rm", "runuser", "sed", "systemd-sysusers", *ONLY_NOTED}


@dataclass
class Machine:
    """A machine of straw."""

    folder: Path
    server: str
    environment: dict[str, str]

    def here(self, text: str) -> str:
        return OF_THE_MACHINE.sub(rf"{self.folder}/\1/", text.replace("/var/run/postgresql", self.server))

    def run(self, block: str, typed: str = "") -> str:
        """Run a block of a guide as it stands there; only ``check-deploy`` may find something."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(block).replace("check-deploy", "check-deploy || [ $? = 1 ]")],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False,
            input=typed,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def guide(self, name: str) -> list[str]:
        """Run all blocks of a guide, and give what each has said."""
        return [self.run(block) for block in blocks(name)]

    def noted(self) -> str:
        return (self.folder / "noted").read_text()


def blocks(name: str) -> list[str]:
    return BLOCK.findall((GUIDES / name).read_text())


@pytest.fixture(scope="module")
def machine(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A server of its own: the guide's database and roles have names, and half of this file may run elsewhere."""
    assert isinstance(store, Postgresql)
    server = Server()
    folder = tmp_path_factory.mktemp("machine")
    for name in (
        "etc/nginx/sites-enabled",
        "etc/logrotate.d",
        "var/lib/pons-backup",
        "var/log/nginx",
        "mnt/elsewhere",
        "bin",
        "srv",
    ):
        (folder / name).mkdir(parents=True)
    for release in ("pons-0.1.0", "pons-0.2.0"):
        unpack(folder, folder / "srv" / release, str(server.folder))
    path = f"{folder}/bin:{find_programs()}:/usr/sbin:/usr/bin:/sbin:/bin"
    for each in (folder, *folder.parents[:2], server.folder):
        each.chmod(0o711)
    accounts = two_accounts(folder / "srv" / "pons-0.1.0")
    me = str(os.getuid())
    own = {"PONS_ETC": f"{folder}/etc/pons", "PONS_USER": accounts.get("pons", me)}
    own["PONS_OWNER"] = accounts.get("pons_owner", me)
    stand_in(folder, accounts)
    yield Machine(
        folder, str(server.folder), {"PATH": path, "PGHOST": str(server.folder), "PGUSER": "postgres", **own}
    )
    server.stop()


def two_accounts(release: Path) -> dict[str, str]:
    """Who stands in for the accounts of Pons; nobody, where others than us cannot run the program."""
    if os.getuid():
        return {}
    as_another = ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups"]
    start = [str(release / ".venv" / "bin" / "python"), "-c", TRY]
    return (
        STAND_INS if subprocess.run([*as_another, *start], cwd=release, check=False).returncode == 0 else {}
    )


def unpack(folder: Path, release: Path, server: str) -> None:
    """Put a release where the guide has it: our own files, and packages that are there already."""
    release.mkdir()
    for each in ROOT.iterdir():
        if each.name not in ("deploy", ".venv", ".git", "instance"):
            (release / each.name).symlink_to(each)
    shutil.copytree(DEPLOY, release / "deploy")
    for path in (release / "deploy").rglob("*.env"):
        text = path.read_text().replace("/var/run/postgresql", server)
        path.write_text(OF_THE_MACHINE.sub(rf"{folder}/\1/", text))
    bring_packages(release / ".venv")
    note(folder, release / ".venv" / "bin" / "pip")


def bring_packages(into: Path) -> None:
    """Make an environment of the machine's own Python with our packages; where that is another, our own Python's."""
    of_the_machine, version = Path("/usr/bin/python3"), f"{sys.version_info[0]}.{sys.version_info[1]}"
    same = of_the_machine.resolve().name == f"python{version}"
    python = of_the_machine if same else Path(sys.executable)
    subprocess.run([python, "-m", "venv", "--without-pip", into], check=True)
    packages = into / "lib" / f"python{version}" / "site-packages"
    (packages / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    (into / "bin" / "flask").write_text(f'#!/bin/sh\nexec "{into}/bin/python" -m flask "$@"\n')
    (into / "bin" / "flask").chmod(0o755)


def stand_in(folder: Path, accounts: dict[str, str]) -> None:
    for name in ONLY_NOTED:
        note(folder, folder / "bin" / name)
    for name, does in (
        ("runuser", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'),
        ("chown", CHOWN if accounts else ":"),
        ("systemd-sysusers", f'exec /usr/bin/systemd-sysusers --root={folder} "$@"'),
    ):
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / "bin" / name).chmod(0o755)


def note(folder: Path, path: Path) -> None:
    path.write_text(f'#!/bin/sh\necho "{path.name} $*" >> {folder}/noted\n')
    path.chmod(0o755)


@pytest.fixture(scope="module")
def installed(machine: Machine) -> list[str]:
    """The machine after the guide to installing; what each step said."""
    return machine.guide("install.md")


def test_the_guide_leads_to_a_house_with_an_administrator(installed: list[str]) -> None:
    assert len(installed) >= 6
    (said,) = (said for said in installed if "administrator@pons.example: choose a password" in said)
    assert "  https://pons.example/welcome#" in said


def test_its_keys_are_long_different_and_for_nobody_else(machine: Machine, installed: list[str]) -> None:
    file = machine.folder / "etc" / "pons" / "pons.env"
    keys = re.findall(r"^(?:SECRET|AUDIT|BACKUP|FACTOR)_KEY=([0-9a-f]{64})$", file.read_text(), re.MULTILINE)

    assert len(set(keys)) == 4
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    packet_key = file.with_name("packet_key.pem")
    assert stat.S_IMODE(packet_key.stat().st_mode) == 0o400
    assert SigningKey.read(packet_key).private.key_size == 3072


def test_nothing_has_to_be_made_beside_the_program(machine: Machine, installed: list[str]) -> None:
    """The services cannot write there: every key and every folder comes from the settings."""
    lines = (machine.folder / "etc" / "pons" / "pons.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    beside = machine.folder / "beside"
    found = Settings.from_environment({name: value.strip('"') for name, value in given.items()}, beside)

    assert [name for name in Settings.__slots__ if str(beside) in str(getattr(found, name))] == []
    assert not beside.exists()


def test_the_first_backup_was_brought_back(machine: Machine, installed: list[str]) -> None:
    assert any("It comes back whole" in said for said in installed)
    (machine.folder / "var/lib/pons-backup/letter").write_text("no backup")
    into = "--into postgresql://pons@/pons_rehearsal"
    with pytest.raises(AssertionError, match=r"(?i)not a backup|cannot|does not"):
        machine.run(f"/srv/pons/deploy/pons restore /var/lib/pons-backup/letter --rehearse {into}")


def test_the_application_can_change_neither_tables_nor_trail(machine: Machine, installed: list[str]) -> None:
    refused = [
        "UPDATE audit_entry SET deed = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TABLE packet",
        "UPDATE alembic_version SET version_num = '0'",
        "CREATE ROLE another",
    ]
    with psycopg.connect(host=machine.server, user="pons", dbname="pons", autocommit=True) as line:
        for order in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                line.execute(order)
        (entries,) = line.execute("SELECT count(*) FROM audit_entry").fetchone() or (0,)
        (said,) = line.execute("SHOW log_error_verbosity").fetchone() or ("",)
    assert entries >= 1
    assert said == "terse"


def test_a_stranger_of_the_server_does_not_come_in(machine: Machine, installed: list[str]) -> None:
    with psycopg.connect(host=machine.server, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute("CREATE ROLE stranger LOGIN")
    try:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(host=machine.server, user="stranger", dbname="pons")
    finally:
        with psycopg.connect(
            host=machine.server, user="postgres", dbname="postgres", autocommit=True
        ) as server:
            server.execute("DROP ROLE stranger")


def test_the_deployment_check_holds_in_what_the_guide_has_set(machine: Machine, installed: list[str]) -> None:
    (said,) = [said for said in installed if "rules, " in said]
    for holds in (
        "the application cannot change the tables",
        "the application cannot change the trail",
        "cookies by https only, for this host only",
        "the number of proxies in front is exact",
        "the house answers to its own names only",
        "long, random and no other key",
        "kept apart from the data",
        "heads of the trail go elsewhere",
        "notices leave by an encrypted way",
    ):
        assert re.search(rf"^holds  .*{re.escape(holds)}", said, re.MULTILINE), holds


def test_everything_was_put_where_the_services_look(machine: Machine, installed: list[str]) -> None:
    units = machine.folder / "etc" / "systemd" / "system"
    asked = re.search(r"systemctl enable --now (.*)", machine.noted())
    assert asked
    assert all((units / name).is_file() for name in asked[1].split())
    assert {path.name for path in units.glob("*.timer")} <= set(asked[1].split()), (
        "every timer is switched on"
    )
    assert {path.name for path in (units / "pons-.service.d").iterdir()} == {"hardened.conf", "local.conf"}
    log = machine.folder / "var" / "log" / "nginx" / "pons"
    assert log.is_dir()
    assert f"access_log {log}/access.log" in machine.here((DEPLOY / "nginx" / "pons.conf").read_text())
    assert len(list((machine.folder / "etc" / "pons" / "nginx").iterdir())) == 3
    assert "nginx -t" in machine.noted()
    users = (machine.folder / "etc" / "passwd").read_text()
    assert re.findall(r"^(pons\w*):.*nologin$", users, re.MULTILINE) == ["pons", "pons_owner"]


def test_one_goes_to_the_next_release_and_back(machine: Machine, installed: list[str]) -> None:
    before, there, back = blocks("upgrade.md")
    assert "rows" in machine.run(before)
    machine.run(there)
    assert (machine.folder / "srv" / "pons").resolve().name == "pons-0.2.0"
    machine.run(back)
    assert (machine.folder / "srv" / "pons").resolve().name == "pons-0.1.0"
    assert list((machine.folder / "var" / "lib" / "pons-backup").iterdir())


def test_a_backup_comes_back_between_the_two_accounts(machine: Machine, installed: list[str]) -> None:
    pons = "/srv/pons/deploy/pons"
    machine.run(f"{pons} tick; {pons} backup /var/lib/pons-backup/later; {pons} tick")
    back, opened = blocks("backup.md")
    assert "are back" in machine.run(back.replace("pons-backup/first", "pons-backup/later"), typed="pons\n")
    assert "People can write" in machine.run(opened)
    said = machine.run(f"{pons} tick; {pons} audit verify; {pons} keys check")
    assert "The trail holds" in said
    assert "0 cannot be opened" in said


@pytest.mark.parametrize("name", ["downtime.md", "logs.md", "breach.md"])
def test_the_commands_of_a_bad_day_work(machine: Machine, installed: list[str], name: str) -> None:
    clinic = '--role neurologist --organisation "Northfield Neurology" --kind clinic'
    if name == "breach.md":
        machine.run(f'/srv/pons/deploy/pons add-person somebody@pons.example "Some Body" {clinic}')
    said = machine.guide(name)
    assert any("The trail holds: " in part for part in said) or name == "breach.md"
    if name == "breach.md":
        assert "The trail holds: " in (machine.folder / "var/lib/pons-evidence/trail.txt").read_text()


def test_a_command_that_does_not_exist_would_be_found(machine: Machine, installed: list[str]) -> None:
    with pytest.raises(AssertionError, match="No such command"):
        machine.run("/srv/pons/deploy/pons no-such-command")


def test_no_command_of_a_guide_stands_outside_of_what_is_run() -> None:
    """Each guide's blocks are run above, and every program in them is known to these tests."""
    run = {"install.md", "upgrade.md", "downtime.md", "logs.md", "breach.md", "backup.md"}
    assert {path.name for path in GUIDES.glob("*.md") if blocks(path.name)} == run
    for name in run:
        for block in blocks(name):
            for line in block.replace("\\\n", " ").splitlines():
                program = line.split()[0].rpartition("/")[2]
                assert program in KNOWN, f"{name}: {line}"
