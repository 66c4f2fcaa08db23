"""The speeds of the packet: printed by the running worker, and handed out as it is kept."""

import math
from collections.abc import Iterator, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pikepdf import Pdf
from sqlalchemy.orm import Session

from referral import demo
from referral.actions import packets
from referral.packet.make import House, make_packet
from referral.packet.signing import kept_key
from referral.printing.worker import printer
from tests.bench.house import account, first_version, open_house
from tests.bench.measuring import Measure, measure
from tests.browser import Browser

PACKET, SERVED = 800.0, 30.0  # milliseconds, as the median; a typical packet of eight pages
MOST_MEMORY = 512  # MiB
EDITIONS = 3  # give a packet of eight pages


def measure_packets() -> Iterator[Measure | str]:
    """Make a packet with all that it carries, seal and signature; look at the worker; fetch it."""
    with TemporaryDirectory() as folder, open_house() as opened, Session(opened.engine) as session:
        house = House("https://referrals.example.org", kept_key(Path(folder, "key.pem"), "", "bench"))
        version = first_version(session)
        snapshot, referral_id = version.snapshot, version.referral_id
        for editions, target in ((EDITIONS, PACKET), (len(snapshot["editions"]), math.inf)):
            make = partial(make_packet, asking(snapshot, editions), house)
            with Pdf.open(BytesIO(make().pdf)) as pdf:
                said = f"a packet of {len(pdf.pages)} pages ({editions} editions), sealed and signed, from the worker"
            yield measure(said, make, 9, target)
        yield f"{peak_memory():9.0f} {'':9} {MOST_MEMORY:8}  MiB at most in the worker"
        packets.issue_packet(session, version, actor=version.signed_by, house=house)
        session.commit()
        browser = Browser(opened.app.test_client(), session)
        assert browser.sign_in(account(session, "farquhar").email, demo.password()).status == 200
        fetch = partial(browser.client.get, f"/referrals/{referral_id}/packet.pdf")
        assert fetch().data.startswith(b"%PDF-")
        yield measure("a kept packet, served", fetch, 30, SERVED)


def asking(snapshot: Mapping[str, Any], editions: int) -> dict[str, Any]:
    """Give a snapshot as it would be had fewer editions been asked."""
    kept = snapshot["editions"][:editions]
    assessment = dict(snapshot["assessment"])
    names = {edition["id"] for edition in kept}
    assessment["protocols"] = [each for each in assessment["protocols"] if each["protocol"] in names]
    return {**snapshot, "editions": kept, "assessment": assessment}


def peak_memory() -> float:
    """Give what the worker has held at most, in MiB."""
    for line in Path(f"/proc/{printer.process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise LookupError("the system does not say")
