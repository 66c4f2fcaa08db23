"""Every package is pinned with digests, installed as pinned, listed, and under a licence that may come in."""

import importlib.metadata
import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.supply.packages import OURS, ROOT, TESTS, Part, Pin, asked, extras_asked, is_allowed, pins
from tests.supply.papers import LICENCES, SBOM, bill, licences, refused, unread

FILES = (OURS, TESTS)
TOOLS = {"pip", "setuptools", "wheel"}  # what an environment is made with


def without_digest(found: list[Pin]) -> list[str]:
    return [pin.name for pin in found if not pin.hashes]


def not_as_pinned(found: list[Pin], installed: dict[str, str]) -> list[str]:
    return [f"{pin.name} {pin.version}" for pin in found if installed.get(pin.name) != pin.version]


def installed() -> dict[str, str]:
    return {
        canonicalize_name(each.metadata["Name"]): each.version for each in importlib.metadata.distributions()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_has_a_version_and_digests(path: Path) -> None:
    found = pins(path)
    assert len(found) > 30
    assert without_digest(found) == []


def test_a_line_without_a_digest_or_a_version_is_found(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"flask==3.1.3 \\\n    --hash=sha256:{'0' * 64}\nwerkzeug==3.1.9\n")
    assert without_digest(pins(file)) == ["werkzeug"]
    file.write_text("flask>=3\n")
    with pytest.raises(ValueError, match="pins nothing"):
        pins(file)


def test_an_extra_that_is_asked_for_is_pinned_with_its_package() -> None:
    """Else pip takes the newest of that package for the extra, and refuses it: on the day there is a newer one."""
    for path in FILES:
        wanted = extras_asked(path)
        assert wanted
        assert {
            pin.name: set(pin.extras) for each in FILES for pin in pins(each) if pin.name in wanted
        } == wanted


def test_what_is_pinned_is_what_is_installed_and_nothing_else_is() -> None:
    found, here = [pin for path in FILES for pin in pins(path)], installed()
    assert not_as_pinned(found, here) == []
    assert set(here) - {pin.name for pin in found} - TOOLS == set()


def test_another_version_is_found() -> None:
    (first, *_) = pins(OURS)
    assert not_as_pinned([Pin(first.name, "0.0.1", first.hashes)], installed()) == [f"{first.name} 0.0.1"]


def test_what_is_typed_by_hand_is_in_what_is_pinned() -> None:
    """Each name in a file ``requirements.in`` is a pin of what was compiled from it, or of what that stands on."""
    for path in FILES:
        assert len(asked(path)) > 10
        assert set(asked(path)) - {pin.name for each in {OURS, path} for pin in pins(each)} == set()


# Licences


def test_every_licence_is_known_and_may_come_in() -> None:
    assert refused() == []
    assert unread() == []


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later AND MIT", False),
        ("SSPL-1.0", False),
        ("", False),
    ],
)
def test_a_licence_that_may_not_come_in_is_refused(licence: str, allowed: bool) -> None:
    assert is_allowed(Part("thing", "1", licence).licence) is allowed


# The lists


def test_the_list_of_parts_and_the_list_of_licences_are_those_of_what_is_installed() -> None:
    assert SBOM.read_text() == bill(), "type: .venv/bin/python -m tests.supply"
    assert LICENCES.read_text() == licences(), "type: .venv/bin/python -m tests.supply"


def test_the_list_of_parts_is_whole_and_hangs_together() -> None:
    found = json.loads(SBOM.read_text())
    names = [part["bom-ref"] for part in found["components"]]
    house = found["metadata"]["component"]["bom-ref"]

    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert len(names) == len(set(names)) > 60
    assert {f"pkg:pypi/{pin.name}@{pin.version}" for pin in pins(OURS)} <= set(names)
    assert {"pkg:npm/htmx.org@4.0.1", "pkg:npm/nhsuk-frontend@10.6.1"} <= set(names)
    reached, edges = {house}, {each["ref"]: each["dependsOn"] for each in found["dependencies"]}
    while more := {ref for name in reached for ref in edges.get(name, ())} - reached:
        reached |= more
    assert set(names) - reached == set(), "nothing is installed that nobody needs"
