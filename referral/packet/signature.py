"""Whether the signature over a packet holds: every byte of the file is either signed, or can only be as it is.

A usual check asks whether the signed bytes are the signed ones. That leaves a hole: the bytes of the signature
itself, where a changed letter case, a byte of padding or a field that nobody reads would pass. So the envelope is
built again from what the signature binds, and must come out the same, byte for byte.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

RANGES = re.compile(rb"/ByteRange \[0 (\d{1,10}) (\d{1,10}) (\d{1,10}) *\]")


class BrokenError(Exception):
    """The file is not as it was signed. The text says what was seen, for our log and for whoever asks further."""


@dataclass(frozen=True)
class Signature:
    """A signature that holds: the certificates that came with it, the signer's first."""

    certificates: tuple[bytes, ...]

    @property
    def subject(self) -> str:
        """Say whose key it is, as its certificate says."""
        name: str = x509.Certificate.load(self.certificates[0]).subject.human_friendly
        return name

    @property
    def fingerprint(self) -> str:
        """Give the SHA-256 of the signer's certificate."""
        return sha256(self.certificates[0]).hexdigest()


def read_signature(pdf: bytes) -> Signature:
    """Check the signature over a whole file.

    Raises:
        BrokenError: there is none that covers all of it, or it does not hold.

    """
    begin, end = _hole(pdf)
    signed = sha256(pdf[:begin])
    signed.update(pdf[end:])
    text = pdf[begin + 1 : end - 1]
    try:
        envelope = bytes.fromhex(text.decode("ascii"))
        length = _length(envelope)
        found = cms.ContentInfo.load(envelope[:length], strict=True)
        certificates, rebuilt = _verify(found, signed.digest())
    except BrokenError:
        raise
    except Exception as error:  # whatever a broken envelope makes its parser fail with: it is broken
        raise BrokenError(f"the signature does not hold ({type(error).__name__})") from error
    if rebuilt.hex().encode().ljust(len(text), b"0") != text:
        raise BrokenError("the signature is not written as it was")
    return Signature(certificates)


def _hole(pdf: bytes) -> tuple[int, int]:
    """Find where the signature lies; all else must be signed."""
    ranges = RANGES.findall(pdf)
    if len(ranges) != 1:
        raise BrokenError("there is no one signature")
    begin, end, rest = map(int, ranges[0])
    if end + rest != len(pdf) or not 0 < begin < end < len(pdf):
        raise BrokenError("the signature does not cover the whole file")
    if pdf[begin : begin + 1] != b"<" or pdf[end - 1 : end] != b">":
        raise BrokenError("the signature is not where it says")
    return begin, end


def _length(envelope: bytes) -> int:
    """Read how long the envelope is; after it there are zeros only, which is seen when it is built again."""
    header = core.Sequence.load(envelope)
    return len(header.dump())


def _verify(found: cms.ContentInfo, digest: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Check what is signed, and build the envelope again from it."""
    content = found["content"]
    (signer,) = content["signer_infos"]
    certificates = tuple(each.chosen.dump() for each in content["certificates"])
    own = next(each for each in certificates if _is_of(x509.Certificate.load(each), signer["sid"].chosen))
    attributes = signer["signed_attrs"]
    values = {each["type"].native: each["values"] for each in attributes}
    if values["message_digest"][0].native != digest:
        raise BrokenError("its content was changed")
    (named,) = values["signing_certificate_v2"][0]["certs"]
    if named["cert_hash"].native != sha256(own).digest():
        raise BrokenError("the certificate was changed")
    public = load_der_x509_certificate(own).public_key()
    if not isinstance(public, RSAPublicKey):
        raise BrokenError("the key is of another kind")
    public.verify(signer["signature"].native, attributes.untag().dump(), PKCS1v15(), SHA256())
    ordered = (own, *(each for each in certificates if each != own))
    if len(set(certificates)) != len(certificates):
        raise BrokenError("a certificate is there twice")
    return ordered, _rebuild(certificates, own, attributes, signer["signature"].native)


def _is_of(certificate: x509.Certificate, sid: cms.IssuerAndSerialNumber) -> bool:
    return bool(
        certificate.issuer == sid["issuer"] and certificate.serial_number == sid["serial_number"].native
    )


def _rebuild(
    certificates: tuple[bytes, ...], own: bytes, attributes: cms.CMSAttributes, signature: bytes
) -> bytes:
    signer = x509.Certificate.load(own)
    sha = algos.DigestAlgorithm({"algorithm": "sha256"})
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": signer.issuer, "serial_number": signer.serial_number}
                    )
                }
            ),
            "digest_algorithm": sha,
            "signed_attrs": cms.CMSAttributes.load(attributes.untag().dump()),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"}),
            "signature": signature,
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms((sha,)),
            "encap_content_info": {"content_type": "data"},
            "certificates": [x509.Certificate.load(each) for each in certificates],
            "signer_infos": [info],
        }
    )
    whole: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return whole


_NAMED = tsp.ESSCertIDv2  # so that asn1crypto knows the attribute that names the certificate
