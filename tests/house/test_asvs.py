"""The table of the security standard is whole, and names nothing that does not exist; so do the threats."""

import ast
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest
import yaml
from argon2 import extract_parameters

from referral import auth, caged
from referral.actions import imports, invitations
from referral.attachments import LARGEST_FILE, formats, scanning
from referral.packet import opening
from referral.packet.signing import KEY_SIZE
from referral.printing import worker
from referral.web.attachments import LARGEST_UPLOAD, MOST_AT_ONCE
from tests.traceability import ROOT

Row = dict[str, Any]
FOLDER = ROOT / "docs" / "security"
MEBIBYTE = 1024 * 1024

# The level of each requirement of ASVS 5.0.0, section by section, in the order of their numbers.
LEVELS = """
V1.1 22 V1.2 1111122223 V1.3 112222222223 V1.4 222 V1.5 123
V2.1 122 V2.2 112 V2.3 12223 V2.4 23
V3.1 3 V3.2 113 V3.3 12223 V3.4 11222233 V3.5 11122333 V3.6 3 V3.7 22333
V4.1 12233 V4.2 23333 V4.3 22 V4.4 1222
V5.1 2 V5.2 112333 V5.3 113 V5.4 222
V6.1 122 V6.2 111111112222 V6.3 11223333 V6.4 112233 V6.5 22222333 V6.6 2223 V6.7 33 V6.8 2222
V7.1 222 V7.2 1111 V7.3 22 V7.4 11222 V7.5 223 V7.6 22
V8.1 1233 V8.2 1123 V8.3 133 V8.4 23
V9.1 111 V9.2 1222
V10.1 22 V10.2 223 V10.3 22223 V10.4 1111122222233333 V10.5 22222 V10.6 22 V10.7 222
V11.1 2233 V11.2 22233 V11.3 11233 V11.4 1222 V11.5 23 V11.6 23 V11.7 33
V12.1 12233 V12.2 11 V12.3 22223
V13.1 2333 V13.2 222223 V13.3 2233 V13.4 1222233
V14.1 22 V14.2 12223333 V14.3 122
V15.1 12233 V15.2 12233 V15.3 1222222 V15.4 3333
V16.1 2 V16.2 22222 V16.3 2222 V16.4 222 V16.5 2223
V17.1 23 V17.2 22223333 V17.3 22
"""
WANTED = {
    f"{section}.{number}": int(level)
    for section, levels in re.findall(r"(V\S+) (\d+)", LEVELS)
    for number, level in enumerate(levels, 1)
    if level != "3"
}
STATES = ("met", "open", "not applicable")


def read(name: str, part: str) -> list[Row]:
    rows: list[Row] = yaml.safe_load((FOLDER / name).read_text("utf-8"))[part]
    return rows


TABLE = read("asvs.yaml", "requirements")
THREATS = read("threats.yaml", "threats")


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / "tests" / file
    body = ast.parse(path.read_text("utf-8")).body if path.is_file() else []
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef))


def missing(row: Row) -> list[str]:
    tests = [
        test
        for test in row.get("tests", ())
        if test.partition("::")[2] not in names_in(test.partition("::")[0])
    ]
    return tests + [file for file in row.get("see", ()) if not (ROOT / file).is_file()]


def test_every_requirement_of_level_one_and_two_stands_there_once() -> None:
    assert [row["id"] for row in TABLE] == list(WANTED)
    assert {row["id"]: row["level"] for row in TABLE} == WANTED
    assert Counter(WANTED.values()) == {1: 70, 2: 183}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["id"])
def test_a_row_says_how_it_stands_and_why_and_names_what_exists(row: Row) -> None:
    assert row["state"] in STATES
    assert row["asks"].strip()
    assert row["why"].strip()
    assert missing(row) == []
    if row["state"] == "met":
        assert row.get("see")
        assert bool(row.get("tests")) is not row["why"].startswith("By review")
    if row["state"] == "not applicable":
        assert not row.get("tests")


def test_the_thirty_threats_stand_there_each_under_its_own_number() -> None:
    assert [threat["id"] for threat in THREATS] == [f"T-{number:02d}" for number in range(1, 31)]


@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat["id"])
def test_a_threat_says_what_stands_against_it_with_tests_that_exist(threat: Row) -> None:
    assert threat["threat"].strip()
    assert threat["stands"].strip()
    assert threat.get("open", "something").strip()
    assert threat["see"]
    assert threat["tests"]
    assert missing(threat) == []


def test_what_does_not_exist_would_be_found() -> None:
    named = ["house/test_asvs.py::test_nothing", "house/test_nowhere.py::test_x"]
    assert missing({"tests": named, "see": ["nowhere.py"]}) == [*named, "nowhere.py"]


def test_the_readme_counts_as_the_table_does() -> None:
    counted = Counter((row["level"], row["state"]) for row in TABLE)
    lines = (FOLDER / "README.md").read_text("utf-8").splitlines()
    for level in (1, 2):
        figures = [counted[level, state] for state in STATES]
        assert f"| {level} | {' | '.join(map(str, [*figures, sum(figures)]))} |" in lines
    still = sum(1 for threat in THREATS if "open" in threat)
    assert f"Of the 30 threats, {still} have something open." in lines


def test_the_readme_lists_each_open_requirement() -> None:
    said = (FOLDER / "README.md").read_text("utf-8").partition("## What is open")[2]
    assert set(re.findall(r"V\d+\.\d+\.\d+", said)) == {row["id"] for row in TABLE if row["state"] == "open"}


def test_the_figures_of_the_rules_are_those_of_the_code() -> None:
    rules = " ".join((FOLDER / "rules.md").read_text("utf-8").split())
    minutes, pause = auth.GUESSES_WITHIN.seconds // 60, auth.LONGEST_PAUSE.seconds // 60
    stored = extract_parameters(auth.hash_password("four words nobody guesses"))
    for said in (
        f"{auth.GUESSES} wrong tries for an account, or {auth.GUESSES_FROM_ADDRESS} from an address,"
        f" within {minutes} minutes",
        f"{auth.SHORTEST_PASSWORD} to {auth.LONGEST_PASSWORD} characters",
        f"{invitations.LEAST_LEFT} characters must be left",
        f"once and for {invitations.LINK_HOLDS.days} days",
        f"after {pause} minutes of silence, after {auth.LONGEST_SESSION.seconds // 3600} hours",
        f"{LARGEST_FILE // MEBIBYTE} MB a file",
        f"{LARGEST_UPLOAD // MEBIBYTE} MB and {MOST_AT_ONCE} files an upload",
        f"{formats.MOST_PAGES} pages, {formats.MOST_OBJECTS:,} objects",
        f"{formats.MOST_UNPACKED // MEBIBYTE} MB unpacked, {formats.MOST_PIXELS // 10**6} million pixels",
        f"| {opening.LARGEST_FILE // MEBIBYTE} MB; {imports.MOST_WAITING} files of one person",
        f"for {imports.KEPT_FOR.total_seconds() // 3600:.0f} hours",
        f"with {caged.Limits().cpu_seconds} seconds of processor, {caged.Limits().memory // MEBIBYTE} MB of memory",
        f"({caged.AT_ONCE} at one time in each process",
        f"{worker.Limits().cpu_seconds} seconds of processor, {worker.Limits().memory // MEBIBYTE} MB)",
        f"than {caged.LONGEST_QUEUE} seconds for a turn",
        f"no answer about within {scanning.SECONDS} seconds",
        f"RSA {KEY_SIZE} as made",
        f"argon2id, {stored.memory_cost // 1024} MiB, {stored.time_cost} passes",
        *(f"`{word}`" for word in invitations.WORDS_OF_THE_HOUSE),
    ):
        assert said in rules, said
