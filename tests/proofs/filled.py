"""A house after ten years that is served in earnest: cases, a long trail, and as many people as are to come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from flask_migrate import upgrade
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forms import typed_from
from referral import clock, demo
from referral.actions import drafts
from referral.actions.packets import this_house
from referral.actions.tick import TOPICS
from referral.facts import read_record
from referral.models import Mail, Organisation, Packet, PacketTrouble, ReferralVersion, User
from referral.packet.make import make_packet
from referral.workflow import Role
from tests.at_hand import COMPLETE, invented
from tests.bench.crowd import Crowd
from tests.bench.programme import look_through
from tests.proofs.ground import Ground, open_ground
from tests.stores import APPLICATION, OWNER

PRINTED = 60
"""So many of the cases that are opened have a packet of full size; the others but a few have a small one."""
SMALL = b"%PDF-1.7\n"
DRAFTS = 12
"""Of each neurologist: a case holds sixty files at most, and in two hours one brings a hundred."""
UNPRINTED = 40
"""So many have none yet: whoever asks makes them, and time does, one after another (:data:`APART`)."""
APART = timedelta(seconds=15)


@dataclass
class Filled:
    """The ground, and what people in it may ask for."""

    ground: Ground
    writers: list[tuple[str, list[UUID]]] = field(default_factory=list)
    """Neurologists by address, each with drafts to write one after another."""
    readers: list[str] = field(default_factory=list)
    cases: list[UUID] = field(default_factory=list)
    printed: list[UUID] = field(default_factory=list)
    unprinted: list[UUID] = field(default_factory=list)
    listed: list[UUID] = field(default_factory=list)
    meetings: list[UUID] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@contextmanager
def filled_house(address: str, folder: Path, *, people: int, cases: int, entries: int) -> Iterator[Filled]:
    """Fill an empty database and seat the people: rather more than half write, the others read and decide."""
    folder.mkdir(parents=True, exist_ok=True)
    owner = open_ground(address, folder)
    with owner.app.app_context():
        upgrade()
    with Session(owner.engine, expire_on_commit=False) as session:
        demo.load(session, with_packets=False)
        session.commit()
        crowd = Crowd(session, cases)
        crowd.fill()
        crowd.write_trail(entries)
        session.commit()
        laid = Filled(open_ground(address.replace(f"://{OWNER}@", f"://{APPLICATION}@"), folder))
        _seat(session, crowd, laid, people)
        with owner.app.app_context():
            _print(session, laid)
            session.commit()
            _catch_up(session)
        session.commit()
        look_through(owner.engine, session)
    owner.engine.dispose()
    yield laid
    laid.ground.engine.dispose()


def _seat(session: Session, crowd: Crowd, laid: Filled, people: int) -> None:
    clinics = [person.organisation for person in crowd.referrers]
    course = invented(COMPLETE)
    typed = dict(typed_from(read_record(course.record, clock.today()), course.who, {}))
    for number in range(people):
        writes = number % 20 < 11
        place = clinics[number % len(clinics)] if writes else crowd.programme
        role = Role.NEUROLOGIST if writes else (Role.COORDINATOR, Role.COMMITTEE_MEMBER)[number % 2]
        person = _person(session, crowd, number, role, place)
        if writes:
            opened = [drafts.open_draft(session, person) for _ in range(DRAFTS)]
            for draft in opened:
                draft.typed = dict(typed)
            laid.writers.append((person.email, [draft.id for draft in opened]))
        else:
            laid.readers.append(person.email)
    session.commit()
    laid.cases = [case.id for case in crowd.whole]
    laid.listed = laid.cases[: len(crowd.whole) - 20]
    laid.meetings = crowd.meetings
    laid.names = sorted({case.family for case in crowd.cases[:: max(1, len(crowd.cases) // 200)]})


def _person(session: Session, crowd: Crowd, number: int, role: Role, place: Organisation) -> User:
    person = User(
        email=f"loaded{number}@example.org", name=f"Invented Person {number}", role=role, organisation=place,
        password_hash=crowd.chair.password_hash,
    )  # fmt: skip
    session.add(person)
    session.flush()
    return person


def _print(session: Session, laid: Filled) -> None:
    """Give the cases their packets, each the same: to hand it out costs as much."""
    wanted = select(ReferralVersion).where(ReferralVersion.referral_id.in_(laid.cases))
    versions = list(session.scalars(wanted))
    pdf = make_packet(versions[0].snapshot, this_house()).pdf
    laid.printed = [version.referral_id for version in versions[:PRINTED]]
    laid.unprinted = [version.referral_id for version in versions[PRINTED : PRINTED + UNPRINTED]]
    whole = {version.id for version in versions[:PRINTED]}
    not_yet = {version.id for version in versions[PRINTED : PRINTED + UNPRINTED]}
    columns = select(ReferralVersion.id, ReferralVersion.signed_by_id).outerjoin(ReferralVersion.packet)
    rows = []
    for version_id, signed_by in session.execute(columns.where(Packet.id.is_(None))):
        if version_id not in not_yet:
            content = pdf if version_id in whole else SMALL
            row = {"version_id": version_id, "issued_by_id": signed_by, "pdf": content}
            rows.append(row | {"sha256": sha256(content).hexdigest()})
    session.execute(insert(Packet), rows)
    tried = clock.now() - timedelta(minutes=2)  # time tries again after so long
    later = enumerate(sorted(not_yet))
    session.add_all(PacketTrouble(version_id=id_, tries=1, tried_at=tried + n * APART) for n, id_ in later)


def _catch_up(session: Session) -> None:
    """Let time do what it would have done minute by minute in ten years, but for the packets; the notices went out."""
    now = clock.now()
    for topic in TOPICS:
        if topic.function not in ("due_packets", "due_mail"):
            topic.find()(session, now)
            session.commit()
    waits = Mail.sent_at.is_(None) & Mail.given_up_at.is_(None)
    session.execute(update(Mail).where(waits).values(sent_at=now))
