"""The committee pack: which packets go in and in which order, made once, out of date when something has changed."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pypdfium2
import pytest
from flask import Flask
from pikepdf import Pdf
from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import agenda, interests, meetings, packets, packs
from referral.errors import ConflictError, NotFoundError
from referral.models import AuditEntry, Meeting, Pack, Packet, Referral, Tie, User
from referral.packet.summary import make_summary
from tests.at_hand import deeds
from tests.gathering import call, make_ready, put_on

People = dict[str, User]


@pytest.fixture(autouse=True)
def inside(app: Flask) -> Iterator[None]:
    """The application, whose key and folders a pack is made with."""
    with app.app_context():
        yield


@pytest.fixture
def meeting(session: Session, people: People) -> Meeting:
    return call(session, people)


def listed(session: Session, people: People, meeting: Meeting, *, kept: bool = True) -> Referral:
    case = make_ready(session, people)
    put_on(session, meeting, case, actor=people["coordinator"])
    if kept:
        packets.issue_packet(session, case.versions[-1], actor=people["neurologist"])
    return case


def made(session: Session, people: People, meeting: Meeting) -> Pack:
    held = meetings.get_meeting(session, meeting.id, people["coordinator"], to_change=True)
    pack = packs.order(session, held, people["coordinator"])
    assert packs.work(session, pack.id)
    session.expire_all()
    return pack


def bookmarks(pack: Pack) -> list[str]:
    with Pdf.open(io.BytesIO(pack.pdf or b"")) as opened, opened.open_outline() as outline:
        return [item.title for item in outline.root]


def test_a_pack_holds_the_kept_packets_in_the_order_of_the_agenda(
    session: Session, people: People, meeting: Meeting
) -> None:
    one, two = listed(session, people, meeting), listed(session, people, meeting)
    first = next(item for item in meeting.agenda if item.referral_id == one.id)
    agenda.shift(session, meeting, first.id, up=False, actor=people["chair"])

    pack = made(session, people, meeting)

    order = [item.referral.number for item in agenda.standing(meeting)]
    manifest = pack.manifest or {}
    assert [each["referral"] for each in manifest["cases"]] == order == [two.number, one.number]
    kept = {each.version.referral.number: each.sha256 for each in session.scalars(select(Packet))}
    assert {each["referral"]: each["packet_sha256"] for each in manifest["cases"]} == kept
    assert [title.split(". ")[0] for title in bookmarks(pack)] == ["Agenda", "1", "2"]
    assert pack.done == 2


def test_a_missing_packet_is_made_first(session: Session, people: People, meeting: Meeting) -> None:
    case = listed(session, people, meeting, kept=False)

    pack = made(session, people, meeting)

    packet = case.versions[-1].packet
    assert packet is not None
    assert (pack.manifest or {})["cases"][0]["packet_sha256"] == packet.sha256


def test_with_each_packet_its_page_of_a_pack_is_kept(
    session: Session, people: People, meeting: Meeting
) -> None:
    case = listed(session, people, meeting)

    version = case.versions[-1]
    assert version.packet is not None
    assert version.packet.summary == make_summary(version.snapshot)


def test_a_late_addition_stands_in_the_appendix(session: Session, people: People) -> None:
    soon = call(session, people, clock.now() + timedelta(hours=3))
    case = listed(session, people, soon)

    pack = made(session, people, soon)

    assert (pack.manifest or {})["cases"][0]["late"] is True
    assert bookmarks(pack) == ["Agenda", "Appendix: late additions"]
    assert case.number in str((pack.manifest or {})["cases"])


def test_a_meeting_without_cases_has_a_cover_alone(
    session: Session, people: People, meeting: Meeting
) -> None:
    pack = made(session, people, meeting)

    assert (pack.pages, (pack.manifest or {})["cases"]) == (1, [])


def test_a_second_order_gives_the_pack_that_is_under_way(
    session: Session, people: People, meeting: Meeting
) -> None:
    first = packs.order(session, meeting, people["coordinator"])

    assert packs.order(session, meeting, people["chair"]) is first


def test_a_pack_that_somebody_is_at_work_on_is_left_to_them(
    session: Session, people: People, meeting: Meeting
) -> None:
    pack = packs.order(session, meeting, people["coordinator"])
    pack.worked_at, pack.tries = clock.now(), 1

    assert not packs.work(session, pack.id)
    assert packs.due_packs(session, clock.now()) == 0


def test_time_makes_what_was_left_behind_and_writes_it_down_once(
    session: Session, people: People, meeting: Meeting
) -> None:
    packs.order(session, meeting, people["coordinator"], at=clock.now() - timedelta(minutes=2))

    assert packs.due_packs(session, clock.now()) == 1
    assert packs.due_packs(session, clock.now()) == 0
    assert deeds(session).count("pack_made") == 1


def test_what_fails_every_time_is_given_up(session: Session, people: People, meeting: Meeting) -> None:
    pack = packs.order(session, meeting, people["coordinator"])
    pack.worked_at, pack.tries = clock.now() - timedelta(hours=1), packs.MOST_TRIES

    assert not packs.work(session, pack.id)
    assert pack.given_up_at is not None
    assert packs.order(session, meeting, people["coordinator"]) is not pack


def test_a_pack_is_out_of_date_when_the_agenda_has_changed(
    session: Session, people: People, meeting: Meeting
) -> None:
    listed(session, people, meeting)
    made(session, people, meeting)
    assert [each.outdated for each in packs.packs_of(session, meeting)] == [False]

    listed(session, people, meeting)

    assert [each.outdated for each in packs.packs_of(session, meeting)] == [True]


def test_no_pack_is_made_of_a_meeting_that_was_cancelled(
    session: Session, people: People, meeting: Meeting
) -> None:
    agenda.cancel(session, meeting, [], actor=people["coordinator"])

    with pytest.raises(ConflictError):
        packs.order(session, meeting, people["coordinator"])


def test_reading_a_pack_is_written_down_for_the_meeting_and_for_each_case(
    session: Session, people: People, meeting: Meeting
) -> None:
    case = listed(session, people, meeting)
    pack = made(session, people, meeting)

    packs.read_pack(session, meeting, pack.id, people["committee_member"])

    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
    assert [(each.deed, each.referral_id) for each in last] == [("packet_read", case.id), ("pack_read", None)]


def test_a_pack_of_another_meeting_is_not_found(session: Session, people: People, meeting: Meeting) -> None:
    pack = made(session, people, meeting)

    with pytest.raises(NotFoundError):
        packs.read_pack(session, call(session, people), pack.id, people["chair"])


def test_who_stands_aside_is_named_on_the_agenda(session: Session, people: People, meeting: Meeting) -> None:
    case = listed(session, people, meeting)
    interests.declare(session, case, Tie.OWN_PATIENT, "", actor=people["committee_member"])

    pack = made(session, people, meeting)

    assert people["committee_member"].name in words_of(pack, 1)
    assert "Who stands aside is named on the agenda." in words_of(pack, 2)


def words_of(pack: Pack, number: int) -> str:
    with pypdfium2.PdfDocument(pack.pdf or b"") as opened:
        return str(opened[number - 1].get_textpage().get_text_range())
