"""The seal: what it covers, where it leads, and that one changed byte anywhere is seen."""

import asyncio
import io
import json
import random
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import pytest
import segno
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pikepdf import Pdf
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from referral.facts import canonical
from referral.packet import contents
from referral.packet.checking import ALTERED, NONE, WHOLE, check_packet
from referral.packet.cms import detached
from referral.packet.make import House, Made, carried, make_packet
from referral.packet.seal import QUIET, make_seal
from referral.packet.signature import BrokenError, read_signature
from referral.packet.signing import KeyFaultError, SigningKey, fingerprint, kept_key, sign
from tests.packet.conftest import ADDRESS
from tests.packet.snapshots import worked_case

TRIES = 1000
Told = TypeVar("Told")


def apart(work: Callable[[], Told]) -> Told:
    """Do in a thread of its own what begins an event loop: a browser of other tests may have left one here."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


# What is sealed


def test_the_seal_is_the_digest_of_a_list_of_what_is_seen_and_carried(made: Made, house: House) -> None:
    found = check_packet(made.pdf)
    manifest = found.files["seal.json"]
    listed = json.loads(manifest)
    assert sha256(manifest).hexdigest() == made.seal == found.seal
    assert manifest == canonical(listed)
    assert listed["files"] == {
        name: sha256(content).hexdigest() for name, content in found.files.items() if name != "seal.json"
    }
    assert listed["snapshot"] == contents(worked_case("01-")).sha256
    assert listed["certificates"] == [fingerprint(house.key.certificates[0])]
    for secret in ("Halvorsen", "Ingrid", "1992-03-14", "943 476 5870"):
        assert secret not in manifest.decode()


def test_a_digest_is_signed_where_an_event_loop_is_running(house: House) -> None:
    digest = sha256(b"x").digest()

    async def among_others() -> bytes:
        return detached(digest, house.key)

    assert apart(lambda: asyncio.run(among_others())) == detached(digest, house.key)


def test_another_fact_another_word_or_another_file_is_another_seal() -> None:
    snapshot = worked_case("01-")
    page = contents(snapshot)
    files = carried(snapshot, page)
    seal = make_seal(page, files, house=ADDRESS).digest
    others = {
        make_seal(replace(page, question="Another?"), files, house=ADDRESS).digest,
        make_seal(page, files[:-1], house=ADDRESS).digest,
        make_seal(page, (replace(files[0], content=files[0].content + b" "), *files[1:]), house=ADDRESS).digest,
        make_seal(contents(worked_case("02-")), files, house=ADDRESS).digest,
    }  # fmt: skip
    assert len(others | {seal}) == 5
    assert make_seal(page, files, house=ADDRESS).digest == seal


def test_the_code_leads_to_the_page_that_checks_and_says_so_in_words() -> None:
    seal = make_seal(contents(worked_case("01-")), house=ADDRESS)
    assert seal.code is not None
    assert seal.code.says == f"{ADDRESS}/check/{seal.short}"
    rows = [re.findall(r"([hm])(\d+)", row) for row in re.split(rf"M{QUIET} \d+\.5", seal.code.path)[1:]]
    drawn = [[int(kind == "h") for kind, width in row for _ in range(int(width))] for row in rows]
    code = segno.make_qr(seal.code.says, error="m", boost_error=False)
    assert drawn == [list(row) for row in code.matrix]
    assert seal.code.size == len(drawn) + 2 * QUIET


# The signature


def test_another_implementation_finds_the_signature_valid_and_over_the_whole_file(
    made: Made, house: House
) -> None:
    (embedded,) = PdfFileReader(io.BytesIO(made.pdf)).embedded_signatures
    trusted = ValidationContext(trust_roots=[asn1.Certificate.load(house.key.certificates[0])])
    status = apart(lambda: validate_pdf_signature(embedded, trusted))
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def test_a_third_finds_it_valid_too(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "packet.pdf"
    file.write_bytes(made.pdf)
    told = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True).stdout
    assert "Signature is Valid" in told
    assert "Total document signed" in told


def test_what_is_whole_says_which_version_whose_key_and_what_it_carries(made: Made, house: House) -> None:
    found = check_packet(made.pdf)
    assert (found.state, found.referral, found.version) == (WHOLE, "P-2026-0007", "Version 1")
    assert found.fingerprint == fingerprint(house.key.certificates[0])
    assert "referrals.example.org" in found.signer
    assert sorted(found.files) == ["assessment.json", "bundle.json", "case-record.json", "seal.json"]


def test_one_changed_byte_anywhere_is_seen_in_a_thousand_of_a_thousand_tries(made: Made) -> None:
    chance = random.Random(20261122)  # noqa: S311 - where, not what
    for _ in range(TRIES):
        altered = bytearray(made.pdf)
        place = chance.randrange(len(altered))
        altered[place] ^= chance.randrange(1, 256)
        with pytest.raises(BrokenError):
            read_signature(bytes(altered))


def test_no_byte_of_the_signature_itself_can_be_changed_either(made: Made) -> None:
    begin = made.pdf.index(b"/ByteRange")
    end = made.pdf.index(b">", made.pdf.index(b"/Contents <", begin))
    for place in range(begin, end + 1, 3):
        altered = bytearray(made.pdf)
        altered[place] ^= 0x20  # another case of a letter, another digit
        with pytest.raises(BrokenError):
            read_signature(bytes(altered))


@pytest.mark.parametrize(
    "change",
    [
        lambda pdf: pdf + b"\n",
        lambda pdf: pdf + b"1 0 obj\n<<>>\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n",
        lambda pdf: b"\n" + pdf,
        lambda pdf: pdf[:-1],
        lambda pdf: pdf.replace(b"/Type /Sig", b"/Type /sig"),
        lambda pdf: pdf + pdf,
        lambda pdf: pdf[:-6] + b"%%EOF \n",
    ],
    ids=["a line", "a revision", "before it", "cut", "a name", "twice", "the end"],
)  # fmt: skip
def test_what_is_added_before_or_behind_is_seen(made: Made, change: object) -> None:
    assert callable(change)
    assert check_packet(change(made.pdf)).state == ALTERED


def test_a_packet_saved_anew_is_altered_and_gives_nothing_away_as_ours(made: Made) -> None:
    again = io.BytesIO()
    with Pdf.open(io.BytesIO(made.pdf)) as opened:
        opened.save(again)
    found = check_packet(again.getvalue())
    assert found.state == ALTERED
    assert found.files == {}


@pytest.mark.parametrize("content", [b"", b"{}", b"%PDF-1.7\n%%EOF\n", b"\0" * 5000, b"/ByteRange [0 1 2 3]"])
def test_what_never_was_a_packet_is_none_of_ours(content: bytes) -> None:
    assert check_packet(content).state == NONE


def test_a_stranger_who_signs_anew_is_seen_by_the_key(made: Made, house: House, tmp_path: Path) -> None:
    stranger = House(ADDRESS, kept_key(tmp_path / "stranger.pem", "", "referrals.example.org"))
    found = check_packet(make_packet(worked_case("01-"), stranger).pdf)
    assert found.state == WHOLE
    assert found.fingerprint != fingerprint(house.key.certificates[0])


# Keys


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "instance" / "packet_key.pem"
    first = kept_key(path, "", "a house")
    assert kept_key(path, "", "another name").certificates == first.certificates
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["packet_key.pem"]
    assert first.private.key_size == 3072


def test_a_real_key_comes_with_those_who_vouch_for_it(house: House, tmp_path: Path) -> None:
    """From PKCS #12 under a password: the chain is carried, and bound by the seal."""
    other = kept_key(tmp_path / "other.pem", "", "an authority").certificate
    path = tmp_path / "key.p12"
    locked = BestAvailableEncryption(b"secret")
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"packets", house.key.private, house.key.certificate, [other], locked)
    )  # fmt: skip
    key = SigningKey.read(path, "secret")
    assert len(key.certificates) == 2
    made = make_packet(worked_case("01-"), House(ADDRESS, key))
    assert check_packet(made.pdf).state == WHOLE
    with pytest.raises(KeyFaultError, match="cannot be read"):
        SigningKey.read(path, "wrong")


def test_a_key_that_does_not_sign_the_same_twice_or_is_short_is_refused(house: House, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    for private, fault in (
        (ec.generate_private_key(ec.SECP256R1()), "needs an RSA key"),
        (rsa.generate_private_key(65537, 2048), "2048 bits; it needs 3072"),
    ):
        text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(text + self_signed(house, private).public_bytes(Encoding.PEM))
        with pytest.raises(KeyFaultError, match=fault):
            SigningKey.read(path)
        path.write_bytes(text)
        with pytest.raises(KeyFaultError):
            SigningKey.read(path)


def self_signed(house: House, private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> x509.Certificate:
    """A certificate of a key, with the dates of the house's own."""
    name = x509.Name([])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(house.key.certificate.not_valid_before_utc)
        .not_valid_after(house.key.certificate.not_valid_after_utc)
        .sign(private, hashes.SHA256())
    )


def test_a_paper_without_one_place_for_a_signature_is_not_signed(made: Made, house: House) -> None:
    with pytest.raises(ValueError, match="no one place"):
        sign(made.pdf, house.key)
