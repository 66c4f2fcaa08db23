"""Rules about the machine: its files, its packages, its cage."""

import importlib.metadata
import os
import platform
import shutil
import socket
import stat
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_AS, RLIMIT_CPU, getrlimit
from typing import Any

import yaml
from packaging.version import Version

from referral import caged
from referral.attachments import scanning
from referral.deployment.house import House, Rule, rule
from referral.errors import PonsError

RULES: list[Rule] = []

SERVED = Path(__file__).resolve().parents[2] / "static"
ADVISORIES = Path(__file__).with_name("advisories.yaml")
KEYS = ("secret_key", "audit_key")
HARMLESS = b"A letter."
# What every scanner takes for malware, agreed upon for trials (eicar.org). Joined late, so that none takes us for it.
EICAR = b"".join((b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"))


@rule(RULES, "the user", "the application does not run as root", "run it as a user of its own")
def user(house: House) -> str:
    """A flaw in it would be a flaw in everything."""
    return "it does" if house.user == 0 else ""


@rule(
    RULES,
    "ATTACHMENTS",
    "files of cases are served by nobody",
    "name a folder outside of what the proxy serves",
)
def outside(house: House) -> str:
    """They go out through the application, to whom they are for."""
    folder = house.settings.attachments.resolve()
    return f"{folder} is served" if folder.is_relative_to(SERVED) else ""


@rule(
    RULES,
    "ATTACHMENTS",
    "the folder for files is its owner's alone",
    "chmod 700, owned by the application's user",
)
def folder(house: House) -> str:
    """Made at the first file; before that there is nothing to read."""
    path = house.settings.attachments
    if not path.exists():
        return ""
    return "" if not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) else f"{path} can be read by others"


@rule(RULES, "instance/", "keys in files are their owner's alone", "chmod 600 on each")
def key_files(house: House) -> str:
    """As the first start makes them."""
    keys = [house.keys / name for name in KEYS]
    open_to_others = [key.name for key in keys if key.exists() and key.stat().st_mode & 0o077]
    return f"{', '.join(open_to_others)} can be read by others" if open_to_others else ""


@rule(RULES, "the disk", "there is room for what comes", "free a gigabyte, or move ATTACHMENTS")
def room(house: House) -> str:
    """A full disk refuses acts."""
    places = [house.settings.attachments]
    if house.database == "sqlite":
        places.append(house.database_file)
    free = min(shutil.disk_usage(_there(place)).free for place in places)
    return "" if free >= house.least_free else f"{free // 1024**2} MB are left"


@rule(
    RULES,
    "the kernel",
    "files from outside are read without a network and within limits",
    "allow user namespaces (unshare), or bring a container that does",
)
def cage(house: House) -> str:
    """A flaw in a parser then has nowhere to go."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            seen = caged.run(f"{__name__}:look_around", Path(scratch))
        except PonsError as error:
            return f"the cage does not work: {error}"
    if seen["limited"] is not True:
        return "there are no limits"
    return "there is a network" if seen["network"] else ""


def look_around(folder: Path) -> dict[str, Any]:
    """Say from inside a cage what it lets be. Even this very machine is out of reach without a network."""
    limited = all(getrlimit(kind)[1] != RLIM_INFINITY for kind in (RLIMIT_AS, RLIMIT_CPU))
    with socket.socket() as line:
        line.settimeout(1)
        try:
            line.connect(("127.0.0.1", 9))
        except ConnectionRefusedError:
            return {"limited": limited, "network": True}
        except OSError:
            return {"limited": limited, "network": False}
    return {"limited": limited, "network": True}


@rule(
    RULES,
    "FILE_SCANNER",
    "a scanner that is named tells malware from a letter",
    "run its command as the application's user, and start what it asks",
    stops=False,  # no file is taken until it answers; the rest of the house need not stay shut for it
)
def scanner(house: House) -> str:
    """One that finds nothing is none, and one that does not answer refuses every file. None need be named."""
    command = house.settings.file_scanner
    if not command:
        return ""
    try:
        if scanning.finds(command, HARMLESS):
            return "it finds something in a harmless text"
        return "" if scanning.finds(command, EICAR) else "it does not find the test file of EICAR"
    except scanning.ScannerError as error:
        return str(error)


@cache
def advisories() -> list[dict[str, str]]:
    """Give what is known of the packages that we stand on, with where and when it was read."""
    found: list[dict[str, str]] = yaml.safe_load(ADVISORIES.read_text("utf-8"))["advisories"]
    return found


@rule(RULES, "requirements.txt", "no package has a hole that is known", "install what requirements.txt says")
def packages(house: House) -> str:
    """As far as the table goes that is shipped."""
    return "; ".join(holes({name: found for name, found in house.versions.items() if name != "python"}))


@rule(RULES, "Python", "the interpreter has no hole that is known", "install the newest release of its line")
def interpreter(house: House) -> str:
    """As far as the table goes that is shipped."""
    return "; ".join(holes({"python": house.versions["python"]}))


def holes(versions: Mapping[str, str]) -> list[str]:
    """Give the known holes of packages in these versions."""
    return [
        f"{row['package']} {versions[row['package']]}: {row['id']}, {row['about']}, mended in {row['fixed']}"
        for row in advisories()
        if row["package"] in versions
        and Version(row.get("introduced", "0")) <= Version(versions[row["package"]]) < Version(row["fixed"])
    ]


def installed() -> dict[str, str]:
    """Give the version of the interpreter and of each package that is installed, by its name in small letters."""
    packages = {found.metadata["Name"].lower(): found.version for found in importlib.metadata.distributions()}
    return packages | {"python": platform.python_version()}


def _there(path: Path) -> Path:
    """Give the nearest folder that exists."""
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path if os.access(path, os.R_OK) else path.parent
