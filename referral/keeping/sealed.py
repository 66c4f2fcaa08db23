"""A file encrypted as it is written: chunks of AES-256-GCM, so that none can be changed, moved, or left off the end.

The key is made of the passphrase and a salt of the file's own (scrypt). Each chunk is numbered, and the last one says
that it is (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
"""

import secrets
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from referral.errors import PonsError

MAGIC = b"PONS BACKUP 1\n"
CHUNK = 1024 * 1024  # bytes before encryption
TAG, SALT, PREFIX = 16, 16, 7
WRONG = "It cannot be decrypted: the BACKUP_KEY is another, or the file was changed or cut."


class UnreadableError(PonsError):
    """A backup that cannot be read whole. Its text says why."""


def _key(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))


class Sealing:
    """Encrypts what is written to it into a file. ``close`` writes the last chunk, not the file's end."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt, self._prefix = secrets.token_bytes(SALT), secrets.token_bytes(PREFIX)
        self._file, self._cipher, self._count = file, _key(passphrase, salt), 0
        self._waiting = bytearray()
        file.write(MAGIC + salt + self._prefix)

    def write(self, some: bytes) -> int:
        """Take some bytes; a chunk goes out when it is certain that it is not the last."""
        self._waiting += some
        while len(self._waiting) > CHUNK:
            self._out(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(some)

    def close(self) -> None:
        """Write what waits as the last chunk, be it empty."""
        self._out(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _out(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._prefix, self._count, last), chunk, MAGIC))
        self._count += 1


class Opening:
    """Decrypts a file as it is read.

    Raises:
        UnreadableError: the key is another, or a byte was changed, moved or is missing.

    """

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        head = file.read(len(MAGIC) + SALT + PREFIX)
        if not head.startswith(MAGIC) or len(head) < len(MAGIC) + SALT + PREFIX:
            raise UnreadableError("It is no backup of Pons.")
        self._prefix = head[-PREFIX:]
        self._file, self._cipher = file, _key(passphrase, head[len(MAGIC) : -PREFIX])
        self._count, self._ready, self._next = 0, bytearray(), file.read(CHUNK + TAG)
        if not self._next:
            raise UnreadableError(WRONG)

    def read(self, size: int) -> bytes:
        """Give so many bytes, fewer only at the end."""
        while len(self._ready) < size and self._next:
            chunk, self._next = self._next, self._file.read(CHUNK + TAG)
            nonce = _nonce(self._prefix, self._count, not self._next)
            try:
                self._ready += self._cipher.decrypt(nonce, chunk, MAGIC)
            except InvalidTag:
                raise UnreadableError(WRONG) from None
            self._count += 1
        given = bytes(self._ready[:size])
        del self._ready[:size]
        return given


def _nonce(prefix: bytes, count: int, last: bool) -> bytes:
    return prefix + count.to_bytes(4) + bytes([last])


def is_sealed(file: IO[bytes]) -> bool:
    """Tell whether a file is encrypted as above, and go back to where it stood."""
    begins = file.read(len(MAGIC))
    file.seek(-len(begins), 1)
    return begins == MAGIC
