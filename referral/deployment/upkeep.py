"""Rules about what has to be kept up: packages as pinned, their known holes, fonts, logs, the trail's heads."""

import base64
import json
import os
import re
from datetime import date
from hashlib import sha384
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from sqlalchemy import func, select

from referral import clock
from referral.deployment.house import House, Rule, rule
from referral.deployment.machine import ADVISORIES, SERVED
from referral.models import Referral

RULES: list[Rule] = []

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
VENDOR = SERVED / "vendor"
PIN = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
YEAR = 365  # days: Rule 6 of the Indian DPDP rules asks for a year of logs; nobody we know of asks for more


@rule(
    RULES,
    "requirements.txt",
    "what is installed is what was pinned",
    "install it again: pip install --require-hashes --no-deps -r requirements.txt",
)
def pinned(house: House) -> str:
    """An upgrade that stopped half-way runs until somebody needs the other half."""
    here = {canonicalize_name(name): version for name, version in house.versions.items()}
    pins = {
        canonicalize_name(name): version for name, version in PIN.findall(REQUIREMENTS.read_text("utf-8"))
    }
    wrong = [name for name, version in pins.items() if here.get(name) != version]
    return f"not {', '.join(sorted(wrong)[:5])}" if wrong else ""


@rule(
    RULES,
    "advisories.yaml",
    "the table of known holes was read lately",
    "take the newest release, or read the advisories and date the table",
    stops=False,  # a house that starts again at night must not stay shut for a date
)
def table_is_new(house: House) -> str:
    """A table that nobody reads finds nothing, and says that nothing is there."""
    table = yaml.safe_load(ADVISORIES.read_text("utf-8"))
    days = age(table, clock.local(house.now).date())
    return f"that was {days} days ago" if days > table["most_days"] else ""


def age(table: dict[str, Any], today: date) -> int:
    """Give how many days ago the table of known holes was read."""
    read: date = table["read"]
    return (today - read).days


@rule(
    RULES,
    "static/vendor",
    "every font and file from outside is the one that was shipped",
    "unpack the release again",
)
def vendored(_house: House) -> str:
    """A name printed in a font that lacks its letters comes out as boxes."""
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    wrong = [name for name, entry in manifest.items() if _digest(VENDOR / name) != entry["integrity"]]
    return f"not {', '.join(wrong)}" if wrong else ""


def _digest(path: Path) -> str:
    content = path.read_bytes() if path.is_file() else b""
    return "sha384-" + base64.b64encode(sha384(content).digest()).decode()


@rule(
    RULES,
    "LOG_DAYS",
    "logs are kept for a year or longer",
    "keep them (docs/operations/logs.md), and say in LOG_DAYS for how many days",
)
def logs(house: House) -> str:
    """Who was here is asked months later. What keeps them is not ours to see: somebody has to say it."""
    said = house.environment.get("LOG_DAYS", "")
    if not said.isdecimal():
        return "nobody has said for how long"
    return f"{said} days" if int(said) < YEAR else ""


@rule(
    RULES,
    "AUDIT_ANCHOR",
    "heads of the trail can be written",
    "make its folder, owned by the application's user, and let the services write there",
)
def anchor_is_written(house: House) -> str:
    """A file that cannot be written anchors nothing, however far away it is."""
    anchor = house.settings.audit_anchor
    there = anchor if anchor.exists() else anchor.parent
    return "" if there.exists() and os.access(there, os.W_OK) else f"{there} cannot be written"


@rule(RULES, "flask setup", "no case of the demonstration lies here", "set up anew, without --demo")
def invented(house: House) -> str:
    """Somebody who does not exist, in a list of people who wait."""
    found = house.connection.scalar(select(func.count()).where(Referral.demonstration))
    return f"{found} do" if found else ""
