"""How long a committee pack takes: thirty cases from kept packets, with the printer running."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from referral.packet.front import Case, Sitting, make_pack
from referral.packet.make import House, make_packet
from referral.packet.signing import kept_key
from referral.packet.summary import make_summary
from tests.bench.measuring import Measure, measure
from tests.packet.snapshots import worked_case

CASES = 30
SITTING = Sitting(
    title="Committee pack",
    organisation="Westhaven Transplant Programme",
    of_meeting="a meeting",
    written="2026-11-22T14:02:00+00:00",
)


def measure_packs() -> Iterator[Measure | str]:
    """Put one packet into a pack thirty times, under thirty numbers."""
    snapshot = worked_case("18-")
    with TemporaryDirectory() as folder:
        key = kept_key(Path(folder, "packet_key.pem"), "", "referrals.example.org")
        made = make_packet(snapshot, House("https://referrals.example.org", key))
    kept, summary = sha256(made.pdf).hexdigest(), make_summary(snapshot)
    cases = [
        Case(
            snapshot=snapshot,
            number=f"P-2026-{number:04}",
            version=1,
            pdf=made.pdf,
            summary=summary,
            sha256=kept,
        )
        for number in range(1, CASES + 1)
    ]
    pack = make_pack(SITTING, cases)
    yield f"{CASES} cases, {pack.pages} pages, {len(pack.pdf) // 1024:,} KB"
    yield measure("a case's page in it, made with its packet", lambda: make_summary(snapshot), 9)
    yield measure("a pack from kept packets", lambda: make_pack(SITTING, cases), 5, 3000)
