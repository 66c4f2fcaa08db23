"""The units of systemd: what they may do, that systemd reads them, and that a hole in one is seen."""

import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.operations.front import DEPLOY, ROOT, unit
from tests.proofs.load import SHIPPED

UNITS = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
NAMES = sorted(path.name for kind in ("service", "timer", "socket") for path in UNITS.glob(f"*.{kind}"))
MOST_EXPOSED = 20  # tenths, as systemd counts: 0 is nothing, 100 all; a service without any of it has 96
OF_THE_CAGE = (
    "unshare",
    "prlimit64",
    "setrlimit",
    "prctl",
    "landlock_create_ruleset",
    "landlock_restrict_self",
)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they would lie on this machine."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_text(path.read_text().replace("/srv/pons", str(ROOT)))
    return folder


def analyze(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, timeout=120, check=False
    )


def complaints(units: Path) -> str:
    """What systemd says of the units, and of no other."""
    found = analyze("verify", "--man=no", "--recursive-errors=no", *(units / name for name in NAMES))
    return "\n".join(line for line in (found.stdout + found.stderr).splitlines() if "pons" in line)


def too_exposed(units: Path) -> list[str]:
    limit = f"--threshold={MOST_EXPOSED}"
    return [
        name
        for name in SERVICES
        if analyze("security", "--offline=true", "--no-pager", limit, units / name).returncode != 0
    ]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("postgresql://pons@db.example/pons", "postgresql"),
        ("sqlite:////srv/pons/pons.db", "sqlite"),
        ("", "sqlite"),
    ],
)
def test_as_many_processes_answer_as_were_measured(
    given: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    read = runpy.run_path(str(ROOT / "gunicorn.conf.py"))

    assert (read["workers"], read["threads"]) == SHIPPED[kind]
    assert read["worker_connections"] == read["threads"] + 1


def test_systemd_reads_each_unit_without_a_complaint(units: Path) -> None:
    assert len(NAMES) >= 8
    assert complaints(units) == ""


def test_a_unit_with_a_word_that_does_not_exist_is_found(units: Path) -> None:
    tick, web = units / "pons-tick.service", units / "pons-web.service"
    tick.write_text(tick.read_text().replace(str(ROOT), "/nowhere"))
    web.write_text(web.read_text().replace("Restart=always", "NoSuchSetting=yes"))
    found = complaints(units)
    assert "NoSuchSetting" in found
    assert "/nowhere/.venv/bin/flask is not executable" in found


def test_no_service_is_more_exposed_than_its_limit(units: Path) -> None:
    assert too_exposed(units) == []


@pytest.mark.parametrize(
    "taken", ["User=pons", "ProtectSystem=strict", "NoNewPrivileges=yes", "SystemCallFilter=@system-service"]
)
def test_services_without_one_of_their_walls_are_found(units: Path, taken: str) -> None:
    hardened = units / "pons-.service.d" / "hardened.conf"
    text = hardened.read_text()
    assert taken in text
    hardened.write_text(re.sub(rf"^{re.escape(taken)}.*$", "", text, flags=re.MULTILINE))
    assert too_exposed(units) == SERVICES or not_walled(units)


def not_walled(folder: Path) -> list[str]:
    """Settings that a service must have, and has not."""
    wanted = {
        "User": "pons",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "PrivateTmp": "yes",
        "UMask": "0077",
        "LimitCORE": "0",
        "IPAddressDeny": "any",
    }
    return [
        f"{service}: {name}"
        for service in SERVICES
        for name, value in wanted.items()
        if unit(service, folder).get(name, [""])[-1] != value
    ]


def test_every_service_has_its_walls() -> None:
    assert not_walled(UNITS) == []


def test_the_cage_for_files_from_outside_still_works_within_the_walls(units: Path) -> None:
    for service in SERVICES:
        found = unit(service, units)
        assert set(found["RestrictNamespaces"][-1].split()) == {"user", "net"}
        assert found.get("MemoryDenyWriteExecute", ["no"]) == ["no"]
        assert found.get("PrivateUsers", ["no"]) == ["no"]
        allowed = calls(found["SystemCallFilter"])
        assert set(OF_THE_CAGE) <= allowed, set(OF_THE_CAGE) - allowed
        assert {"mount", "reboot", "bpf", "init_module", "ptrace"} & allowed == set()


def calls(rules: list[str]) -> set[str]:
    """The system calls that are left after rules in their order, as systemd unfolds its groups."""
    allowed: set[str] = set()
    for rule in rules:
        away = rule.startswith("~")
        for name in rule.removeprefix("~").split():
            named = group(name) if name.startswith("@") else {name}
            allowed = allowed - named if away else allowed | named
    return allowed


def group(name: str) -> set[str]:
    lines = analyze("syscall-filter", "--no-pager", name).stdout.splitlines()[1:]
    words = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    return set[str]().union(*(group(word) if word.startswith("@") else {word} for word in words))


def test_every_timer_has_its_service_and_every_command_exists() -> None:
    from app import create_app
    from tests.conftest import settings_for

    known = create_app(settings_for("sqlite://")).cli.commands
    for name in NAMES:
        if name.endswith(".timer"):
            assert name.replace(".timer", ".service") in SERVICES
    for service in SERVICES:
        for line in unit(service)["ExecStart"]:
            program, *words = line.split()
            assert program.startswith("/srv/pons/.venv/bin/")
            if program.endswith("/flask"):
                assert words[0] in known, line


@pytest.mark.parametrize("given", [True, False])
def test_the_folder_of_counts_is_taken_away_if_it_is_ours(
    given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(theirs) if given else "")
    read = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert folder.is_dir()
    read["on_exit"](None)
    assert folder.is_dir() is given
