"""The committee pack of a meeting: asked for, made from the kept packets, handed out as it was made.

A pack takes seconds, so nothing holds the database meanwhile: what goes in is read in one transaction, how far it is
is written in short ones, the file is kept in the last. Of one meeting one pack is under way at a time, and one process
is at work on it; what it leaves behind when it is ended, time takes up (:func:`due_packs`).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from referral import audit, clock, database
from referral.actions.agenda import standing
from referral.actions.committee import interests_in, tied
from referral.actions.joined import Room, attached, kept_packet, say_moment
from referral.actions.meetings import Stage, check_stage, stage_of
from referral.actions.packets import make_missing, this_house
from referral.errors import NotFoundError
from referral.models import Meeting, Organisation, Pack, Packet, Referral, ReferralVersion, User
from referral.packet import PacketError
from referral.packet.front import Case, Sitting, make_pack

log = logging.getLogger(__name__)

LOST = timedelta(
    minutes=5
)  # nobody is at work on it any more: longer than a pack of missing packets takes a step
LET_OTHERS = timedelta(minutes=1)  # who has asked for it is making it
MOST_TRIES = 4

Listed = dict[str, Any]


# ------------------------------------------------------------------------------------------------ asking for one


def agenda_now(session: Session, meeting: Meeting) -> list[Listed]:
    """Give the agenda as a pack remembers it: each case with the version that is its newest now."""
    items = standing(meeting)
    newest: dict[UUID, int] = {
        row[0]: row[1]
        for row in session.execute(
            select(ReferralVersion.referral_id, func.max(ReferralVersion.version))
            .where(ReferralVersion.referral_id.in_([item.referral_id for item in items]))
            .group_by(ReferralVersion.referral_id)
        )
    }
    return [
        {
            "referral": str(item.referral_id),
            "number": item.referral.number,
            "version": newest[item.referral_id],
            "late": item.late,
            "overrides": item.overrides or "",
        }
        for item in items
    ]


def order(session: Session, meeting: Meeting, actor: User, *, at: datetime | None = None) -> Pack:
    """Ask for a pack of a meeting that is held for changing; one that is under way already is given instead.

    Raises:
        ConflictError: the meeting is over.

    """
    check_stage(meeting, Stage.CALLED, Stage.OPEN)
    there = session.scalar(select(Pack).where(Pack.meeting_id == meeting.id, *_under_way()))
    if there:
        return there
    pack = Pack(
        meeting_id=meeting.id,
        agenda=agenda_now(session, meeting),
        ordered_by_id=actor.id,
        ordered_at=at or clock.now(),
    )
    session.add(pack)
    session.flush()
    return pack


def _under_way() -> tuple[Any, ...]:
    return Pack.made_at.is_(None), Pack.given_up_at.is_(None)


# ------------------------------------------------------------------------------------------------ looking at them


@dataclass(frozen=True)
class Shown:
    """A pack on the page of its meeting. ``outdated``: the agenda, or a version on it, is another by now."""

    pack: Pack
    outdated: bool

    @property
    def cases(self) -> int:
        """How many cases it holds."""
        return len(self.pack.agenda)

    @property
    def without(self) -> list[str]:
        """The numbers of the cases whose packet is not in it."""
        told = (self.pack.manifest or {}).get("cases", ())
        return [each["referral"] for each in told if not each["packet_sha256"]]


def packs_of(session: Session, meeting: Meeting) -> list[Shown]:
    """List the packs of a meeting, the newest first."""
    now = agenda_now(session, meeting)
    found = select(Pack).where(Pack.meeting_id == meeting.id).options(joinedload(Pack.ordered_by))
    newest_first = session.scalars(found.order_by(Pack.ordered_at.desc(), Pack.id).limit(20))
    return [Shown(pack, _outdated(meeting, pack, now)) for pack in newest_first]


def _outdated(meeting: Meeting, pack: Pack, now: list[Listed]) -> bool:
    """Tell whether another pack would be another; once a meeting is open, what was dealt with is no change."""
    if stage_of(meeting) is Stage.CALLED:
        return pack.agenda != now
    return any(each not in pack.agenda for each in now)


def read_pack(session: Session, meeting: Meeting, pack_id: UUID, viewer: User) -> Pack:
    """Hand out a pack of a meeting that was fetched for its viewer, and write down who reads it and which cases.

    Raises:
        NotFoundError: there is none, or it is not made.

    """
    pack = session.scalar(
        select(Pack).where(Pack.id == pack_id, Pack.meeting_id == meeting.id, Pack.made_at.is_not(None))
    )
    if pack is None:
        raise NotFoundError("This pack does not exist, or it is not made yet.")
    audit.note(session, viewer, "pack_read", meeting=str(meeting.id), pack=str(pack.id), sha256=pack.sha256)
    digests = {each["referral"]: each["packet_sha256"] for each in (pack.manifest or {})["cases"]}
    cases = select(Referral).where(Referral.id.in_([UUID(each["referral"]) for each in pack.agenda]))
    found = {case.id: case for case in session.scalars(cases)}
    for each in pack.agenda:
        if digest := digests[each["number"]]:
            case = found[UUID(each["referral"])]
            audit.note(
                session,
                viewer,
                "packet_read",
                case,
                version=each["version"],
                packet=digest,
                pack=str(pack.id),
            )
    return pack


# ------------------------------------------------------------------------------------------------ making it


def work(session: Session, pack_id: UUID, *, at: datetime | None = None) -> bool:
    """Make a pack that was asked for, unless somebody is at it. Nothing may be waiting in the session.

    Tells whether this call has made it.

    Raises:
        PacketError: it could not be printed or joined; it is tried again a few times.

    """
    if not _take_up(session, pack_id, at or clock.now()):
        return False
    try:
        missing = _make_packets(session, pack_id)
        sitting, cases = _gather(session, pack_id, missing)
        made = make_pack(sitting, cases)
    except PacketError:
        session.rollback()
        log.exception("The pack %s could not be made", pack_id)
        raise
    pack = _hold(session, pack_id)
    kept = pack is not None and pack.made_at is None
    if pack is not None and kept:
        pack.pdf, pack.size, pack.pages, pack.manifest = made.pdf, len(made.pdf), made.pages, made.manifest
        pack.sha256, pack.made_at = sha256(made.pdf).hexdigest(), at or clock.now()
        audit.record(
            session,
            pack.ordered_by,
            "pack_made",
            at=pack.made_at,
            meeting=str(pack.meeting_id),
            pack=str(pack.id),
            cases=len(pack.agenda),
            sha256=pack.sha256,
        )
    session.commit()
    return kept


def _hold(session: Session, pack_id: UUID) -> Pack | None:
    return session.scalar(database.held(select(Pack).where(Pack.id == pack_id), Pack))


def _take_up(session: Session, pack_id: UUID, at: datetime) -> bool:
    """Take a pack up, unless it is done, or somebody is at work on it."""
    session.commit()
    pack = _hold(session, pack_id)
    free = (
        pack is not None
        and pack.made_at is None
        and pack.given_up_at is None
        and (pack.worked_at is None or pack.worked_at <= at - LOST)
    )
    if pack is not None and free:
        if pack.tries >= MOST_TRIES:
            pack.given_up_at, free = at, False
        else:
            pack.tries, pack.worked_at = pack.tries + 1, at
    session.commit()
    return free


def _make_packets(session: Session, pack_id: UUID) -> set[UUID]:
    """Make the packets that are missing, one after another, and say how far it is; name the versions left without."""
    database.begin_reading(session)
    pack = session.get_one(Pack, pack_id)
    ids = [version_id for version_id, _ in _versions(session, pack.agenda)]
    there = set(session.scalars(select(Packet.version_id).where(Packet.version_id.in_(ids))))
    actor_id = pack.ordered_by_id
    session.commit()
    done, without = len(there), set()
    _say_how_far(session, pack_id, done)
    for version_id in ids:
        if version_id not in there:
            try:
                make_missing(session, version_id, this_house(), actor=session.get(User, actor_id))
            except PacketError:
                log.exception("The packet of version %s could not be made for a pack", version_id)
                without.add(version_id)
            done += 1
            _say_how_far(session, pack_id, done)
    return without


def _say_how_far(session: Session, pack_id: UUID, done: int) -> None:
    session.execute(update(Pack).where(Pack.id == pack_id).values(done=done, worked_at=clock.now()))
    session.commit()


def _versions(session: Session, agenda: Iterable[Listed]) -> list[tuple[UUID, Listed]]:
    """Find the versions of an agenda, in its order."""
    wanted = list(agenda)
    rows = session.execute(
        select(ReferralVersion.referral_id, ReferralVersion.version, ReferralVersion.id).where(
            ReferralVersion.referral_id.in_([UUID(each["referral"]) for each in wanted])
        )
    )
    found = {(str(row[0]), row[1]): row[2] for row in rows}
    return [(found[each["referral"], each["version"]], each) for each in wanted]


# What goes in


def _gather(session: Session, pack_id: UUID, missing: set[UUID]) -> tuple[Sitting, list[Case]]:
    """Read what goes in, as at one moment; the files of the cases are read when the database is let go."""
    database.begin_reading(session)
    pack = session.get_one(Pack, pack_id)
    meeting = session.get_one(Meeting, pack.meeting_id)
    listed = _versions(session, pack.agenda)
    versions = _load(session, [version_id for version_id, _ in listed])
    aside = interests_in(session, [UUID(each["referral"]) for _, each in listed])
    rows = attached(session, versions.values())
    sitting = _sitting(session, pack, meeting)
    names = {each.user_id: each.user.name for each in meeting.members}
    found = []
    for version_id, each in listed:
        version = versions[version_id]
        interests = aside[version.referral_id]
        stand_aside = tied(interests)
        found.append(
            (
                version,
                each,
                tuple(sorted(interests[key].member.name for key in stand_aside)),
                tuple(name for key, name in names.items() if key not in interests),
                version.packet if version_id not in missing else None,
            )
        )
    session.commit()
    room = Room()
    cases = [
        Case(
            snapshot=version.snapshot,
            number=each["number"],
            version=each["version"],
            late=each["late"],
            overrides=each["overrides"],
            aside=standing_aside,
            undeclared=undeclared,
            summary=packet.summary if packet else None,
            files=room.take_all(version.snapshot, rows),
            **kept_packet(packet),
        )
        for version, each, standing_aside, undeclared, packet in found
    ]
    return sitting, cases


def _load(session: Session, ids: list[UUID]) -> dict[UUID, ReferralVersion]:
    wanted = select(ReferralVersion).where(ReferralVersion.id.in_(ids))
    with_packet = joinedload(ReferralVersion.packet).undefer(Packet.summary)
    found = session.scalars(wanted.options(with_packet))
    return {version.id: version for version in found}


def _sitting(session: Session, pack: Pack, meeting: Meeting) -> Sitting:
    programme = session.get_one(Organisation, meeting.programme_id)
    return Sitting(
        title=f"Committee pack, meeting of {say_moment(meeting.starts_at)}",
        organisation=programme.name,
        where=meeting.place,
        members=tuple(
            f"{each.user.name}, {each.specialty.value}"
            + (f", stands in for {each.covers_for}" if each.covers_for else "")
            for each in meeting.members
        ),
        of_meeting=str(meeting.id),
        written=pack.ordered_at.isoformat(timespec="seconds"),
        written_words=say_moment(pack.ordered_at),
    )


# ------------------------------------------------------------------------------------------------ what time does


def due_packs(session: Session, now: datetime) -> int:
    """Make the packs that nobody is at work on any more, and tell how many. Safe twice at once."""
    left = select(Pack.id).where(
        *_under_way(),
        or_(Pack.worked_at <= now - LOST, Pack.worked_at.is_(None)),
        Pack.ordered_at <= now - LET_OTHERS,
    )
    with database.looking(session):
        found = session.scalars(left.order_by(Pack.ordered_at, Pack.id)).all()
    return sum(_made(session, pack_id, now) for pack_id in found)


def _made(session: Session, pack_id: UUID, now: datetime) -> bool:
    try:
        return work(session, pack_id, at=now)
    except PacketError:
        return False
