"""What the tests of packets stand on: a house with a key of its own, and a packet that it has made."""

import socket
import threading
from collections.abc import Iterator

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


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address on this machine, and everything that anybody asked of it."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(1000))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/x.png", heard
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
