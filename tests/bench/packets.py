"""The speeds of the packet: printed by the running worker, and handed out as it is kept."""

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

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


def measure_packets() -> Iterator[Measure | str]:
    """Make a packet with all that it carries, seal and signature; look at the worker; fetch it."""
    with TemporaryDirectory() as folder, open_house() as opened, Session(opened.engine) as session:
        house = House("https://referrals.example.org", kept_key(Path(folder, "key.pem"), "", "bench"))
        version = first_version(session)
        snapshot, referral_id = version.snapshot, version.referral_id
        make = partial(make_packet, snapshot, house)
        with Pdf.open(BytesIO(make().pdf)) as pdf:
            pages = len(pdf.pages)
        yield measure(
            f"a packet of {pages} pages, sealed and signed, from the running worker", make, 9, PACKET
        )
        yield f"{peak_memory():9.0f} {'':9} {MOST_MEMORY:8}  MiB at most in the worker"
        packets.issue_packet(session, version, actor=version.signed_by, house=house)
        session.commit()
        browser = Browser(opened.app.test_client(), session)
        assert browser.sign_in(account(session, "farquhar").email, demo.password()).status == 200
        fetch = partial(browser.client.get, f"/referrals/{referral_id}/packet.pdf")
        assert fetch().data.startswith(b"%PDF-")
        yield measure("a kept packet, served", fetch, 30, SERVED)


def peak_memory() -> float:
    """Give what the worker has held at most, in MiB."""
    for line in Path(f"/proc/{printer.process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise LookupError("the system does not say")
