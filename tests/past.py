"""Past cases, for numbers: written straight into the tables, with the stays and the decision that each would have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from referral.models import Decision, Outcome, Referral, Stay, User
from referral.models.decisions import codes_of
from referral.workflow import State


@dataclass(frozen=True)
class Past:
    """A case as it went: days from being sent to made ready, to decided, and days of it spent waiting for a reply."""

    sent_at: datetime
    outcome: Outcome | None = Outcome.ACCEPTED
    ready_after: int = 10
    decided_after: int = 40
    parked: int = 0
    sex: str | None = "female"
    birth_date: str | None = "1985-06-15"
    clinic: str = "neurologist"
    programme: str = "coordinator"
    state: State | None = None
    reasons: Mapping[str, Any] = field(default_factory=dict)


def insert_past(session: Session, people: Mapping[str, User], cases: Iterable[Past]) -> None:
    """Put the cases in."""
    begun = session.scalar(select(func.count()).select_from(Referral)) or 0
    referrals, stays, decisions = [], [], []
    for number, case in enumerate(cases, begun + 1):
        id_ = uuid4()
        referrals.append(_referral(people, case, id_, f"P-1998-{number:05}"))
        stays += _stays(case, id_)
        if case.outcome is not None:
            decisions.append(_decision(people, case, id_))
    for table, rows in ((Referral, referrals), (Stay, stays), (Decision, decisions)):
        if rows:
            session.execute(insert(table), rows)
    session.commit()


def _referral(people: Mapping[str, User], case: Past, id_: UUID, number: str) -> dict[str, Any]:
    clinic = people[case.clinic]
    state = case.state or (State.CLOSED if case.outcome else State.IN_REVIEW)
    return {
        "id": id_,
        "number": number,
        "organisation_id": clinic.organisation_id,
        "referrer_id": clinic.id,
        "programme_id": people[case.programme].organisation_id,
        "owner_id": people[case.programme].id,
        "state": state,
        "typed": {},
        "sex": case.sex,
        "birth_date": case.birth_date,
        "submitted_at": case.sent_at,
        "waiting_since": case.sent_at,
        "created_at": case.sent_at,
        "updated_at": case.sent_at,
    }


def _stays(case: Past, id_: UUID) -> list[dict[str, Any]]:
    day = timedelta(days=1)
    steps = [(State.SUBMITTED, case.sent_at), (State.IN_REVIEW, case.sent_at + day)]
    if case.parked:
        back = case.sent_at + 2 * day + case.parked * day
        steps += [(State.AWAITING_REPLY, case.sent_at + 2 * day), (State.IN_REVIEW, back)]
    if case.outcome is not None:
        decided = case.sent_at + case.decided_after * day
        steps += [(State.READY, case.sent_at + case.ready_after * day), (State.LISTED, decided - day)]
        steps += [(State.DECIDED, decided), (State.CLOSED, decided + day)]
    if case.state is State.WITHDRAWN:
        steps.append((State.WITHDRAWN, case.sent_at + 20 * day))
    ends = [*(at for _, at in steps[1:]), None]
    return [
        {"referral_id": id_, "state": state, "began_at": at, "ended_at": end}
        for (state, at), end in zip(steps, ends, strict=True)
    ]


def _decision(people: Mapping[str, User], case: Past, id_: UUID) -> dict[str, Any]:
    decided = case.sent_at + timedelta(days=case.decided_after)
    return {
        "id": uuid4(),
        "referral_id": id_,
        "version": 1,
        "snapshot_sha256": "0" * 64,
        "outcome": case.outcome,
        "reasons": dict(case.reasons),
        "coded": codes_of(case.reasons),
        "editions": {"invented": "0" * 64},
        "took_part": {},
        "text": "As discussed.",
        "conditions": "",
        "decided_on": decided.date().isoformat(),
        "drafted_by_id": people["coordinator"].id,
        "drafted_at": decided,
        "draft_version": 1,
        "signed_by_id": people["chair"].id,
        "signed_at": decided,
    }
