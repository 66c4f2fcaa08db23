"""A machine, a cage or a package that is not safe for real people is named."""

from dataclasses import replace
from hashlib import sha256

import pytest
import yaml

from referral.deployment import RULES, House, check
from referral.deployment.machine import ADVISORIES, EICAR, holes, installed
from tests.attachments.scanners import BARKS, BLIND, BROKEN, FINDS, MISSING
from tests.deployment.good import NETWORK_STAYS, Rebuilt, fault


@pytest.mark.only_on("sqlite")
def test_root_is_noticed(house: House) -> None:
    assert fault(replace(house, user=0), "the application does not run as root") == "it does"


@pytest.mark.only_on("sqlite")
def test_what_others_can_read_is_noticed(house: House) -> None:
    house.settings.attachments.mkdir(mode=0o700)
    (house.keys / "secret_key").touch(mode=0o600)
    holds = ("the folder for files is its owner's alone", "keys in files are their owner's alone")
    assert [fault(house, each) for each in holds] == ["", ""]

    house.settings.attachments.chmod(0o755)
    (house.keys / "secret_key").chmod(0o644)
    assert all("can be read by others" in fault(house, each) for each in holds)


@pytest.mark.only_on("sqlite")
def test_what_cannot_be_looked_at_does_not_hold(house: House) -> None:
    nowhere = house.keys / ("long" * 100)
    found = check(replace(house, settings=replace(house.settings, attachments=nowhere)))
    (said,) = [each.fault for each in found if each.rule.holds == "the folder for files is its owner's alone"]
    assert said == f"{nowhere} cannot be looked at: File name too long"


@pytest.mark.only_on("sqlite")
def test_a_full_disk_is_noticed(house: House) -> None:
    assert "are left" in fault(replace(house, least_free=2**62), "there is room for what comes")


@pytest.mark.only_on("sqlite")
def test_a_cage_that_stands_open_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    holds = "files from outside are read without a network and within limits"
    for said, seen in (
        (NETWORK_STAYS, {"limited": True, "network": True}),
        ("there are no limits", {"limited": False, "network": False}),
    ):
        monkeypatch.setattr("referral.caged.run", lambda *_, seen=seen: seen)
        assert fault(house, holds) == said


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("scanner", "said"),
    [
        ((), ""),
        (FINDS, ""),
        (BLIND, "it does not find the test file of EICAR"),
        (BARKS, "it finds something in a harmless text"),
        (BROKEN, "the scanner ended with 2"),
        (MISSING, "the scanner cannot be run: ENOENT"),
    ],
)
def test_a_scanner_that_does_not_answer_or_finds_nothing_is_noticed(
    rebuilt: Rebuilt, scanner: tuple[str, ...], said: str
) -> None:
    holds = "a scanner that is named tells malware from a letter"
    assert fault(rebuilt(file_scanner=scanner), holds) == said


def test_the_test_file_is_the_one_that_scanners_know() -> None:
    known = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
    assert sha256(EICAR).hexdigest() == known


def test_a_scanner_that_is_away_keeps_no_house_shut() -> None:
    (rule,) = [rule for rule in RULES if rule.setting == "FILE_SCANNER"]
    assert not rule.stops


@pytest.mark.only_on("sqlite")
def test_a_package_with_a_known_hole_is_noticed(house: House) -> None:
    old = replace(house, versions={"flask": "3.1.2", "python": "3.11.7"})

    assert "CVE-2026-27205" in fault(old, "no package has a hole that is known")
    assert "3.11.15" in fault(old, "the interpreter has no hole that is known")


def test_what_is_installed_here_has_no_hole_that_is_known() -> None:
    here = installed()
    assert {"flask", "weasyprint", "pillow", "sqlalchemy"} <= here.keys()
    assert holes({name: version for name, version in here.items() if name != "python"}) == []


def test_a_hole_counts_from_where_it_came_in() -> None:
    assert holes({"flask": "3.0.9"}) == [
        "flask 3.0.9: CVE-2026-27205, missing Vary on the cookie, mended in 3.1.3"
    ]


def test_every_known_hole_says_what_it_is_and_where_it_ends() -> None:
    table = yaml.safe_load(ADVISORIES.read_text("utf-8"))
    assert len(table["advisories"]) > 30
    assert all({"package", "id", "about", "fixed"} <= row.keys() for row in table["advisories"])
