"""The folder of attachments: one folder a file, under a random name, put in its place in one step.

What comes in is rebuilt in a folder of its own, which nobody is shown. It gets its final name before the
database is told of it, so that no row is ever without its file; a file whose row never came is swept up.
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
from referral.errors import PonsError

WORK = "referral.attachments.rebuild:rebuild"
COMING = "coming-"
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
    """The folder of attachments of one installation."""

    folder: Path

    @contextmanager
    def rebuilt(self, name: str, stream: IO[bytes]) -> Iterator[Rebuilt]:
        """Take a file in and rebuild it. What is not kept by the end is gone.

        Raises:
            FileRefusedError: it is not taken; the text says why and what to do.
            BusyError: too many files are being read at the moment.

        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        coming = self.folder / f"{COMING}{secrets.token_hex(16)}"
        coming.mkdir(mode=0o700)
        try:
            yield _rebuild(coming, name, stream)
        finally:
            shutil.rmtree(coming, ignore_errors=True)

    def keep(self, rebuilt: Rebuilt) -> str:
        """Put a rebuilt file in its place, for good and on the disk, and give its random name."""
        name = secrets.token_hex(16)
        for path in rebuilt.folder.iterdir():
            _to_disk(path)
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

    def _read(self, name: str, part: str) -> bytes:
        try:
            handle = os.open(self._place(name) / part, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            raise FileLostError(LOST) from None
        with os.fdopen(handle, "rb") as file:
            return file.read()

    def _place(self, name: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{32}", name):
            raise FileLostError(LOST)
        return self.folder / name


LOST = (
    "The case lists this file, but what was stored of it is missing or no longer what it was. "
    "Please tell whoever looks after this installation, and add the file again."
)


def _rebuild(folder: Path, name: str, stream: IO[bytes]) -> Rebuilt:
    received_size, received_sha256 = _receive(folder / RECEIVED, name, stream)
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
