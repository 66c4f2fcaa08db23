"""What the tests of packets stand on: a house with a key of its own, and a packet that it has made."""

import pytest

from referral.packet.make import House, Made, make_packet
from referral.packet.signing import kept_key
from tests.packet.snapshots import worked_case

ADDRESS = "https://referrals.example.org"


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house with an address and a self-made key."""
    path = tmp_path_factory.mktemp("key") / "packet_key.pem"
    return House(ADDRESS, kept_key(path, "", "referrals.example.org"))


@pytest.fixture(scope="session")
def made(house: House) -> Made:
    """A typical packet, sealed and signed."""
    return make_packet(worked_case("01-"), house)
