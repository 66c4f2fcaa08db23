"""Each rule of a safe installation fails on a bad one and passes on a good one; the command and the server say so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from referral.deployment import RULES, House
from tests.conftest import DATA_KEYS
from tests.deployment.good import KEY, NETWORK_STAYS, faults


def test_there_are_twenty_rules_or_more_on_either_database() -> None:
    for kind in ("sqlite", "postgresql"):
        assert len([rule for rule in RULES if rule.database in (None, kind)]) >= 20
    assert len({rule.holds for rule in RULES}) == len(RULES)


def test_nothing_is_wrong_with_a_good_installation(house: House) -> None:
    found = faults(house)
    if found.get("files from outside are read without a network and within limits") == NETWORK_STAYS:
        del found["files from outside are read without a network and within limits"]
    # the server of the tests is told not to wait for its disk
    found.pop("a commit survives a power cut", None)

    assert found == {}


@pytest.mark.only_on("sqlite")
def test_the_command_names_each_rule_its_setting_and_the_remedy(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["check-deploy"])

    assert result.exit_code == 1
    assert "FAILS  SECURE_COOKIES" in result.output
    assert "Remedy: set SECURE_COOKIES=yes." in result.output
    assert "holds  flask db upgrade" in result.output
    assert "rules, " in result.output.splitlines()[-1]


@pytest.mark.only_on("sqlite")
def test_the_server_does_not_start_for_real_people_where_a_rule_fails(database: str, tmp_path: Path) -> None:
    started = subprocess.run(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            f"unix:{tmp_path}/door",
            "--no-control-socket",
            "app:create_app()",
        ],
        env=os.environ
        | {
            "PRODUCTION": "yes",
            "DATABASE_URL": database,
            "SECRET_KEY": KEY,
            "AUDIT_KEY": KEY,
            "DATA_KEYS": DATA_KEYS,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert started.returncode != 0
    assert "FAILS  AUDIT_KEY: long, random and no other key? it is the SECRET_KEY too." in started.stderr
    assert "not started" in started.stderr
