"""What a good installation is given, and how its faults are asked for."""

from collections.abc import Callable

from flask import Flask

from referral.deployment import House, check
from referral.settings import Settings
from tests.conftest import DATA_KEYS

KEY = "0123456789abcdef" * 4
MOUNTS = "overlay / overlay rw 0 0\n/dev/sda1 /var/lib/pons ext4 rw 0 0\nnas:/x /mnt/nas nfs4 rw 0 0\n"
ENVIRONMENT = {
    "AUDIT_KEY": KEY[::-1],
    "DATA_KEYS": DATA_KEYS,
    "AUDIT_ANCHOR": "/mnt/elsewhere/anchor",
    "PROXIES": "1",
    "LOG_DAYS": "400",
}
Build = Callable[[Settings], Flask]
Rebuilt = Callable[..., House]
NETWORK_STAYS = "there is a network"  # on a machine that lets no process go without it


def faults(house: House) -> dict[str, str]:
    """What is wrong, by what should hold."""
    return {finding.rule.holds: finding.fault for finding in check(house) if finding.fault}


def fault(house: House, holds: str) -> str:
    (found,) = [finding for finding in check(house) if finding.rule.holds == holds]
    return found.fault
