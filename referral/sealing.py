"""The ring of keys with which patients' data are sealed where they lie, in the database and in files.

AES-256-GCM, a fresh nonce each time. What a value is (``referral.family_name``) is sealed with it, so that it opens
nowhere else. The newest key seals, every key of the ring opens. By what is searched lies there as a keyed digest
(HMAC-SHA-256), under a key of its own that is derived from each key of the ring (HKDF).
"""

import binascii
import hmac
import os
import re
import zlib
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Self

from click import ClickException
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from referral.errors import PonsError

BYTES = 32
NONCE = 12
NAME = re.compile(r"[0-9a-z]{8}")
MARK = "pons1."
HEAD = len("pons1.12345678.")
DIGEST = 12  # bytes: enough that no two of millions are alike
WORTH_PACKING = 512  # bytes
PLAIN, PACKED = b"\0", b"\1"


class KeyLostError(PonsError, ClickException):
    """A key is not at hand, or is another one than it was. A command says so in a line."""


class SealBrokenError(PonsError):
    """What lies there was not sealed by this installation as what it is taken for, or was changed since."""


@dataclass(frozen=True)
class Key:
    """One key: eight small letters or figures that name it, and 32 bytes that nobody sees."""

    name: str
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make one up."""
        return cls(os.urandom(4).hex(), os.urandom(BYTES))

    @property
    def entry(self) -> str:
        """Write it as it stands in DATA_KEYS."""
        return f"{self.name}:{b64encode(self.secret).decode()}"

    @cached_property
    def cipher(self) -> AESGCM:
        """Give what seals and opens."""
        return AESGCM(self.secret)

    @cached_property
    def digests_with(self) -> bytes:
        """Give the key of its digests."""
        return HKDF(SHA256(), BYTES, salt=None, info=b"pons: what is searched by").derive(self.secret)


@dataclass(frozen=True)
class Ring:
    """The keys of an installation, the newest first."""

    keys: tuple[Key, ...]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read DATA_KEYS: ``name:base64`` of each key, with commas between, the newest first.

        Raises:
            ValueError: it is not that. The text says which entry, and never what stands there.

        """
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        keys = tuple(_read_key(number, entry) for number, entry in enumerate(entries, 1))
        if not keys:
            raise ValueError("DATA_KEYS is empty: patients' data cannot be sealed")
        if len({key.name for key in keys}) < len(keys):
            raise ValueError("DATA_KEYS names a key twice")
        return cls(keys)

    @property
    def text(self) -> str:
        """Write it as DATA_KEYS."""
        return ",".join(key.entry for key in self.keys)

    @property
    def newest(self) -> Key:
        """The key that seals."""
        return self.keys[0]

    @cached_property
    def named(self) -> dict[str, Key]:
        """The keys by name."""
        return {key.name: key for key in self.keys}

    def seal(self, purpose: str, plain: bytes) -> bytes:
        """Seal bytes as what they are."""
        return _head(self.newest) + self._seal(purpose, PLAIN + plain)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Open bytes.

        Raises:
            KeyLostError: the key is not in the ring.
            SealBrokenError: they were sealed as something else, or by nobody, or were changed.

        """
        return self._open(purpose, _name(sealed[:HEAD]), sealed[HEAD:])

    def seal_text(self, purpose: str, text: str) -> str:
        """Seal text as text, packed where it is long: what is sealed cannot be packed any more."""
        plain = text.encode()
        packed = PACKED + zlib.compress(plain, 1) if len(plain) > WORTH_PACKING else PLAIN + plain
        return f"{MARK}{self.newest.name}." + b64encode(self._seal(purpose, packed)).decode()

    def open_text(self, purpose: str, sealed: str) -> str:
        """Open text. Raises as :meth:`open` does."""
        name = _name(sealed[:HEAD].encode())
        try:
            body = b64decode(sealed[HEAD:], validate=True)
        except (binascii.Error, ValueError):
            raise SealBrokenError(BROKEN.format(purpose)) from None
        return self._open(purpose, name, body).decode()

    def digests(self, purpose: str, text: str) -> list[str]:
        """Give the digests by which a text is found, one under each key, the newest first."""
        return [_digest(key, purpose, text) for key in self.keys]

    def _seal(self, purpose: str, plain: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self.newest.cipher.encrypt(nonce, plain, purpose.encode())

    def _open(self, purpose: str, name: str, sealed: bytes) -> bytes:
        key = self.named.get(name)
        if not name:
            raise SealBrokenError(BROKEN.format(purpose))
        if key is None:
            raise KeyLostError(lost([name]))
        try:
            plain = key.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())
        except (InvalidTag, ValueError):
            raise SealBrokenError(BROKEN.format(purpose)) from None
        return zlib.decompress(plain[1:]) if plain[:1] == PACKED else plain[1:]


BROKEN = (
    "What is stored as {} cannot be opened: it was changed, or sealed by somebody else. "
    "Please tell whoever looks after this installation."
)


def lost(names: Collection[str]) -> str:
    """Say that keys are not at hand."""
    listed = ", ".join(sorted(names))
    return (
        f"Patients' data were sealed with a key that is not at hand: {listed}. "
        "Put it back into DATA_KEYS (or into the file data_keys beside the database), as it was kept apart."
    )


def is_sealed(start: bytes) -> bool:
    """Tell by its first bytes whether something is sealed."""
    return bool(_name(start[:HEAD]))


def sealed_with(start: str | bytes) -> str:
    """Name the key by which something is sealed, from its first signs; empty where none is."""
    return _name(start[:HEAD].encode() if isinstance(start, str) else start[:HEAD])


def _head(key: Key) -> bytes:
    return f"{MARK}{key.name}.".encode()


def _name(head: bytes) -> str:
    found = re.fullmatch(rb"pons1\.([0-9a-z]{8})\.", head)
    return found[1].decode() if found else ""


def _digest(key: Key, purpose: str, text: str) -> str:
    digest = hmac.new(key.digests_with, f"{purpose}\0{text}".encode(), sha256).digest()
    return "~" + urlsafe_b64encode(digest[:DIGEST]).decode()


def _read_key(number: int, entry: str) -> Key:
    name, _, secret = entry.partition(":")
    try:
        key = Key(name, b64decode(secret, validate=True))
    except (binascii.Error, ValueError):
        key = Key(name, b"")
    if not NAME.fullmatch(name) or len(key.secret) != BYTES:
        raise ValueError(
            f"DATA_KEYS: key {number} is not eight small letters or figures, a colon and {BYTES} bytes in base64; "
            "make one with: flask keys new"
        )
    return key
