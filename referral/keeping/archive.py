"""The one file of a backup: a tar of its parts, and last a manifest that says what must be in it.

The manifest carries the digest of each part and is sealed with the key of the trail, which is never in the file: who
holds a backup alone can change no part of it unnoticed, encrypted or not.
"""

import hmac
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

from referral.keeping.sealed import Opening, Sealing, UnreadableError, is_sealed

DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
SETTINGS, ANCHOR, MANIFEST, FILES = "settings.json", "audit_anchor", "manifest.json", "attachments"
NAMES = re.compile(
    rf"{SETTINGS}|{ANCHOR}|{MANIFEST}|database\.(sqlite|pgdump)|{FILES}/[0-9a-f]{{32}}/[0-9A-Za-z][\w.-]{{0,60}}"
)
AT_ONCE = 1024 * 1024
DAMAGED = "It is damaged: {}."


@dataclass(frozen=True)
class Counted:
    """How many rows a table has, and one digest of all of them, in whatever order they come."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Part:
    """One file in the backup."""

    size: int
    sha256: str


@dataclass
class Manifest:
    """What a backup holds. ``head`` is the last entry of the trail in it, ``lacking`` files that were lost before."""

    made_at: str
    release: str
    database: str
    revision: str
    tables: dict[str, Counted]
    head: tuple[int, str] | None
    lacking: list[str] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    layout: int = 1

    def sealed(self, key: str) -> bytes:
        """Write it down with its seal."""
        told = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return json.dumps({"manifest": told, "seal": _seal(told, key)}).encode()

    @classmethod
    def read(cls, written: bytes, key: str) -> "Manifest":
        """Read one, after its seal.

        Raises:
            UnreadableError: the seal does not fit, or its layout is of a later release.

        """
        try:
            outer = json.loads(written)
            told, seal = str(outer["manifest"]), str(outer["seal"])
        except (ValueError, KeyError, TypeError):
            raise UnreadableError(DAMAGED.format("its manifest cannot be read")) from None
        if not hmac.compare_digest(seal.encode(), _seal(told, key).encode()):
            raise UnreadableError(
                "Its manifest was changed, or it was made with another AUDIT_KEY than that of this installation."
            )
        inner: dict[str, Any] = json.loads(told)
        if inner["layout"] != cls.layout:
            raise UnreadableError("It was made by a later release: restore with that one.")
        inner["tables"] = {name: Counted(**each) for name, each in inner["tables"].items()}
        inner["parts"] = {name: Part(**each) for name, each in inner["parts"].items()}
        inner["head"] = tuple(inner["head"]) if inner["head"] else None
        return cls(**inner)


def _seal(told: str, key: str) -> str:
    return hmac.new(key.encode(), b"pons backup\n" + told.encode(), sha256).hexdigest()


class _Through:
    """A file that is digested while somebody else reads it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest, self.size = file, sha256(), 0

    def read(self, size: int = -1) -> bytes:
        some = self._file.read(size)
        self.digest.update(some)
        self.size += len(some)
        return some

    def part(self) -> Part:
        return Part(self.size, self.digest.hexdigest())


class Writer:
    """Adds parts to a backup, one after another."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.parts: dict[str, Part] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a file. Raises ``OSError`` where it cannot be read."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            self._add(name, file, os.fstat(handle).st_size)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a few bytes as a file."""
        self._add(name, io.BytesIO(content), len(content))

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        told, through = tarfile.TarInfo(name), _Through(file)
        told.size, told.mode = size, 0o600
        self._tar.addfile(told, cast("IO[bytes]", through))
        self.parts[name] = through.part()


@contextmanager
def writing(target: Path, scratch: Path, passphrase: str) -> Iterator[Writer]:
    """Write a backup in a folder beside its place, put it there whole and on the disk at the end, never half of it.

    Raises:
        FileExistsError: there is a file of this name already.

    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    coming = scratch / "coming"
    with os.fdopen(os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        sealing = Sealing(file, passphrase) if passphrase else None
        out = cast("IO[bytes]", sealing or file)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            yield Writer(tar)
        if sealing:
            sealing.close()
        file.flush()
        os.fsync(file.fileno())
    coming.rename(target)
    _to_disk(target.parent)


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unpack(source: Path, staging: Path, passphrase: str, key: str) -> Manifest:
    """Lay the parts of a backup into an empty folder, and hold each against the manifest.

    Raises:
        UnreadableError: it is no backup, a byte of it was changed, a part is missing or too many.

    """
    with ExitStack() as opened:
        file = opened.enter_context(source.open("rb"))
        inside: IO[bytes] = file
        if is_sealed(file):
            if not passphrase:
                raise UnreadableError("It is encrypted: give its passphrase in BACKUP_KEY.")
            inside = cast("IO[bytes]", Opening(file, passphrase))
        try:
            found = _lay_out(inside, staging)
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise UnreadableError(DAMAGED.format("it is no archive, or was cut")) from error
    manifest_at = staging / MANIFEST
    if not manifest_at.is_file():
        raise UnreadableError(DAMAGED.format("it has no manifest, so it was cut or is no backup of Pons"))
    manifest = Manifest.read(manifest_at.read_bytes(), key)
    _compare(manifest.parts, {name: part for name, part in found.items() if name != MANIFEST})
    return manifest


def _lay_out(inside: IO[bytes], staging: Path) -> dict[str, Part]:
    """Write each part below the folder: plain files of the names that we know, each once."""
    found: dict[str, Part] = {}
    with tarfile.open(fileobj=inside, mode="r|") as tar:
        for told in tar:
            if not told.isreg() or not NAMES.fullmatch(told.name) or told.name in found:
                raise UnreadableError(DAMAGED.format("it holds what no backup of Pons holds"))
            target = staging / told.name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            source = tar.extractfile(told)
            if source is None:
                raise UnreadableError(DAMAGED.format("a part cannot be read"))
            through = _Through(source)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                while some := through.read(AT_ONCE):
                    file.write(some)
            found[told.name] = through.part()
        with suppress(
            tarfile.TarError
        ):  # what stands behind the end of the archive: nothing, or it is decrypted too
            while inside.read(AT_ONCE):
                pass
    return found


def _compare(told: Mapping[str, Part], found: Mapping[str, Part]) -> None:
    if missing := sorted(told.keys() - found.keys()):
        raise UnreadableError(DAMAGED.format(f"{len(missing)} parts are missing, the first is {missing[0]}"))
    if spare := sorted(found.keys() - told.keys()):
        raise UnreadableError(DAMAGED.format(f"{len(spare)} parts are too many, the first is {spare[0]}"))
    if other := sorted(name for name in told if told[name] != found[name]):
        raise UnreadableError(DAMAGED.format(f"{len(other)} parts were changed, the first is {other[0]}"))
