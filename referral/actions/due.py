"""What time does with cases: deferrals come back, old drafts, cases that stand still, visits ahead, cases of nobody.

Each function may be called again and again, and twice at once: it holds one case at a time, looks once more whether
the thing is still to be done, does it, and commits. Each returns how often it did something.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from forms import read_case
from referral import audit, clock, database
from referral.actions.care import plan_visits
from referral.actions.drafts import programmes
from referral.actions.mail import notify
from referral.actions.moves import least_busy, move
from referral.actions.referrals import assess_draft
from referral.actions.rules import rules_for
from referral.models import (
    Decision,
    FollowUp,
    Outcome,
    Referral,
    ReferralVersion,
    Stay,
    TimeMark,
    Transplant,
    User,
)
from referral.workflow import AFTER_TRANSPLANT, OPEN, Role, State

# Settings of ours, no clinical figures: when an untouched draft is brought to mind, and what is near for it.
STALE_AFTER = timedelta(days=30)
CLOSES_WITHIN = timedelta(days=90)
MOST_DRAFTS = 50
"""Drafts looked at in one go: each is put against the criteria anew."""
STANDS_STILL = (State.SUBMITTED, State.IN_REVIEW)

Deed = Callable[[Session, Referral, datetime], bool]


def one_by_one(session: Session, wanted: Select[UUID], deed: Deed, now: datetime) -> int:
    """Do a deed on each case, held for changing, in a transaction each. A case that somebody holds waits a minute."""
    done = 0
    with database.looking(session):
        chosen = session.scalars(wanted).all()
    for referral_id in chosen:
        held = database.held(select(Referral).where(Referral.id == referral_id), Referral, skip_locked=True)
        referral = session.scalar(held)
        done += referral is not None and deed(session, referral, now)
        session.commit()
    return done


def _mark(session: Session, referral: Referral, topic: str, occasion: str) -> bool:
    """Mark that time has looked after a topic of a case on this occasion; tell whether it had not yet."""
    found = session.get(TimeMark, (referral.id, topic), populate_existing=True)
    if found is not None and found.occasion == occasion:
        return False
    if found is None:
        session.add(TimeMark(referral_id=referral.id, topic=topic, occasion=occasion))
    else:
        found.occasion = occasion
    session.flush()
    return True


# ------------------------------------------------------------------------------------------- deferrals


def due_deferrals(session: Session, now: datetime) -> int:
    """Bring deferred cases back whose day has come, or whose fact has become known."""
    found = (
        select(Referral.id)
        .join(Decision, Decision.referral_id == Referral.id)
        .where(Referral.state == State.DEFERRED, _is_standing_deferral())
        .where(or_(Decision.comes_back_on <= _today(now), Decision.comes_back_for.is_not(None)))
        .order_by(Referral.number)
    )
    return one_by_one(session, found, _come_back, now)


def _is_standing_deferral() -> ColumnElement[bool]:
    return (
        Decision.signed_at.is_not(None)
        & Decision.superseded_at.is_(None)
        & (Decision.outcome == Outcome.DEFERRED)
    )


def _come_back(session: Session, referral: Referral, now: datetime) -> bool:
    decision = session.scalar(
        select(Decision).where(Decision.referral_id == referral.id, _is_standing_deferral())
    )
    if referral.state is not State.DEFERRED or decision is None:
        return False
    by_day = decision.comes_back_on is not None and decision.comes_back_on <= _today(now)
    if not by_day and not has_become_known(session, decision):
        return False
    move(session, referral, "come_back", actor=None, at=now, because="its day" if by_day else "its fact")
    owner = session.get(User, referral.owner_id) if referral.owner_id else None
    if owner is not None:
        notify(session, owner, f"came back {decision.id}", "A deferred case has come back", referral, at=now)
    return True


def has_become_known(session: Session, decision: Decision) -> bool:
    """Tell whether the newest version knows the fact that was waited for, and says another than was decided on."""
    if decision.comes_back_for is None:
        return False
    versions = select(ReferralVersion).where(ReferralVersion.referral_id == decision.referral_id)
    newest = session.scalars(versions.order_by(ReferralVersion.version.desc()).limit(1)).first()
    if newest is None or newest.version <= decision.version:
        return False
    decided_on = session.scalars(versions.where(ReferralVersion.version == decision.version)).one()
    now_said = _at(newest.snapshot["record"], decision.comes_back_for)
    return now_said is not None and now_said != _at(decided_on.snapshot["record"], decision.comes_back_for)


def _at(plain: Any, path: str) -> Any:
    """Give what stands at a path of a plain record; ``None`` where nothing does."""
    for name in path.split("."):
        plain = plain.get(name) if isinstance(plain, dict) else None
    return plain


# ---------------------------------------------------------------------------------------- stale drafts


def due_stale_drafts(session: Session, now: datetime) -> int:
    """Remind, once a month, of drafts that nobody has touched for long and in which a verdict is about to change."""
    looked_at = (TimeMark.referral_id == Referral.id) & (TimeMark.topic == "stale draft")
    found = (
        select(Referral.id)
        .outerjoin(TimeMark, looked_at)
        .where(Referral.state == State.DRAFT, Referral.updated_at < now - STALE_AFTER)
        .where(or_(TimeMark.occasion.is_(None), TimeMark.occasion != _today(now)))
        .order_by(Referral.updated_at)
        .limit(MOST_DRAFTS)
    )
    return one_by_one(session, found, _warn_of_draft, now)


def _warn_of_draft(session: Session, referral: Referral, now: datetime) -> bool:
    untouched = referral.state is State.DRAFT and referral.updated_at < now - STALE_AFTER
    if not untouched or not _mark(session, referral, "stale draft", _today(now)):
        return False
    today = clock.local(now).date()
    changes = _next_change(session, referral, today)
    if changes is None or changes > today + CLOSES_WITHIN:
        return False
    month = f"{today:%Y-%m}"
    subject = "A draft has not been touched for a month, and a window closes soon"
    if not notify(
        session, referral.referrer, f"stale draft {referral.id} {month}", subject, referral, at=now
    ):
        return False
    audit.record(session, None, "stale_draft_warned", referral, at=now, changes_on=changes.isoformat())
    return True


def _next_change(session: Session, referral: Referral, today: date) -> date | None:
    """Find the next day on which what is said of an edition changes with nothing but time."""
    draft = read_case(referral.typed, today, programmes(session))
    assessment = assess_draft(session, draft, today)
    return min(
        (each.first for answer in assessment.answers for each in answer.changes if each.first > today),
        default=None,
    )


# ------------------------------------------------------------------------------- cases that stand still


def due_overdue(session: Session, now: datetime) -> int:
    """Escalate cases that nobody moves: to their owner, and after twice as long to the chair."""
    standing = select(Stay.referral_id).where(Stay.ended_at.is_(None), Stay.state.in_(STANDS_STILL))
    done = 0
    for programme_id, days in _patience(session).items():
        for topic, after, deed in (
            ("overdue: owner", days, _tell_owner),
            ("overdue: chair", 2 * days, _tell_chair),
        ):
            told = (TimeMark.referral_id == Referral.id) & (TimeMark.topic == topic)
            found = (
                select(Referral.id)
                .join(Stay, (Stay.referral_id == Referral.id) & Stay.ended_at.is_(None))
                .outerjoin(TimeMark, told)
                .where(Referral.programme_id == programme_id, Referral.state.in_(STANDS_STILL))
                .where(Referral.id.in_(standing), Stay.began_at <= now - after)
                .where(or_(TimeMark.occasion.is_(None), TimeMark.occasion != _written(Stay.id)))
                .order_by(Stay.began_at)
            )
            done += one_by_one(session, found, deed, now)
    return done


def _patience(session: Session) -> dict[UUID, timedelta]:
    """Give each programme at which cases may stand still, and after how long it is told."""
    receiving = select(Referral.programme_id).where(Referral.state.in_(STANDS_STILL)).distinct()
    with database.looking(session):
        return {
            each: timedelta(days=rules_for(session, each).escalate_after_days)
            for each in session.scalars(receiving).all()
            if each is not None
        }


def _written(column: Any) -> ColumnElement[str]:
    return func.concat("stay ", column)


def _tell_owner(session: Session, referral: Referral, now: datetime) -> bool:
    owner = session.get(User, referral.owner_id) if referral.owner_id else None
    people = [owner] if owner is not None and owner.active else []
    return _escalate(session, referral, "owner", people, now)


def _tell_chair(session: Session, referral: Referral, now: datetime) -> bool:
    chairs = select(User).where(
        User.organisation_id == referral.programme_id, User.role == Role.CHAIR, User.active
    )
    return _escalate(session, referral, "chair", session.scalars(chairs).all(), now)


def _escalate(session: Session, referral: Referral, whom: str, people: Iterable[User], now: datetime) -> bool:
    """Tell some people once for each stay; where there is nobody to be told, the next minute tries again."""
    stay = session.scalar(select(Stay).where(Stay.referral_id == referral.id, Stay.ended_at.is_(None)))
    people = list(people)
    if stay is None or referral.state not in STANDS_STILL or not people:
        return False
    if not _mark(session, referral, f"overdue: {whom}", f"stay {stay.id}"):
        return False
    for person in people:
        occasion = f"overdue {whom} stay {stay.id}"
        notify(session, person, occasion, "A case has stood still for long", referral, at=now)
    waited = (now - stay.began_at).days
    audit.record(session, None, "stood_still", referral, at=now, to=whom, state=referral.state, days=waited)
    return True


# ------------------------------------------------------------------------------ after a transplant


def due_visits(session: Session, now: datetime) -> int:
    """Put the next visits into the diary of each case that has none ahead."""
    today = _today(now)
    found = (
        select(Referral.id)
        .join(Transplant, Transplant.referral_id == Referral.id)
        .outerjoin(FollowUp, (FollowUp.referral_id == Referral.id) & (FollowUp.due_on > today))
        .where(Referral.state.in_(AFTER_TRANSPLANT), FollowUp.id.is_(None))
        .order_by(Referral.number)
    )
    return one_by_one(session, found, _plan_visits, now)


def _plan_visits(session: Session, referral: Referral, now: datetime) -> bool:
    return plan_visits(session, referral, clock.local(now).date()) > 0


# ------------------------------------------------------------------------------------ cases of nobody


def due_owners(session: Session, now: datetime) -> int:
    """Give each open case without a coordinator in use to the one of its programme who owns the fewest."""
    found = (
        select(Referral.id)
        .outerjoin(User, User.id == Referral.owner_id)
        .where(Referral.state.in_(OPEN), _is_nobodys())
        .order_by(Referral.number)
    )
    return one_by_one(session, found, _give, now)


def _is_nobodys() -> ColumnElement[bool]:
    return or_(
        Referral.owner_id.is_(None),
        ~User.active,
        User.role != Role.COORDINATOR,
        User.organisation_id != Referral.programme_id,
    )


def _give(session: Session, referral: Referral, now: datetime) -> bool:
    owner = session.get(User, referral.owner_id) if referral.owner_id else None
    in_use = (
        owner is not None
        and owner.active
        and owner.role is Role.COORDINATOR
        and owner.organisation_id == referral.programme_id
    )
    if in_use or referral.state not in OPEN or referral.programme_id is None:
        return False
    new = least_busy(session, referral.programme_id)
    if new is None:
        return False
    detail = {"owner": str(new), "before": str(referral.owner_id) if referral.owner_id else None}
    referral.owner_id = new
    audit.record(session, None, "owner_given", referral, at=now, **detail)
    occasion = f"owner {referral.id} {new} {_today(now)}"
    notify(session, session.get_one(User, new), occasion, "A case is now yours", referral, at=now)
    return True


def _today(now: datetime) -> str:
    """Give the day of the house as it is stored."""
    return clock.local(now).date().isoformat()


def due_statistics(session: Session, now: datetime) -> int:
    """Let the database look through its tables; nothing that anybody would count."""
    database.look_through(session)
    return 0
