"""While the database is gone, everybody is told so by a page; as soon as it is back, work goes on without a restart."""

import signal
from pathlib import Path

import pytest

from referral.workflow import State
from tests.proofs.caller import Caller
from tests.proofs.ground import own_ground
from tests.proofs.server import serve
from tests.stores import Store

OUT_OF_REACH = "Out of reach for a moment"


@pytest.mark.only_on("postgresql")
def test_while_the_database_is_gone_pages_say_so_and_then_work_goes_on(
    store: Store, tmp_path: Path, password_hash: str
) -> None:
    with own_ground(store, tmp_path / "house", password_hash) as (laid, own):
        assert own is not None
        case = laid.case(State.SUBMITTED)
        with serve(laid.environment, laid.log, workers=1) as server:
            stranger = Caller(server.port)
            person = Caller(server.port).sign_in(laid.email("coordinator"))
            assert person.get(f"/referrals/{case}").status == 200

            own.process.send_signal(signal.SIGQUIT)  # at once, as when the machine dies
            own.process.wait()
            for asked in ("/", "/referrals", f"/referrals/{case}", "/account", "/sign-in", "/nowhere") * 2:
                answer = person.get(asked)
                assert (answer.status, OUT_OF_REACH in answer.text) == (503, True), (asked, answer.status)
            form = {
                "text": "A message that took a while to write, and is not lost.",
                "audience": "both",
                "fact": "",
            }
            answer = person.post(f"/referrals/{case}/message", form)
            assert answer.status == 503
            assert form["text"] in answer.text
            assert stranger.get("/sign-in").status in (200, 503)

            own.process = own.run()
            assert person.get(f"/referrals/{case}").status == 200
