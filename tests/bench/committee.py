"""What the committee of the invented programme has done: meetings, interests, opinions, decisions and letters."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from referral.models import (
    AgendaItem,
    Attendance,
    Decision,
    Interest,
    Letter,
    LetterKind,
    Meeting,
    Opinion,
    Outcome,
    Overall,
    Specialty,
    Tie,
    User,
)
from referral.workflow import ACCEPTED, State
from tests.bench.invented import DAY, ON_AGENDA, Case, Invented
from tests.bench.putting import Row, put

ANSWERED = ACCEPTED | {State.DECIDED, State.DEFERRED, State.CLOSED}
Decided = Sequence[tuple[UUID, Case]]


def meet(crowd: Invented) -> list[UUID]:
    """Hold a meeting for every twenty cases that were decided; call those whose agenda is full, and give these."""
    answered = [(crowd.id(), case) for case in crowd.cases if case.state in ANSWERED]
    put(crowd.session, Decision, decisions(crowd, answered))
    put(crowd.session, Letter, letters(crowd, answered))
    listed = [case for case in crowd.cases if case.state is State.LISTED]
    decided = [case for _, case in answered]
    agendas = [decided[n : n + ON_AGENDA] for n in range(0, len(decided), ON_AGENDA)]
    ahead = [listed[n : n + ON_AGENDA] for n in range(0, len(listed), ON_AGENDA)]
    held = [(crowd.id(), cases[-1].since, cases, True) for cases in agendas]
    called = [
        (crowd.id(), crowd.now + (count + 1) * 14 * DAY, cases, False) for count, cases in enumerate(ahead)
    ]
    put(crowd.session, Meeting, (meeting(crowd, id_, at, over) for id_, at, _, over in held + called))
    put(
        crowd.session,
        Attendance,
        (row for id_, _, _, over in held + called for row in came(crowd, id_, over)),
    )
    put(
        crowd.session,
        AgendaItem,
        (
            item(crowd, id_, place, case, over)
            for id_, _, cases, over in held + called
            for place, case in enumerate(cases, 1)
        ),
    )
    put(crowd.session, Interest, (interest(crowd, case, who) for case in listed for who in crowd.members))
    put(crowd.session, Opinion, (opinion(crowd, case, who) for case in listed for who in crowd.members[1:]))
    return [id_ for id_, *_ in called]


def decisions(crowd: Invented, decided: Decided) -> Iterator[Row]:
    for id_, case in decided:
        deferred = case.state is State.DEFERRED
        yield {
            "id": id_,
            "referral_id": case.id,
            "version": 1,
            "snapshot_sha256": "0" * 64,
            "outcome": Outcome.DEFERRED if deferred else Outcome.ACCEPTED,
            "reasons": {},
            "editions": dict.fromkeys(crowd.verdicts, "0" * 64),
            "took_part": {},
            "text": "As discussed.",
            "conditions": "",
            "decided_on": case.since.date().isoformat(),
            "comes_back_on": (crowd.now + 90 * DAY).date().isoformat() if deferred else None,
            "drafted_by_id": case.owner.id,
            "drafted_at": case.since,
            "draft_version": 1,
            "signed_by_id": crowd.chair.id,
            "signed_at": case.since,
        }


def letters(crowd: Invented, decided: Decided) -> Iterator[Row]:
    for id_, case in decided:
        yield {
            "id": crowd.id(),
            "referral_id": case.id,
            "decision_id": id_,
            "kind": LetterKind.REFERRER,
            "body": "Dear colleague",
            "written_by_id": case.owner.id,
            "written_at": case.since,
            "held_until": case.since,
            "released_at": case.since,
        }


def meeting(crowd: Invented, id_: UUID, at: datetime, over: bool) -> Row:
    return {
        "id": id_,
        "programme_id": crowd.programme.id,
        "starts_at": at,
        "place": "Seminar room",
        "quorum": {"neurology": 1, "haematology": 1},
        "called_by_id": crowd.coordinator.id,
        "called_at": min(at, crowd.now),
        "opened_at": at if over else None,
        "closed_at": at if over else None,
    }


def came(crowd: Invented, meeting: UUID, over: bool) -> Iterator[Row]:
    for count, member in enumerate(crowd.members):
        yield {
            "meeting_id": meeting,
            "user_id": member.id,
            "specialty": (Specialty.NEUROLOGY, Specialty.HAEMATOLOGY)[count % 2],
            "attended": True if over else None,
        }


def item(crowd: Invented, meeting: UUID, place: int, case: Case, over: bool) -> Row:
    return {
        "meeting_id": meeting,
        "referral_id": case.id,
        "version": 1,
        "position": place,
        "added_at": case.since,
        "added_by_id": crowd.coordinator.id,
        "late": False,
        "left_at": case.since if over else None,
    }


def interest(crowd: Invented, case: Case, member: User) -> Row:
    return {
        "referral_id": case.id,
        "member_id": member.id,
        "declared_at": crowd.now,
        "tie": Tie.CONFLICT if crowd.chance(3) else Tie.NONE,
        "text": "",
    }


def opinion(crowd: Invented, case: Case, member: User) -> Row:
    return {
        "id": crowd.id(),
        "referral_id": case.id,
        "version": 1,
        "member_id": member.id,
        "given_at": crowd.now,
        "overall": Overall.IN_FAVOUR,
        "criteria": {},
        "text": "Read with care. " * 20,
    }
