"""The folder of attachments: one folder a file, under a random name, put in its place in one step.

What comes in is rebuilt in a folder of its own, which nobody is shown. It is sealed and gets its final name before
the database is told of it, so that no row is ever without its file; a file whose row never came is swept up.
A file that is older than sealing opens as it is until ``flask keys rotate`` has sealed it.
"""

import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from referral import caged
from referral.attachments.formats import LARGEST_FILE, PDF, PNG, FileRefusedError, recognise
from referral.attachments.rebuild import CONTENT, RECEIVED, THUMBNAIL, page_name
from referral.attachments.scanning import scan
from referral.errors import PonsError
from referral.sealing import HEAD, Ring, SealBrokenError, is_sealed, sealed_with

WORK = "referral.attachments.rebuild:rebuild"
COMING = "coming-"
NEW = ".new"
NAME = re.compile(r"[0-9a-f]{32}")
CHUNK = 1024 * 1024
MAGIC = {PDF.kept_as: PDF.magic, PNG.kept_as: PNG.magic}
TOO_MUCH = "It takes too much time or memory to read. Print it to a new PDF, or send part of it."
UNREADABLE = "It cannot be read. Print it to a new PDF, and choose that one."


class FileLostError(PonsError):
    """A file that the database knows and the folder does not hold as it was stored."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A file that was rebuilt and is safe to keep; it still lies where nobody is shown it."""

    folder: Path
    media_type: str
    pages: int
    size: int
    sha256: str
    received_size: int
    received_sha256: str


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of attachments of one installation. Whoever keeps or reads a file needs the keys to it.

    ``scanner`` is the command of the installation's scanner, which is asked about each file that is taken in.
    """

    folder: Path
    ring: Ring | None = None
    scanner: tuple[str, ...] = ()

    @contextmanager
    def rebuilt(self, name: str, stream: IO[bytes]) -> Iterator[Rebuilt]:
        """Take a file in, have it scanned, and rebuild it. What is not kept by the end is gone.

        Raises:
            FileRefusedError: it is not taken; the text says why and what to do.
            BusyError: too many files are being scanned or read at the moment.

        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        coming = self.folder / f"{COMING}{secrets.token_hex(16)}"
        coming.mkdir(mode=0o700)
        try:
            yield _rebuild(coming, name, stream, self.scanner)
        finally:
            shutil.rmtree(coming, ignore_errors=True)

    def keep(self, rebuilt: Rebuilt) -> str:
        """Put a rebuilt file in its place, for good and on the disk, and give its random name."""
        name = secrets.token_hex(16)
        for path in list(rebuilt.folder.iterdir()):
            self._replace(path, self._keys.seal(_sealed_as(name, path.name), path.read_bytes()))
        _to_disk(rebuilt.folder)
        rebuilt.folder.rename(self.folder / name)
        _to_disk(self.folder)
        return name

    def discard(self, name: str) -> None:
        """Take a file away whose row did not come."""
        shutil.rmtree(self._place(name), ignore_errors=True)

    def content(self, name: str, digest: str) -> bytes:
        """Give what was kept, checked against its digest.

        Raises:
            FileLostError: it is not there, or not what was stored.

        """
        found = self._read(name, CONTENT)
        if sha256(found).hexdigest() != digest:
            raise FileLostError(LOST)
        return found

    def thumbnail(self, name: str) -> bytes:
        """Give the small picture of the first page. Raises :class:`FileLostError`."""
        return self._read(name, THUMBNAIL)

    def page(self, name: str, number: int) -> bytes:
        """Give the picture of a page, from 1. Raises :class:`FileLostError`."""
        return self._read(name, page_name(number))

    def has(self, name: str) -> bool:
        """Tell whether the content is there, without reading it."""
        return (self._place(name) / CONTENT).is_file()

    def sweep(self, known: Collection[str], before: float) -> list[str]:
        """Remove what no row knows and nobody has touched since a moment, in seconds of the epoch; name it."""
        swept = []
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if path.name not in known and path.lstat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
                swept.append(path.name)
        return swept

    # Other keys

    def parts(self) -> Iterator[tuple[str, str]]:
        """Walk all that is kept: the name of a file, and of a part of it."""
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if NAME.fullmatch(folder.name) and folder.is_dir():
                yield from ((folder.name, path.name) for path in sorted(folder.iterdir()))

    def sealed_with(self, name: str, part: str) -> str:
        """Name the key of a part; empty where it is not sealed."""
        with (self._place(name) / part).open("rb") as file:
            return sealed_with(file.read(HEAD))

    def check(self, name: str, part: str) -> None:
        """Open a part. Raises :class:`FileLostError` or :class:`KeyLostError`."""
        self._read(name, part)

    def seal_anew(self, name: str, part: str) -> bool:
        """Seal a part with the newest key, and tell whether it was not; what a crash left beside it goes."""
        path = self._place(name) / part
        if part.endswith(NEW):
            path.unlink(missing_ok=True)
            return False
        try:
            if self.sealed_with(name, part) == self._keys.newest.name:
                return False
            self._replace(path, self._keys.seal(_sealed_as(name, part), self._read(name, part)))
        except FileNotFoundError:  # the file was put away meanwhile
            return False
        return True

    def unseal(self, name: str, part: str) -> None:
        """Put a part back as it was before there were keys: for going back to an older release."""
        self._replace(self._place(name) / part, self._read(name, part))

    def _read(self, name: str, part: str) -> bytes:
        try:
            handle = os.open(self._place(name) / part, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            raise FileLostError(LOST) from None
        with os.fdopen(handle, "rb") as file:
            found = file.read()
        return self._open(name, part, found)

    def _open(self, name: str, part: str, found: bytes) -> bytes:
        if not is_sealed(found):
            return found
        try:
            return self._keys.open(_sealed_as(name, part), found)
        except SealBrokenError:
            raise FileLostError(LOST) from None

    @property
    def _keys(self) -> Ring:
        if self.ring is None:
            raise ValueError("this store was opened without keys: it can put files away, not read them")
        return self.ring

    @staticmethod
    def _replace(path: Path, content: bytes) -> None:
        """Put new content in a file's place: the old one or the new one is there, never half of one."""
        beside = path.with_name(f"{path.name}{NEW}")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def _place(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise FileLostError(LOST)
        return self.folder / name


def _sealed_as(name: str, part: str) -> str:
    """Say what is sealed: this part of this file, and no other."""
    return f"attachment/{name}/{part}"


LOST = (
    "The case lists this file, but what was stored of it is missing or no longer what it was. "
    "Please tell whoever looks after this installation, and add the file again."
)


def _rebuild(folder: Path, name: str, stream: IO[bytes], scanner: tuple[str, ...]) -> Rebuilt:
    received_size, received_sha256 = _receive(folder / RECEIVED, name, stream)
    scan(scanner, (folder / RECEIVED).read_bytes())
    try:
        answer = caged.run(WORK, folder)
    except caged.BusyError:
        raise
    except caged.TooMuchError:
        raise FileRefusedError(TOO_MUCH) from None
    except caged.CageError:
        raise FileRefusedError(UNREADABLE) from None
    if "refused" in answer:
        raise FileRefusedError(str(answer["refused"]))
    (folder / RECEIVED).unlink()
    media_type, pages = answer["media_type"], int(answer["pages"])
    _check_what_came_out(folder, media_type, pages)
    content = (folder / CONTENT).read_bytes()
    return Rebuilt(
        folder,
        media_type,
        pages,
        len(content),
        sha256(content).hexdigest(),
        received_size,
        received_sha256,
    )


def _receive(path: Path, name: str, stream: IO[bytes]) -> tuple[int, str]:
    """Write down what comes in, as far as it may, and look at its first bytes."""
    size, digest = 0, sha256()
    with path.open("xb") as file:
        while chunk := stream.read(CHUNK):
            if size == 0:
                recognise(name, chunk)
            size += len(chunk)
            if size > LARGEST_FILE:
                raise FileRefusedError(
                    f"It is larger than {LARGEST_FILE // CHUNK} MB. Save it smaller, or in parts."
                )
            digest.update(chunk)
            file.write(chunk)
    if size == 0:
        raise FileRefusedError("It is empty.")
    return size, digest.hexdigest()


def _check_what_came_out(folder: Path, media_type: str, pages: int) -> None:
    """Believe nothing that came from the cage: exactly these plain files, and one that begins as it should."""
    wanted = {CONTENT, THUMBNAIL, *map(page_name, range(1, pages + 1))}
    found = list(folder.iterdir())
    plain = all(path.is_file() and not path.is_symlink() for path in found)
    if not plain or {path.name for path in found} != wanted or media_type not in MAGIC:
        raise FileRefusedError(UNREADABLE)
    with (folder / CONTENT).open("rb") as file:
        if not file.read(16).startswith(MAGIC[media_type]):
            raise FileRefusedError(UNREADABLE)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
