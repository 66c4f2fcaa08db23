"""Cases whose time has come: ended long ago, in a programme that has settled how long it keeps them."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from referral import clock
from referral.actions import rules as rule_actions
from referral.actions.moves import move
from referral.actions.retention import find_due
from referral.actions.rules import Rules, change_rules
from referral.models import Referral, Stay, User

People = dict[str, User]
DAY = timedelta(days=1)
LONG_AGO = timedelta(days=4000)
YEARS, MONTHS = 10, 6


def settle(
    session: Session,
    people: People,
    *,
    years: int | None = YEARS,
    months: int | None = MONTHS,
    ago: timedelta = timedelta(days=31),
    who: str = "chair",
) -> None:
    """Have a programme settle how long it keeps cases, so long ago that it may be acted on."""
    seen = rule_actions.mark_of(rule_actions.rules_for(session, people[who].organisation_id))
    rules = Rules(keep_years=years, keep_draft_months=months)
    change_rules(session, people[who], rules, seen=seen, at=clock.now() - ago)


def end_long_ago(session: Session, people: People, case: Referral, ago: timedelta = LONG_AGO) -> None:
    """End a case as its clinic does, and have it so long ago."""
    move(session, case, "withdraw", actor=people["neurologist"], reason="The person wishes it.")
    put_back(session, case, clock.now() - ago)


def put_back(session: Session, case: Referral, at: datetime) -> None:
    """Have the last stay of a case begin at a moment, and those before it when that began."""
    stays = session.scalars(select(Stay).where(Stay.referral_id == case.id).order_by(Stay.id)).all()
    for stay in stays:
        stay.began_at, stay.ended_at = at, at if stay.ended_at else None
    session.execute(update(Referral).where(Referral.id == case.id).values(updated_at=at))
    session.commit()


def due(session: Session) -> list[str]:
    found = [each.number for each in find_due(session, clock.today())]
    session.commit()
    return found


def is_gone(session: Session, case: Referral) -> bool:
    session.rollback()
    return session.scalar(select(Referral.gone_at).where(Referral.id == case.id)) is not None
