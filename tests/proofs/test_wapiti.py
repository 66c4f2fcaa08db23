"""What the scanner scans stands, and it would be noticed if it stood before the door (the scan itself: make wapiti)."""

from referral.workflow import Role
from tests.proofs.caller import Caller
from tests.proofs.server import serve
from tests.proofs.wapiti import behind_the_door, world


def test_each_role_gets_in_and_is_counted_behind_the_door() -> None:
    with world() as (laid, _), serve(laid.environment, laid.log) as server:
        Caller(server.port).get("/help")
        outside = len(laid.log.read_text())
        assert behind_the_door(laid.log.read_text()) == set()

        for role in Role:
            Caller(server.port).sign_in(f"{role}@example.org")
        reached = behind_the_door(laid.log.read_text()[outside:])

    assert "/help" in reached
