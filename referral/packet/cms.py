"""The envelope of a signature (CMS, RFC 5652), made by pyHanko."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from asn1crypto import algos, cms, x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from referral.packet.signing import SigningKey


class _Hand(Signer):
    """Signs with a key that lies here, RSA with PKCS #1 v1.5: the same every time."""

    def __init__(self, key: SigningKey) -> None:
        own, *others = map(x509.Certificate.load, key.certificates)
        super().__init__(
            signing_cert=own,
            cert_registry=_store(others),
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
        )
        self._private = key.private

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign."""
        return self._private.sign(data, PKCS1v15(), SHA256())


def _store(certificates: Sequence[x509.Certificate]) -> SimpleCertificateStore:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # half of the library has types
    for each in certificates:
        store.register(each)
    return store


def detached(digest: bytes, key: SigningKey) -> bytes:
    """Sign a SHA-256 digest as PAdES asks for it, with the certificate named in what is signed."""
    signing = _Hand(key).async_sign(digest, "sha256", use_pades=True)
    with ThreadPoolExecutor(max_workers=1) as hand:  # whoever asks may have an event loop of their own
        made: cms.ContentInfo = hand.submit(asyncio.run, signing).result()
    whole: bytes = made.dump()
    return whole
