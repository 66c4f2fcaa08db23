"""One packet: what is printed, the same for machines, the seal over both, and the signature over the file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral.facts import canonical
from referral.fhir import document_bundle
from referral.packet.contents import Contents, contents
from referral.packet.render import print_packet
from referral.packet.seal import make_seal, seal_file
from referral.packet.signing import SigningKey, sign
from referral.printing.job import File, moment

RECORD, ASSESSMENT, BUNDLE = "case-record.json", "assessment.json", "bundle.json"


@dataclass(frozen=True)
class House:
    """Where packets are made: the address at which they can be checked, and the organisation's key."""

    address: str
    key: SigningKey


@dataclass(frozen=True)
class Made:
    """A packet, and its seal in full."""

    pdf: bytes
    seal: str


def make_packet(snapshot: Mapping[str, Any], house: House) -> Made:
    """Make the packet of a snapshot; the same snapshot and house give the same bytes.

    Raises:
        RecordError: the record in the snapshot cannot be read.
        PacketError: it could not be printed whole.

    """
    snapshot = json.loads(
        canonical(snapshot)
    )  # in the one order in which it is stored, wherever it comes from
    page = contents(snapshot)
    files = carried(snapshot, page)
    key = house.key
    seal = make_seal(page, files, house=house.address, certificates=key.certificates)
    paper = print_packet(page, seal, (*files, seal_file(seal)), hole=key.room)
    return Made(sign(paper, key), seal.digest)


def carried(snapshot: Mapping[str, Any], page: Contents) -> tuple[File, ...]:
    """Give the case for machines: the record and the assessment as they are stored, and both as a FHIR document."""
    name = f"{page.number}/{snapshot['referral']['version']}" if page.number else f"draft {page.sha256[:16]}"
    return (
        File(
            name=RECORD,
            content=canonical(snapshot["record"]),
            description="The case record (contract, version 1)",
        ),
        File(
            name=ASSESSMENT,
            content=canonical(snapshot["assessment"]),
            description="What each edition says of it (contract, version 1)",
        ),
        File(
            name=BUNDLE,
            content=document_bundle(snapshot, name, moment(page.written)),
            description="The case as an HL7 FHIR R4 document",
        ),
    )
