"""Making packets: outside of every transaction, once, by whoever comes first, and by time where nobody does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import packets
from referral.models import Packet, PacketTrouble, Referral, ReferralVersion, User
from referral.packet import PacketError, render
from referral.packet.make import House
from referral.printing.worker import Worker, printer
from tests.at_hand import deeds, make_draft, send

People = dict[str, User]


@pytest.fixture
def version(session: Session, people: People) -> ReferralVersion:
    draft = make_draft(session, people)
    version = send(session, draft, people["neurologist"])
    session.commit()
    return version


def case(session: Session, version: ReferralVersion) -> Referral:
    return session.get_one(Referral, version.referral_id)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Packet)) or 0


def test_two_at_once_make_one_and_hand_out_the_same(
    session: Session, version: ReferralVersion, people: People, house: House
) -> None:
    engine, meet = session.get_bind(), Barrier(2)
    assert isinstance(engine, Engine)
    actor_id, version_id = people["neurologist"].id, version.id
    session.commit()

    def make(_: int) -> bool:
        with Session(engine) as window:
            actor = window.get_one(User, actor_id)
            window.commit()
            meet.wait(timeout=60)
            return packets.make_missing(window, version_id, house, actor=actor)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(make, range(2))) == [False, True]
    assert count(session) == 1
    assert deeds(session, case(session, version)).count("packet_issued") == 1


def test_nobody_waits_for_the_printer(
    session: Session, version: ReferralVersion, people: People, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it prints, somebody else writes: the database is let go."""
    engine, written = session.get_bind(), []
    assert isinstance(engine, Engine)
    case_id = version.referral_id

    class Looking(Worker):
        def print(self, job: object) -> bytes:
            with Session(engine) as other:
                other.get_one(Referral, case_id, with_for_update=True).state_reason = "written meanwhile"
                other.commit()
                written.append(True)
            return printer.print(job)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(render, "printer", Looking())
    assert packets.make_missing(session, version.id, house, actor=people["neurologist"])
    assert written == [True, True], "neither for the packet nor for its page of a pack"
    assert case(session, version).state_reason == "written meanwhile"


def test_time_makes_what_is_missing_after_a_minute_and_only_once(
    app: Flask, session: Session, version: ReferralVersion, people: People
) -> None:
    now = clock.now()
    with app.app_context():
        assert packets.due_packets(session, now) == 0
        assert packets.due_packets(session, now + timedelta(minutes=2)) == 1
        assert packets.due_packets(session, now + timedelta(minutes=3)) == 0
    packet = session.scalars(select(Packet)).one()
    assert packet.issued_by_id == people["neurologist"].id
    assert packet.seal is not None


def test_time_tries_again_less_and_less_often_and_gives_up(
    app: Flask, session: Session, version: ReferralVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "printer", Worker(command=("false",)))
    began = version.signed_at
    with app.app_context():
        for minutes in range(1, 200):
            assert packets.due_packets(session, began + timedelta(minutes=minutes)) == 0
    assert session.scalars(select(PacketTrouble)).one().tries == packets.MOST_TRIES
    assert count(session) == 0


def test_packets_that_wait_to_be_tried_again_keep_no_other_waiting(
    app: Flask, session: Session, version: ReferralVersion, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = send(session, make_draft(session, people), people["neurologist"])
    now = clock.now() + timedelta(minutes=2)
    session.add(PacketTrouble(version_id=version.id, tries=1, tried_at=now))
    session.commit()
    monkeypatch.setattr(packets, "AT_ONCE", 1)
    with app.app_context():
        assert packets.due_packets(session, now) == 1

    assert session.scalars(select(Packet.version_id)).all() == [later.id]


def test_a_packet_that_fails_says_so_and_keeps_nothing(
    session: Session, version: ReferralVersion, people: People, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "printer", Worker(command=("false",)))
    with pytest.raises(PacketError, match="stopped"):
        packets.make_missing(session, version.id, house, actor=people["neurologist"])
    assert count(session) == 0
    assert "packet_issued" not in deeds(session, case(session, version))
