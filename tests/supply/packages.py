"""The packages that we stand on: as pinned, as installed, with their licences; and the files from outside."""

import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OURS, TESTS = ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"
PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[(?P<extras>[\w.,-]+)\])?==(?P<version>[^\s;]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True)
class Pin:
    """One line of requirements, with the digests of the files that pip may take for it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    extras: frozenset[str] = frozenset()


@dataclass(frozen=True, order=True)
class Part:
    """Something that comes from others and is shipped, or tests with us."""

    name: str
    version: str
    licence: str
    kind: str = "python"
    needs: tuple[str, ...] = field(default=(), compare=False)
    homepage: str = field(default="", compare=False)


def pins(path: Path) -> list[Pin]:
    """Read a file of requirements, without those that it takes from another.

    Raises:
        ValueError: a line pins nothing, so pip would choose.

    """
    found = []
    for line in path.read_text().replace("\\\n", " ").splitlines():
        line = line.strip()
        if not line or line.startswith(("#", "-r ")):
            continue
        pin = PIN.match(line)
        if pin is None:
            raise ValueError(f"{path.name}: {line[:60]} pins nothing")
        extras = frozenset((pin["extras"] or "").split(",")) - {""}
        found.append(Pin(canonicalize_name(pin["name"]), pin["version"], tuple(HASH.findall(line)), extras))
    return found


def asked(path: Path) -> dict[str, set[str]]:
    """Give what somebody has typed into the file from which a file of requirements was compiled, with its extras."""
    lines = [line.strip() for line in path.with_suffix(".in").read_text().splitlines()]
    typed = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    return {canonicalize_name(each.name): set(each.extras) for each in typed}


def parts(path: Path) -> list[Part]:
    """Give what a file of requirements brings, as it is installed here."""
    return sorted(_installed(pin) for pin in pins(path))


def extras_asked(path: Path) -> dict[str, set[str]]:
    """Give the extras that somebody has typed, or that a package of the file asks of another, by its name."""
    extras = asked(path)
    for pin in pins(path):
        for needed in _needs(pin.name):
            extras.setdefault(canonicalize_name(needed.name), set()).update(needed.extras)
    return {name: found for name, found in extras.items() if found}


def _installed(pin: Pin) -> Part:
    metadata = importlib.metadata.metadata(pin.name)
    return Part(
        metadata["Name"],
        importlib.metadata.version(pin.name),
        licence_of(pin.name, metadata),
        needs=tuple(sorted({canonicalize_name(needed.name) for needed in _needs(pin.name, pin.extras)})),
        homepage=_homepage(metadata),
    )


def _needs(name: str, extras: Iterable[str] = ()) -> Iterator[Requirement]:
    """Give what a package asks for on the machines that we are for, by itself and with these extras."""
    for line in importlib.metadata.requires(name) or []:
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def _homepage(metadata: Any) -> str:
    urls = [metadata.get("Home-page") or ""]
    urls += [url.partition(", ")[2] for url in metadata.get_all("Project-URL") or []]
    return next((url for url in urls if url.startswith("https://")), "")


@cache
def rules() -> dict[str, Any]:
    """Give what may come in, and how packages say it."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("licences.yaml").read_text())
    return found


def licence_of(name: str, metadata: Any) -> str:
    """Give a package's licence by its SPDX identifier; nothing where it says nothing that is known."""
    if name in rules()["read"]:
        return str(rules()["read"][name]["is"])
    if metadata.get("License-Expression"):
        return str(metadata["License-Expression"])
    words = rules()["words"]
    said = [metadata.get("License") or ""]
    said += [
        line.rpartition(" :: ")[2]
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License")
    ]
    spdx = {*rules()["allowed"], *rules()["as_they_are"]}
    return next((word if word in spdx else words[word] for word in said if word in spdx or word in words), "")


def is_allowed(licence: str) -> bool:
    """Tell whether something under this licence may come in: of several to choose from one, of several at once each."""
    known = {*rules()["allowed"], *rules()["as_they_are"]}
    return bool(licence) and any(
        all(each.strip(" ()") in known for each in choice.split(" AND ")) for choice in licence.split(" OR ")
    )


def vendored() -> list[Part]:
    """Give the files from outside that are shipped with us, by package."""
    manifest = json.loads((ROOT / "static" / "vendor" / "manifest.json").read_text())
    words = rules()["words"]
    found = {
        (each["package"], each["version"], words.get(each["licence"], each["licence"]))
        for each in manifest.values()
    }
    return sorted(Part(name, version, licence, kind="npm") for name, version, licence in found)
