"""The organisation's key, and the signature that it puts over a whole packet (PAdES, ETSI EN 319 142-1, level B-B).

An installation makes a key of its own at the first packet. A key that somebody vouches for comes from the settings.
The key never enters the printer's cage: the printer leaves a hole, and what fills it is worked out here. The same
file signed with the same key is the same, byte for byte: RSA with PKCS #1 v1.5, and no moment but the packet's own.
"""

import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from referral import clock
from referral.printing.job import HOLE

KEY_SIZE = 3072  # bits, as strong as 128 of a symmetric key; BSI TR-02102-1 asks for 3000 beyond 2023
YEARS = 30  # a packet is read as long as the person lives
ROOM = 2048  # bytes of a signature beside its certificates: the RSA value, the attributes, the frame
CONTENTS = b"/Contents <"


class KeyFaultError(Exception):
    """A key that cannot be used. The text is for whoever sets up the installation."""


@dataclass(frozen=True)
class SigningKey:
    """A private key with its certificate, and the certificates that vouch for that."""

    private: rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def read(cls, path: Path, password: str = "") -> Self:
        """Read a key and certificates from PEM or PKCS #12.

        Raises:
            KeyFaultError: the file holds no RSA key with its certificate, the key is too short, or the password does
                not open it.

        """
        content, secret = path.read_bytes(), password.encode() or None
        try:
            if content.lstrip().startswith(b"-----BEGIN"):
                private = load_pem_private_key(content, secret)
                certificate, *chain = x509.load_pem_x509_certificates(content)
            else:
                private, certificate, chain = pkcs12.load_key_and_certificates(content, secret)  # type: ignore[assignment]  # checked below
        except (ValueError, TypeError) as error:
            raise KeyFaultError(f"{path.name} cannot be read: {error}") from error
        if not isinstance(private, rsa.RSAPrivateKey) or certificate is None:
            raise KeyFaultError(f"{path.name} needs an RSA key and its certificate")
        if private.key_size < KEY_SIZE:
            raise KeyFaultError(
                f"{path.name}: a key of {private.key_size} bits; it needs {KEY_SIZE} at least"
            )
        if private.public_key() != certificate.public_key():
            raise KeyFaultError(f"{path.name}: the first certificate is not that of the key")
        return cls(private, certificate, tuple(chain))

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """Give the certificates as DER, the key's own first."""
        return tuple(each.public_bytes(Encoding.DER) for each in (self.certificate, *self.chain))

    @property
    def room(self) -> int:
        """Give the bytes that a signature may take."""
        return ROOM + sum(map(len, self.certificates))


def kept_key(path: Path, password: str, name: str) -> SigningKey:
    """Give the key of this installation; the first packet makes one that only its owner can read.

    Raises:
        KeyFaultError: the file cannot be used.

    """
    if not path.exists():
        _make(path, name)
    return SigningKey.read(path, password)


def _make(path: Path, name: str) -> None:
    """Write a new key with its own certificate; of two who make one at once, one is kept."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    now = clock.now().replace(microsecond=0)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"Packets of {name}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Pons, self-made key"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now.replace(year=now.year + YEARS, day=min(now.day, 28)))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(private, hashes.SHA256())
    )
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    text += certificate.public_bytes(Encoding.PEM)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)  # whole or not at all, and never over one that is there
    except FileExistsError:
        pass
    finally:
        half.unlink(missing_ok=True)


def sign(pdf: bytes, key: SigningKey) -> bytes:
    """Fill the hole that the printer has left with a signature over everything else.

    Raises:
        ValueError: there is no hole, or more than one.

    """
    if pdf.count(HOLE) != 1:
        raise ValueError("the paper has no one place for a signature")
    begin = pdf.index(CONTENTS, pdf.index(HOLE)) + len(CONTENTS) - 1
    end = pdf.index(b">", begin) + 1
    ranges = f"[0 {begin} {end} {len(pdf) - end}".encode().ljust(len(HOLE) - 1) + b"]"
    filled = pdf.replace(HOLE, ranges)
    signed = sha256(filled[:begin])
    signed.update(filled[end:])
    signature = _cms(signed.digest(), key).hex().encode()
    room = end - begin - 2
    if len(signature) > room:
        raise ValueError("the place for the signature is too small")
    return b"".join((filled[: begin + 1], signature.ljust(room, b"0"), filled[end - 1 :]))


def _cms(digest: bytes, key: SigningKey) -> bytes:
    from referral.packet.cms import detached  # a second to load: only who makes a packet pays it

    return detached(digest, key)


def fingerprint(certificate: bytes) -> str:
    """Give the SHA-256 of a certificate."""
    return sha256(certificate).hexdigest()
