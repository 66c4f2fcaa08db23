"""Codes of an authenticator app (TOTP, RFC 6238), the secret behind them, and recovery codes for the day it is lost."""

import hmac
import re
import secrets
from base64 import b32encode
from contextlib import suppress
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DIGITS = 6
STEP = 30  # seconds for which a code stands
EARLIER_OR_LATER = 1  # steps by which a telephone's clock may differ
SECRET_BYTES = 20  # as long as what SHA-1 gives: RFC 4226 asks for it
NONCE_BYTES = 12

RECOVERY_CODES = 10
RECOVERY_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is read as another
RECOVERY_LENGTH = 12  # of 31 signs: 59 bits, kept by the slow hash of passwords


Keys = tuple[str, str]
"""The key of the house, which seals and opens, and the one before, which opens; empty where there is none."""


class LostKeyError(Exception):
    """A secret was sealed with another key than the house has now."""


def new_secret() -> bytes:
    """Give the secret that a telephone and we shall share."""
    return secrets.token_bytes(SECRET_BYTES)


def step_of(moment: datetime) -> int:
    """Count the half minutes since 1970."""
    return int(moment.timestamp()) // STEP


def code_of(secret: bytes, step: int) -> str:
    """Give the code of one half minute. SHA-1, because no other is understood by every app; it is no weakness here."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    place = digest[-1] & 0x0F
    number = int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def find_step(secret: bytes, code: str, now: datetime, after: int | None) -> int | None:
    """Find the half minute whose code this is, around now and ``after`` the last that was taken."""
    this, typed = step_of(now), code.encode()  # compared as bytes: what is typed need not be ASCII
    found = None
    for step in range(this - EARLIER_OR_LATER, this + EARLIER_OR_LATER + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), typed) and (after is None or step > after):
            found = step
    return found


def is_app_code(typed: str) -> bool:
    """Tell whether this looks like the code of an app; else it is a recovery code or nothing."""
    return re.fullmatch(rf"[0-9]{{{DIGITS}}}", plain(typed)) is not None


def plain(typed: str) -> str:
    """Take away what people put between the signs of a code."""
    return re.sub(r"[\s-]", "", typed).lower()


def in_letters(secret: bytes) -> str:
    """Write a secret as it is typed into an app, in groups of four."""
    letters = b32encode(secret).decode()
    return " ".join(letters[place : place + 4] for place in range(0, len(letters), 4))


def app_address(secret: bytes, account: str) -> str:
    """Give what the square picture says to an app."""
    said = {"secret": b32encode(secret).decode(), "issuer": "Pons", "digits": DIGITS, "period": STEP}
    return f"otpauth://totp/{quote(f'Pons:{account}')}?{urlencode(said)}"


def new_recovery_code() -> str:
    """Give a recovery code, in groups of four."""
    signs = "".join(secrets.choice(RECOVERY_SIGNS) for _ in range(RECOVERY_LENGTH))
    return "-".join(signs[place : place + 4] for place in range(0, RECOVERY_LENGTH, 4))


def is_recovery_code(typed: str) -> bool:
    """Tell whether this could be a recovery code at all."""
    code = plain(typed)
    return len(code) == RECOVERY_LENGTH and set(code) <= set(RECOVERY_SIGNS)


# What lies in the database


def seal(secret: bytes, keys: Keys) -> bytes:
    """Encrypt a secret for the database: who has the database alone can make no codes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(keys[0])).encrypt(nonce, secret, None)


def unseal(sealed: bytes, keys: Keys) -> bytes:
    """Open a sealed secret.

    Raises:
        LostKeyError: it was sealed with another key than these.

    """
    for key in filter(None, keys):
        with suppress(InvalidTag):
            return AESGCM(_key(key)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    raise LostKeyError("the key of this house has changed since the app was set up")


def is_of_newest(sealed: bytes, keys: Keys) -> bool:
    """Tell whether the newest key opens it."""
    try:
        unseal(sealed, (keys[0], ""))
    except LostKeyError:
        return False
    return True


def _key(key: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"secrets of authenticator apps").derive(key.encode())
