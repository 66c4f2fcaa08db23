"""Cases after an acceptance: in work-up, transplanted, followed."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import care, evidence
from referral.actions.moves import move
from referral.models import Decision, Outcome, Referral, ReferralVersion, User
from tests.at_hand import make_draft, retype, send

People = Mapping[str, User]
ASKED = ["workup.heart", "workup.dentist", "workup.jcv_index", "document.letter"]
DAY = timedelta(days=1)


def decide(session: Session, people: People, referral: Referral, outcome: Outcome) -> None:
    """Have the committee decide, as its pages do."""
    version = session.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == referral.id)).one()
    session.add(
        Decision(
            referral_id=referral.id,
            version=1,
            snapshot_sha256=version.snapshot_sha256,
            outcome=outcome,
            editions={"some-edition": "0" * 64},
            text="As said.",
            decided_on=clock.today().isoformat(),
            drafted_by_id=people["coordinator"].id,
            signed_by_id=people["chair"].id,
            signed_at=clock.now(),
        )
    )
    session.flush()
    for deed, who in (("start_review", "coordinator"), ("make_ready", "coordinator"), ("list", "chair")):
        move(session, referral, deed, actor=people[who])
    move(session, referral, outcome.deed, actor=people["chair"])
    session.commit()


def accept(session: Session, people: People) -> Referral:
    """A case that was accepted, with a dentist who has been seen and a heart that is booked."""
    evidence.change(session, people["coordinator"], ASKED, seen=evidence.mark_of(()))
    referral = make_draft(session, people)
    retype(
        referral,
        "workup",
        beside__dentist__status="done",
        beside__heart__status="booked",
        beside__heart__on="3 March 2027",
        beside__jcv_index__status=None,
        beside__lung_function__status="missing",
    )
    send(session, referral, people["neurologist"])
    decide(session, people, referral, Outcome.ACCEPTED)
    return referral


def transplanted(session: Session, people: People, referral: Referral, days_ago: int) -> date:
    day_0 = clock.today() - days_ago * DAY
    care.record_transplant(session, referral, given_on=day_0, note="", actor=people["coordinator"])
    session.commit()
    return day_0


def with_courses(session: Session, referral: Referral, courses: Sequence[Mapping[str, Any]]) -> None:
    """Sign a version with these courses of treatment."""
    newest = session.scalars(select(ReferralVersion).where(ReferralVersion.referral_id == referral.id)).one()
    record = newest.snapshot["record"] | {"treatments": {"courses": [dict(each) for each in courses]}}
    session.add(
        ReferralVersion(
            referral_id=referral.id,
            version=2,
            snapshot=newest.snapshot | {"record": record},
            snapshot_sha256="1" * 64,
            verdicts=newest.verdicts,
            signed_by_id=newest.signed_by_id,
        )
    )
    session.commit()
